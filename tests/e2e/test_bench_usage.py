"""What `bench` refuses, and says before the first pull."""

from __future__ import annotations

import pytest
from servers.index import index
from servers.outside import Outside
from servers.overlay import entry, overlay
from servers.web import Server
from servers.workstation import Workstation

pytestmark = pytest.mark.client

FILE = """\
[ours]
pypi = ["six", "-r r.txt"]
"""


@pytest.fixture
def lone(bare: Workstation, outside: Outside) -> Workstation:
    """A machine whose only mirror would answer; `outside` sees to it that nothing is asked."""
    bare.know(overlay(entry("near-index", "pypi", "https://near.example/simple", operator="near")))
    bare.write("w.toml", FILE)
    bare.write("r.txt", "idna\n")
    return bare


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        pytest.param(["--workload", "huge"], 2, "there is no workload huge, and no such file", id="workload"),
        pytest.param(["--workload", "r.txt"], 2, "r.txt: this is not TOML", id="no-workload-file"),
        pytest.param(
            ["--workload", "small", "--workload", "small"], 2, "two workloads with the name small", id="twice"
        ),
        pytest.param(["--via", "nobody"], 2, "there is no mirror or operator nobody", id="via"),
        pytest.param(
            ["-t", "git", "--via", "near"], 20, "near has nothing of what is to be pulled", id="via-of-another"
        ),
        pytest.param(["-t", "nothing"], 2, "there is no target nothing", id="target"),
        pytest.param(["--timeout", "0"], 2, "one pull may take between 1 s and 24 h", id="timeout"),
        pytest.param(["--timeout", "9999w"], 2, "one pull may take between 1 s and 24 h", id="long-timeout"),
        pytest.param(["-o", "report.txt"], 2, "no report of the form 'txt'", id="form"),
        pytest.param(["-o", "none/report.md"], 13, "there is no directory", id="folder"),
        pytest.param(["--root", "."], 2, "nothing can be pulled in an image", id="image"),
    ],
)
def test_refused(lone: Workstation, args: list[str], status: int, message: str) -> None:
    ran = lone.mirrorctl("bench", *args, "--json").ended(status)
    assert message in ran.envelope["errors"][0]["message"]


def test_an_item_that_cannot_be_compared_is_named(lone: Workstation) -> None:
    lone.write("r.txt", "idna\n--index-url https://elsewhere.example/simple\n")
    ran = lone.mirrorctl("bench", "-t", "uv", "--via", "near", "--workload", "w.toml", "--json").ended(2)
    message = ran.envelope["errors"][0]["message"]
    assert message.startswith("workload ours: '-r r.txt': ")
    assert "line 2: it names a source of its own" in message


def test_nothing_succeeds(lone: Workstation) -> None:
    """A report all the same, with the reason of each pull, and an exit code."""
    with Server(application=index()) as plain:
        url = f"{plain.url}/other"
        ran = lone.mirrorctl(
            *("bench", "-t", "uv", "--via", url, "--workload", "w.toml", "--rounds", "1", "--json"),
            environ={"https_proxy": plain.url},
        ).ended(21)
    assert ran.envelope["status"] == "error"
    runs = ran.data["workloads"][0]["runs"]
    assert {run["via"] for run in runs} == {"direct", url}
    assert all("uv could not install" in run["error"] for run in runs)
