"""The real uv as the judge of what is written, and of `verify`."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from servers.index import index
from servers.web import Faults, Server
from targets.uv_real import URLS, ask, client, inspect, machine, marks, read_all
from targets.uv_samples import mirror

from mirrorctl.errors import ConfigError
from mirrorctl.model import Machine, Scope
from mirrorctl.process import converse
from mirrorctl.targets import uv

pytestmark = marks
__all__ = ["client", "machine"]


def configure(machine: Machine, text: str) -> None:
    path = machine.home / ".config/uv/uv.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def default(url: str) -> str:
    return f'[[index]]\nurl = "{url}"\ndefault = true\n'


def verify(machine: Machine, url: str) -> str | None:
    reason = converse(uv.verify(machine, inspect(machine), (mirror(url),)), machine)
    assert reason is None or "secret" not in str(reason.detail)
    return reason.code if reason else None


def test_inspect_tells_what_uv_tells(machine: Machine) -> None:
    """The default index is the one that uv uses without any configuration, not the user's."""
    plain = ask(machine)
    configure(machine, default(URLS[0]))
    client = inspect(
        replace(machine, environ={**machine.environ, "UV_DEFAULT_INDEX": URLS[1], "UV_INDEX_URL": URLS[2]})
    )
    assert client.default_url == plain
    assert client.version >= (0, 1)


def test_no_uv_is_none(tmp_path: Path) -> None:
    bare = Machine(environ={"PATH": str(tmp_path)}, home=tmp_path, cwd=tmp_path, platform=sys.platform, euid=1000)
    assert converse(uv.inspect(bare), bare) is None


@pytest.mark.parametrize("table", ["project", "tool", "build-system", "dependency-groups"])
def test_what_belongs_into_pyproject_is_refused_in_uv_toml(machine: Machine, table: str) -> None:
    """So the name of the file is what tells the two syntaxes apart."""
    configure(machine, f"[{table}]\n")
    with pytest.raises(subprocess.CalledProcessError):
        ask(machine)


@pytest.mark.parametrize("before", ["", 'index-url = "https://o.example/"\n', default("https://o.example/") + "# c\n"])
def test_uv_takes_what_is_written(machine: Machine, before: str) -> None:
    for path in (machine.home / ".config/uv/uv.toml", machine.cwd / "pyproject.toml"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(uv.write(before if path.name == "uv.toml" else "", path, URLS[0]))
        assert ask(machine) == URLS[0]
        path.write_text(uv.write(path.read_text(), path, None))
        assert ask(machine) == inspect(machine).default_url


def test_verify_pulls_through_the_mirror(machine: Machine) -> None:
    with Server(application=index()) as server:
        configure(machine, default(f"{server.url}/simple"))
        assert verify(machine, f"{server.url}/simple/") is None
        assert server.asked("/simple/six")
        assert server.asked("/files/six")


def test_verify_asks_with_the_credentials_of_the_configuration(machine: Machine) -> None:
    with Server(application=index(credentials="user:secret")) as server:
        url = f"{server.url}/simple".replace("://", "://user:secret@")
        configure(machine, default(url))
        assert verify(machine, url) is None
        assert verify(machine, "https://other.example/simple") == "not-effective"


@pytest.mark.parametrize(
    "faults",
    [Faults(status=404), Faults(portal=True), Faults(only="/files/", corrupt=True), Faults(status=503)],
    ids=["404", "portal", "bytes", "503"],
)
def test_verify_sees_a_broken_mirror(machine: Machine, faults: Faults) -> None:
    with Server(application=index(), faults=faults) as server:
        configure(machine, default(f"{server.url}/simple"))
        assert verify(machine, f"{server.url}/simple") == "pull-failed"


def test_verify_sees_that_another_index_is_in_force(machine: Machine) -> None:
    with Server(application=index()) as server:
        configure(machine, default(f"{server.url}/simple"))
        other = replace(machine, environ={**machine.environ, "UV_DEFAULT_INDEX": "http://user:secret@127.0.0.1:9/x"})
        assert verify(other, f"{server.url}/simple") == "not-effective"
        assert verify(machine, "https://other.example/simple") == "not-effective"


def test_verify_leaves_the_files_of_the_project_alone(machine: Machine) -> None:
    """A configured output-file would be overwritten by a `uv pip compile`."""
    with Server(application=index()) as server:
        kept = machine.cwd / "requirements.txt"
        kept.write_text("six\n")
        configure(machine, '[pip]\noutput-file = "requirements.txt"\n' + default(f"{server.url}/simple"))
        assert verify(machine, f"{server.url}/simple") is None
        assert kept.read_text() == "six\n"
        assert [path.name for path in machine.cwd.iterdir()] == ["requirements.txt"]


def test_a_broken_file_stops_uv_and_is_an_error_of_the_configuration(machine: Machine) -> None:
    configure(machine, "x = [")
    with pytest.raises(subprocess.CalledProcessError):
        ask(machine)
    client = inspect(machine)
    with pytest.raises(ConfigError):
        uv.state(machine, client, read_all(machine, client), Scope.USER)


@pytest.mark.parametrize(
    ("name", "content", "accepted"),
    [
        pytest.param("uv.toml", b'index-url = "https://mirror.example/"\n', True, id="good"),
        pytest.param("uv.toml", b"index-url = 3\n", False, id="another type"),
        pytest.param("uv.toml", b"no-such-key = 3\n", False, id="another key"),
        pytest.param("pyproject.toml", b"[project]\n", True, id="not asked of another file"),
    ],
)
def test_uv_is_asked_before_its_file_is_written(machine: Machine, name: str, content: bytes, accepted: bool) -> None:
    reason = converse(uv.accept(machine, inspect(machine), machine.home / name, content), machine)
    assert (reason is None) == accepted
    assert reason is None or "uv refuses what" in str(reason.detail)
