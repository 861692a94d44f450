"""The eleven things that a way of choosing mirrors has to get right, by their numbers, in a simulated network."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from probing.fields import MBIT
from probing.simulation import Arm, run

from mirrorctl.ranking import choose

HOUR = 650  # serials


def test_one_a_stale_mirror_is_not_chosen_however_fast() -> None:
    found = run(Arm(name="stale", rtt_s=0.005, rate=300 * MBIT, age_h=72), Arm(name="fresh", rate=20 * MBIT))
    assert (found.names, found.codes) == (["fresh"], {"stale": "stale"})


def test_one_an_hour_of_age_does_not_outweigh_twice_the_speed() -> None:
    found = run(Arm(name="an-hour-old", rate=40 * MBIT, age_h=1.5), Arm(name="fresh", rate=20 * MBIT, age_h=0.2))
    assert found.names[0] == "an-hour-old"


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        pytest.param(Arm(name="bad", rtt_s=0.001, rate=1e9, status=404), "not-an-index", id="404"),
        pytest.param(Arm(name="bad", rtt_s=0.001, rate=1e9, portal=True), "captive-portal", id="portal"),
        pytest.param(Arm(name="bad", rtt_s=0.001, rate=1e9, status=503), "http-status", id="503"),
    ],
)
def test_two_speed_does_not_make_up_for_wrong_answers(bad: Arm, code: str) -> None:
    found = run(bad, Arm(name="good", rate=1e6))
    assert (found.names, found.codes) == (["good"], {"bad": code})


def test_three_a_stall_counts() -> None:
    """A transfer that begins well and then stands still is not taken for its beginning."""
    found = run(
        Arm(name="stalls", rtt_s=0.005, rate=300 * MBIT, stalls_after_bytes=100_000), Arm(name="good", rate=8 * MBIT)
    )
    assert found.names[0] == "good"


@pytest.mark.parametrize("burst_bytes", [1e6, 2e6, 3e6], ids=["1 MB", "2 MB", "3 MB"])
def test_four_a_throttle_after_a_burst_is_seen(burst_bytes: float) -> None:
    throttled = [
        Arm(name=f"throttled-{n}", rtt_s=0.005 + n / 1000, rate=(300 - n) * MBIT, burst_bytes=burst_bytes)
        for n in range(3)
    ]
    found = run(*throttled, Arm(name="honest", rate=60 * MBIT))
    assert found.names[0] == "honest"


def test_five_where_the_own_line_is_the_limit_the_nearer_wins() -> None:
    """Both could send faster than the client's line carries: between them latency decides."""
    found = run(
        Arm(name="far", rtt_s=0.06, rate=200 * MBIT), Arm(name="near", rtt_s=0.01, rate=200 * MBIT), line=50 * MBIT
    )
    assert found.names == ["near", "far"]
    assert found.predicted_s("far") < 1.25 * found.predicted_s("near")


def test_five_the_current_mirror_is_kept_within_the_tie_band() -> None:
    arms = Arm(name="far", rtt_s=0.06, rate=200 * MBIT), Arm(name="near", rtt_s=0.01, rate=200 * MBIT)
    found = run(*arms, line=50 * MBIT)
    (kept,) = choose(found.ranking, current=("http://far.test/simple",), capacity=1)
    assert kept.id == "far"


def test_six_dead_mirrors_cost_little() -> None:
    """The decision comes as soon as without them, but for the time that is left to them as a matter of courtesy."""
    alive = [Arm(name=f"alive-{n}", rtt_s=0.02 + n / 100, rate=(50 + 10 * n) * MBIT) for n in range(4)]
    found = run(*alive, *(Arm(name=f"dead-{n}", dead=True) for n in range(4)))
    assert found.names[0] == "alive-3"
    assert set(found.codes.values()) == {"connect-timeout"}
    assert found.ranking.elapsed_s < run(*alive).ranking.elapsed_s + 0.3


def test_seven_a_forged_serial_is_ignored() -> None:
    found = run(
        Arm(name="forger", rtt_s=0.005, rate=300 * MBIT, serial=10**12, age_h=0.1),
        Arm(name="a", serial=33_000_000),
        Arm(name="b", serial=33_000_000 - HOUR),
    )
    lags = {entry.probe.mirror.id: entry.probe.lag_s for entry in found.ranking.ranked}
    assert lags["a"] == 0
    assert lags["b"] == 3600
    assert "stale" not in found.codes.values()


def test_eight_age_is_told_without_upstream_by_consensus() -> None:
    """No arm is the origin; two lineages agree, and the third is behind them."""
    found = run(
        Arm(name="a", serial=33_000_000, age_h=None),
        Arm(name="b", serial=33_000_000 - 10, age_h=None),
        Arm(name="frozen", rate=300 * MBIT, serial=33_000_000 - 100 * HOUR, age_h=0.1),
    )
    assert found.codes == {"frozen": "stale"}


def test_nine_a_black_hole_in_ipv6_makes_room_for_a_host_without() -> None:
    """The first is quick over IPv4, but a client waits for its IPv6 first; the second has IPv4 alone."""
    found = run(Arm(name="both", rtt_s=0.005, rate=300 * MBIT, ipv6="dead"), Arm(name="four", rate=40 * MBIT))
    assert found.names == ["four", "both"]
    assert run(Arm(name="both", rtt_s=0.005, rate=300 * MBIT, ipv6="sound"), Arm(name="four")).names[0] == "both"


def test_nine_where_all_have_the_black_hole_bandwidth_still_decides() -> None:
    arms = [Arm(name=f"m{n}", rtt_s=0.02, rate=(20 + 60 * n) * MBIT, ipv6="dead") for n in range(4)]
    assert run(*arms).names[0] == "m3"


def test_ten_the_budget_holds_on_a_wide_line() -> None:
    arms = [Arm(name=f"m{n:02}", rtt_s=0.005 + n / 500, rate=(400 + 40 * n) * MBIT) for n in range(14)]
    found = run(*arms, line=1000 * MBIT)
    assert found.sent_bytes < 25_000_000
    assert found.names


def test_eleven_noise_makes_no_switches() -> None:
    """Noisy measurements of two about equal mirrors, each from what the one before chose."""
    current: tuple[str, ...] = ()
    chosen: list[str] = []
    for seed in range(24):
        chance = random.Random(seed)
        factors = [chance.lognormvariate(0, 0.3) for _ in range(200)]
        noise = lambda flight, factors=factors: factors[flight % 200]  # noqa: E731
        found = run(Arm(name="a", rate=100 * MBIT, noise=noise), Arm(name="b", rate=96 * MBIT, rtt_s=0.028))
        (best,) = choose(found.ranking, current=current, capacity=1)
        current = (best.url,)
        chosen.append(best.id)
    assert sum(before != after for before, after in pairwise(chosen)) <= 1
