"""The real pip as the judge of where its files are, of what is in force, of `verify`."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from servers.index import index
from servers.web import Faults, Server
from targets.pip_samples import mirror, read_all, with_pip

from mirrorctl.model import Client, Machine, Scope
from mirrorctl.process import converse
from mirrorctl.targets import pip, pip_client

pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(importlib.util.find_spec("pip") is None, reason="this Python has no pip"),
]

PRIVATE = "https://user:secret@corp.example/simple"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    home = tmp_path / "home"
    (home / "work").mkdir(parents=True)
    environ = {
        **{name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "TMPDIR"}},
        "HOME": str(home),
        "XDG_CONFIG_DIRS": str(tmp_path / "xdg"),
    }
    plain = Machine(environ=environ, home=home, cwd=home / "work", platform=sys.platform, euid=os.geteuid())
    return with_pip(plain, tmp_path)


def with_environ(machine: Machine, **environ: str) -> Machine:
    return Machine(
        environ={**machine.environ, **environ},
        home=machine.home,
        cwd=machine.cwd,
        platform=machine.platform,
        euid=machine.euid,
    )


def configure(machine: Machine, text: str) -> None:
    path = machine.home / ".config/pip/pip.conf"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def inspect(machine: Machine) -> Client:
    client = converse(pip.inspect(machine), machine)
    assert client
    return client


def verify(machine: Machine, url: str) -> str | None:
    reason = converse(pip.verify(machine, inspect(machine), (mirror(url),)), machine)
    assert reason is None or "secret" not in str(reason.detail)
    return reason.code if reason else None


def test_inspect_tells_what_pip_tells(machine: Machine) -> None:
    """A module in the working directory is not taken for a part of pip."""
    (machine.cwd / "json.py").write_text("raise SystemExit(1)")
    configure(machine, "[global]\nindex-url = https://a.example/simple\n")
    client = inspect(machine)
    version = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, text=True, check=True)
    assert version.stdout.split()[1].startswith(".".join(map(str, client.version)))
    assert client.facts["prefix"] == sys.prefix
    assert client.default_url
    assert client.default_url.startswith("https://")
    assert "a.example" not in client.default_url


def test_the_default_is_the_one_in_the_help(machine: Machine) -> None:
    """The way for pips without the module is good for those with it, and the user's own index is not in it."""
    configure(machine, "[global]\nindex-url = https://a.example/simple\n")
    told = converse(pip_client._ask_default(), with_environ(machine, PIP_INDEX_URL="https://b.example/simple"))
    assert told == inspect(machine).default_url


def test_no_pip_is_none(tmp_path: Path) -> None:
    """The Python that `pip` runs in may have lost it."""
    bare = Machine(environ={"PATH": str(tmp_path)}, home=tmp_path, cwd=tmp_path, platform=sys.platform, euid=1000)
    script = tmp_path / "pip"
    script.write_text("#!/bin/sh\nexit 1\n")
    script.chmod(0o755)
    (tmp_path / "python3").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python3").chmod(0o755)
    assert shutil.which("pip", path=str(tmp_path))
    assert converse(pip.inspect(bare), bare) is None


def test_files_are_those_that_pip_lists(machine: Machine) -> None:
    """`pip config debug` names every file it would look at."""
    machine = with_environ(machine, PIP_CONFIG_FILE="/x/pip.conf", XDG_CONFIG_DIRS="/x/one:/x/two")
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "debug"],
        capture_output=True, text=True, check=True, env=dict(machine.environ), cwd=machine.cwd,
    ).stdout  # fmt: skip
    shown = [line.strip().partition(", exists:")[0] for line in listed.splitlines() if ", exists:" in line]
    ours = [str(file.path) for file in pip.files(machine, inspect(machine))]
    assert sorted(ours) == sorted(shown)
    assert ours[-1] == "/x/pip.conf"


@pytest.mark.parametrize(
    ("text", "environ"),
    [
        pytest.param("", {}, id="nothing"),
        pytest.param("[global]\nindex-url = https://a.example/simple\n", {}, id="global"),
        pytest.param(
            "[global]\nindex-url = https://a.example/simple\n[install]\nindex-url = https://b.example/simple\n", {},
            id="section",
        ),
        pytest.param(
            "[global]\nindex-url = https://a.example/simple\n", {"PIP_INDEX_URL": "https://c.example/simple"},
            id="variable",
        ),
    ],
)  # fmt: skip
def test_state_agrees_with_what_pip_prints(machine: Machine, text: str, environ: dict[str, str]) -> None:
    configure(machine, text)
    machine = with_environ(machine, **environ)
    client = inspect(machine)
    state = pip.state(machine, client, read_all(machine, client), Scope.USER)
    words = ("-v", "install", "--dry-run", "--report", "/dev/null", "-r", "/dev/null")
    output = converse(pip_client._pip(*words, environ={}), machine)
    lines = [line.partition(": ")[2] for line in output.stdout.splitlines() if line.startswith("Looking in indexes")]
    assert (lines[0] if lines else client.default_url) == state.effective_url


def test_verify_pulls_through_the_mirror(machine: Machine) -> None:
    with Server(application=index()) as server:
        configure(machine, f"[global]\nindex-url = {server.url}/simple\n")
        assert verify(machine, f"{server.url}/simple/") is None
        assert server.asked("/simple/six")
        assert server.asked("/files/six")


@pytest.mark.parametrize(
    "faults",
    [Faults(status=404), Faults(portal=True), Faults(only="/files/", corrupt=True)],
    ids=["404", "portal", "bytes"],
)
def test_verify_sees_a_broken_mirror_behind_a_healthy_extra_index(machine: Machine, faults: Faults) -> None:
    """Without care pip would take the wheel from the extra index and never say so."""
    with Server(application=index()) as good, Server(application=index(), faults=faults) as bad:
        configure(machine, f"[global]\nindex-url = {bad.url}/simple\nextra-index-url = {good.url}/simple\n")
        assert verify(machine, f"{bad.url}/simple") == "pull-failed"
        assert not good.hits


def test_verify_sees_that_another_index_is_in_force(machine: Machine) -> None:
    with Server(application=index()) as server:
        configure(machine, f"[global]\nindex-url = {server.url}/simple\n")
        assert verify(with_environ(machine, PIP_INDEX_URL=PRIVATE), f"{server.url}/simple") == "not-effective"
        assert verify(machine, "https://other.example/simple") == "not-effective"


def test_verify_minds_the_section_of_the_download(machine: Machine) -> None:
    with Server(application=index()) as server, Server(application=index()) as other:
        configure(machine, f"[global]\nindex-url = {server.url}/simple\n[download]\nindex-url = {other.url}/simple\n")
        assert verify(machine, f"{server.url}/simple") == "not-effective"


def test_verify_is_not_confused_by_quiet_and_virtual_environments(machine: Machine) -> None:
    with Server(application=index()) as server:
        configure(
            machine, f"[global]\nindex-url = {server.url}/simple\nquiet = 1\nrequire-virtualenv = true\nno-color = 1\n"
        )
        assert verify(with_environ(machine, PIP_REQUIRE_VIRTUALENV="1"), f"{server.url}/simple") is None
