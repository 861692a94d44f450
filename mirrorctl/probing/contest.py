"""Transfers of one ecosystem, one at a time: short ones for all with a chance, then long ones for who leads.

A mirror that the best cannot be beaten by is not measured further: bytes and time are for the decision. The leader
has to keep its speed beyond what a mirror may give away before it throttles, so it is confirmed with a long transfer;
if it does not, the next one leads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime

from mirrorctl.ecosystems.base import Rejected
from mirrorctl.ecosystems.freshness import Signs, lags
from mirrorctl.probing.goodput import SETTLED_BINS, Transfer, estimate
from mirrorctl.probing.lane import Lane
from mirrorctl.ranking import predict
from mirrorctl.text import _
from mirrorctl.values import dataclass

SCOUT_BYTES, SCOUT_S = 1_500_000, 0.4
BLURRED_BYTES = 600_000  # a scout that does not see well will not see better
CONFIRM_BYTES, CONFIRM_S = 5_000_000, 1.2
LONG_TRANSFERS, RIVALS = 7, 3
RESERVES = 3  # so many mirrors with a long transfer behind them are enough, where mirrors fail
DROP_S = 0.15  # how long a slowdown is looked at, so that its own rate is seen and not that of the change
WORTHWHILE = 0.95  # a rival has to promise that share of the time of the leader
LEAST_TRANSFER_BYTES = 200_000
UNPROMISING = 0.8  # with the requests alone that near the best, no bandwidth makes a difference worth having
MANY = 4  # mirrors to choose from; more of them do not cost more, for the hopeless are left out
HOPELESS = 1.15  # a prediction that much above the best, at its most hopeful, is not worth another byte

# Rejections that speak of a network or servers in trouble, rather than of a mirror that is as it is meant to be.
TROUBLE = frozenset(
    (
        "connect-refused",
        "connect-timeout",
        "disconnected",
        "http-status",
        "silent",
        "slow",
        "tls-timeout",
        "truncated",
        "unreachable",
        "unsteady",
    )
)


@dataclass(slots=True)
class Purse:
    """What may still be spent. `left_bytes` and `left_s` ask the race; `begun_s` is when its spending began."""

    left_bytes: Callable[[], int]
    left_s: Callable[[], float]
    begun_s: float = 0.0


@dataclass(slots=True, kw_only=True)
class Verdict:
    """Ends a long transfer early when its outcome is clear.

    Being beaten by a mirror that has not been through a long transfer itself means nothing: it may be the next that
    slows down.
    """

    lane: Lane
    best_s: float
    confirmed_s: float
    cut_short: bool = False
    dropped_at_s: float | None = None

    def is_in(self, transfer: Transfer) -> bool:
        goodput = estimate(transfer)
        if goodput is None:
            return False
        if goodput.dropped:
            self.dropped_at_s = transfer.ended_s if self.dropped_at_s is None else self.dropped_at_s
            settled_down = transfer.ended_s - self.dropped_at_s > DROP_S
            return settled_down and hope_s(self.lane, goodput.likely) > self.best_s
        if goodput.steady and goodput.settled_bins > SETTLED_BINS:
            self.cut_short = hope_s(self.lane, goodput.high) > self.confirmed_s
        return self.cut_short


class Contest:
    """The transfers among the lanes of one ecosystem."""

    def __init__(self, purse: Purse, transferring: Callable[[Lane], None]) -> None:
        self.purse = purse
        self._transferring = transferring
        self._tried: set[str] = set()  # rivals that had their chance
        self._again: set[str] = set()  # who was put to a second long transfer, for the first was not seen well
        self._long_transfers = 0
        self._rivals = 0

    def is_promising(self, lane: Lane, lanes: Sequence[Lane]) -> bool:
        """Whether any bandwidth would make a difference worth having, against the best so far."""
        return hope_s(lane, None) <= UNPROMISING * self.best_s(lanes)

    async def scout(self, lane: Lane, lanes: Sequence[Lane]) -> None:
        """A short transfer, cut off as soon as it is known to be good enough to tell, or hopeless."""
        best_s = self.best_s(lanes)

        def enough(transfer: Transfer) -> bool:
            goodput = estimate(transfer)
            if goodput is None:
                return False
            hopeless = hope_s(lane, goodput.high) > HOPELESS * best_s
            vain = goodput.blurred and transfer.bytes > BLURRED_BYTES
            return goodput.high < math.inf or hopeless or vain

        await self._transfer(lane, SCOUT_BYTES, SCOUT_S, enough)

    async def confirm(self, lanes: Sequence[Lane], *, rivals: Callable[[], bool]) -> None:
        """Long transfers: for whoever leads, and as long as `rivals` says so, for whoever may be better."""
        while self._long_transfers < LONG_TRANSFERS:
            lane = self._next_to_confirm(lanes, rivals=rivals())
            if lane is None or not await self._confirm(lane, lanes):
                return

    async def confirm_reserve(self, lanes: Sequence[Lane]) -> bool:
        """A long transfer for the next best, should the leader fail; false when there is no need or no means."""
        reserves = [lane for lane in lanes if lane.passed and lane.goodput and not lane.confirmed]
        lane = min(reserves, key=likely_s, default=None)
        ready = sum(lane.passed and lane.confirmed for lane in lanes)
        if lane is None or ready >= RESERVES or self.purse.left_bytes() < 2 * CONFIRM_BYTES:
            return False
        return await self._confirm(lane, lanes, to_the_end=True)

    async def _confirm(self, lane: Lane, lanes: Sequence[Lane], *, to_the_end: bool = False) -> bool:
        """False when there is nothing left to spend."""
        self._long_transfers += 1
        others = [other for other in lanes if other is not lane]
        verdict = Verdict(
            lane=lane,
            best_s=self.best_s(others),
            confirmed_s=math.inf if to_the_end else self.best_s([other for other in others if other.confirmed]),
        )
        if not await self._transfer(lane, CONFIRM_BYTES, CONFIRM_S, verdict.is_in):
            return False
        once_more = lane.blurred and lane.mirror.id not in self._again
        if once_more:
            self._again.add(lane.mirror.id)
        lane.confirmed = lane.passed and not verdict.cut_short and not once_more
        return True

    def _next_to_confirm(self, lanes: Sequence[Lane], *, rivals: bool) -> Lane | None:
        """The leader, if it has not been tried; else the best of those whose most hopeful prediction beats it."""
        leader = self.leader(lanes)
        if leader is None or not leader.confirmed:
            return leader
        if not rivals or self._rivals == RIVALS:
            return None
        best_s = likely_s(leader) * WORTHWHILE
        hopeful = [
            lane
            for lane in lanes
            if lane.passed
            and lane.goodput
            and not lane.goodput.dropped
            and not lane.confirmed
            and lane.mirror.id not in self._tried
            and hope_s(lane, lane.goodput.high) < best_s
        ]
        rival = min(hopeful, key=likely_s, default=None)
        if rival:
            self._rivals += 1
            self._tried.add(rival.mirror.id)
        return rival

    def leader(self, lanes: Sequence[Lane]) -> Lane | None:
        known = [lane for lane in lanes if lane.passed and lane.goodput]
        return min(known, key=likely_s, default=None)

    def best_s(self, lanes: Sequence[Lane]) -> float:
        """The least predicted time so far; infinite while there is none."""
        leader = self.leader(lanes)
        return likely_s(leader) if leader else math.inf

    async def _transfer(
        self, lane: Lane, limit_bytes: int, window_s: float, enough: Callable[[Transfer], bool]
    ) -> bool:
        """False when there is nothing left to spend."""
        limit_bytes = min(limit_bytes, self.purse.left_bytes())
        if self.purse.left_s() < window_s or limit_bytes < LEAST_TRANSFER_BYTES:
            return False
        self._transferring(lane)
        await lane.transfer(limit_bytes, window_s, enough)
        return True


def likely_s(lane: Lane) -> float:
    return hope_s(lane, lane.goodput.likely if lane.goodput else None)


def hope_s(lane: Lane, bandwidth_bytes_per_s: float | None) -> float:
    """Predicted seconds with that bandwidth; with None, as if bandwidth were no matter."""
    return predict(lane.ecosystem.WORKLOAD, lane.probe(), bandwidth_bytes_per_s) - lane.spared_s


def is_troubled(lanes: Sequence[Lane]) -> bool:
    return any(lane.rejection and lane.rejection.code in TROUBLE for lane in lanes)


def is_anybody_near(lanes: Sequence[Lane]) -> bool:
    """Whether nobody has passed the gates yet, and somebody is on the way: on a slow line everybody is late."""
    return not any(lane.passed for lane in lanes) and any(
        lane.wire.is_moving for lane in lanes if lane.rejection is None
    )


def reject_stale(lanes: Sequence[Lane], max_lag_s: float | None, now: datetime) -> list[Lane]:
    """Tells the lag of all that can be told, and rejects what is too far behind: returns those."""
    signs = {
        lane.mirror.id: Signs(lineage=lane.mirror.domain, markers=lane.finding.markers)
        for lane in lanes
        if lane.finding
    }
    known = lags(signs, now)
    stale = []
    for lane in lanes:
        lag = known.get(lane.mirror.id)
        if lag is None:
            continue
        lane.lag_s, lane.lag_basis = lag.lag_s, lag.basis
        if lane.passed and max_lag_s is not None and lag.lag_s > max_lag_s:
            lane.rejection = Rejected("stale", _("Its content is {hours:.0f} hours old.", hours=lag.lag_s / 3600))
            stale.append(lane)
    return stale


def spare(lanes: Sequence[Lane]) -> None:
    """Leaves out of the comparison what a client has to wait at every mirror alike: IPv6 may be broken on this side.

    Whoever is still at the gates counts as soon as there is a connection, or the first to pass would be the only measure.
    """
    met = (lane for lane in lanes if lane.passed or (lane.rejection is None and lane.connected))
    common_s = min((lane.wire.wait_s for lane in met), default=0.0)
    for lane in lanes:
        lane.spared_s = min(common_s, lane.wire.wait_s)


def stake(lanes: Sequence[Lane]) -> int:
    """What an ecosystem needs of the time and the bytes, against others: the more there is to choose from, the more.

    A registry of which one mirror is known has nothing to decide, and must not take from those that have.
    """
    return max(1, 2 * (min(sum(lane.rejection is None for lane in lanes), MANY) - 1))
