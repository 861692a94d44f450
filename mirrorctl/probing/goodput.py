"""Bandwidth from the arrival times of one transfer. Pure.

A transfer begins with a ramp (slow start) that says nothing about bandwidth, and may end in a stall or a throttle
that says a lot. So the ramp is left out where it can be told, and the clock runs to the end of the window, not to
the last byte.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

MIN_BIN_S = 0.012
GROWTH = 1.3  # a bin that carries this much more than the one before is still part of the ramp
BURST_S = 0.006


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One bounded transfer. `marks` are (seconds since the request, bytes so far), the first at the first byte."""

    marks: tuple[tuple[float, int], ...]
    ended_s: float
    rtt_s: float

    @property
    def bytes(self) -> int:
        return self.marks[-1][1] if self.marks else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Goodput:
    """Bytes per second: the estimate, and the range that the truth is likely in."""

    likely: float
    low: float
    high: float
    settled: bool  # the ramp was over before the transfer


def estimate(transfer: Transfer) -> Goodput | None:
    """The goodput of a transfer; None when it has carried too little to tell."""
    if len(transfer.marks) < 2 or transfer.bytes < 16_384:
        return None
    first_s = transfer.marks[0][0]
    span_s = transfer.ended_s - first_s
    if span_s <= 0:
        return None
    width_s = max(MIN_BIN_S, transfer.rtt_s)
    bins = _bins(transfer, first_s, span_s, width_s)
    start = _ramp_end(bins)
    whole = transfer.bytes / span_s
    burst = max(_burst_rate(transfer.marks), whole)
    if start is None:
        last = max(bins[-1:] or [0]) / width_s
        likely = max(whole, last)
        return Goodput(likely=likely, low=whole, high=max(burst, likely), settled=False)
    settled_s = span_s - start * width_s
    settled_bytes = transfer.bytes - _bytes_at(transfer.marks, first_s + start * width_s)
    likely = settled_bytes / settled_s if settled_s > 0 else whole
    spread = min(0.5, 0.15 + 0.35 * width_s / max(settled_s, width_s))
    return Goodput(likely=likely, low=likely * (1 - spread), high=max(likely * (1 + spread), 0.0), settled=True)


def _bytes_at(marks: Sequence[tuple[float, int]], at_s: float) -> int:
    place = bisect_right(marks, at_s, key=lambda mark: mark[0])
    return marks[place - 1][1] if place else 0


def _bins(transfer: Transfer, first_s: float, span_s: float, width_s: float) -> list[int]:
    edges = [_bytes_at(transfer.marks, first_s + index * width_s) for index in range(1, int(span_s / width_s) + 1)]
    return [after - before for before, after in zip([0, *edges], edges, strict=False)]


def _ramp_end(bins: Sequence[int]) -> int | None:
    """The first bin that belongs to the settled part; None when the ramp fills the transfer."""
    for index in range(1, len(bins)):
        if bins[index] < GROWTH * bins[index - 1]:
            return index
    return None


def _burst_rate(marks: Sequence[tuple[float, int]]) -> float:
    """The densest stretch of at least BURST_S: in a ramp, what the narrowest link on the way lets through."""
    best, start = 0.0, 0
    for end in range(1, len(marks)):
        while marks[end][0] - marks[start + 1][0] >= BURST_S:
            start += 1
        span_s = marks[end][0] - marks[start][0]
        if span_s >= BURST_S:
            best = max(best, (marks[end][1] - marks[start][1]) / span_s)
    return best
