from __future__ import annotations

import math
import statistics

import pytest
from benchmark.pulls import pick
from hypothesis import given
from hypothesis import strategies as st

from mirrorctl.benchmark.statistics import Span, draw_rounds, interval, median, median_span, ratio

NEVER = math.inf
TIMES = st.floats(min_value=0.001, max_value=10_000)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3.0], 3.0),
        ([5.0, 1.0, 3.0], 3.0),
        ([4.0, 1.0, 3.0, 2.0], 2.5),
        ([1.0, 2.0, NEVER], 2.0),
        ([1.0, NEVER], NEVER),
        ([NEVER, NEVER, 1.0], NEVER),
    ],
)
def test_median(values: list[float], expected: float) -> None:
    assert median(values) == expected


@given(st.lists(TIMES, min_size=1))
def test_median_is_that_of_the_standard_library(values: list[float]) -> None:
    assert median(values) == pytest.approx(statistics.median(values))


@pytest.mark.parametrize(
    ("over", "under", "expected"),
    [
        pytest.param(Span(8, 8), Span(2, 2), Span(4, 4), id="known"),
        pytest.param(Span(60, NEVER), Span(2, 2), Span(30, NEVER), id="cut-off-over-known"),
        pytest.param(Span(2, 2), Span(60, NEVER), Span(0, 2 / 60), id="known-over-cut-off"),
        pytest.param(Span(NEVER, NEVER), Span(2, 2), Span(NEVER, NEVER), id="never-over-known"),
        pytest.param(Span(2, 2), Span(NEVER, NEVER), Span(0, 0), id="known-over-never"),
        pytest.param(Span(NEVER, NEVER), Span(NEVER, NEVER), Span(0, NEVER), id="never-over-never"),
        pytest.param(Span(60, NEVER), Span(60, NEVER), Span(0, NEVER), id="cut-off-over-cut-off"),
        pytest.param(Span(0, 0), Span(0, 0), Span(0, NEVER), id="nothing-over-nothing"),
        pytest.param(Span(2, 2), Span(0, 0), Span(NEVER, NEVER), id="something-over-nothing"),
    ],
)
def test_ratio(over: Span, under: Span, expected: Span) -> None:
    assert ratio(over, under) == expected


SPANS = st.builds(lambda low, more: Span(low, low + more), TIMES, st.just(0.0) | TIMES | st.just(NEVER))


@given(st.lists(st.tuples(SPANS, st.floats(0, 1)), min_size=1))
def test_the_median_of_spans_holds_that_of_what_lies_in_them(found: list[tuple[Span, float]]) -> None:
    values = [span.low + part * (min(span.high, span.low + 1e6) - span.low) for span, part in found]
    spans = median_span([span for span, _part in found])
    assert spans.low <= median(values) * (1 + 1e-9)
    assert median(values) <= spans.high * (1 + 1e-9)


def test_only_a_finite_number_is_a_value() -> None:
    assert Span(2, 2).value == 2
    assert Span(2, 3).value is None
    assert Span(NEVER, NEVER).value is None


def test_the_interval_leaves_out_as_much_at_each_end() -> None:
    found = [Span(value, value) for value in range(1, 101)]
    assert interval(found, 0.9) == Span(6, 95)
    assert interval(found, 0.95) == Span(3, 98)
    assert interval(found[:1], 0.95) == Span(1, 1)


def test_of_five_values_the_interval_reaches_from_the_least_to_the_greatest() -> None:
    """A known answer: the median of a resample is the least of five values in 5.8 of 100 resamples."""
    rounds = [{"direct": Span(value, value)} for value in (1.0, 2.0, 3.0, 4.0, 5.0)]
    medians = [median_span([each["direct"] for each in drawn]) for drawn in draw_rounds(rounds, pick(), 4000)]
    share = sum(found.low == 1.0 for found in medians) / len(medians)
    assert share == pytest.approx(0.0579, abs=0.012)
    assert interval(medians, 0.95) == Span(1.0, 5.0)


def test_the_same_chance_gives_the_same_rounds() -> None:
    rounds = [{"direct": Span(value, value)} for value in (1.0, 2.0, 3.0)]
    assert list(draw_rounds(rounds, pick(7), 50)) == list(draw_rounds(rounds, pick(7), 50))
    assert list(draw_rounds(rounds, pick(7), 50)) != list(draw_rounds(rounds, pick(8), 50))
