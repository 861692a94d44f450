"""Bandwidth from arrival times, literal or made from a model of a sender."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirrorctl.probing.goodput import Goodput, Transfer, estimate, merge

RECORD = 16_384


def sent(
    total: int,
    rate: float,
    *,
    rtt_s: float = 0.03,
    window: float = 14_600,
    growth: float = 2.0,
    burst: float = math.inf,
    then: float = 0.0,
    ended_s: float | None = None,
) -> Transfer:
    """A transfer as TCP would carry it; after `burst` bytes at the rate `then`."""
    marks: list[tuple[float, int]] = []
    now_s, done = 0.05, 0
    while done < total:
        began_s, flight = now_s, min(int(window), total - done)
        for start in range(0, flight, RECORD):
            piece = min(RECORD, flight - start)
            now_s += piece / (rate if done < burst else then)
            done += piece
            marks.append((now_s, done))
        now_s = max(now_s, began_s + rtt_s)
        window *= growth
    return Transfer(marks=marks, ended_s=marks[-1][0] if ended_s is None else ended_s, rtt_s=rtt_s)


@pytest.mark.parametrize("rtt_s", [0.005, 0.03, 0.09], ids=["5 ms", "30 ms", "90 ms"])
@pytest.mark.parametrize("rate", [1e6, 5e6, 12.5e6, 37.5e6], ids=["8 Mbit/s", "40", "100", "300"])
def test_the_rate_is_found_behind_the_ramp(rate: float, rtt_s: float) -> None:
    found = estimate(sent(6_000_000, rate, rtt_s=rtt_s))
    assert found is not None
    assert found.likely == pytest.approx(rate, rel=0.15)
    assert found.low <= rate <= found.high


@pytest.mark.parametrize("rate", [5e6, 12.5e6, 25e6], ids=["40 Mbit/s", "100", "200"])
def test_within_the_ramp_the_trains_tell_the_rate(rate: float) -> None:
    """Eight hundred kilobytes at 60 ms are all ramp, and their average is far below the rate."""
    transfer = sent(800_000, rate, rtt_s=0.06)
    found = estimate(transfer)
    assert found is not None
    assert transfer.bytes / transfer.ended_s < 0.6 * rate
    assert found.likely == pytest.approx(rate, rel=0.15)


def trains(*each: tuple[int, float]) -> Transfer:
    """Trains of so many pieces, at so many bytes per second, with pauses between."""
    marks, now_s, done = [(0.05, 0)], 0.05, 0
    for pieces, rate in each:
        for _piece in range(pieces):
            now_s, done = now_s + RECORD / rate, done + RECORD
            marks.append((now_s, done))
        now_s += 0.03
    return Transfer(marks=marks, ended_s=marks[-1][0], rtt_s=0.06)


def test_one_short_train_may_have_been_stretched() -> None:
    one, two = estimate(trains((6, 8e6))), estimate(trains((6, 8e6), (8, 8e6)))
    assert one is not None
    assert two is not None
    assert one.likely == pytest.approx(8e6)
    assert one.high == math.inf
    assert two.high < 2 * 8e6


def test_a_train_that_was_squeezed_is_outvoted() -> None:
    """Though it has carried the most."""
    found = estimate(trains((12, 10e6), (16, 10e6), (12, 10e6), (18, 45e6)))
    assert found is not None
    assert found.likely == pytest.approx(10e6)


def test_a_ramp_without_trains_leaves_everything_open() -> None:
    found = estimate(sent(100_000, 100e6, rtt_s=0.05))
    assert found is not None
    assert found.high == math.inf
    assert not found.settled


@pytest.mark.parametrize(
    "marks",
    [
        pytest.param([], id="nothing"),
        pytest.param([(0.1, 50_000)], id="one mark"),
        pytest.param([(0.1, 1000), (0.2, 9000)], id="few bytes"),
        pytest.param([(0.1, 50_000), (0.1, 90_000)], id="no time"),
    ],
)
def test_too_little_to_tell(marks: list[tuple[float, int]]) -> None:
    assert estimate(Transfer(marks=marks, ended_s=marks[-1][0] if marks else 1.0, rtt_s=0.03)) is None


def test_a_throttle_after_a_burst_is_the_truth() -> None:
    found = estimate(sent(2_300_000, 37.5e6, rtt_s=0.01, burst=2_000_000, then=750_000))
    assert found is not None
    assert found.dropped
    assert found.likely == pytest.approx(750_000, rel=0.2)


def test_a_stall_at_the_end_is_charged() -> None:
    """The clock runs to the end of the window, not to the last byte."""
    moving = sent(1_000_000, 12.5e6, rtt_s=0.01)
    standing = Transfer(marks=moving.marks, ended_s=moving.ended_s + 0.5, rtt_s=0.01)
    quick, slow = estimate(moving), estimate(standing)
    assert quick is not None
    assert slow is not None
    assert slow.likely < quick.likely / 10


def test_a_settled_transfer_that_keeps_its_rate_is_steady() -> None:
    found = estimate(sent(4_000_000, 5e6))
    assert found is not None
    assert found.steady
    assert found.settled_bins > 8


STEADY = Goodput(likely=10.0, low=9.0, high=11.0, settled_bins=9, steady=True)
SHORT = Goodput(likely=20.0, low=9.0, high=40.0)
DROPPED = Goodput(likely=1.0, low=0.5, high=10.0, settled_bins=4, dropped=True)


@pytest.mark.parametrize(
    ("older", "newer", "expected"),
    [
        pytest.param(None, STEADY, STEADY, id="the only one"),
        pytest.param(STEADY, None, STEADY, id="none new"),
        pytest.param(SHORT, STEADY, STEADY, id="the longer, newer"),
        pytest.param(STEADY, SHORT, STEADY, id="the longer, older"),
        pytest.param(STEADY, STEADY, STEADY, id="equal"),
        pytest.param(STEADY, DROPPED, DROPPED, id="a drop now"),
        pytest.param(DROPPED, STEADY, DROPPED, id="a drop before"),
    ],
)
def test_a_drop_is_believed_and_else_the_longer(
    older: Goodput | None, newer: Goodput | None, expected: Goodput
) -> None:
    assert merge(older, newer) == expected


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.floats(0, 0.2), st.integers(1, 65_536)), min_size=1, max_size=60),
    st.floats(0, 1),
    st.floats(0, 0.3),
)
def test_whatever_arrives_the_estimate_is_sound(steps: list[tuple[float, int]], rest_s: float, rtt_s: float) -> None:
    marks = [(0.0, 1)]
    for pause_s, count in steps:
        marks.append((marks[-1][0] + pause_s, marks[-1][1] + count))
    found = estimate(Transfer(marks=marks, ended_s=marks[-1][0] + rest_s, rtt_s=rtt_s))
    assert all(before <= after for before, after in pairwise(marks))
    if found:
        assert 0 < found.low <= found.likely <= found.high
