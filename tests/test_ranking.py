from __future__ import annotations

import ast
import inspect
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirrorctl import ranking
from mirrorctl.model import Mirror, Probe, Ranking, Reason, Status, Trust, Workload
from mirrorctl.ranking import choose, predict, ramp_s, rank
from mirrorctl.text import _

PULL = Workload(requests=10, bytes=30_000_000)
MB = 1_000_000


def mirror(name: str, domain: str = "") -> Mirror:
    return Mirror(
        id=name,
        ecosystem="pypi",
        operator=name,
        url=f"https://{name}.example/simple",
        kind="index",
        trust=Trust.COMPANY,
        status=Status.ACTIVE,
        domain=domain or name,
        aliases=(f"https://{name}.example/other",),
    )


def probe(
    name: str,
    bandwidth: float | None = 10 * MB,
    *,
    ttfb_s: float = 0.02,
    lag_h: float | None = 0.0,
    domain: str = "",
    spread: float = 0.1,
    confirmed: bool = True,
) -> Probe:
    return Probe(
        mirror=mirror(name, domain),
        connect_s=0.01,
        tls_s=0.02,
        ttfb_s=ttfb_s,
        setup_s=0.03,
        bandwidth_bytes_per_s=bandwidth,
        bandwidth_low_bytes_per_s=bandwidth and bandwidth * (1 - spread),
        bandwidth_high_bytes_per_s=bandwidth and bandwidth * (1 + spread),
        confirmed=confirmed,
        lag_s=None if lag_h is None else lag_h * 3600,
    )


def rejected(name: str) -> Probe:
    return replace(probe(name), reason=Reason(code="silent", detail=_("x")))


def names(found: Ranking) -> list[str]:
    return [entry.probe.mirror.id for entry in found.ranked]


def test_the_prediction_is_setup_requests_ramp_and_bytes() -> None:
    # 0.03 of setup, ten requests of 0.02, and 3 s of bytes; a bandwidth-delay product of 100 kB is seven windows,
    # which takes three round trips of 0.01 that carry 102 kB meanwhile, so that they cost 0.03 less 0.0102.
    assert predict(PULL, probe("a"), 10 * MB) == pytest.approx(0.03 + 0.2 + 3.0 + 0.03 - 0.01022)


def test_without_a_bandwidth_only_requests_count() -> None:
    assert predict(PULL, probe("a"), None) == pytest.approx(0.23)


@pytest.mark.parametrize(
    ("bandwidth", "rtt_s", "expected"),
    [
        pytest.param(1 * MB, 0.01, 0.0, id="the first window is enough"),
        pytest.param(40 * MB, 0.03, 7 * 0.03 - 14_600 * 127 / (40 * MB), id="fast and far"),
        pytest.param(10 * MB, 0.0, 0.0, id="no round trip"),
    ],
)
def test_the_ramp_costs_round_trips_less_what_they_carry(bandwidth: float, rtt_s: float, expected: float) -> None:
    assert ramp_s(bandwidth, rtt_s) == pytest.approx(expected)


def test_the_least_time_is_first_whatever_makes_it_least() -> None:
    found = rank(
        "pypi",
        PULL,
        [
            probe("near-and-narrow", 1 * MB, ttfb_s=0.005),
            probe("far-and-wide", 30 * MB, ttfb_s=0.05),
            probe("middling"),
        ],
    )
    assert names(found) == ["far-and-wide", "middling", "near-and-narrow"]


def test_a_rejected_mirror_is_never_ranked() -> None:
    found = rank("pypi", PULL, [rejected("a"), probe("b", 1), rejected("c")])
    assert names(found) == ["b"]
    assert [one.mirror.id for one in found.rejected] == ["a", "c"]


def test_where_all_are_rejected_nothing_is_ranked() -> None:
    found = rank("pypi", PULL, [rejected("a")])
    assert found.ranked == ()
    assert choose(found) == ()


def test_an_unmeasured_bandwidth_is_taken_for_the_slowest_and_said_to_be_unsure() -> None:
    found = rank("pypi", PULL, [probe("measured", 20 * MB), probe("unmeasured", None), probe("slow", 2 * MB)])
    assert names(found) == ["measured", "slow", "unmeasured"]
    unmeasured = found.ranked[2]
    assert unmeasured.confidence == "low"
    assert (unmeasured.low_s, unmeasured.high_s) == (None, None)


def test_a_bandwidth_that_came_to_nothing_is_no_measure_for_others() -> None:
    found = rank("pypi", PULL, [probe("a", 20 * MB), probe("stalled", 1000), probe("b", 10 * MB), probe("c", None)])
    assert names(found) == ["a", "b", "c", "stalled"]


def test_the_first_place_needs_a_long_transfer_if_any_mirror_had_one() -> None:
    found = rank("pypi", PULL, [probe("promising", 90 * MB, confirmed=False), probe("steady"), probe("slow", MB)])
    assert names(found) == ["steady", "promising", "slow"]
    assert "not put to a long transfer" in str(found.ranked[1].explanation)


def test_an_hour_of_lag_does_not_outweigh_speed_but_breaks_ties() -> None:
    faster = rank("pypi", PULL, [probe("fresh", 10 * MB), probe("an-hour-old", 20 * MB, lag_h=1)])
    equal = rank("pypi", PULL, [probe("an-hour-old", lag_h=1), probe("fresh")])
    assert (names(faster)[0], names(equal)[0]) == ("an-hour-old", "fresh")


def test_an_unknown_age_is_not_taken_for_fresh() -> None:
    found = rank("pypi", PULL, [probe("a-unknown", lag_h=None), probe("known", lag_h=2)])
    assert names(found)[0] == "known"


@pytest.mark.parametrize(
    ("second", "confidence"),
    [
        pytest.param(probe("b", 2 * MB), "high", id="far apart"),
        pytest.param(probe("b", 9.5 * MB), "medium", id="near one another"),
        pytest.param(probe("b", None), "medium", id="the other unmeasured"),
    ],
)
def test_how_sure_the_first_place_is(second: Probe, confidence: str) -> None:
    assert rank("pypi", PULL, [probe("a"), second]).ranked[0].confidence == confidence


@pytest.mark.parametrize(
    ("second", "says"),
    [
        pytest.param(probe("b", 9.5 * MB), "as good as the best", id="tie"),
        pytest.param(probe("b", 2 * MB), "sends more slowly", id="narrow"),
        pytest.param(probe("b", 10 * MB, ttfb_s=0.5), "answers later", id="far"),
        pytest.param(probe("b", None), "not measured", id="unmeasured"),
    ],
)
def test_each_place_is_explained(second: Probe, says: str) -> None:
    found = rank("pypi", PULL, [probe("a"), second])
    assert "least predicted time" in str(found.ranked[0].explanation)
    assert says in str(found.ranked[1].explanation)


CLOSE = rank("pypi", PULL, [probe("a", 10 * MB), probe("b", 9 * MB), probe("c", 2 * MB)])


@pytest.mark.parametrize(
    ("current", "first"),
    [
        pytest.param((), "a", id="nothing configured"),
        pytest.param(("https://a.example/simple/",), "a", id="the best already"),
        pytest.param(("https://b.example/simple",), "b", id="within the tie band"),
        pytest.param(("https://b.example/other/",), "b", id="under another name"),
        pytest.param(("https://c.example/simple",), "a", id="much slower"),
        pytest.param(("https://unknown.example/simple",), "a", id="not a candidate"),
        pytest.param(("https://unknown.example/simple", "https://b.example/simple"), "a", id="only the first counts"),
    ],
)
def test_what_is_configured_stays_while_it_is_about_as_good(current: tuple[str, ...], first: str) -> None:
    (chosen,) = choose(CLOSE, current=current, capacity=1)
    assert chosen.id == first


def test_a_second_run_changes_nothing() -> None:
    """Twenty-four measurements with noise, each starting from what the one before has chosen: one switch at most."""
    current: tuple[str, ...] = ()
    seen: list[str] = []
    for step in range(24):
        noise = 1 + 0.1 * ((step * 7) % 5 - 2) / 2
        found = rank("pypi", PULL, [probe("a", 10 * MB * noise), probe("b", 10 * MB / noise)])
        (chosen,) = choose(found, current=current, capacity=1)
        current = (chosen.url,)
        seen.append(chosen.id)
    assert len(set(seen)) == 1


@pytest.mark.parametrize(
    ("capacity", "chosen"),
    [
        pytest.param(1, ["a"], id="one"),
        pytest.param(2, ["a", "c"], id="another domain before the next best"),
        pytest.param(3, ["a", "c", "b"], id="then the rest"),
        pytest.param(9, ["a", "c", "b"], id="no more than there are"),
    ],
)
def test_further_mirrors_come_from_other_failure_domains(capacity: int, chosen: list[str]) -> None:
    found = rank(
        "pypi",
        PULL,
        [probe("a", 30 * MB, domain="x"), probe("b", 20 * MB, domain="x"), probe("c", 5 * MB, domain="y")],
    )
    assert [one.id for one in choose(found, capacity=capacity)] == chosen


@given(st.permutations([probe("a", 9 * MB), probe("b", None), probe("c", 5 * MB, lag_h=None), rejected("d")]))
def test_the_order_of_the_probes_does_not_matter(probes: list[Probe]) -> None:
    found = rank("pypi", PULL, probes)
    assert names(found) == names(rank("pypi", PULL, sorted(probes, key=lambda one: one.mirror.id)))


def test_ranking_is_pure() -> None:
    """It knows no clock, no network, no disk, no environment and no chance."""
    allowed = {"__future__", "math", "collections.abc", "mirrorctl.model", "mirrorctl.text", "mirrorctl.values"}
    tree = ast.parse(inspect.getsource(ranking))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported <= allowed
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not called & {"open", "print", "input", "exec", "eval", "__import__"}
