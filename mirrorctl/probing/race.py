"""The staged race: all gates at once, then transfers one after another, best hopes first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import httpcore

from mirrorctl.ecosystems import ECOSYSTEMS
from mirrorctl.ecosystems.base import Canaries
from mirrorctl.model import Mirror, Ranking
from mirrorctl.probing.contest import (
    CONFIRM_S,
    HOPELESS,
    Contest,
    Purse,
    hope_s,
    is_anybody_near,
    is_troubled,
    likely_s,
    reject_stale,
    spare,
    stake,
)
from mirrorctl.probing.events import Event, Stage
from mirrorctl.probing.lane import PATIENCE_S, Lane
from mirrorctl.probing.loop import PatientLoop, absent_s, heartbeat, loop_s
from mirrorctl.probing.surroundings import tls_context
from mirrorctl.probing.wire import Surroundings, Wire
from mirrorctl.ranking import rank
from mirrorctl.values import dataclass, field

GATE_LIMIT_S = 3.0
LATENCY_LIMIT_S = 0.65  # where nothing but latency is asked for
GATE_LEAST_S = 1.0
LEAST_S = 0.001  # less is no time to wait for anything
QUIET_S = 0.25
SCOUTS = 2  # short transfers at a time: most of one is waiting
LAST_LOOKS = 3
LOOKS_SHARE = 0.03  # of the bytes, for what is no transfer
LOOK_EVERY_S = 1.0
# Shares of the deadline: later than that, a leader that holds is good enough. Where mirrors fail or throttle, the first
# leaders have cost time that says nothing about the others.
RIVALS_SHARE, RIVALS_SHARE_IN_TROUBLE = 0.37, 0.56
WINK_S = 0.05
# Where some mirrors misbehave, those that do not are watched that long before one is chosen: an outage that comes and
# goes within seconds is seen at one end or the other.
WATCH_S = 4.4
WIRE_SHARE = 1.07  # bytes on the line for each byte of content: headers of all layers, handshakes


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What bounds and governs a race."""

    deadline_s: float
    budget_bytes: int
    max_lag_s: float | None
    latency_only: bool
    now: datetime
    agents: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # of the clients, by ecosystem


class Race:
    """One measurement of the candidates of several ecosystems."""

    def __init__(
        self,
        candidates: Mapping[str, Sequence[Mirror]],
        canaries: Mapping[str, Canaries],
        environ: Mapping[str, str],
        terms: Terms,
        on_event: Callable[[Event], None] | None = None,
        backend: httpcore.AsyncNetworkBackend | None = None,
        priors: Mapping[str, float] | None = None,
    ) -> None:
        self._terms = terms
        self._canaries = canaries
        self._on_event = on_event
        self._priors = priors or {}
        around = Surroundings(context=tls_context(environ), environ=environ, backend=backend or httpcore.AnyIOBackend())
        self._lanes = {
            name: [
                Lane(ECOSYSTEMS[name], mirror, Wire(mirror.url, around, ECOSYSTEMS[name].FALLBACK_S))
                for mirror in mirrors
            ]
            for name, mirrors in candidates.items()
        }
        self._asides: list[asyncio.Task[None]] = []
        self._started_s = 0.0

    def run(self, loop_factory: Callable[[], asyncio.AbstractEventLoop] = PatientLoop) -> tuple[Ranking, ...]:
        """Runs the race. Network and clock are those of `backend` and of the loop."""
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            return runner.run(self._main())

    @property
    def _elapsed_s(self) -> float:
        return loop_s() - self._started_s

    @property
    def _awake_s(self) -> float:
        """What of it the mirrors have had."""
        return self._elapsed_s - absent_s(self._started_s)

    async def _main(self) -> tuple[Ranking, ...]:
        self._started_s = loop_s()
        everyone = [lane for lanes in self._lanes.values() for lane in lanes]
        self._asides.append(asyncio.create_task(heartbeat()))
        gates = {asyncio.create_task(self._gate(lane)): lane for lane in everyone}
        try:
            await self._first_answers(gates)
            for number, name in enumerate(self._lanes):
                own = {task: lane for task, lane in gates.items() if name == lane.ecosystem.NAME}
                await self._contest(name, own, self._share(number))
        finally:
            for task in (*gates, *self._asides):
                task.cancel()
            await asyncio.gather(*gates, *self._asides, return_exceptions=True)
            await asyncio.gather(*(lane.wire.close() for lane in everyone), return_exceptions=True)
            await asyncio.sleep(0)  # transports let go of their sockets one turn after they are closed
        return tuple(self._rank(name, lanes) for name, lanes in self._lanes.items())

    async def _gate(self, lane: Lane) -> None:
        self._tell(lane, Stage.GATE)
        canaries = self._canaries.get(lane.ecosystem.NAME, {})
        if self._terms.latency_only:  # what large ones are needed for is their large files
            canaries = {purpose: names for purpose, names in canaries.items() if not purpose.startswith("large_")}
        agents = {} if self._terms.latency_only else self._terms.agents.get(lane.ecosystem.NAME, {})
        await lane.walk(canaries, agents)
        if lane.passed and not self._terms.latency_only:
            self._asides.append(asyncio.create_task(lane.look_aside()))
        self._tell(lane, Stage.REJECTED if lane.rejection else Stage.WAITING)

    async def _first_answers(self, gates: Mapping[asyncio.Task[None], Lane]) -> None:
        """Waits until most gates are decided, or as long again as the first mirror took that passed."""
        pending, limit_s = set(gates), self._gate_limit_s
        while 2 * len(pending) > len(gates):
            left_s = min(limit_s - self._awake_s, self._terms.deadline_s - self._elapsed_s)
            if left_s <= 0:
                return
            done, pending = await asyncio.wait(pending, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
            if limit_s == self._gate_limit_s and any(gates[task].passed for task in done):
                limit_s = min(limit_s, self._awake_s + max(QUIET_S, self._awake_s))

    def _share(self, number: int) -> Purse:
        """What the n-th ecosystem may take of the time and the bytes that are left for it and those after it."""
        spent, at_s = self._spent_bytes(), self._elapsed_s
        stakes = [stake(lanes) for lanes in tuple(self._lanes.values())[number:]]
        share = stakes[0] / sum(stakes)
        most_bytes = int(((1 - LOOKS_SHARE) * self._terms.budget_bytes - spent) * share)
        most_s = (self._terms.deadline_s - at_s) * share
        return Purse(
            left_bytes=lambda: most_bytes - (self._spent_bytes() - spent),
            left_s=lambda: most_s - (self._elapsed_s - at_s),
            begun_s=at_s if number else 0.0,
        )

    async def _contest(self, name: str, gates: Mapping[asyncio.Task[None], Lane], purse: Purse) -> None:
        """Transfers of one ecosystem; whoever passes the gates meanwhile joins in, until nobody can win any more."""
        lanes = self._lanes[name]
        contest = Contest(purse, lambda lane: self._tell(lane, Stage.TRANSFER))
        watch = asyncio.create_task(self._watch(lanes))
        try:
            await self._run_contest(contest, lanes, gates)
        finally:
            watch.cancel()
        for task, lane in gates.items():
            if not task.done():
                lane.rejection = lane.wire.overdue(beaten=HOPELESS * contest.best_s(lanes) <= self._elapsed_s)
                self._tell(lane, Stage.REJECTED)

    async def _run_contest(
        self, contest: Contest, lanes: Sequence[Lane], gates: Mapping[asyncio.Task[None], Lane]
    ) -> None:
        seen: set[str] = set()
        while True:
            await self._scout(contest, lanes, seen)
            if await self._await_near(contest, lanes, gates):
                continue
            await contest.confirm(lanes, rivals=lambda: self._is_time_for_rivals(contest.purse, lanes))
            if self._waiting(contest, lanes, seen):
                continue
            pending = {task for task in gates if not task.done()}
            enough_s = max(GATE_LEAST_S, HOPELESS * contest.best_s(lanes))
            patience_s = min(self._gate_limit_s, enough_s) - self._awake_s
            if patience_s <= LEAST_S and is_anybody_near(lanes):
                patience_s = QUIET_S
            patience_s = min(patience_s, contest.purse.left_s())
            if pending and patience_s > LEAST_S:
                await asyncio.wait(pending, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
            elif await self._last_look(contest, lanes):
                return

    async def _await_near(
        self, contest: Contest, lanes: Sequence[Lane], gates: Mapping[asyncio.Task[None], Lane]
    ) -> bool:
        """Waits a moment for who is about to pass and may win: a long transfer of another would hold it up for long.

        The gates take about half of the requests of a pull. False when there is nobody to wait for.
        """
        near = {task for task, lane in gates.items() if not task.done() and lane.wire.is_moving}
        left_s = min(contest.best_s(lanes) / 2, self._gate_limit_s) - self._awake_s
        if not near or left_s <= LEAST_S or self._terms.latency_only:
            return False
        await asyncio.wait(near, timeout=min(left_s, QUIET_S), return_when=asyncio.FIRST_COMPLETED)
        return True

    async def _scout(self, contest: Contest, lanes: Sequence[Lane], seen: set[str]) -> None:
        """Short transfers of all that have passed their gates, the best hope first, a few at a time, one to a host."""
        running: dict[asyncio.Task[None], frozenset[str]] = {}
        try:
            while True:
                for lane in reject_stale(lanes, self._terms.max_lag_s, self._terms.now):
                    self._tell(lane, Stage.REJECTED)
                spare(lanes)
                for lane in self._waiting(contest, lanes, seen):
                    burdened = frozenset[str]().union(*running.values())
                    if len(running) < SCOUTS and not lane.hosts & burdened:
                        seen.add(lane.mirror.id)
                        running[asyncio.create_task(self._scout_one(contest, lane, lanes))] = lane.hosts
                if not running:
                    return
                done, _pending = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    del running[task]
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _scout_one(self, contest: Contest, lane: Lane, lanes: Sequence[Lane]) -> None:
        await contest.scout(lane, lanes)
        self._tell(lane, Stage.REJECTED if lane.rejection else Stage.DONE)

    def _waiting(self, contest: Contest, lanes: Sequence[Lane], seen: set[str]) -> list[Lane]:
        """Who has passed and not been scouted, as long as there is hope; it comes back when a leader is rejected."""
        if self._terms.latency_only:
            return []
        waiting = [lane for lane in lanes if lane.passed and lane.mirror.id not in seen]
        return sorted(
            (lane for lane in waiting if contest.is_promising(lane, lanes)),
            key=lambda lane: hope_s(lane, self._priors.get(lane.mirror.id)),
        )

    async def _watch(self, lanes: Sequence[Lane]) -> None:
        """Asks those at the top again from time to time, while transfers run."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self._look(lanes)

    def _is_time_for_rivals(self, purse: Purse, lanes: Sequence[Lane]) -> bool:
        slowed = any(lane.goodput and lane.goodput.dropped for lane in lanes)
        share = RIVALS_SHARE_IN_TROUBLE if slowed or is_troubled(lanes) else RIVALS_SHARE
        return self._elapsed_s - purse.begun_s < share * self._terms.deadline_s

    async def _last_look(self, contest: Contest, lanes: Sequence[Lane]) -> bool:
        """Asks those at the top once more; false when that, or the wait before it, has brought somebody else there."""
        leader = contest.leader(lanes)
        if is_troubled(lanes) and leader and not self._terms.latency_only:
            until_s = min(WATCH_S, self._elapsed_s + contest.purse.left_s() - PATIENCE_S)
            while leader.passed and until_s - self._elapsed_s > CONFIRM_S and await contest.confirm_reserve(lanes):
                pass
            while self._elapsed_s < until_s and leader.passed:  # noqa: ASYNC110  it ends by time or by a rejection
                await asyncio.sleep(WINK_S)
        if not self._terms.latency_only:
            await self._look(lanes)
        return leader is None or leader.passed

    async def _look(self, lanes: Sequence[Lane]) -> None:
        top = sorted((lane for lane in lanes if lane.passed), key=likely_s)[:LAST_LOOKS]
        await asyncio.gather(*(lane.check_again() for lane in top))
        for lane in top:
            if lane.rejection:
                self._tell(lane, Stage.REJECTED)

    @property
    def _gate_limit_s(self) -> float:
        return min(LATENCY_LIMIT_S if self._terms.latency_only else GATE_LIMIT_S, self._terms.deadline_s)

    def _spent_bytes(self) -> int:
        return int(WIRE_SHARE * sum(lane.spent_bytes for lanes in self._lanes.values() for lane in lanes))

    def _rank(self, name: str, lanes: Sequence[Lane]) -> Ranking:
        return rank(
            name,
            ECOSYSTEMS[name].WORKLOAD,
            [lane.probe() for lane in lanes],
            elapsed_s=self._elapsed_s,
            read_bytes=sum(lane.spent_bytes for lane in lanes),
        )

    def _tell(self, lane: Lane, stage: Stage) -> None:
        if self._on_event:
            self._on_event(Event(ecosystem=lane.ecosystem.NAME, mirror=lane.mirror.id, stage=stage, probe=lane.probe()))
