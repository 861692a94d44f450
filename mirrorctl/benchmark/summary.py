"""From the pulls of one workload to what they say of each way. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mirrorctl.benchmark.report import DIRECT, Difference, Run, Summary
from mirrorctl.benchmark.statistics import (
    Pick,
    Round,
    Span,
    draw_rounds,
    interval,
    median,
    median_span,
    ratio,
    times_of,
)

CONFIDENCE = 0.95
RESAMPLES = 2000
# With fewer pulls of each, intervals promise more than they keep. That of a median of five values reaches from the least
# to the greatest and holds the true median 94 times out of 100; of two equal ways one wins all of four pulls once in
# eight times.
FEWEST = 5


def summarise(
    runs: Sequence[Run], pick: Pick, *, confidence: float = CONFIDENCE, resamples: int = RESAMPLES
) -> tuple[Summary, ...]:
    """One summary for each `via`: the direct way first, then the fastest first. Chance comes from `pick` alone."""
    rounds = rounds_of(runs)
    drawn = list(draw_rounds(rounds, pick, resamples)) if rounds else []
    vias = dict.fromkeys(run.via for run in runs)
    found = [
        _summary(via, [run for run in runs if run.via == via], rounds, drawn, confidence=confidence) for via in vias
    ]
    return tuple(sorted(found, key=_rank))


def _rank(summary: Summary) -> tuple[bool, float, int]:
    time_s = math.inf if summary.median_s is None else summary.median_s
    return summary.via != DIRECT, time_s, summary.failures + summary.timeouts


def span_of(run: Run) -> Span:
    """How long the pull takes. One that was cut off takes at least as long as it was given; a failed one never ends."""
    if run.ok:
        return Span(run.seconds, run.seconds)
    return Span(run.seconds if run.timed_out else math.inf, math.inf)


def rounds_of(runs: Sequence[Run]) -> list[Round]:
    found: dict[int, dict[str, Span]] = {}
    for run in runs:
        found.setdefault(run.round, {})[run.via] = span_of(run)
    return [found[number] for number in sorted(found)]


def _summary(
    via: str, runs: Sequence[Run], rounds: Sequence[Round], drawn: Sequence[list[Round]], *, confidence: float
) -> Summary:
    middle = median_span(times_of(via, rounds))
    bounds = interval([median_span(times) for each in drawn if (times := times_of(via, each))], confidence)
    speedup, ends = _speedup(via, rounds, drawn, confidence)
    good = [run for run in runs if run.ok]
    carried = [run.bytes for run in good if run.bytes is not None]
    first = [run.first_byte_s for run in good if run.first_byte_s is not None]
    rates = [size / run.seconds for run in good if (size := _size(run)) is not None and run.seconds > 0]
    return Summary(
        via=via,
        median_s=middle.value,
        low_s=finite(bounds.low),
        high_s=finite(bounds.high),
        first_byte_s=median(first) if first else None,
        bytes=round(median(carried)) if carried else None,
        bytes_per_s=median(rates) if rates else None,
        speedup=speedup.value or None,  # 0 would be the share of what never finishes
        speedup_low=finite(ends.low) if ends.low else None,
        speedup_high=finite(ends.high),
        runs=len(runs),
        failures=sum(not run.ok and not run.timed_out for run in runs),
        timeouts=sum(run.timed_out for run in runs),
        difference=difference_of(ends, min(len(runs), sum(DIRECT in each for each in rounds))),
    )


def _size(run: Run) -> int | None:
    """The files themselves, if their size is known: what else came in over the network is no gain of anybody's."""
    return run.bytes if run.payload_bytes is None else run.payload_bytes


UNBOUNDED = Span(0.0, math.inf)


def _speedup(via: str, rounds: Sequence[Round], drawn: Sequence[list[Round]], confidence: float) -> tuple[Span, Span]:
    """Direct median over mirror median, and its interval: nothing is known where one of the two was never pulled."""
    if via == DIRECT or not times_of(DIRECT, rounds):
        return UNBOUNDED, UNBOUNDED
    ratios = []
    for each in drawn:
        direct, mirrored = times_of(DIRECT, each), times_of(via, each)
        if direct and mirrored:
            ratios.append(ratio(median_span(direct), median_span(mirrored)))
    point = ratio(median_span(times_of(DIRECT, rounds)), median_span(times_of(via, rounds)))
    return point, interval(ratios, confidence) if ratios else UNBOUNDED


def difference_of(ends: Span, runs: int) -> Difference:
    """What the interval of a ratio of times says, when there are `runs` pulls of each side at least."""
    if runs < FEWEST:
        return Difference.UNKNOWN
    if ends.low > 1:
        return Difference.FASTER
    if ends.high < 1:
        return Difference.SLOWER
    return Difference.NONE if ends.low > 0 and math.isfinite(ends.high) else Difference.UNKNOWN


def finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
