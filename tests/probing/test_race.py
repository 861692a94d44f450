"""What the race decides, in a simulated network (see simulation.py). Nothing here waits, and nothing varies."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from probing.fields import LINE, field_of, regret_of
from probing.simulation import Arm, run

from mirrorctl.probing.events import Stage
from mirrorctl.probing.race import WATCH_S
from mirrorctl.ranking import choose

MBIT = 1e6 / 8
HOUR = 650  # serials


def test_the_widest_and_the_nearest_each_win_where_they_should() -> None:
    found = run(
        Arm(name="near-and-narrow", rtt_s=0.005, rate=8 * MBIT),
        Arm(name="middling", rtt_s=0.02, rate=60 * MBIT),
        Arm(name="far-and-wide", rtt_s=0.06, rate=280 * MBIT),
        Arm(name="near-and-wide", rtt_s=0.01, rate=250 * MBIT),
    )
    assert found.names == ["near-and-wide", "far-and-wide", "middling", "near-and-narrow"]


def test_a_stale_mirror_is_not_chosen_however_fast() -> None:
    found = run(Arm(name="stale", rtt_s=0.005, rate=300 * MBIT, age_h=72), Arm(name="fresh", rate=20 * MBIT))
    assert (found.names, found.codes) == (["fresh"], {"stale": "stale"})


def test_an_hour_of_age_does_not_outweigh_twice_the_speed() -> None:
    found = run(Arm(name="an-hour-old", rate=40 * MBIT, age_h=1.5), Arm(name="fresh", rate=20 * MBIT, age_h=0.2))
    assert found.names[0] == "an-hour-old"


def test_lag_may_be_allowed() -> None:
    found = run(Arm(name="old", rate=300 * MBIT, age_h=72), Arm(name="new", rate=20 * MBIT), max_lag_s=100 * 3600)
    assert found.names[0] == "old"


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        pytest.param(Arm(name="bad", rtt_s=0.001, rate=1e9, status=404), "not-an-index", id="404"),
        pytest.param(Arm(name="bad", rtt_s=0.001, rate=1e9, portal=True), "captive-portal", id="portal"),
        pytest.param(Arm(name="bad", rtt_s=0.001, rate=1e9, status=503), "http-status", id="503"),
    ],
)
def test_speed_does_not_make_up_for_wrong_answers(bad: Arm, code: str) -> None:
    found = run(bad, Arm(name="good", rate=1e6))
    assert (found.names, found.codes) == (["good"], {"bad": code})


def test_a_stall_counts() -> None:
    """A transfer that begins well and then stands still is not taken for its beginning."""
    found = run(
        Arm(name="stalls", rtt_s=0.005, rate=300 * MBIT, stalls_after_bytes=100_000), Arm(name="good", rate=8 * MBIT)
    )
    assert found.names[0] == "good"


@pytest.mark.parametrize("burst_bytes", [1e6, 2e6, 3e6], ids=["1 MB", "2 MB", "3 MB"])
def test_a_throttle_after_a_burst_is_seen(burst_bytes: float) -> None:
    throttled = [
        Arm(name=f"throttled-{n}", rtt_s=0.005 + n / 1000, rate=(300 - n) * MBIT, burst_bytes=burst_bytes)
        for n in range(3)
    ]
    found = run(*throttled, Arm(name="honest", rate=60 * MBIT))
    assert found.names[0] == "honest"


def test_where_the_own_line_is_the_limit_the_nearer_wins() -> None:
    """Both could send faster than the client's line carries: between them latency decides."""
    found = run(
        Arm(name="far", rtt_s=0.06, rate=200 * MBIT), Arm(name="near", rtt_s=0.01, rate=200 * MBIT), line=50 * MBIT
    )
    assert found.names == ["near", "far"]
    assert found.predicted_s("far") < 1.25 * found.predicted_s("near")


def test_the_current_mirror_is_kept_within_the_tie_band() -> None:
    arms = Arm(name="far", rtt_s=0.06, rate=200 * MBIT), Arm(name="near", rtt_s=0.01, rate=200 * MBIT)
    found = run(*arms, line=50 * MBIT)
    (kept,) = choose(found.ranking, current=("http://far.test/simple",), capacity=1)
    assert kept.id == "far"


def test_dead_mirrors_cost_little() -> None:
    """Nobody waits for them longer than those at the top are watched in a troubled network anyway."""
    alive = [Arm(name=f"alive-{n}", rtt_s=0.02 + n / 100, rate=(50 + 10 * n) * MBIT) for n in range(4)]
    dead = [Arm(name=f"dead-{n}", dead=True) for n in range(4)]
    found = run(*alive, *dead)
    assert found.names[0] == "alive-3"
    assert set(found.codes.values()) == {"connect-timeout"}
    assert found.ranking.elapsed_s < WATCH_S


def test_all_dead_is_an_empty_ranking_with_reasons() -> None:
    found = run(Arm(name="a", dead=True), Arm(name="b", status=503))
    assert (found.names, found.codes) == ([], {"a": "connect-timeout", "b": "http-status"})
    assert found.ranking.elapsed_s < 3.5


def test_a_forged_serial_is_ignored() -> None:
    found = run(
        Arm(name="forger", rtt_s=0.005, rate=300 * MBIT, serial=10**12, age_h=0.1),
        Arm(name="a", serial=33_000_000),
        Arm(name="b", serial=33_000_000 - HOUR),
    )
    lags = {entry.probe.mirror.id: entry.probe.lag_s for entry in found.ranking.ranked}
    assert lags["a"] == 0
    assert lags["b"] == 3600
    assert "stale" not in found.codes.values()


def test_age_is_told_without_upstream_by_consensus() -> None:
    """No arm is the origin; two lineages agree, and the third is behind them."""
    found = run(
        Arm(name="a", serial=33_000_000, age_h=None),
        Arm(name="b", serial=33_000_000 - 10, age_h=None),
        Arm(name="frozen", rate=300 * MBIT, serial=33_000_000 - 100 * HOUR, age_h=0.1),
    )
    assert found.codes == {"frozen": "stale"}


def test_an_unknown_age_is_said() -> None:
    found = run(Arm(name="silent", age_h=None), Arm(name="open", age_h=1))
    assert {entry.probe.mirror.id: entry.probe.lag_basis for entry in found.ranking.ranked} == {
        "silent": None,
        "open": "index-date",
    }


def test_a_dead_way_to_an_operator_leaves_the_other_one() -> None:
    """An operator's hosts for IPv6 and IPv4 are candidates of their own."""
    found = run(Arm(name="v6", rtt_s=0.01, dead=True, lineage="x"), Arm(name="v4", rtt_s=0.01, lineage="x"))
    assert found.names == ["v4"]


def test_the_budget_holds_on_a_wide_line() -> None:
    arms = [Arm(name=f"m{n:02}", rtt_s=0.005 + n / 500, rate=(400 + 40 * n) * MBIT) for n in range(14)]
    found = run(*arms, line=1000 * MBIT)
    assert found.sent_bytes < 25_000_000
    assert found.names


def test_a_small_budget_holds_too() -> None:
    arms = [Arm(name=f"m{n}", rtt_s=0.01 + n / 100) for n in range(6)]
    found = run(*arms, budget_bytes=2_000_000)
    assert found.sent_bytes < 2_000_000
    assert len(found.names) == 6


def test_latency_alone_is_quick_and_light() -> None:
    arms = [Arm(name=f"m{n}", rtt_s=0.01 + n / 100) for n in range(14)]
    found = run(*arms, Arm(name="dead", dead=True), latency_only=True)
    assert found.names[0] == "m0"
    assert found.ranking.elapsed_s < 1.0
    assert found.sent_bytes < 100_000


def test_an_outage_during_the_measurement_is_seen() -> None:
    found = run(
        Arm(name="fails", rtt_s=0.005, rate=300 * MBIT, fails_from_s=1.0), *(Arm(name=f"m{n}") for n in range(6))
    )
    assert found.codes == {"fails": "unsteady"}


def test_in_a_troubled_network_the_top_is_watched_for_some_seconds() -> None:
    found = run(
        Arm(name="flaps", rtt_s=0.005, rate=300 * MBIT, fails_from_s=4.0), Arm(name="b", status=503), Arm(name="c")
    )
    assert found.codes == {"flaps": "unsteady", "b": "http-status"}


def test_noise_makes_no_switches() -> None:
    """Noisy measurements of two about equal mirrors, each from what the one before chose."""
    current: tuple[str, ...] = ()
    chosen: list[str] = []
    for seed in range(6):
        chance = random.Random(seed)
        factors = [chance.lognormvariate(0, 0.3) for _ in range(200)]
        noise = lambda flight, factors=factors: factors[flight % 200]  # noqa: E731
        found = run(Arm(name="a", rate=100 * MBIT, noise=noise), Arm(name="b", rate=96 * MBIT, rtt_s=0.028))
        (best,) = choose(found.ranking, current=current, capacity=1)
        current = (best.url,)
        chosen.append(best.id)
    assert sum(before != after for before, after in pairwise(chosen)) <= 1


def test_the_choice_is_near_the_best_in_fields_made_by_chance() -> None:
    regrets = []
    for seed in range(8):
        arms = field_of(seed)
        found = run(*arms, line=LINE)
        regrets.append(regret_of(found.names[0], arms))
    assert sum(regrets) / len(regrets) < 1.05
    assert max(regrets) < 1.25


def test_progress_is_told_in_order() -> None:
    found = run(Arm(name="a"), Arm(name="b", status=503))
    steps = {name: [event.stage for event in found.events if event.mirror == name] for name in "ab"}
    assert steps["a"][:3] == [Stage.GATE, Stage.WAITING, Stage.TRANSFER]
    assert steps["a"][-1] in (Stage.DONE, Stage.TRANSFER)
    assert steps["b"] == [Stage.GATE, Stage.REJECTED]


def test_the_same_race_ends_the_same() -> None:
    arms = [Arm(name=f"m{n}", rtt_s=0.01 + n / 100, rate=(10 + 20 * n) * MBIT) for n in range(6)]
    assert run(*arms).ranking == run(*arms).ranking
