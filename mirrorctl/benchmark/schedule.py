"""Whose turn it is, whether there have been enough rounds, and how long the rest will take. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from mirrorctl.benchmark.report import DIRECT, Run, Summary
from mirrorctl.benchmark.statistics import Pick, median
from mirrorctl.benchmark.summary import FEWEST
from mirrorctl.values import dataclass

ROUNDS = 10
FEW_ROUNDS = 20
NARROW = 0.1
TIMEOUT_S = 600.0


def shuffle(vias: Sequence[str], pick: Pick) -> tuple[str, ...]:
    """`vias` in random order, each order as likely (Fisher and Yates)."""
    found = list(vias)
    for last in range(len(found) - 1, 0, -1):
        other = pick(last + 1)
        found[last], found[other] = found[other], found[last]
    return tuple(found)


def is_hopeless(runs: Sequence[Run], via: str) -> bool:
    """Whether nothing is to be learnt from further pulls: none of so many has succeeded."""
    own = [run for run in runs if run.via == via]
    return len(own) >= FEWEST and not any(run.ok for run in own)


def is_time_to_look(rounds: int) -> bool:
    """Whether intervals are to be computed after so many rounds: each time while there are few, then for every tenth more."""
    if rounds <= FEW_ROUNDS:
        return rounds >= FEWEST
    return math.floor(math.log(rounds, 1.1)) > math.floor(math.log(rounds - 1, 1.1))


def is_enough(summaries: Iterable[Summary], *, rounds: int, narrow: float = NARROW) -> bool:
    """Whether every interval that matters is narrow: of the speed-ups, and of medians where there is no speed-up.

    A way that has never succeeded has no interval, and further rounds would not give it one.
    """
    widths = []
    found = [each for each in summaries if each.failures + each.timeouts < each.runs]
    compared = any(each.via == DIRECT for each in found) and any(each.via != DIRECT for each in found)
    for each in found:
        if not compared:
            widths.append(_width(each.median_s, each.low_s, each.high_s))
        elif each.via != DIRECT:
            widths.append(_width(each.speedup, each.speedup_low, each.speedup_high))
    return rounds >= FEWEST and all(width is not None and width <= narrow for width in widths)


def _width(value: float | None, low: float | None, high: float | None) -> float | None:
    """How wide an interval is, as a part of the value."""
    if not value or low is None or high is None:
        return None
    return (high - low) / value


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is still to come, if every round is made. None where nothing has been pulled to tell by."""

    pulls: int
    seconds: float | None
    bytes: int | None


def estimate(runs: Mapping[str, Sequence[Run]], pending: Iterable[tuple[str, str]]) -> Left:
    """The rest from what has been: `runs` by workload, `pending` the workload and `via` of each pull to come."""
    waiting = list(pending)
    times = [_usual(runs.get(name, ()), via) for name, via in waiting]
    seconds = [each[0] for each in times]
    sizes = [each[1] for each in times]
    return Left(
        pulls=len(waiting),
        seconds=None if any(each is None for each in seconds) else sum(each or 0.0 for each in seconds),
        bytes=None if any(each is None for each in sizes) else round(sum(each or 0 for each in sizes)),
    )


def _usual(runs: Sequence[Run], via: str) -> tuple[float | None, float | None]:
    """What a pull takes: by this way, or by any other of the same workload where it has had no turn."""
    own = [run for run in runs if run.via == via] or list(runs)
    sizes = [run.bytes for run in own if run.ok and run.bytes is not None]
    sizes = sizes or [run.bytes for run in runs if run.ok and run.bytes is not None]
    return (median([run.seconds for run in own]) if own else None, median(sizes) if sizes else None)
