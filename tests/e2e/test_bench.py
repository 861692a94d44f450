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
from servers.processes import processes_with
from servers.registry import registry
from servers.repositories import repositories
from servers.web import Faults, Server
from servers.workstation import TIMEOUT_S, Workstation, tree

pytestmark = pytest.mark.client

GITHUB_PREFIX = "/https://github.com/"
# Far slower than whatever else two busy processors may do to a pull.
SLOW = Faults(delay_s=0.5)
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
    with Server(application=registry(token=False), tls=trusted.tls, faults=Faults(delay_s=0.2)) as server:
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
    args = ("bench", "-t", target, "--via", "near-index", "--workload", str(file), "--rounds", "5", "--json")
    data = machine.mirrorctl(*args).ended(0).data
    found = ways(data)
    assert list(found) == ["direct", "near-index"]
    assert found["near-index"]["difference"] == "faster"
    assert found["near-index"]["speedup_low"] > 1
    (work,) = data["workloads"]
    assert [run["ok"] for run in work["runs"]] == [True] * 10
    assert all(run["first_byte_s"] < run["seconds"] and run["bytes"] > 0 for run in work["runs"])
    assert {run["round"] for run in work["runs"]} == {1, 2, 3, 4, 5}
    assert tree(machine.home, machine.state) == before
    assert len(upstream_index.asked("simple/six/")) >= 5


def test_git_pulls_past_what_the_user_has_configured(machine: Workstation, slow_github: Server) -> None:
    """His rewriting rule would lead both ways to one place, and his header is for nobody else to see."""
    machine.write(
        ".gitconfig",
        '[url "https://127.0.0.1:1/"]\n\tinsteadOf = https://github.com/\n'
        "[http]\n\textraHeader = Authorization: Basic c2VjcmV0\n",
    )
    file = machine.write("w.toml", WORKLOAD)
    args = ("bench", "-t", "git", "--via", "near", "--workload", str(file), "--rounds", "5", "--json")
    data = machine.mirrorctl(*args).ended(0).data
    found = ways(data)
    assert found["near-git"]["difference"] == "faster"
    (work,) = data["workloads"]
    assert all(run["payload_bytes"] > 100 for run in work["runs"])
    assert work["sources"][0] == {
        "via": "direct",
        "url": "https://github.com/octocat/Hello-World.git",
        "operator": None,
        "trust": None,
    }
    assert slow_github.hits
    assert all(hit.authorization is None for hit in slow_github.hits)


def test_what_fails_and_what_takes_too_long_is_counted(
    bare: Workstation, trusted: Authority, upstream_index: Server
) -> None:
    """Both keep their rows; the mirror that works is compared with a direct way that does not."""
    file = bare.write("w.toml", WORKLOAD)
    absent = Faults(status=404)
    with (
        upstream_index.failing(absent),
        Server(application=index(), tls=trusted.tls) as works,
        Server(application=index(), tls=trusted.tls, faults=absent) as fails,
        Server(application=index(), tls=trusted.tls, faults=Faults(silent=True, only=".whl")) as hangs,
    ):
        servers = {"works": works, "fails": fails, "hangs": hangs}
        bare.know(overlay(*(entry(name, "pypi", f"{found.url}/simple") for name, found in servers.items())))
        vias = [word for name in servers for word in ("--via", name)]
        args = ("bench", "-t", "uv", *vias, "--workload", str(file), "--rounds", "1", "--timeout", "9s", "--json")
        data = bare.mirrorctl(*args).ended(0).data
    found = ways(data)
    assert {via: (each["runs"], each["failures"], each["timeouts"]) for via, each in found.items()} == {
        "direct": (1, 1, 0),
        "works": (1, 0, 0),
        "fails": (1, 1, 0),
        "hangs": (1, 0, 1),
    }
    assert found["works"]["median_s"] > 0
    assert found["works"]["difference"] == "unknown"
    assert found["hangs"]["median_s"] is None
    assert found["hangs"]["low_s"] >= 9
    (work,) = data["workloads"]
    assert {run["via"] for run in work["runs"] if run["error"]} == {"direct", "fails", "hangs"}


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param([signal.SIGINT], id="ctrl-c"),
        pytest.param([signal.SIGTERM, signal.SIGTERM], id="terminate-as-timeout-does"),
        pytest.param([signal.SIGHUP, signal.SIGTERM], id="hang-up"),
    ],
)
def test_interrupted_it_reports_what_there_is(
    machine: Workstation, upstream_index: Server, tmp_path: Path, sent: list[signal.Signals]
) -> None:
    """No directory is left behind, and no program."""
    file = machine.write("w.toml", WORKLOAD)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    args = ("bench", "-t", "uv", "--via", "near-index", "--workload", str(file), "--rounds", "500", "--json")
    outputs = ("-o", str(tmp_path / "report.json"), "-o", str(tmp_path / "report.md"))
    with subprocess.Popen(
        [sys.executable, "-m", "mirrorctl", *args, *outputs, "--catalog", str(machine.catalog)],
        env=machine.environ | {"TMPDIR": str(scratch)},
        cwd=machine.home,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        while len(upstream_index.asked("simple/six/")) < 3 and process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
        for number in sent:
            process.send_signal(number)
        said, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130
    envelope = json.loads(said)
    assert envelope["status"] == "partial"
    assert envelope["data"]["interrupted"] is True
    assert len(envelope["data"]["workloads"][0]["runs"]) >= 2
    assert json.loads((tmp_path / "report.json").read_text()) == envelope
    assert "near-index" in (tmp_path / "report.md").read_text()
    assert list(scratch.iterdir()) == []
    assert processes_with(f"TMPDIR={scratch}") == []


def test_a_terminal_that_goes_away_takes_no_report_along(
    machine: Workstation, upstream_index: Server, tmp_path: Path
) -> None:
    """Nothing can be drawn any more, and what was pulled is written all the same."""
    file = machine.write("w.toml", WORKLOAD)
    report, scratch = tmp_path / "report.json", tmp_path / "scratch"
    scratch.mkdir()
    machine.environ["TMPDIR"] = str(scratch)
    args = ("-t", "uv", "--via", "near-index", "--workload", str(file), "--rounds", "500", "-o", str(report))
    with machine.terminal("bench", *args) as terminal:
        while len(upstream_index.asked("simple/six/")) < 3:
            terminal.read_until("round")
            terminal.seen = ""
        assert terminal.hang_up() == 130
    assert json.loads(report.read_text())["data"]["interrupted"] is True
    assert list(scratch.iterdir()) == []
    assert processes_with(f"TMPDIR={scratch}") == []
    assert not list(machine.state.rglob("crash-*"))


def test_without_a_word_the_fastest_is_found(choice: Workstation, upstream_index: Server) -> None:
    file = choice.write("w.toml", WORKLOAD)
    data = choice.mirrorctl("bench", "-t", "uv", "--workload", str(file), "--rounds", "1", "--json").ended(0).data
    assert list(ways(data)) == ["direct", "near-index"]
    assert ways(data)["near-index"]["difference"] == "unknown"


def test_what_is_configured_is_what_is_compared(choice: Workstation, upstream_index: Server) -> None:
    choice.mirrorctl("use", "far-index", "-t", "uv", "-y").ended(0)
    file = choice.write("w.toml", WORKLOAD)
    data = choice.mirrorctl("bench", "-t", "uv", "--workload", str(file), "--rounds", "1", "--json").ended(0).data
    assert set(ways(data)) == {"direct", "far-index"}


@pytest.mark.docker
def test_images_are_pulled_without_a_daemon(bare: Workstation, slow_hub: Server, trusted: Authority) -> None:
    file = bare.write("w.toml", WORKLOAD)
    with Server(application=registry(), tls=trusted.tls) as near:
        bare.know(overlay(entry("near-hub", "docker", near.url)))
        args = ("bench", "-t", "docker", "--no-daemon", "--via", "near-hub", "--workload", str(file), "--rounds", "5")
        data = bare.mirrorctl(*args, "--json", environ={"DOCKER_HOST": "unix:///nowhere"}).ended(0).data
    found = ways(data)
    assert found["near-hub"]["difference"] == "faster"
    (work,) = data["workloads"]
    assert len({run["payload_bytes"] for run in work["runs"]}) == 1, "the same image by every way"
    assert all(run["first_byte_s"] < run["seconds"] for run in work["runs"])
