from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ecosystems.walking import reply

from mirrorctl.ecosystems.base import Markers
from mirrorctl.ecosystems.freshness import (
    SERIALS_PER_HOUR,
    Lag,
    Signs,
    feed_markers,
    feed_request,
    lags,
    serial_reference,
)
from mirrorctl.model import FreshnessRecipe

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NEWEST = 33_000_000


def recipe(kind: str, job: str | None = "pypi", url: str = "https://mirror.example/feed") -> FreshnessRecipe:
    return FreshnessRecipe(type=kind, url=url, job=job)


@pytest.mark.parametrize(
    ("kind", "body", "markers"),
    [
        pytest.param(
            "tunasync",
            '[{"name": "apt", "last_update_ts": 5}, {"name": "pypi", "last_update_ts": 1700000000}]',
            {"synced_at": 1700000000},
            id="tunasync",
        ),
        pytest.param("tunasync", '[{"name": "apt", "last_update_ts": 5}]', {}, id="tunasync, no such job"),
        pytest.param("tunasync", '[{"name": "pypi", "last_update_ts": "x"}]', {}, id="tunasync, no number"),
        pytest.param("tunasync", '{"a": 1}', {}, id="tunasync, no list"),
        pytest.param("tunasync", "<html>", {}, id="tunasync, a web page"),
        pytest.param("tunasync", "[" * 100_000, {}, id="tunasync, a deep list"),
        pytest.param(
            "mirrorz",
            '{"mirrors": [{"cname": "pypi", "status": "Y1700009999O1700000000"}]}',
            {"synced_at": 1700000000},
            id="mirrorz, syncing now",
        ),
        pytest.param(
            "mirrorz",
            '{"mirrors": [{"cname": "pypi", "status": "S1700000000X1700009999"}]}',
            {"synced_at": 1700000000},
            id="mirrorz",
        ),
        pytest.param("mirrorz", '{"mirrors": [{"cname": "pypi", "status": "C"}]}', {}, id="mirrorz, a cache"),
        pytest.param("shadowmire-serial", "33000000\n", {"root_serial": 33000000}, id="serial"),
        pytest.param("shadowmire-serial", "Not found", {}, id="no serial"),
        pytest.param("pku-status", "{}", {}, id="unknown"),
    ],
)
def test_feeds_are_understood_or_left(kind: str, body: str, markers: Markers) -> None:
    assert feed_markers(recipe(kind), reply(body)) == markers


def test_a_feed_that_is_not_there_says_nothing() -> None:
    assert feed_markers(recipe("shadowmire-serial"), reply("404", status=404)) == {}


@pytest.mark.parametrize(
    ("kind", "url", "asked"),
    [
        pytest.param("tunasync", "https://mirror.example/feed", True, id="feed"),
        pytest.param("status-page", "https://mirror.example/feed", False, id="for people"),
        pytest.param("tunasync", "<index>/feed", False, id="no address"),
        pytest.param("tunasync", "file:///etc/passwd", False, id="not on the web"),
    ],
)
def test_only_feeds_are_asked_for(kind: str, url: str, asked: bool) -> None:
    assert (feed_request(recipe(kind, url=url)) is not None) == asked


def hours_ago(hours: float) -> float:
    return (NOW - timedelta(hours=hours)).timestamp()


def of(**markers: Markers) -> dict[str, Signs]:
    """Mirrors by name; the lineage is the name up to the first digit."""
    return {name: Signs(lineage=name.rstrip("0123456789"), markers=found) for name, found in markers.items()}


@pytest.mark.parametrize(
    ("markers", "lag"),
    [
        pytest.param({}, None, id="no sign"),
        pytest.param({"synced_at": hours_ago(3)}, Lag(lag_s=3 * 3600, basis="feed"), id="feed"),
        pytest.param({"root_modified_at": hours_ago(3)}, Lag(lag_s=3 * 3600, basis="index-date"), id="date"),
        pytest.param(
            {"synced_at": hours_ago(1), "root_modified_at": hours_ago(30)},
            Lag(lag_s=30 * 3600, basis="index-date"),
            id="a job that ends well and brings nothing",
        ),
        pytest.param({"synced_at": hours_ago(-5)}, None, id="from the future"),
        pytest.param({"synced_at": hours_ago(-0.1)}, Lag(lag_s=0, basis="feed"), id="a clock that is a little ahead"),
        pytest.param({"root_serial": NEWEST}, None, id="a serial that nothing can be compared with"),
    ],
)
def test_the_lag_of_a_mirror_by_itself(markers: Markers, lag: Lag | None) -> None:
    assert lags(of(a=markers), NOW).get("a") == lag


def test_serials_are_compared_between_operators() -> None:
    found = lags(
        of(a={"root_serial": NEWEST}, b={"root_serial": NEWEST - 10 * SERIALS_PER_HOUR}, c={}),
        NOW,
    )
    assert found == {"a": Lag(lag_s=0, basis="serial"), "b": Lag(lag_s=36_000, basis="serial")}


def test_a_serial_weighs_more_than_a_date() -> None:
    """What is served counts, not when somebody last wrote a file or ended a job."""
    old = {"root_serial": NEWEST - 72 * SERIALS_PER_HOUR, "synced_at": hours_ago(0.1)}
    assert lags(of(a={"root_serial": NEWEST}, b=old), NOW)["b"].lag_s == 72 * 3600


@pytest.mark.parametrize(
    ("serials", "reference"),
    [
        pytest.param([], None, id="none"),
        pytest.param([("a", NEWEST)], None, id="one"),
        pytest.param([("a", NEWEST), ("a", NEWEST - 1)], None, id="two of one lineage"),
        pytest.param([("a", NEWEST), ("b", NEWEST - 1)], NEWEST, id="two"),
        pytest.param([("a", 10**12), ("b", NEWEST), ("c", NEWEST - 1)], NEWEST, id="a forged one"),
        pytest.param([("a", 10**12), ("b", NEWEST)], None, id="one word against another"),
    ],
)
def test_the_newest_serial_needs_a_witness(serials: list[tuple[str, int]], reference: int | None) -> None:
    assert serial_reference(serials) == reference


def test_a_forged_serial_makes_no_other_mirror_stale() -> None:
    field = of(forger={"root_serial": 10**12}, a={"root_serial": NEWEST}, b={"root_serial": NEWEST - 5})
    found = lags(field, NOW)
    assert "forger" not in found
    assert found["a"].lag_s == 0


def image(state: str, hours: float | None = None) -> Markers:
    """A tag that is in a state that was published so many hours ago."""
    return {"object:busybox": state} | ({} if hours is None else {"published:busybox": hours_ago(hours)})


@pytest.mark.parametrize(
    ("field", "lags_h"),
    [
        pytest.param({"a": image("x", 9), "b": image("x", 9)}, {"a": 0, "b": 0}, id="two agree"),
        pytest.param({"a": image("x", 9), "b": image("y", 90)}, {}, id="one word against another"),
        pytest.param({"a1": image("x", 9), "a2": image("x", 9), "b": image("y", 90)}, {}, id="two of one lineage"),
        pytest.param(
            {"a": image("x", 50), "b": image("x", 50), "old": image("y", 900)},
            {"a": 0, "b": 0, "old": 50},
            id="one has missed what was published then",
        ),
        pytest.param(
            {"a": image("x", 5), "b": image("x", 5), "c": image("y", 90), "d": image("y", 90), "e": image("y", 90)},
            {"a": 0, "b": 0, "c": 5, "d": 5, "e": 5},
            id="the newer of two states, not the more common one",
        ),
        pytest.param(
            {"a": image("x", -50), "b": image("x", -50), "c": image("y", 9), "d": image("y", 9)},
            {"c": 0, "d": 0},
            id="a state from the future",
        ),
        pytest.param({"a": image("x"), "b": image("x"), "c": image("y")}, {"a": 0, "b": 0}, id="no times"),
    ],
)
def test_what_moves_is_compared_between_operators(field: dict[str, Markers], lags_h: dict[str, float]) -> None:
    found = lags(of(**field), NOW)
    assert {name: round(lag.lag_s / 3600) for name, lag in found.items()} == lags_h
    assert {lag.basis for lag in found.values()} <= {"objects"}
