"""What earlier measurements are worth: weights, noise, gains that are clear, and decisions that can be made again."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from mirrorctl.experience import (
    FADE,
    Measurement,
    Score,
    Terms,
    expected_bandwidths,
    failure_rate,
    gain,
    noise,
    reuse,
    steady,
    trend,
    usual_s,
    weights,
)
from mirrorctl.model import Mirror, Probe, Ranked, Reason, Status, Trust, Workload
from mirrorctl.ranking import choose, rank
from mirrorctl.text import _
from mirrorctl.values import replace

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TERMS = Terms(max_lag_s=86400.0, deadline_s=8.0, budget_bytes=25_000_000, latency_only=False)
PULL = Workload(requests=10, bytes=30_000_000)
MB = 1e6


def mirror(name: str) -> Mirror:
    return Mirror(
        id=name,
        ecosystem="pypi",
        operator=name,
        url=f"https://{name}.example/simple",
        kind="index",
        trust=Trust.COMPANY,
        status=Status.ACTIVE,
        domain=name,
    )


def score(name: str, seconds: float | None, *, lag_s: float | None = 0.0, code: str = "silent") -> Score:
    """With a bandwidth such that the bytes take that long; None: rejected."""
    rate = PULL.bytes / seconds if seconds else None
    reason = Reason(code=code, detail=_("x")) if seconds is None else None
    probe = Probe(
        mirror=mirror(name), ttfb_s=0.0, bandwidth_bytes_per_s=rate, confirmed=True, lag_s=lag_s, reason=reason
    )
    return Score(probe=probe, predicted_s=seconds)


def measured(
    ago: timedelta, *scores: Score, here: bool = True, sound: bool = True, terms: Terms = TERMS, **seconds: float | None
) -> Measurement:
    """A measurement that long ago; keywords are mirrors with their seconds."""
    found = (*scores, *(score(name, value) for name, value in seconds.items()))
    return Measurement(at=NOW - ago, here=here, ecosystem="pypi", terms=terms, scores=found, sound=sound)


def ranked(name: str, seconds: float) -> Ranked:
    return Ranked(probe=score(name, seconds).probe, predicted_s=seconds)


# Weights and means


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        pytest.param([timedelta(0)], [FADE], id="just now"),
        pytest.param([timedelta(0)] * 3, [FADE, FADE**2, FADE**3], id="each newer one takes a quarter"),
        pytest.param([7 * DAY], [FADE / 2], id="a week is half"),
        pytest.param([21 * DAY], [FADE / 8], id="three weeks"),
        pytest.param([-2 * DAY], [FADE], id="a clock that was wrong"),
    ],
)
def test_weights_fade_by_number_and_by_age(ages: list[timedelta], expected: list[float]) -> None:
    assert weights([measured(age) for age in ages], NOW) == pytest.approx(expected)


def test_the_expected_bandwidth_leans_to_the_latest() -> None:
    past = [measured(HOUR, a=3.0), measured(2 * HOUR, a=30.0), measured(3 * HOUR, b=None)]
    found = expected_bandwidths(past, NOW)
    assert found.keys() == {"a"}
    assert math.sqrt(10 * MB * 1 * MB) < found["a"] < 10 * MB


def test_what_is_usual_is_a_mean_of_logarithms() -> None:
    assert usual_s([2.0, 8.0], [0.0, 0.0]) == pytest.approx(math.exp((math.log(2) + 0.75 * math.log(8)) / 1.75))
    assert usual_s([], []) is None


@pytest.mark.parametrize(
    ("outcomes", "least", "most"),
    [
        pytest.param([1.0] * 10, 0, 0, id="never failed"),
        pytest.param([None] + [1.0] * 9, 0.05, 0.1, id="once"),
        pytest.param([None] * 10, 0.7, 0.8, id="always"),
        pytest.param([], 0, 0, id="never asked"),
    ],
)
def test_failures_are_counted_and_not_overrated(outcomes: list[float | None], least: float, most: float) -> None:
    past = [measured(n * HOUR, a=seconds) for n, seconds in enumerate(outcomes)]
    assert least <= failure_rate(past, "a", NOW) <= most


def test_a_drift_is_no_noise() -> None:
    drift, jitter = [n / 100 for n in range(20)], [0.5 * (n % 2) for n in range(20)]
    assert noise(drift) < 0.1
    assert noise(jitter) > 0.3


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param([1.0, 1.0, 1.0], None, id="too few"),
        pytest.param([1.0, 1.1, 0.9, 1.0, 1.05], "steady", id="about the same"),
        pytest.param([3.0, 3.1, 1.0, 1.0, 1.0, 1.05], "slower", id="slower now"),
        pytest.param([1.0, 1.1, 3.0, 3.0, 3.1, 3.0], "faster", id="faster now"),
        pytest.param([3.0] * 5 + [1.0, 1.1] * 20, "slower", id="slower today, after weeks"),
        pytest.param([2.0, 0.5, 2.0, 0.5, 2.0, 0.5], "steady", id="noise"),
    ],
)
def test_trends(seconds: list[float], expected: str | None) -> None:
    assert trend(seconds) == expected


# To stay or to change


@pytest.mark.parametrize(
    ("past", "today_s", "stays"),
    [
        pytest.param([], 1.2, True, id="nothing known: the tie band"),
        pytest.param([], 1.3, False, id="nothing known: beyond it"),
        pytest.param([1.0] * 5, 1.3, True, id="slower for the first time"),
        pytest.param([1.0] * 5, 4.0, False, id="much slower for the first time"),
        pytest.param([1.6, 1.6, 1.6], 1.6, False, id="slower again and again"),
        pytest.param([1.6, 1.6, 1.6], 1.1, True, id="slower, but not today"),
        pytest.param([3.0, 0.4, 2.0, 0.5, 2.5, 0.6], 2.0, True, id="a network where everything varies"),
    ],
)
def test_what_is_configured_stays_unless_the_gain_is_clear(past: list[float], today_s: float, stays: bool) -> None:
    """The other mirror takes one second, always."""
    history = [measured(n * DAY, a=seconds, b=1.0) for n, seconds in enumerate(past, start=1)]
    assert steady(history, NOW)(ranked("a", today_s), ranked("b", 1.0)) is stays


def test_who_fails_from_time_to_time_has_to_promise_more() -> None:
    steadily = [measured(n * HOUR, a=1.5, b=1.0) for n in range(1, 9)]
    failing = [measured(n * HOUR, a=1.5, b=None if n % 2 else 1.0) for n in range(1, 9)]
    assert not steady(steadily, NOW)(ranked("a", 1.5), ranked("b", 1.0))
    assert steady(failing, NOW)(ranked("a", 1.5), ranked("b", 1.0))


def test_who_fails_is_left_for_an_equal_that_does_not() -> None:
    past = [measured(n * HOUR, a=None if n % 2 else 1.0, b=1.0) for n in range(1, 9)]
    assert not steady(past, NOW)(ranked("a", 1.0), ranked("b", 1.0))


def test_a_prediction_without_a_measured_bandwidth_is_no_evidence() -> None:
    guess = Score(probe=replace(score("a", 1.0).probe, bandwidth_bytes_per_s=None), predicted_s=9.0)
    assert gain([measured(DAY, guess, b=1.0)], NOW, ranked("a", 1.0), ranked("b", 1.0))[0] == 0


Truth = Callable[[str, int], float | None]


def week(truth: Truth, names: Sequence[str], *, seed: int, spread: float, memory: int = 60) -> list[str]:
    """What is configured after each hourly measurement of a week, with a memory of so many.

    `truth` gives seconds by mirror and hour, None: it fails. `spread` is the noise of their logarithm.
    """
    chance = random.Random(seed)
    past: list[Measurement] = []
    current: tuple[str, ...] = ()
    chosen = []
    for hour in range(7 * 24):
        now = NOW + hour * HOUR
        scores = []
        for name in names:
            seconds = truth(name, hour)
            noisy = chance.lognormvariate(0, spread)
            scores.append(score(name, seconds * noisy if seconds else None))
        ranking = rank("pypi", PULL, [one.probe for one in scores])
        (best,) = choose(ranking, current=current, stays=steady(past[:memory], now))
        current = (best.url,)
        chosen.append(best.id)
        past.insert(0, Measurement(at=now, here=True, ecosystem="pypi", terms=TERMS, scores=tuple(scores)))
    return chosen


def switches(chosen: Sequence[str]) -> int:
    return sum(before != after for before, after in pairwise(chosen))


NAMES = [f"m{n}" for n in range(6)]


@pytest.mark.parametrize("spread", [0.1, 0.2, 0.3, 0.5])
def test_a_week_of_noise_switches_rarely(spread: float) -> None:
    """Six mirrors that are equally good, measured every hour: without a memory there are dozens of switches."""
    found = [switches(week(lambda _name, _hour: 2.0, NAMES, seed=seed, spread=spread)) for seed in range(4)]
    assert sum(found) / len(found) <= 3
    assert max(found) <= 5


def test_without_a_memory_noise_switches_all_the_time() -> None:
    """What the test above would find if it found nothing."""
    assert switches(week(lambda _name, _hour: 2.0, NAMES, seed=0, spread=0.3, memory=0)) > 30


def test_a_lasting_change_is_followed_within_hours() -> None:
    """On the third day what is configured becomes twice as slow, and stays so."""
    truth: Truth = lambda name, hour: 4.0 if name == "m0" and hour >= 48 else 2.0 if name == "m0" else 2.4  # noqa: E731
    for seed in range(4):
        chosen = week(truth, NAMES, seed=seed, spread=0.15)
        assert chosen[47] == "m0"
        assert "m0" not in chosen[60:]


def test_a_collapse_is_followed_at_once() -> None:
    truth: Truth = lambda name, hour: 40.0 if name == "m0" and hour >= 48 else 2.0 if name == "m0" else 2.4  # noqa: E731
    chosen = week(truth, NAMES, seed=0, spread=0.15)
    assert (chosen[47], chosen[48] == "m0") == ("m0", False)


def test_a_mirror_that_comes_and_goes_is_not_run_after() -> None:
    """The best one fails every fifth hour: each failure costs a switch, and it would be taken back each time."""
    truth: Truth = lambda name, hour: (None if hour % 5 == 4 else 1.4) if name == "m0" else 2.0  # noqa: E731
    chosen = week(truth, NAMES, seed=1, spread=0.1)
    assert switches(chosen) <= 8
    assert chosen.count("m0") < 60


# A decision that is made again

CANDIDATES = (mirror("a"), mirror("b"))


def again(*past: Measurement, candidates: Sequence[Mirror] = CANDIDATES, terms: Terms = TERMS) -> list[str] | None:
    """The mirrors that are eligible by what is made use of again within two hours; None: measure."""
    found = reuse(past, candidates, terms, NOW, 7200.0)
    return None if found is None else [probe.mirror.id for probe in found[1] if probe.reason is None]


def test_a_young_measurement_is_used_again() -> None:
    assert again(measured(HOUR, a=1.0, b=2.0)) == ["a", "b"]


@pytest.mark.parametrize(
    "past",
    [
        pytest.param((), id="nothing"),
        pytest.param((measured(3 * HOUR, a=1.0, b=2.0),), id="too old"),
        pytest.param((measured(-HOUR, a=1.0, b=2.0),), id="from the future"),
        pytest.param((measured(HOUR, a=1.0, b=2.0, here=False),), id="another network"),
        pytest.param((measured(HOUR, a=1.0),), id="a candidate is missing"),
        pytest.param((measured(HOUR, a=None, b=None),), id="nothing was eligible"),
        pytest.param((measured(HOUR, a=1.0, b=2.0, sound=False),), id="a client refused it"),
        pytest.param(
            (measured(HOUR / 2, a=1.0, b=2.0, sound=False), measured(HOUR, a=1.0, b=2.0)),
            id="nor what is older than that",
        ),
        pytest.param((measured(HOUR / 2, a=None, b=None), measured(HOUR, a=1.0, b=2.0)), id="all were rejected since"),
        pytest.param((measured(HOUR, a=1.0, b=2.0, terms=replace(TERMS, latency_only=True)),), id="latency alone"),
        pytest.param((measured(HOUR, a=1.0, b=2.0, terms=replace(TERMS, deadline_s=2.0)),), id="less time"),
        pytest.param((measured(HOUR, a=1.0, b=2.0, terms=replace(TERMS, budget_bytes=1)),), id="fewer bytes"),
        pytest.param((measured(HOUR, score("b", 1.0, lag_s=85_000), a=None),), id="all may be stale by now"),
    ],
)
def test_what_is_measured_anew(past: tuple[Measurement, ...]) -> None:
    assert again(*past) is None


def test_a_mirror_that_moved_is_measured_anew() -> None:
    moved = replace(mirror("a"), url="https://new.example/simple")
    assert again(measured(HOUR, a=1.0, b=2.0), candidates=(moved, mirror("b"))) is None


def test_who_is_no_candidate_any_more_is_left_out() -> None:
    """Dead by the catalog of today, or not trusted at the level that is asked for now."""
    assert again(measured(HOUR, a=1.0, b=2.0), candidates=(mirror("b"),)) == ["b"]


def test_what_was_rejected_stays_rejected() -> None:
    assert again(measured(HOUR, a=None, b=2.0)) == ["b"]


def test_a_later_rejection_counts() -> None:
    """As by `probe --only`, which is no measurement of all."""
    assert again(measured(HOUR / 2, a=None), measured(HOUR, a=1.0, b=2.0)) == ["b"]


def test_content_ages_with_the_measurement() -> None:
    past = measured(HOUR, score("a", 1.0, lag_s=85_000), score("b", 2.0, lag_s=3600))
    assert again(past) == ["b"]
    assert again(past, terms=replace(TERMS, max_lag_s=None)) == ["a", "b"]


def test_a_mirror_that_was_too_old_for_stricter_terms_is_measured_anew() -> None:
    past = measured(HOUR, score("a", None, lag_s=90_000, code="stale"), b=2.0)
    assert again(past) == ["b"]
    assert again(past, terms=replace(TERMS, max_lag_s=100_000.0)) is None


def test_more_than_is_asked_for_will_do() -> None:
    past = measured(HOUR, a=1.0, b=2.0)
    assert again(past, terms=replace(TERMS, latency_only=True, deadline_s=60.0)) == ["a", "b"]
    assert again(past, terms=replace(TERMS, deadline_s=4.0, budget_bytes=1_000_000)) == ["a", "b"]
