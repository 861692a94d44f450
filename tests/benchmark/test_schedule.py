from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from benchmark.pulls import pick, run, runs

from mirrorctl.benchmark import schedule
from mirrorctl.benchmark.schedule import Left, estimate, is_enough, is_hopeless, shuffle
from mirrorctl.benchmark.summary import FEWEST, summarise


def test_every_order_is_as_likely() -> None:
    chance = pick()
    orders = Counter(shuffle(("a", "b", "c"), chance) for _each in range(6000))
    assert len(orders) == 6
    assert all(count == pytest.approx(1000, rel=0.15) for count in orders.values())


def test_nobody_is_left_out() -> None:
    assert sorted(shuffle(tuple("abcdefg"), pick())) == list("abcdefg")
    assert shuffle((), pick()) == ()


@pytest.mark.parametrize(
    ("outcomes", "rounds", "enough"),
    [
        pytest.param({"direct": [4.0] * 5, "near": [1.0] * 5}, 5, True, id="steady"),
        pytest.param({"direct": [4.0] * 4, "near": [1.0] * 4}, 4, False, id="too-few-rounds"),
        pytest.param({"direct": [4.0] * 5, "near": [1.0, 2, 1, 2, 1]}, 5, False, id="wide"),
        pytest.param(
            {"direct": [4.0] * 5, "near": [1.0] * 5, "far": [1.0, 2, 1, 2, 1]}, 5, False, id="one-of-two-wide"
        ),
        pytest.param({"direct": ["failed"] * 4, "near": [1.0] * 5}, 5, True, id="direct-hopeless-mirror-steady"),
        pytest.param({"direct": ["failed"] * 4, "near": [1.0, 2, 1, 2, 1]}, 5, False, id="direct-hopeless-mirror-wide"),
        pytest.param({"direct": [4.0] * 5, "near": ["failed"] * 4}, 5, True, id="mirror-hopeless"),
        pytest.param({"direct": [4.0] * 5}, 5, True, id="direct-alone"),
        pytest.param({"direct": ["failed"] * 4, "near": ["late"] * 4}, 5, True, id="all-hopeless"),
        pytest.param(
            {"direct": [4.0, 4, 4, "failed", "failed"], "near": [1.0] * 5}, 5, False, id="direct-fails-at-times"
        ),
    ],
)
def test_enough(outcomes: dict[str, list[float | str]], rounds: int, enough: bool) -> None:
    assert is_enough(summarise(runs(outcomes), pick(), resamples=400), rounds=rounds) is enough


def test_a_way_that_never_works_is_given_up() -> None:
    outcomes: dict[str, list[float | str]] = {
        "a": ["late"] * 5,
        "b": ["failed"] * 4,
        "c": ["failed", "late", "failed", 1.0],
    }
    assert [is_hopeless(runs(outcomes), via) for via in "abcd"] == [True, False, False, False]


def test_the_rest_is_estimated_by_way() -> None:
    done = {"pip/typical": runs({"direct": [4.0, 6.0], "near": [1.0, 1.0]})}
    pending = [("pip/typical", "near"), ("pip/typical", "direct"), ("pip/typical", "direct")]
    assert estimate(done, pending) == Left(pulls=3, seconds=11.0, bytes=3000)


def test_a_way_that_had_no_turn_is_estimated_by_the_others() -> None:
    done = {"pip/typical": (run("direct", 1, 4.0),)}
    assert estimate(done, [("pip/typical", "near")]) == Left(pulls=1, seconds=4.0, bytes=1000)


def test_nothing_is_estimated_from_nothing() -> None:
    assert estimate({}, [("pip/typical", "near")]) == Left(pulls=1, seconds=None, bytes=None)
    assert estimate({}, []) == Left(pulls=0, seconds=0, bytes=0)


def test_a_pull_of_unknown_size_leaves_the_bytes_open() -> None:
    done = {"uv/typical": (replace(run("direct", 1, 4.0), bytes=None),)}
    assert estimate(done, [("uv/typical", "direct")]).bytes is None


def test_the_least_number_of_rounds_gives_intervals_what_they_promise() -> None:
    """The interval of five values holds the true median unless all five lie on one side of it."""
    assert 1 - 2 * 0.5**FEWEST > 0.93


def test_it_is_looked_less_and_less_often() -> None:
    """Intervals of many rounds take long to compute, and tell hardly more after one round more."""
    looks = [rounds for rounds in range(1001) if schedule.is_time_to_look(rounds)]
    assert looks[:16] == list(range(5, 21))
    assert looks[16:22] == [22, 24, 26, 29, 31, 35]
    assert len(looks) < 70
    assert all(later <= 1.13 * sooner for sooner, later in pairwise(looks[16:]))
