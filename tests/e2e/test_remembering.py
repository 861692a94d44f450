"""What was measured is remembered: `use fastest --max-age`, `probe --history`, and the last line of `status`."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from servers.overlay import entry, overlay
from servers.web import Faults, Server
from servers.workstation import Ran, Workstation, tree

from mirrorctl.render.screen import width

pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(not Path("/proc/net/route").exists(), reason="the network cannot be told here"),
]

PROBE = ("probe", "-t", "pip", "--latency-only")
FASTEST = ("use", "fastest", "-t", "pip", "-y", "--no-verify", "--latency-only")
AGAIN = (*FASTEST, "--max-age", "1h")
# Ends a Python that reaches for the network, whatever it makes of the failure.
OFFLINE = """
import os, sys

def watch(event, args):
    if event in ("socket.getaddrinfo", "socket.connect") and not (event.endswith("connect") and isinstance(args[1], str)):
        os._exit(99)

sys.addaudithook(watch)
"""


def chronicle(machine: Workstation) -> Path:
    return machine.state / "chronicle.db"


def change(machine: Workstation, statement: str) -> None:
    """What time, or somebody else, does to what is remembered."""
    with closing(sqlite3.connect(chronicle(machine))) as connection:
        connection.execute(statement)
        connection.commit()


def catalog(near: Server, far: Server, **more: object) -> str:
    """`near` is fast; `more` is said of it besides."""
    return overlay(
        entry("near-index", "pypi", f"{near.url}/simple", operator="near", **more),
        entry("far-index", "pypi", f"{far.url}/simple", operator="far"),
        operators={"near": "university", "far": "company"},
    )


@pytest.fixture
def two(bare: Workstation, index_mirror: Server, slow_index: Server) -> Workstation:
    """Two mirrors that were measured a moment ago; nothing is configured, and the servers count from now on."""
    bare.know(catalog(index_mirror, slow_index))
    bare.mirrorctl(*PROBE).ended(0)
    index_mirror.hits.clear()
    slow_index.hits.clear()
    return bare


def chosen(ran: Ran) -> str:
    (found,) = ran.data["targets"]
    return str(found["mirror"]["id"])


def decision(ran: Ran) -> dict[str, Any]:
    (found,) = ran.data["decisions"]
    assert isinstance(found, dict)
    return found


def codes(ran: Ran) -> list[str]:
    return [notice["code"] for notice in ran.envelope["warnings"]]


# use fastest --max-age


def test_a_young_measurement_decides_again_without_a_request(
    two: Workstation, index_mirror: Server, slow_index: Server
) -> None:
    ran = two.mirrorctl(*AGAIN, "--json").ended(0)
    assert (index_mirror.hits, slow_index.hits) == ([], [])
    assert chosen(ran) == "near-index"
    found = decision(ran)
    assert (found["ecosystem"], found["remembered"]) == ("pypi", True)
    assert 0 < found["age_s"] < 600
    assert (datetime.now(UTC) - datetime.fromisoformat(found["at"])).total_seconds() >= found["age_s"]
    assert "remembered" in codes(ran)
    assert index_mirror.url in (two.home / ".config/pip/pip.conf").read_text()


def test_no_socket_is_opened(two: Workstation) -> None:
    two.write("offline/sitecustomize.py", OFFLINE)
    environ = {"PYTHONPATH": str(two.home / "offline")}
    assert two.mirrorctl(*FASTEST, environ=environ).status == 99
    assert chosen(two.mirrorctl(*AGAIN, "--json", environ=environ).ended(0)) == "near-index"


def test_people_are_told_how_old_the_decision_is(two: Workstation) -> None:
    change(two, "UPDATE measurement SET at_s = at_s - 1500")
    ran = two.mirrorctl(*AGAIN).ended(0)
    assert "note: pypi: decided by what was measured 25 min ago; nothing was measured now" in ran.stderr


def test_what_measuring_costs_is_announced_where_there_is_one(two: Workstation) -> None:
    assert "asking the mirrors" not in two.mirrorctl(*AGAIN).ended(0).stderr
    change(two, "UPDATE measurement SET at_s = at_s - 3700")
    with two.terminal(*AGAIN) as terminal:
        assert terminal.end() == 0
        assert "asking the mirrors" in terminal.seen
    assert "asking the mirrors" in two.mirrorctl(*FASTEST).ended(0).stderr


def test_by_default_nothing_is_made_use_of_again(two: Workstation, index_mirror: Server, slow_index: Server) -> None:
    ran = two.mirrorctl(*FASTEST, "--json").ended(0)
    assert index_mirror.hits
    assert slow_index.hits
    assert (decision(ran)["remembered"], decision(ran)["age_s"]) == (False, 0)


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("UPDATE measurement SET at_s = at_s - 3700", id="too old"),
        pytest.param("UPDATE measurement SET network = 'elsewhere'", id="another network"),
        pytest.param("UPDATE measurement SET sound = 0", id="refused by a client"),
        pytest.param("DELETE FROM probe WHERE mirror = 'far-index'", id="a mirror is new"),
    ],
)
def test_what_will_not_do_is_measured_anew(two: Workstation, index_mirror: Server, statement: str) -> None:
    change(two, statement)
    ran = two.mirrorctl(*AGAIN, "--json").ended(0)
    assert index_mirror.hits
    assert not decision(ran)["remembered"]


def test_another_proxy_is_another_network(two: Workstation, index_mirror: Server) -> None:
    kept = "localhost,x.example"
    environ = {"no_proxy": f"{kept},{os.environ.get('NO_PROXY', '')}", "NO_PROXY": kept}
    two.mirrorctl(*AGAIN, environ=environ).ended(0)
    assert index_mirror.hits


def test_a_mirror_that_the_catalog_calls_dead_meanwhile_is_not_chosen(
    two: Workstation, index_mirror: Server, slow_index: Server
) -> None:
    two.know(catalog(index_mirror, slow_index, status="dead", status_since="2026-11"))
    assert chosen(two.mirrorctl(*AGAIN, "--json").ended(0)) == "far-index"
    assert (index_mirror.hits, slow_index.hits) == ([], [])


def test_trust_is_that_of_now(two: Workstation, index_mirror: Server, slow_index: Server) -> None:
    ran = two.mirrorctl(*AGAIN, "--trust", "university", "--json").ended(0)
    assert [found["id"] for found in ran.data["ecosystems"][0]["ranking"]] == ["near-index"]
    assert (index_mirror.hits, slow_index.hits) == ([], [])


def test_a_mirror_that_was_found_faulty_since_is_not_chosen(
    two: Workstation, index_mirror: Server, slow_index: Server
) -> None:
    with index_mirror.failing(Faults(status=503)):
        two.mirrorctl(*PROBE, "--only", "near-index").ended(20)
    index_mirror.hits.clear()
    assert chosen(two.mirrorctl(*AGAIN, "--json").ended(0)) == "far-index"
    assert (index_mirror.hits, slow_index.hits) == ([], [])


def test_a_mirror_that_served_other_bytes_is_not_chosen(
    two: Workstation, index_mirror: Server, slow_index: Server
) -> None:
    found = {"at": datetime.now(UTC).isoformat(), "ecosystem": "pypi", "id": "near-index", "samples": ["six"]}
    entries = [{**found, "url": f"{index_mirror.url}/simple", "evidence": []}]
    (two.state / "mismatches.json").write_text(json.dumps({"mismatches": entries}))
    ran = two.mirrorctl(*AGAIN, "--json").ended(0)
    assert chosen(ran) == "far-index"
    assert [probe["reason"]["code"] for probe in ran.data["ecosystems"][0]["rejected"]] == ["mismatch"]
    assert (index_mirror.hits, slow_index.hits) == ([], [])


def test_a_decision_that_a_client_refused_is_not_made_again(two: Workstation, index_mirror: Server) -> None:
    with index_mirror.failing(Faults(status=403, only="/files/")):
        two.mirrorctl(*(word for word in AGAIN if word != "--no-verify")).ended(22)
        ran = two.mirrorctl(*AGAIN, "--json").ended(0)
    assert not decision(ran)["remembered"]


def test_max_age_is_about_fastest(two: Workstation) -> None:
    ran = two.mirrorctl("use", "near-index", "-t", "pip", "-y", "--max-age", "1h").ended(2)
    assert "--max-age" in ran.stderr


@pytest.mark.parametrize("option", ["--dry-run", "--check"])
def test_what_writes_nothing_keeps_nothing(choice: Workstation, option: str) -> None:
    choice.mirrorctl("use", "fastest", "-t", "pip", "--latency-only", option)
    assert tree(choice.home, choice.state, except_for=(".cache",)) == {}


def test_a_damaged_chronicle_is_set_aside_and_nothing_fails(two: Workstation) -> None:
    chronicle(two).write_bytes(b"damaged " * 1000)
    ran = two.mirrorctl(*AGAIN, "--json").ended(0)
    assert [code for code in codes(ran) if code == "chronicle"] == ["chronicle"]
    again = two.mirrorctl(*AGAIN, "--json").ended(0)
    assert "chronicle" not in codes(again)
    assert decision(again)["remembered"]


# probe --history


def test_the_history_lists_what_was_measured_and_asks_nobody(
    two: Workstation, index_mirror: Server, slow_index: Server
) -> None:
    with slow_index.failing(Faults(status=503)):
        two.mirrorctl(*PROBE).ended(0)
    index_mirror.hits.clear()
    slow_index.hits.clear()
    ran = two.mirrorctl("probe", "-t", "pip", "--history", "--json").ended(0)
    assert (index_mirror.hits, slow_index.hits) == ([], [])
    (found,) = ran.data["history"]
    assert (found["ecosystem"], found["measurements"], found["elsewhere"]) == ("pypi", 2, 0)
    near, far = found["mirrors"]
    assert (near["id"], far["id"]) == ("near-index", "far-index")
    assert near["predicted_s"] > 0
    assert [probe["predicted_s"] is not None for probe in far["probes"]] == [False, True]
    assert far["reason"]["code"] == "http-status"
    assert far["predicted_s"] is None
    assert far["usual_s"] > 0


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_history_fits_eighty_columns(two: Workstation, language: str) -> None:
    ran = two.mirrorctl("probe", "-t", "pip", "--history", "--lang", language).ended(0)
    lines = ran.stdout.splitlines()
    assert [line.split()[0] for line in lines[2:4]] == ["near-index", "far-index"]
    assert max(map(width, lines)) <= 80


def test_the_history_of_one_mirror(two: Workstation) -> None:
    ran = two.mirrorctl("probe", "-t", "pip", "--history", "--only", "far", "--json").ended(0)
    assert [mirror["id"] for mirror in ran.data["history"][0]["mirrors"]] == ["far-index"]


def test_there_may_be_no_history(machine: Workstation) -> None:
    ran = machine.mirrorctl("probe", "-t", "pip", "--history").ended(0)
    assert ran.stdout == "pypi: nothing has been measured yet\n"
    assert not machine.state.exists()


# status


def status(machine: Workstation) -> dict[str, Any]:
    (found,) = machine.mirrorctl("status", "-t", "pip", "--json").ended(0).data["targets"]
    assert isinstance(found, dict)
    return found


def test_status_says_when_the_mirror_in_use_was_measured(two: Workstation, index_mirror: Server) -> None:
    assert status(two)["last_probe"] is None
    two.mirrorctl(*AGAIN).ended(0)
    found = status(two)["last_probe"]
    assert found["predicted_s"] > 0
    assert (found["reason"], found["same_network"]) == (None, True)
    assert datetime.fromisoformat(found["at"]) < datetime.now(UTC)
    assert index_mirror.hits == []
    change(two, "UPDATE measurement SET at_s = at_s - 7300")
    change(two, "UPDATE probe SET predicted_s = 1.25, measured = json_set(measured, '$.lag_s', 1800)")
    assert "measured  2 h ago: 1.25 s; 30 min behind upstream" in two.mirrorctl("status", "-t", "pip").stdout
    change(two, "UPDATE measurement SET network = 'elsewhere'")
    assert "(in another network)" in two.mirrorctl("status", "-t", "pip").stdout


def test_status_survives_a_damaged_chronicle(two: Workstation) -> None:
    two.mirrorctl(*AGAIN).ended(0)
    chronicle(two).write_bytes(b"damaged " * 1000)
    ran = two.mirrorctl("status", "-t", "pip", "--json").ended(0)
    assert codes(ran) == ["chronicle"]
    assert ran.data["targets"][0]["last_probe"] is None


def test_without_a_chronicle_status_loads_no_sqlite(machine: Workstation) -> None:
    ran = machine.run(*("python3", "-X", "importtime", "-m", "mirrorctl", "status", "-t", "pip", "--json"))
    assert json.loads(ran.stdout)["status"] == "success"
    assert "sqlite3" not in ran.stderr
    assert "mirrorctl.chronicle" not in ran.stderr
