"""Measuring: all at once, the fast one first, and a reason for whoever is not eligible."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from servers.certificates import Authority
from servers.index import index
from servers.overlay import entry, overlay
from servers.registry import registry
from servers.repositories import repositories
from servers.web import Answer, Application, Faults, Hit, Server
from servers.workstation import Workstation, tree

pytestmark = pytest.mark.client

MIRRORS = 14

FAULTS = {
    "not-found": Faults(status=404),
    "unavailable": Faults(status=503),
    "captive-portal": Faults(portal=True),
    "corrupt": Faults(corrupt=True),
    "truncated": Faults(truncate=True),
    "silent": Faults(silent=True),
}
OF_FILES = {
    "pypi": {"corrupt-file": Faults(corrupt=True, only="/files/"), "no-file": Faults(status=404, only="/files/")},
    "docker": {"corrupt-blob": Faults(corrupt=True, only="/storage/"), "no-blob": Faults(status=404, only="/storage/")},
    "git": {"no-refs": Faults(status=404, only="/git-upload-pack")},
}


def together(barrier: threading.Barrier, application: Application) -> Application:
    """Answers for the first time when all mirrors behind the barrier have been asked."""
    passed = threading.Event()

    def wait(hit: Hit) -> Answer:
        if not passed.is_set():
            passed.set()
            barrier.wait(20)
        return application(hit)

    return wait


def test_all_mirrors_are_asked_at_once(bare: Workstation, trusted: Authority) -> None:
    """Were they measured one after the other, the first would never be answered."""
    barrier = threading.Barrier(MIRRORS)
    with ExitStack() as stack:
        servers = [
            stack.enter_context(Server(application=together(barrier, index()), tls=trusted.tls)) for _ in range(MIRRORS)
        ]
        entries = [entry(f"index-{n}", "pypi", f"{server.url}/simple") for n, server in enumerate(servers)]
        bare.know(overlay(*entries))
        ran = bare.mirrorctl("probe", "-t", "pip", "--json").ended(0)
    assert not barrier.broken
    (found,) = ran.data["ecosystems"]
    assert len(found["ranking"]) == MIRRORS, found["rejected"]


def test_the_ecosystems_are_measured_at_once(bare: Workstation, trusted: Authority, repository_root: Path) -> None:
    barrier = threading.Barrier(3)
    applications = {
        "pypi": index(),
        "docker": registry(),
        "git": repositories(repository_root, "/https://github.com/"),
    }
    paths = {"pypi": "/simple", "docker": "", "git": "/https://github.com/"}
    with ExitStack() as stack:
        entries = []
        for ecosystem, application in applications.items():
            server = stack.enter_context(Server(application=together(barrier, application), tls=trusted.tls))
            entries.append(entry(f"own-{ecosystem}", ecosystem, f"{server.url}{paths[ecosystem]}"))
        bare.know(overlay(*entries))
        ran = bare.mirrorctl("probe", "-t", "pip", "-t", "docker", "-t", "git", "--json").ended(0)
    assert not barrier.broken
    assert {found["ecosystem"]: len(found["ranking"]) for found in ran.data["ecosystems"]} == dict.fromkeys(paths, 1)


def test_the_fast_one_stands_first(choice: Workstation) -> None:
    ran = choice.mirrorctl("probe", "-t", "pip", "-t", "git", "--json").ended(0)
    for found in ran.data["ecosystems"]:
        near, far = found["ranking"]
        assert (near["operator"], far["operator"]) == ("near", "far")
        assert near["predicted_s"] < far["predicted_s"]
        assert far["ttfb_s"] >= 0.05, "what the server waits before it answers"


@pytest.mark.parametrize("ecosystem", ["pypi", "docker", "git"])
def test_every_fault_is_a_rejection_with_a_reason(
    bare: Workstation, trusted: Authority, repository_root: Path, ecosystem: str
) -> None:
    """None of them looks eligible, none is missing, and the healthy one beside them is found."""
    applications = {"pypi": index(), "docker": registry(), "git": repositories(repository_root)}
    path = {"pypi": "/simple", "docker": "", "git": "/"}[ecosystem]
    bad = FAULTS | OF_FILES[ecosystem]
    with ExitStack() as stack:
        entries = []
        for name, faults in {"healthy": Faults(), **bad}.items():
            server = Server(application=applications[ecosystem], tls=trusted.tls, faults=faults)
            stack.enter_context(server)
            entries.append(entry(name, ecosystem, f"{server.url}{path}"))
        bare.know(overlay(*entries))
        target = {"pypi": "pip"}.get(ecosystem, ecosystem)
        ran = bare.mirrorctl("probe", "-t", target, "--deadline", "4s", "--json").ended(0)
    (found,) = ran.data["ecosystems"]
    assert [ranked["id"] for ranked in found["ranking"]] == ["healthy"]
    reasons = {rejected["id"]: rejected["reason"] for rejected in found["rejected"]}
    assert reasons.keys() == bad.keys()
    assert all(reason["code"] and reason["detail"] for reason in reasons.values())
    assert reasons["captive-portal"]["code"] == "captive-portal"


def test_probing_changes_nothing(machine: Workstation) -> None:
    machine.mirrorctl("probe", "-t", "pip").ended(0)
    assert tree(machine.home, machine.state) == {}


def test_nothing_is_probed_but_what_was_asked_for(
    choice: Workstation, index_mirror: Server, git_mirror: Server
) -> None:
    choice.mirrorctl("probe", "-t", "git").ended(0)
    assert git_mirror.hits
    assert not index_mirror.hits


def test_a_community_mirror_takes_part_on_request_only(bare: Workstation, index_mirror: Server) -> None:
    url = f"{index_mirror.url}/simple"
    bare.know(overlay(entry("some-index", "pypi", url, operator="some"), operators={"some": "community"}))
    ran = bare.mirrorctl("probe", "-t", "pip", "--json").ended(20)
    assert not index_mirror.hits
    assert "--trust community" in str(ran.envelope["warnings"])
    bare.mirrorctl("probe", "-t", "pip", "--trust", "community").ended(0)
    assert index_mirror.hits


def test_what_measuring_costs_is_said_before_and_after(machine: Workstation) -> None:
    probed = machine.mirrorctl("probe", "-t", "pip", "--budget", "9MB", "--deadline", "7s").ended(0)
    assert "at most 9 MB" in probed.stderr
    assert "about 7 s" in probed.stderr
    assert " MB read" in probed.stdout
    used = machine.mirrorctl("use", "fastest", "-t", "pip", "--dry-run", "--latency-only").ended(0)
    assert "less than 1 MB" in used.stderr
    assert " MB read" in used.stdout
    assert "at most" not in machine.mirrorctl("probe", "-t", "pip", "-q").ended(0).stderr


def test_on_request_it_is_said_why_each_stands_where_it_stands(choice: Workstation) -> None:
    assert "the least predicted time of all" not in choice.mirrorctl("probe", "-t", "pip").ended(0).stdout
    told = choice.mirrorctl("probe", "-t", "pip", "-v").ended(0).stdout
    assert "the least predicted time of all" in told
    assert "IPv4" in told
