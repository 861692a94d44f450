"""What is expected of mirrors decides who is measured first, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from probing.fields import LINE, field_of, regret_of
from probing.simulation import Arm, run

MBIT = 1e6 / 8
Expect = Callable[[Arm], float]


def bandwidth(arm: Arm) -> float:
    """What a measurement would find in the long run."""
    return min(arm.rate if arm.burst_bytes == float("inf") else arm.throttle, LINE)


def first(arms: Sequence[Arm], expect: Expect | None, **terms: float) -> str | None:
    """The first place. Nothing is ever remembered of the dead."""
    priors = {arm.name: expect(arm) for arm in arms if not arm.dead} if expect else None
    found = run(*arms, line=LINE, priors=priors, **terms)
    return found.names[0] if found.names else None


@pytest.mark.parametrize(
    "expect",
    [
        pytest.param(bandwidth, id="right"),
        pytest.param(lambda arm: 1e13 / bandwidth(arm), id="upside down"),
        pytest.param(lambda arm: 1e9 if (arm.age_h or 0) > 24 else 1e5, id="the stale ones are the best"),
        pytest.param(lambda arm: 1e-9, id="nothing of anybody"),
        pytest.param(lambda arm: 1e18, id="everything of everybody"),
    ],
)
def test_whatever_is_expected_the_choice_is_as_good(expect: Expect) -> None:
    regrets = []
    for seed in range(3):
        arms = field_of(seed)
        regrets.append(regret_of(first(arms, expect), arms))
    assert max(regrets) < 1.05


def test_where_time_is_short_it_is_spent_on_who_is_expected_to_be_best() -> None:
    regrets: dict[str, list[float]] = {"blind": [], "expecting": []}
    for seed in range(8):
        arms = field_of(seed)
        regrets["blind"].append(regret_of(first(arms, None, deadline_s=1.0), arms))
        regrets["expecting"].append(regret_of(first(arms, bandwidth, deadline_s=1.0), arms))
    assert max(regrets["expecting"]) < 1.5
    assert sum(regrets["blind"]) / 8 > 2


def test_who_was_good_and_is_faulty_now_is_rejected() -> None:
    arms = [Arm(name="was-good", rate=300 * MBIT, status=503), Arm(name="stale", rate=300 * MBIT, age_h=72)]
    found = run(*arms, Arm(name="fresh", rate=20 * MBIT), priors={"was-good": 40e6, "stale": 40e6, "fresh": 1e5})
    assert (found.names, set(found.codes)) == (["fresh"], {"was-good", "stale"})


def test_who_was_bad_and_is_good_now_is_found() -> None:
    arms = [Arm(name=f"m{n}", rate=(20 + n) * MBIT) for n in range(4)]
    found = run(*arms, Arm(name="better", rate=200 * MBIT), priors={"better": 1e3} | {arm.name: 50e6 for arm in arms})
    assert found.names[0] == "better"
