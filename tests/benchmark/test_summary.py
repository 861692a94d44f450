from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from benchmark.pulls import LIMIT_S, pick, run, runs
from hypothesis import given, settings
from hypothesis import strategies as st

from mirrorctl.benchmark import Difference, Summary
from mirrorctl.benchmark.summary import summarise

FASTER, SLOWER, NONE, UNKNOWN = Difference.FASTER, Difference.SLOWER, Difference.NONE, Difference.UNKNOWN


def compare(direct: Sequence[float | str], mirror: Sequence[float | str]) -> Summary:
    """What is said of the mirror."""
    found = summarise(runs({"direct": direct, "near": mirror}), pick(), resamples=400)
    return found[1]


def test_a_steady_line_gives_the_exact_factor() -> None:
    found = compare([8.0] * 5, [2.0] * 5)
    assert (found.speedup, found.speedup_low, found.speedup_high) == (4.0, 4.0, 4.0)
    assert (found.median_s, found.low_s, found.high_s) == (2.0, 2.0, 2.0)
    assert (found.first_byte_s, found.bytes, found.bytes_per_s) == (0.2, 1000, 500.0)
    assert found.difference is FASTER


def test_the_direct_way_stands_first_then_the_fastest() -> None:
    outcomes: dict[str, list[float | str]] = {
        "far": [9.0] * 4,
        "never": ["failed"] * 4,
        "near": [1.0] * 4,
        "direct": [5.0] * 4,
    }
    assert [each.via for each in summarise(runs(outcomes), pick())] == ["direct", "near", "far", "never"]


def test_drift_that_hits_all_alike_does_not_blur_the_comparison() -> None:
    """The line gets ten times slower from round to round: rounds are drawn, so the factor stays what it is."""
    drift = [1.0, 2.0, 4.0, 8.0, 10.0]
    found = compare([3 * each for each in drift], drift)
    assert found.speedup == pytest.approx(3.0)
    assert found.speedup_low == pytest.approx(3.0)
    assert found.speedup_high == pytest.approx(3.0)
    assert found.high_s is not None
    assert found.low_s is not None
    assert found.high_s / found.low_s == 10


@pytest.mark.parametrize(
    ("direct", "mirror", "difference"),
    [
        pytest.param([8.0, 9, 8, 9, 8], [2.0, 3, 2, 3, 2], FASTER, id="faster"),
        pytest.param([2.0, 3, 2, 3, 2], [8.0, 9, 8, 9, 8], SLOWER, id="slower"),
        pytest.param([2.0, 3, 2, 3, 2], [3.0, 2, 3, 2, 2.5], NONE, id="none"),
        pytest.param([8.0, 9, 8, 9], [2.0, 3, 2, 3], UNKNOWN, id="too-few"),
        pytest.param(["failed"] * 5, [2.0] * 5, FASTER, id="direct-never-works"),
        pytest.param(["late"] * 5, [2.0] * 5, FASTER, id="direct-always-late"),
        pytest.param([2.0] * 5, ["late"] * 5, SLOWER, id="mirror-always-late"),
        pytest.param(["late"] * 5, ["late"] * 5, UNKNOWN, id="both-always-late"),
        pytest.param(["failed"] * 5, ["failed"] * 5, UNKNOWN, id="neither-works"),
        pytest.param([2.0, 2, "failed", 2, "failed"], [2.0] * 5, UNKNOWN, id="direct-fails-now-and-then"),
        pytest.param([], [2.0] * 5, UNKNOWN, id="nothing-to-compare-with"),
    ],
)
def test_difference(direct: list[float | str], mirror: list[float | str], difference: Difference) -> None:
    found = summarise(runs({"direct": direct, "near": mirror}), pick(), resamples=400)
    assert found[-1].difference is difference


def test_a_pull_that_failed_is_counted_and_stands_above_the_others() -> None:
    found = compare([4.0] * 5, [1.0, 1, "failed", "late", 2])
    assert (found.runs, found.failures, found.timeouts) == (5, 1, 1)
    assert found.median_s == 2.0, "of 1, 1, 2, more than the limit, never"
    assert found.high_s is None
    assert found.bytes_per_s == 1000.0, "of the pulls that succeeded"


def test_where_half_are_cut_off_the_median_has_a_lower_bound_alone() -> None:
    found = compare([10.0] * 4, [1.0, "late", "late", "late"])
    assert found.median_s is None
    assert found.low_s is not None
    assert found.high_s is None
    assert found.speedup is None
    assert found.speedup_high == 10.0


def test_a_direct_way_that_is_always_cut_off_bounds_the_speedup_from_below() -> None:
    found = compare(["late"] * 5, [2.0] * 5)
    assert (found.speedup, found.speedup_low, found.speedup_high) == (None, LIMIT_S / 2, None)


@pytest.mark.parametrize(
    "mirror",
    [["failed"] * 6, [1.0, "failed"] * 3, ["late"] * 6],
    ids=["none-finished", "half-finished", "cut-off"],
)
def test_a_way_without_a_median_has_no_speedup(mirror: list[float | str]) -> None:
    """It is not 0 times as fast: one cannot divide by what did not happen."""
    found = compare([2.0] * 6, mirror)
    assert (found.median_s, found.speedup) == (None, None)


def test_no_time_over_no_time_tells_nothing() -> None:
    assert compare([0.0] * 5, [0.0] * 5).difference is UNKNOWN


def test_an_unfinished_round_is_of_use() -> None:
    found = summarise((*runs({"direct": [4.0] * 4, "near": [1.0] * 4}), run("near", 5, 1.0)), pick())
    assert [(each.via, each.runs) for each in found] == [("direct", 4), ("near", 5)]
    assert found[1].speedup == 4.0


def test_nothing_pulled_nothing_said() -> None:
    assert summarise((), pick()) == ()


def test_unknown_sizes_stay_unknown() -> None:
    (found,) = summarise(tuple(run("direct", number, 1.0, None) for number in range(4)), pick())
    assert (found.bytes, found.bytes_per_s) == (None, None)


def test_the_rate_is_that_of_the_files() -> None:
    found = [replace(each, payload_bytes=600) for each in runs({"direct": [2.0] * 4})]
    assert [each.bytes_per_s for each in summarise(found, pick())] == [300.0]


TIMES = st.lists(st.floats(min_value=0.01, max_value=1000), min_size=5, max_size=8)
OUTCOMES = st.lists(st.floats(min_value=0.01, max_value=LIMIT_S) | st.sampled_from(["late", "failed"]), min_size=1)


@given(TIMES)
@settings(max_examples=30)
def test_a_way_is_never_told_from_itself(times: list[float]) -> None:
    found = compare(times, times)
    assert found.speedup == 1.0
    assert found.difference is NONE


@given(OUTCOMES, OUTCOMES)
@settings(max_examples=60)
def test_every_estimate_lies_in_its_interval(direct: list[float | str], mirror: list[float | str]) -> None:
    for found in summarise(runs({"direct": direct, "near": mirror}), pick(), resamples=200):
        assert found.runs >= found.failures + found.timeouts
        if found.median_s is not None:
            assert found.low_s is not None
            assert found.low_s <= found.median_s
            assert found.high_s is None or found.median_s <= found.high_s
        if found.speedup is not None:
            assert (found.speedup_low or 0) <= found.speedup * 1.000001
            assert found.speedup_high is None or found.speedup <= found.speedup_high * 1.000001


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """Of 100 benchmarks of ten rounds, with a true factor of 2 and much noise."""
    noise = random.Random(3)
    held = 0
    for _each in range(100):
        direct = [2 * noise.lognormvariate(0, 0.3) for _round in range(10)]
        found = compare(direct, [noise.lognormvariate(0, 0.3) for _round in range(10)])
        held += (found.speedup_low or 0) <= 2 <= (found.speedup_high or 0)
    assert held >= 90
