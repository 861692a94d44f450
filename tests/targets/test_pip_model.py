"""The real pip as the judge of what the model says is in force.

The pip of this Python is asked; MIRRORCTL_PIPS may name a directory with wheels of others (pip-*.whl).
"""

from __future__ import annotations

import importlib.util
import json
import os
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
from targets.pip_samples import read_all, with_pip

from mirrorctl.errors import ConfigError
from mirrorctl.model import Client, Machine
from mirrorctl.process import converse
from mirrorctl.targets import pip
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


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
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
