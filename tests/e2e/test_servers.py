"""The stand-ins are worth something only if the real clients take them for the real thing."""

from __future__ import annotations

from pathlib import Path

import pytest
from servers.outside import Outside
from servers.web import Faults, Server
from servers.workstation import Workstation

pytestmark = pytest.mark.client


def test_pip_downloads_from_the_index(bare: Workstation, index_mirror: Server, tmp_path: Path) -> None:
    bare.run(
        "pip", "download", "-q", "--no-deps", "-d", str(tmp_path), "-i", f"{index_mirror.url}/simple", "six"
    ).ended(0)
    assert (tmp_path / "six-1.17.0-py2.py3-none-any.whl").exists()
    assert index_mirror.asked("/simple/six/", agent="pip/")


def test_uv_resolves_from_the_index(bare: Workstation, index_mirror: Server) -> None:
    bare.write("in.txt", "six\n")
    ran = bare.run(
        "uv", "pip", "compile", "-q", "--no-header", "--default-index", f"{index_mirror.url}/simple", "in.txt"
    ).ended(0)
    assert ran.stdout.startswith("six==1.17.0")
    assert index_mirror.asked("/simple/six/", agent="uv/")


def test_git_clones_through_the_prefix_proxy(bare: Workstation, git_mirror: Server) -> None:
    url = f"{git_mirror.url}/https://github.com/octocat/Hello-World"
    bare.run("git", "clone", "-q", url, "copy").ended(0)
    assert (bare.home / "copy/README").read_text() == "mirrored\n"


def test_git_pushes_to_an_upstream_of_its_own_name(bare: Workstation, github: Server) -> None:
    bare.write(".gitconfig", "[user]\nname = Somebody\nemail = somebody@example.com\n")
    bare.run("git", "clone", "-q", "https://github.com/octocat/Hello-World.git", "copy").ended(0)
    copy = bare.home / "copy"
    bare.run("git", "commit", "-q", "--allow-empty", "-m", "Second", cwd=copy).ended(0)
    bare.run("git", "push", "-q", "origin", "HEAD:refs/heads/second", cwd=copy).ended(0)
    assert github.asked("/git-receive-pack")


def test_other_names_are_refused_and_remembered(bare: Workstation, outside: Outside) -> None:
    assert bare.run("git", "ls-remote", "https://git.example.com/some/thing").status == 128
    assert outside.refused == ["CONNECT git.example.com:443"]
    outside.refused.clear()


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param(Faults(status=404), id="not-found"),
        pytest.param(Faults(portal=True), id="captive-portal"),
        pytest.param(Faults(truncate=True, only="/files/"), id="truncated"),
        pytest.param(Faults(corrupt=True, only="/files/"), id="corrupt"),
    ],
)
def test_pip_fails_on_each_fault(bare: Workstation, index_mirror: Server, faults: Faults) -> None:
    with index_mirror.failing(faults):
        command = ("pip", "download", "-q", "--no-deps", "--retries", "0", "-i", f"{index_mirror.url}/simple", "six")
        assert bare.run(*command).status != 0
