"""What cannot be done is refused with its exit code, a sentence and a next step, and nothing is written."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from servers.certificates import authority
from servers.index import index
from servers.overlay import entry, overlay
from servers.web import Faults, Server
from servers.workstation import Workstation, tree

pytestmark = pytest.mark.client

EVERYTHING_BAD = {
    "not-found": Faults(status=404),
    "unavailable": Faults(status=503),
    "captive-portal": Faults(portal=True),
    "truncated": Faults(truncate=True),
    "corrupt-file": Faults(corrupt=True, only="/files/"),
    "silent": Faults(silent=True),
}


def refused(machine: Workstation, status: int, *args: str, **environ: str) -> dict[str, str]:
    """Runs `use` for one mirror; gives the error after checking that nothing was written."""
    before = tree(machine.home, machine.state)
    ran = machine.mirrorctl("use", *args, "-y", "--json", environ=environ).ended(status)
    assert tree(machine.home, machine.state) == before
    assert ran.envelope["status"] == "error"
    error = ran.envelope["errors"][0]
    assert isinstance(error, dict)
    assert error["hint"] or status == 10, "what to do next"
    return error


@pytest.mark.parametrize(
    ("target", "environ"),
    [
        ("pip", {"PIP_INDEX_URL": "https://index.example.com/simple"}),
        ("pip", {"PIP_CONFIG_FILE": os.devnull}),
        ("pip", {"PIP_NO_INDEX": "1"}),
        ("uv", {"UV_DEFAULT_INDEX": "https://index.example.com/simple"}),
        ("uv", {"UV_INDEX_URL": "https://index.example.com/simple"}),
        ("uv", {"UV_NO_CONFIG": "1"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_what_wins_over_the_file_is_named(machine: Workstation, target: str, environ: dict[str, str]) -> None:
    error = refused(machine, 12, "near", "-t", target, **environ)
    assert error["code"] == "conflict"
    assert next(iter(environ)) in error["message"] + error["hint"]


def test_status_names_what_wins_over_the_file(machine: Workstation) -> None:
    url = "https://index.example.com/simple"
    ran = machine.mirrorctl("status", "-t", "pip", "--json", environ={"PIP_INDEX_URL": url}).ended(0)
    (found,) = ran.data["targets"]
    assert found["effective_url"] == url
    assert found["overrides"] == [{"source": "environment", "name": "PIP_INDEX_URL", "value": url}]


def test_a_header_for_everybody_keeps_git_away_from_mirrors(machine: Workstation) -> None:
    machine.write(".gitconfig", "[http]\n\textraHeader = X-Secret: 1\n")
    assert "extraheader" in refused(machine, 12, "near", "-t", "git")["message"].lower()


@pytest.mark.parametrize("fault", EVERYTHING_BAD)
def test_when_every_mirror_is_bad_nothing_is_written(machine: Workstation, index_mirror: Server, fault: str) -> None:
    with index_mirror.failing(EVERYTHING_BAD[fault]):
        error = refused(machine, 20, "fastest", "-t", "pip", "--deadline", "3s")
    assert error["code"] == "no-mirror"


def test_a_certificate_of_somebody_else_is_not_accepted(bare: Workstation, tmp_path: Path) -> None:
    with Server(application=index(), tls=authority(tmp_path).tls) as server:
        bare.know(overlay(entry("bad-index", "pypi", f"{server.url}/simple")))
        refused(bare, 20, "fastest", "-t", "pip")
        assert not server.hits


def test_a_bad_mirror_loses_to_a_slow_one(choice: Workstation, index_mirror: Server, slow_index: Server) -> None:
    with index_mirror.failing(Faults(corrupt=True, only="/files/")):
        ran = choice.mirrorctl("use", "fastest", "-t", "pip", "-y", "--json").ended(0)
    assert ran.data["targets"][0]["mirror"] == {"id": "far-index", "url": f"{slow_index.url}/simple"}


def test_one_ecosystem_without_a_mirror_is_a_failure_when_it_was_asked_for(
    machine: Workstation, git_mirror: Server
) -> None:
    with git_mirror.failing(Faults(status=404)):
        ran = machine.mirrorctl("use", "fastest", "-t", "pip", "-t", "git", "-y", "--json").ended(20)
    assert ran.envelope["status"] == "partial"
    assert [found["target"] for found in ran.data["targets"]] == ["pip"]
    assert not (machine.home / ".gitconfig").exists()


def test_an_unknown_mirror_brings_the_nearest_names(machine: Workstation) -> None:
    error = refused(machine, 2, "neer-index", "-t", "pip")
    assert "near-index" in error["hint"]


def test_an_unknown_target_brings_the_known_ones(machine: Workstation) -> None:
    assert "pip" in refused(machine, 2, "near", "-t", "pipp")["hint"]


@pytest.mark.parametrize(
    "url", ["ftp://mirror.example.com/", "https://mirror.example.com/?x=1", "https://u:p@mirror.example.com/"]
)
def test_what_is_no_url_of_a_mirror(machine: Workstation, url: str) -> None:
    refused(machine, 2, url, "-t", "pip")


@pytest.mark.parametrize(
    ("target", "path", "content"),
    [
        ("pip", ".config/pip/pip.conf", b"index-url = x\n"),
        ("pip", ".config/pip/pip.conf", b"[global]\ntimeout = 1\ntimeout = 2\n"),
        ("pip", ".config/pip/pip.conf", b"\xff\xfe[\x00g\x00"),
        ("uv", ".config/uv/uv.toml", b"[[index]\n"),
        ("uv", ".config/uv/uv.toml", b"\x80\n"),
        ("git", ".gitconfig", b"[url\n"),
        ("git", ".gitconfig", b"[url unquoted]\n"),
    ],
    ids=["pip-headless", "pip-twice", "pip-utf16", "uv-bracket", "uv-latin1", "git-bracket", "git-unquoted"],
)
def test_a_file_that_the_client_cannot_read_is_left_alone(
    machine: Workstation, target: str, path: str, content: bytes
) -> None:
    file = machine.write(path, content)
    error = refused(machine, 11, "near", "-t", target)
    assert str(file) in f"{error['message']} {error['subject']}"


@pytest.mark.parametrize(
    ("target", "path"), [("pip", ".config/pip/pip.conf"), ("uv", ".config/uv/uv.toml"), ("git", ".gitconfig")]
)
def test_a_directory_where_a_file_should_be(machine: Workstation, target: str, path: str) -> None:
    (machine.home / path).mkdir(parents=True)
    assert path in str(refused(machine, 11, "near", "-t", target))


def test_without_permission_the_command_to_run_instead_is_given(machine: Workstation) -> None:
    place = machine.home / ".config/pip"
    place.mkdir(parents=True)
    place.chmod(0o500)
    prefix: tuple[str, ...] = ()
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("root may write anywhere, and setpriv is not there to take that away")
        prefix = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all")
    ran = machine.mirrorctl("use", "near", "-t", "pip", "-y", "--json", prefix=prefix).ended(13)
    assert "mirrorctl use near -t pip" in ran.envelope["errors"][0]["hint"]
    assert not list(place.iterdir())


def test_a_missing_client_that_was_named_is_an_error(machine: Workstation) -> None:
    only_python = machine.home / "bin"
    only_python.mkdir()
    assert refused(machine, 21, "near", "-t", "git", PATH=str(only_python))["code"] == "client"


@pytest.mark.parametrize(
    "text",
    [
        "[[mirror]",
        '[[mirror]]\nid = "x"\n',
        '[[mirror]]\nid = "x"\necosystem = "pypi"\nurl = "https://m.example.com/"\nurll = 1\n',
    ],
    ids=["syntax", "incomplete", "unknown-key"],
)
def test_a_catalog_that_is_wrong(machine: Workstation, text: str) -> None:
    machine.know(text)
    error = refused(machine, 10, "near", "-t", "pip")
    assert str(machine.catalog) in error["message"]
