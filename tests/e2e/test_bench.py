"""`bench` with real clients against loopback mirrors of known speed: what is reported, and what is left behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from servers.certificates import Authority
from servers.index import index
from servers.outside import Outside
from servers.overlay import entry, overlay
from servers.registry import registry
from servers.repositories import repositories
from servers.web import Faults, Server
from servers.workstation import Workstation, tree

pytestmark = pytest.mark.client

GITHUB_PREFIX = "/https://github.com/"
# Far slower than whatever else two busy processors may do to a pull.
SLOW = Faults(delay_s=0.4)
WORKLOAD = """\
[ours]
description = "what the tests pull"
pypi = ["six"]
git = ["https://github.com/octocat/Hello-World.git"]
docker = ["busybox"]
"""


@pytest.fixture
def upstream_index(bare: Workstation, trusted: Authority, outside: Outside) -> Iterator[Server]:
    """The index that pip and uv use by themselves, slow, and reached by its own name."""
    said = bare.run("pip", "install", "--help").stdout
    url = "".join(said.split()).partition("--index-url<url>")[2].partition("(default")[2].partition(")")[0]
    host = urlsplit(url).hostname
    assert host
    with Server(application=index(urlsplit(url).path), tls=trusted.tls_for(host), faults=SLOW) as server:
        outside.names[f"{host}:443"] = server.port
        yield server


@pytest.fixture
def slow_github(trusted: Authority, repository_root: Path, outside: Outside) -> Iterator[Server]:
    application = repositories(repository_root)
    with Server(application=application, tls=trusted.tls, host="github.com", faults=SLOW) as server:
        outside.names["github.com:443"] = server.port
        yield server


@pytest.fixture
def slow_hub(trusted: Authority, outside: Outside) -> Iterator[Server]:
    with Server(application=registry(token=False), tls=trusted.tls, faults=SLOW) as server:
        outside.names["registry-1.docker.io:443"] = server.port
        yield server


def ways(ran: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The summaries of the only workload, by way."""
    (work,) = ran["workloads"]
    return {summary["via"]: summary for summary in work["summary"]}


@pytest.mark.parametrize("target", ["pip", "uv"])
def test_the_faster_way_is_told(machine: Workstation, upstream_index: Server, target: str) -> None:
    file = machine.write("w.toml", WORKLOAD)
    before = tree(machine.home, machine.state)
    args = ("bench", "-t", target, "--via", "near-index", "--workload", str(file), "--rounds", "4", "--json")
    data = machine.mirrorctl(*args).ended(0).data
    found = ways(data)
    assert list(found) == ["direct", "near-index"]
    assert found["near-index"]["difference"] == "faster"
    assert found["near-index"]["speedup_low"] > 1
    (work,) = data["workloads"]
    assert [run["ok"] for run in work["runs"]] == [True] * 8
    assert all(run["first_byte_s"] < run["seconds"] and run["bytes"] > 0 for run in work["runs"])
    assert {run["round"] for run in work["runs"]} == {1, 2, 3, 4}
    assert tree(machine.home, machine.state) == before
    assert len(upstream_index.asked("/six/")) >= 4
