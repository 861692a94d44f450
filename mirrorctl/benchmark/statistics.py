"""Medians and their intervals, for times of which some are only known to be long. Pure.

A pull that was cut off at the time limit took at least that long; one that failed never finished. So a time is a pair:
what it is at least, and what it is at most, infinity standing for "never". Both ends go through the same arithmetic, and
what comes out is bounded by them: nothing is dropped, and nothing is made up.

Intervals are percentile intervals of the bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, chapter
13). Rounds are what is drawn again, not single pulls: the pulls of one round saw the same line.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from mirrorctl.values import dataclass

# A whole number from 0 to below its argument, each as likely as the others (random.Random.randrange).
Pick: TypeAlias = Callable[[int], int]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A number that lies between `low` and `high`, both included."""

    low: float
    high: float

    @property
    def value(self) -> float | None:
        """The number, if it is known and finite."""
        return self.low if self.low == self.high and math.isfinite(self.low) else None


# The times of one round by `via`.
Round: TypeAlias = Mapping[str, Span]


def median(values: Sequence[float]) -> float:
    """The middle one, or the mean of the two in the middle. `values` may hold infinity and must not be empty."""
    ranked = sorted(values)
    half = len(ranked) // 2
    return ranked[half] if len(ranked) % 2 else (ranked[half - 1] + ranked[half]) / 2


def median_span(values: Sequence[Span]) -> Span:
    return Span(median([value.low for value in values]), median([value.high for value in values]))


def ratio(over: Span, under: Span) -> Span:
    """How many times `under` goes into `over`. What never finishes on both sides can be any number."""
    return Span(_divide(over.low, under.high, otherwise=0.0), _divide(over.high, under.low, otherwise=math.inf))


def _divide(over: float, under: float, *, otherwise: float) -> float:
    if over == under and (math.isinf(over) or not over):  # never by never, or nothing by nothing
        return otherwise
    return over / under if under else math.inf


def draw_rounds(rounds: Sequence[Round], pick: Pick, count: int) -> Iterator[list[Round]]:
    """`count` times as many rounds as there are, drawn from them with replacement."""
    for _each in range(count):
        yield [rounds[pick(len(rounds))] for _round in rounds]


def times_of(via: str, rounds: Sequence[Round]) -> list[Span]:
    return [each[via] for each in rounds if via in each]


def interval(found: Sequence[Span], confidence: float) -> Span:
    """The middle part of what was found again and again: `confidence` of it. `found` must not be empty."""
    cut = math.floor(len(found) * (1 - confidence) / 2 + 1e-9)  # 0.05 is a little less than 0.05
    return Span(sorted(each.low for each in found)[cut], sorted(each.high for each in found)[-1 - cut])
