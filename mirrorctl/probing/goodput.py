"""Bandwidth from the arrival times of one transfer. Pure.

A transfer begins with a ramp (slow start) that says nothing about bandwidth, and may end in a stall or a throttle
that says a lot. So the ramp is left out where it can be told, the clock runs to the end of the window and not to the
last byte, and an end that is much slower than the middle is taken for the truth.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise

from mirrorctl.ranking import INITIAL_WINDOW_BYTES
from mirrorctl.values import dataclass, replace

MIN_BIN_S = 0.012
PLATEAU = 0.75  # a bin with this share of what the better bins carry belongs to the settled part
SETTLED_BINS = 3  # fewer may still be the ramp
LONG_BINS = 12
SURE_BINS = 8  # after so many, pauses between the trains are not the ramp's but the sender's
GROWTH = 1.3  # a last bin that much above the settled part says that the ramp goes on
PAUSE_S, PAUSE = 0.003, 2.0  # what separates trains: so long, and so many times the usual gap between pieces
TRAIN_S = 0.006  # a shorter train is not long enough to be timed
TAIL_S = 0.12
RAMP_LIMIT = 4  # a ramp that has stopped early has seen at least that share of what the way can carry
IDLE = 0.35  # with more pauses than that, the sender waits for the window, not for the way
TRAIN_BYTES = 2_000_000  # after more than that, a round trip carries a good part of what the way can
LATE_TRAIN_LIMIT = 2
SLOWER = (
    0.3  # of the bytes in trains came no faster than what is believed: squeezing makes more of a rate than there is
)
SURE_TRAIN_BYTES = 200_000  # so much is hardly ever stretched
TRAIN_LIMIT = 8  # a train that much denser than its round trip was squeezed by a late reader
DOUBT = 1.6  # what a rate within trains may be off by: they can be stretched on the way
DROP = 0.55  # a tail below this share of the rest is a throttle or a stall
STALL_RTTS = 2.5  # a pause that long is a loss, and what comes after it was held back and says nothing
STANDSTILL = 1000.0  # bytes per second of a transfer that has come to nothing
STEADY = 0.8
BLUR = 0.3  # the share of the time that a reader may be behind before it knows little
LEAST_BYTES = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One bounded transfer. `marks` are (seconds since the request, bytes so far), the first at the first byte.

    `behind`: from when to when the reader could not follow, so that nobody knows what arrived when.
    """

    marks: Sequence[tuple[float, int]]
    ended_s: float
    rtt_s: float
    behind: Sequence[tuple[float, float]] = ()

    def blur(self, since_s: float) -> float:
        """The share of the time since then in which the reader was behind."""
        span_s, lost_s = self.ended_s - since_s, 0.0
        for start_s, end_s in self.behind:  # in order, and they may overlap
            lost_s += max(0.0, min(end_s, self.ended_s) - max(start_s, since_s))
            since_s = max(since_s, end_s)
        return lost_s / span_s if span_s > 0 else 0.0

    @property
    def bytes(self) -> int:
        return self.marks[-1][1] if self.marks else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Goodput:
    """Bytes per second: the estimate, and the range that the truth is likely in.

    `steady`: settled, and no slower at the end than before. `settled_bins` counts the round trips after the ramp; 0 means that the transfer was all ramp, so that `likely` is
    the rate within its trains of packets, and `high` infinite where no trains could be told. `dropped`: it became much slower towards the end.
    `blurred`: the reader was away or behind for much of the time, so that the truth may be far above.
    """

    likely: float
    low: float
    high: float
    settled_bins: int = 0
    dropped: bool = False
    steady: bool = False
    blurred: bool = False

    @property
    def settled(self) -> bool:
        return self.settled_bins >= SETTLED_BINS


def estimate(transfer: Transfer) -> Goodput | None:
    """The goodput of a transfer; None when it has carried too little to tell."""
    if len(transfer.marks) < 2 or transfer.bytes < LEAST_BYTES or transfer.ended_s <= transfer.marks[0][0]:
        return None
    first_s, first_bytes = transfer.marks[0]
    width_s = max(MIN_BIN_S, transfer.rtt_s)
    bins = _bins(transfer, first_s, width_s)
    start = _plateau(bins)
    whole = (transfer.bytes - first_bytes) / (transfer.ended_s - first_s)
    if len(bins) - start < SETTLED_BINS and len(bins) > LONG_BINS:
        start = len(bins) // 2  # so long a transfer is not all ramp: it only was uneven
    plateau = _Plateau(
        rate=_rate(transfer, first_s + start * width_s), since_s=first_s + start * width_s, bins=bins[start:]
    )
    dropped = _dropped(transfer, plateau, width_s)
    ramping = _ramping(transfer, bins, plateau, whole, width_s) if len(bins) <= LONG_BINS else None
    found = dropped or ramping or _settled(transfer, plateau, width_s)
    if transfer.blur(first_s) > BLUR:
        found = replace(found, blurred=True, high=math.inf)
    likely = max(found.likely, STANDSTILL)
    return replace(found, likely=likely, low=min(max(found.low, STANDSTILL), likely), high=max(found.high, likely))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plateau:
    """The part of a transfer that comes after the ramp, or that looks so."""

    rate: float
    since_s: float
    bins: Sequence[int]


def _dropped(transfer: Transfer, plateau: _Plateau, width_s: float) -> Goodput | None:
    """When the end is much slower than what was before: the end is what a long pull would see."""
    tail_s, tail = _tail(transfer, width_s)
    if transfer.ended_s - plateau.since_s <= 1.3 * tail_s or tail >= DROP * plateau.rate:
        return None
    if transfer.blur(transfer.ended_s - tail_s) > BLUR:
        return None
    return Goodput(likely=tail, low=tail * 0.7, high=plateau.rate, settled_bins=len(plateau.bins), dropped=True)


def _ramping(
    transfer: Transfer, bins: Sequence[int], plateau: _Plateau, whole: float, width_s: float
) -> Goodput | None:
    """While the window still grows, or a loss has held everything back."""
    if _longest_gap(transfer.marks) > STALL_RTTS * width_s:
        likely = max(whole, plateau.rate)
        return Goodput(likely=likely, low=whole * 0.7, high=likely * 1.5)
    short = len(plateau.bins) < SETTLED_BINS or plateau.bins[-1] > GROWTH * plateau.rate * width_s
    if not short and (len(plateau.bins) >= SURE_BINS or _idle_share(transfer.marks, plateau.since_s) <= IDLE):
        return None
    low = whole if short else plateau.rate
    peak = max([*bins, transfer.bytes - sum(bins)]) / width_s  # the last bin is not full
    long = transfer.bytes > TRAIN_BYTES
    train = _train(transfer)
    if train and train.rate <= (LATE_TRAIN_LIMIT if long else TRAIN_LIMIT) * peak:
        return Goodput(likely=max(train.rate, low), low=low, high=train.rate * DOUBT if train.sure else math.inf)
    if long:
        return Goodput(likely=plateau.rate, low=low, high=plateau.rate * DOUBT)
    return Goodput(likely=low, low=low, high=RAMP_LIMIT * peak if _ramp_has_stopped(bins) else math.inf)


def _ramp_has_stopped(bins: Sequence[int]) -> bool:
    """Whether far less came than a window that doubles each round trip would have let through, or ever less comes."""
    doublings = len(bins) - 1
    if doublings < 3:
        return False
    return max(bins) < INITIAL_WINDOW_BYTES * 2**doublings / 3 or max(bins[-2:]) <= max(bins[:-2])


def _settled(transfer: Transfer, plateau: _Plateau, width_s: float) -> Goodput:
    spread = 0.08 + 0.6 / len(plateau.bins)
    _tail_s, tail = _tail(transfer, width_s)
    return Goodput(
        likely=plateau.rate,
        low=plateau.rate * (1 - spread),
        high=plateau.rate * (1 + spread),
        settled_bins=len(plateau.bins),
        steady=tail >= STEADY * plateau.rate,
    )


def _tail(transfer: Transfer, width_s: float) -> tuple[float, float]:
    """The last part of a transfer: its length in seconds and its rate."""
    tail_s = max(TAIL_S, 3 * width_s)
    return tail_s, _rate(transfer, transfer.ended_s - tail_s)


def merge(older: Goodput | None, newer: Goodput | None) -> Goodput | None:
    """One estimate from two transfers of the same mirror: a drop is believed, else the one that has settled longer."""
    if older is None or newer is None:
        return older or newer
    if older.dropped != newer.dropped:
        return older if older.dropped else newer
    if older.blurred != newer.blurred and not newer.dropped:
        return max(older, newer, key=lambda goodput: goodput.likely)  # a blur only hides bandwidth
    return newer if newer.settled_bins >= older.settled_bins else older


def _rate(transfer: Transfer, since_s: float) -> float:
    """Bytes per second from `since_s` to the end of the transfer."""
    span_s = transfer.ended_s - since_s
    return (transfer.bytes - _bytes_at(transfer.marks, since_s)) / span_s if span_s > 0 else 0.0


def _bytes_at(marks: Sequence[tuple[float, int]], at_s: float) -> int:
    place = bisect_right(marks, at_s, key=lambda mark: mark[0])
    return marks[place - 1][1] if place else 0


def _bins(transfer: Transfer, first_s: float, width_s: float) -> list[int]:
    span_s = transfer.ended_s - first_s
    edges = [_bytes_at(transfer.marks, first_s + index * width_s) for index in range(1, int(span_s / width_s) + 1)]
    return [after - before for before, after in pairwise([0, *edges])]


def _plateau(bins: Sequence[int]) -> int:
    """The first bin of the settled part: what comes near the mean of the better half of all bins."""
    better = sorted(bins, reverse=True)[: (len(bins) + 1) // 2]
    usual = sum(better) / len(better) if better else 0
    return next((index for index, carried in enumerate(bins) if carried >= PLATEAU * usual), 0)


def _longest_gap(marks: Sequence[tuple[float, int]]) -> float:
    return max((after[0] - before[0] for before, after in pairwise(marks)), default=0.0)


def _idle_share(marks: Sequence[tuple[float, int]], since_s: float) -> float:
    """The share of the time since then that went by in pauses: near none once the way is full."""
    gaps = [after[0] - before[0] for before, after in pairwise(marks) if before[0] >= since_s]
    pause_s = _pause(gaps)
    return sum(gap for gap in gaps if gap >= pause_s) / sum(gaps) if sum(gaps) else 0.0


def _pause(gaps: Sequence[float]) -> float:
    """What is a pause and not the spacing of the pieces, most of which come within trains."""
    return max(PAUSE_S, PAUSE * sorted(gaps)[len(gaps) // 2]) if gaps else PAUSE_S


@dataclass(frozen=True, slots=True)
class _Train:
    """What a train of packets says; `sure` if another one was long enough to be timed as well."""

    rate: float
    sure: bool


def _train(transfer: Transfer) -> _Train | None:
    """What the narrowest link on the way lets through, from the spacing within the trains of packets of the ramp.

    While the window is smaller than what the way holds, each round trip carries one train, spaced by the bottleneck,
    and then a pause (packet train dispersion). None while no train is long enough to be timed, or where the pieces are
    too far apart to tell trains from pauses. Trains are stretched and squeezed on their way, the first and short ones
    most. So the rate is one that SLOWER of the bytes have not exceeded, the same as any where nothing disturbs.
    """
    marks, rtt_s = transfer.marks, transfer.rtt_s
    pause_s = _pause([after[0] - before[0] for before, after in pairwise(marks)])
    if pause_s > max(PAUSE_S, rtt_s / 2):
        return None
    timed, start = [], 0
    for end in range(1, len(marks) + 1):
        if end < len(marks) and marks[end][0] - marks[end - 1][0] < pause_s:
            continue
        span_s, carried = marks[end - 1][0] - marks[start][0], marks[end - 1][1] - marks[start][1]
        blurred = any(since_s < marks[end - 1][0] and marks[start][0] < until_s for since_s, until_s in transfer.behind)
        if span_s >= TRAIN_S and not blurred:
            timed.append((carried / span_s, carried))
        start = end
    if not timed:
        return None
    timed.sort()
    so_far = list(accumulate(carried for _rate, carried in timed))
    rate = timed[bisect_left(so_far, SLOWER * so_far[-1])][0]
    return _Train(rate=rate, sure=len(timed) > 1 or so_far[-1] > SURE_TRAIN_BYTES)
