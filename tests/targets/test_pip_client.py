"""The real pip as the judge: of what `state` says is in force, of where its files are, of `verify`.

The pip of this Python is asked; MIRRORCTL_PIPS may name a directory with wheels of others (pip-*.whl).
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from servers.index import index
from servers.web import Faults, Server

from mirrorctl.errors import ConfigError
from mirrorctl.model import Client, Machine, Mirror, Scope, Status, Trust
from mirrorctl.process import converse
from mirrorctl.targets import pip, pip_client
from mirrorctl.targets.base import Contents
from mirrorctl.targets.pip_settings import COMMANDS, merge, options

pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(importlib.util.find_spec("pip") is None, reason="this Python has no pip"),
]

# Answers one question a line with what pip's own option parsers make of files and environment.
WORKER = """
import contextlib, io, json, os, sys
from pip._internal.commands import commands_dict, create_command

def ask(name):
    if name not in commands_dict:
        return "none"
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            found, rest = create_command(name).parser.parse_args([])
    except SystemExit:
        return None
    return [found.index_url, bool(found.no_index), list(found.extra_index_urls)]

for line in sys.stdin:
    question = json.loads(line)
    os.environ.clear()
    os.environ.update(question["environ"])
    os.chdir(question["cwd"])
    sys.prefix = question["prefix"]
    print(json.dumps({name: ask(name) for name in question["commands"]}), flush=True)
"""


@dataclass(slots=True)
class RealPip:
    """One version of pip, kept running."""

    process: subprocess.Popen[str]
    client: Client

    def ask(self, environ: Mapping[str, str], cwd: Path, commands: tuple[str, ...]) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        prefix = self.client.facts["prefix"]
        question = {"environ": dict(environ), "cwd": str(cwd), "prefix": prefix, "commands": commands}
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


def wheels() -> list[object]:
    named = os.environ.get("MIRRORCTL_PIPS")
    others = sorted(Path(named).glob("pip-*.whl")) if named else []
    return [pytest.param(None, id="own"), *(pytest.param(wheel, id=wheel.name.split("-")[1]) for wheel in others)]


@pytest.fixture(scope="module", params=wheels())
def real(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPip]:
    environ = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    if request.param:
        environ["PYTHONPATH"] = str(request.param)
    prefix = tmp_path_factory.mktemp("prefix")
    machine = Machine(environ=environ, home=prefix, cwd=prefix, platform=sys.platform, euid=1000)
    found = converse(pip.inspect(with_pip(machine, prefix)), with_pip(machine, prefix))
    assert found
    client = Client(
        target="pip", version=found.version, default_url=found.default_url, facts={**found.facts, "prefix": str(prefix)}
    )
    with subprocess.Popen(
        [sys.executable, "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ
    ) as process:
        yield RealPip(process, client)
        process.kill()


def with_pip(machine: Machine, directory: Path) -> Machine:
    """`machine` with a directory first on PATH in which `pip` is this Python's."""
    script = directory / "bin" / "pip"
    script.parent.mkdir(exist_ok=True)
    script.write_text(f"#!{sys.executable}\nfrom pip._internal.cli.main import main\nmain()\n")
    script.chmod(0o755)
    path = f"{script.parent}{os.pathsep}{machine.environ.get('PATH', os.defpath)}"
    return Machine(
        environ={**machine.environ, "PATH": path},
        home=machine.home,
        cwd=machine.cwd,
        platform=machine.platform,
        euid=machine.euid,
    )


def read_all(machine: Machine, client: Client) -> Contents:
    paths = (file.path for file in pip.files(machine, client))
    return {path: path.read_bytes() if path.is_file() else None for path in paths}


# Configurations, each a mapping of places to lines, and variables

URLS = ("https://a.example/simple", "https://b.example/simple/", "http://127.0.0.1:9/c", "")
PLACES = (
    "home/.pip/pip.conf",
    "home/.config/pip/pip.conf",
    "config/pip/pip.conf",
    "xdg1/pip/pip.conf",
    "xdg2/pip/pip.conf",
    "prefix/pip.conf",
    "named.conf",
)
headers = st.sampled_from(
    ("[global]", "[install]", "[download]", "[wheel]", "[index]", "[DEFAULT]", "[Global]", "[:env:]")
)
names = st.sampled_from(("index-url", "INDEX_URL", "--index-url", "pypi-url", "extra-index-url"))
urls = st.sampled_from(URLS)
option_lines = st.one_of(
    st.builds("{} = {}".format, names, urls),
    st.builds("{}:{}  # c".format, names, urls),
    st.builds("{} =\n   {}".format, names, st.sampled_from(URLS[:2])),
    st.sampled_from(("no-index = true", "no-index = off", "no-index =", "timeout = 3", "# comment", "  ; comment", "")),
)
sections = st.builds(lambda head, body: "\n".join([head, *body]), headers, st.lists(option_lines, max_size=3))
texts = st.lists(sections, max_size=3).map("\n".join)
environs = st.fixed_dictionaries(
    {},
    optional={
        "PIP_INDEX_URL": urls,
        "PIP_PYPI_URL": urls,
        "PIP_NO_INDEX": st.sampled_from(("1", "no", "")),
        "PIP_CONFIG_FILE": st.sampled_from(("named.conf", "missing.conf", "/dev/null", "")),
        "PIP_ISOLATED": st.just("1"),
        "PIP_EXTRA_INDEX_URL": urls,
        "XDG_CONFIG_HOME": st.sampled_from(("{tmp}/config", "")),
        "XDG_CONFIG_DIRS": st.sampled_from(("{tmp}/xdg1", "{tmp}/xdg1:{tmp}/xdg2")),
    },
)


def lay_out(place: Path, prefix: Path, files: Mapping[str, str]) -> None:
    for name in PLACES:
        path = prefix / "pip.conf" if name == "prefix/pip.conf" else place / name
        path.unlink(missing_ok=True)
        if name in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(files[name].encode())


def compare(real: RealPip, place: Path, files: Mapping[str, str], environ: Mapping[str, str]) -> None:
    """For every command: the same index, the same further indexes, and whether any is asked at all."""
    lay_out(place, Path(real.client.facts["prefix"]), files)
    environ = {name: value.replace("{tmp}", str(place)) for name, value in environ.items()}
    environ = {"XDG_CONFIG_DIRS": str(place / "none"), **environ, "HOME": str(place / "home"), "LC_ALL": "C.UTF-8"}
    machine = Machine(environ=environ, home=place / "home", cwd=place, platform=sys.platform, euid=1000)
    told = real.ask(environ, place, tuple(name for name in COMMANDS if name != "lock"))
    try:
        merged = merge(machine, real.client, read_all(machine, real.client))
    except ConfigError:
        return  # stricter than one version of pip is allowed, laxer is not
    for command, answer in told.items():
        if answer == "none":
            continue
        assert answer is not None, f"pip {command} refuses what the model accepts"
        found = options(merged, command)
        index_url = found["index-url"].value.strip() if "index-url" in found else real.client.default_url
        no_index = "no-index" in found and found["no-index"].value in {"true", "1"}
        extra = found["extra-index-url"].value.split() if "extra-index-url" in found else []
        assert [str(answer[0]).strip(), answer[1], answer[2]] == [index_url, no_index, extra], command


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.dictionaries(st.sampled_from(PLACES), texts, max_size=3), environ=environs)
def test_the_model_agrees_with_pip(
    real: RealPip, tmp_path: Path, files: dict[str, str], environ: dict[str, str]
) -> None:
    compare(real, tmp_path, files, environ)


@pytest.mark.parametrize(
    "more", [{}, {"PIP_CONFIG_FILE": "named.conf"}, {"PIP_CONFIG_FILE": "/dev/null"}], ids=["plain", "named", "null"]
)
def test_the_model_agrees_with_pip_on_every_two_files(real: RealPip, tmp_path: Path, more: dict[str, str]) -> None:
    """Each place against each other, in the same section and in different ones."""
    environ = {"XDG_CONFIG_DIRS": "{tmp}/xdg1:{tmp}/xdg2", **more}
    first = "[global]\nindex-url = https://first.example/\n"
    for one, two in permutations(PLACES, 2):
        for section in ("global", "download"):
            second = f"[{section}]\nindex-url = https://second.example/\n"
            compare(real, tmp_path, {one: first, two: second}, environ)


# The whole client, run as the user would

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


def mirror(url: str) -> Mirror:
    return Mirror(
        id="m",
        ecosystem="pypi",
        operator="o",
        url=url,
        kind="mirror",
        trust=Trust.UNIVERSITY,
        status=Status.ACTIVE,
        domain="d",
    )


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
