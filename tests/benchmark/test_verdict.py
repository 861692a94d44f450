from __future__ import annotations

from collections.abc import Sequence

import pytest
from benchmark.pulls import pick, runs

from mirrorctl.benchmark.summary import summarise
from mirrorctl.benchmark.verdict import factor, judge, seconds


def verdict(direct: Sequence[float | str], **mirrors: Sequence[float | str]) -> str:
    return str(judge(summarise(runs({"direct": direct, **mirrors}), pick(), resamples=400)))


@pytest.mark.parametrize(
    ("direct", "mirror", "expected"),
    [
        pytest.param(
            [148.0] * 5,
            [37.0] * 5,
            "near is 4.00 times as fast as the direct way (between 4.00 and 4.00): 37.0 s instead of 148 s",
            id="faster",
        ),
        pytest.param(
            [1.0] * 5,
            [2.0] * 5,
            "near is slower than the direct way (0.50 times as fast, between 0.50 and 0.50): 2.00 s instead of 1.00 s",
            id="slower",
        ),
        pytest.param(
            [1.0] * 5,
            [1.0] * 5,
            "no difference was found between near and the direct way: 1.00 s and 1.00 s, 1.00 to 1.00 times as fast",
            id="none",
        ),
        pytest.param(
            [4.0] * 2,
            [1.0] * 2,
            "too few pulls to tell near from the direct way: 1.00 s and 4.00 s",
            id="unknown",
        ),
        pytest.param(
            ["failed", "failed", "late", "late"],
            [2.0] * 4,
            "only near works: it takes 2.00 s, and no direct pull finished; 2 of 4 pulls by the direct way failed; "
            "2 of 4 pulls by the direct way were cut off at the time limit",
            id="only-mirror",
        ),
        pytest.param(
            [1.0, "late", "late", "late"],
            [2.0] * 4,
            "near takes 2.00 s; at least half of the direct pulls did not finish; "
            "3 of 4 pulls by the direct way were cut off at the time limit",
            id="direct-mostly-late",
        ),
        pytest.param(
            [1.0] * 4,
            ["failed"] * 4,
            "the direct way takes 1.00 s; at least half of the pulls by near did not finish; "
            "4 of 4 pulls by near failed",
            id="mirror-fails",
        ),
        pytest.param(
            ["failed"] * 4,
            ["failed"] * 4,
            "neither near nor the direct way finished half of the pulls; 4 of 4 pulls by the direct way failed; "
            "4 of 4 pulls by near failed",
            id="neither",
        ),
        pytest.param(
            [8.0] * 10,
            [*[2.0] * 9, "failed"],
            "near is 4.00 times as fast as the direct way (between 4.00 and 4.00): 2.00 s instead of 8.00 s; "
            "1 of 10 pulls by near failed",
            id="faster-and-fails-once",
        ),
    ],
)
def test_verdict(direct: list[float | str], mirror: list[float | str], expected: str) -> None:
    assert verdict(direct, near=mirror) == expected


def test_the_fastest_is_judged() -> None:
    assert verdict([9.0] * 5, far=[8.0] * 5, near=[3.0] * 5).startswith("near is 3.00 times as fast")


def test_alone() -> None:
    assert verdict([9.0] * 4) == "the direct way takes 9.00 s, between 9.00 s and 9.00 s"
    assert verdict(["late"] * 4).startswith("at least half of the pulls by the direct way did not finish; 4 of 4")
    assert str(judge(())) == "nothing was pulled"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.1234, "0.12 s"),
        (9.876, "9.88 s"),
        (12.34, "12.3 s"),
        (148.2, "148 s"),
        (605, "10:05 min"),
        (3912, "1:05:12"),
        (None, "∞"),
    ],
)
def test_seconds(value: float | None, expected: str) -> None:
    assert seconds(value) == expected


@pytest.mark.parametrize(("value", "expected"), [(0.987, "0.99"), (12.34, "12.3"), (148.2, "148"), (None, "∞")])
def test_factor(value: float | None, expected: str) -> None:
    assert factor(value) == expected
