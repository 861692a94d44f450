"""The real uv as the judge: of what `state` says is in force, and of `verify`.

The uv on PATH or beside this Python is asked; MIRRORCTL_UVS may name a directory with others (uv-VERSION).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from servers.index import index
from servers.web import Faults, Server

from mirrorctl.errors import ConfigError
from mirrorctl.model import Client, Machine, Mirror, Scope, Status, Trust
from mirrorctl.process import converse
from mirrorctl.targets import uv
from mirrorctl.targets.base import Contents

BESIDE = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
UV = shutil.which("uv", path=BESIDE)

pytestmark = [pytest.mark.client, pytest.mark.skipif(UV is None, reason="there is no uv here")]


def programs() -> list[object]:
    named = os.environ.get("MIRRORCTL_UVS")
    others = sorted(Path(named).glob("uv-*")) if named else []
    return [pytest.param(UV, id="own"), *(pytest.param(str(other), id=other.name) for other in others)]


@pytest.fixture(params=programs())
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    """A home, and a project three directories deep in it; `uv` is the one that is tested."""
    work = tmp_path / "home" / "root" / "member" / "deep"
    work.mkdir(parents=True)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "uv").symlink_to(request.param)
    environ = {
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "HOME": str(tmp_path / "home"),
        "UV_PYTHON": sys.executable,
        "UV_CACHE_DIR": str(tmp_path / "cache"),
        "UV_PYTHON_DOWNLOADS": "never",
        "XDG_CONFIG_DIRS": f"{tmp_path}/xdg1:{tmp_path}/xdg2",
    }
    return Machine(environ=environ, home=tmp_path / "home", cwd=work, platform=sys.platform, euid=os.geteuid())


def inspect(machine: Machine) -> Client:
    client = converse(uv.inspect(machine), machine)
    assert client
    return client


@pytest.fixture
def client(machine: Machine) -> Client:
    return inspect(machine)


def read_all(machine: Machine, client: Client) -> Contents:
    paths = (file.path for file in uv.files(machine, client))
    return {path: path.read_bytes() if path.is_file() else None for path in paths}


def ask(machine: Machine) -> str | None:
    """The default index by uv's own word; None when it asks no index. Raises CalledProcessError when it refuses."""
    words = ("uv", "pip", "compile", "--emit-index-url", "--quiet", "--no-header", "-")
    done = subprocess.run(
        words, input=b"", capture_output=True, check=True, env=dict(machine.environ), cwd=machine.cwd, timeout=20
    )
    lines = [line for line in done.stdout.decode().splitlines() if line.startswith("--index-url")]
    return lines[0].split()[1] if lines else None


# Configurations

URLS = ("https://a.example/simple", "https://b.example/simple/", "http://127.0.0.1:9/c")
PROJECT = '[project]\nname = "p"\nversion = "0"\n'
ROOT = "home/root/pyproject.toml"
PLACES = (
    "xdg1/uv/uv.toml",
    "xdg2/uv/uv.toml",
    "home/.config/uv/uv.toml",
    "named.toml",
    "home/root/uv.toml",
    "home/root/pyproject.toml",
    "home/root/member/uv.toml",
    "home/root/member/pyproject.toml",
    "home/root/member/deep/uv.toml",
    "home/root/member/deep/pyproject.toml",
)
urls = st.sampled_from(URLS)
top_lines = st.lists(
    st.one_of(st.builds('index-url = "{}"'.format, urls), st.sampled_from(("no-index = true", "no-index = false"))),
    max_size=1,
)
pip_lines = st.lists(
    st.one_of(st.builds('index-url = "{}"'.format, urls), st.sampled_from(("no-index = true", "no-index = false"))),
    max_size=1,
)
index_tables = st.lists(
    st.tuples(urls, st.sampled_from((None, "one", "two")), st.booleans()),
    max_size=2,
    unique_by=lambda table: table[1] or object(),  # a pyproject.toml with a name twice is as good as none for uv
)
forms = st.tuples(top_lines, pip_lines, index_tables)
headings = st.sampled_from(
    (
        "",
        PROJECT,
        PROJECT + '[tool.uv.workspace]\nmembers = ["member"]\n',
        PROJECT + '[tool.uv.workspace]\nmembers = ["mem*"]\nexclude = ["member"]\n',
        '[tool.uv.workspace]\nmembers = ["other/*", "mem*"]\n',
        PROJECT + "[tool.uv]\n",
        PROJECT + "[tool.uv]\nmanaged = false\n",
        "[tool.other]\nx = 1\n",
    )
)


def written(place: str, form: tuple[list[str], list[str], list[tuple[str, str | None, bool]]], heading: str) -> str:
    """One file. In pyproject.toml the settings are dotted keys, so that they can follow any heading."""
    tops, pips, tables = form
    is_project = place.endswith("pyproject.toml")
    dot = "tool.uv." if is_project else ""
    lines = [f"{dot}{line}" for line in tops] + [f"{dot}pip.{line}" for line in pips] if not is_project else []
    if is_project and (tops or pips) and "[tool.uv" not in heading:
        heading += "\n".join(["[tool.uv]", *tops, *(f"pip.{line}" for line in pips), ""])
    heading = heading.replace('"p"', f'"p{PLACES.index(place)}"')  # names of a workspace differ
    text = "\n".join([*lines, heading if is_project else "", ""])
    for url, name, default in tables:
        text += f'[[{dot}index]]\nurl = "{url}"\ndefault = {str(default).lower()}\n'
        text += f'name = "{name}"\n' if name else ""
    return text


environs = st.fixed_dictionaries(
    {},
    optional={
        "UV_DEFAULT_INDEX": st.sampled_from((*URLS, f"one={URLS[0]}", "")),
        "UV_INDEX_URL": st.sampled_from((*URLS, "")),
        "UV_INDEX": st.sampled_from((f"one={URLS[1]}", URLS[1], "")),
        "UV_CONFIG_FILE": st.just("{tmp}/named.toml"),
        "UV_NO_CONFIG": st.sampled_from(("1", "0", "true", "off")),
        "UV_PROJECT": st.sampled_from(("..", "{tmp}/home/root")),
        "XDG_CONFIG_HOME": st.sampled_from(("{tmp}/xdg1", "xdg1", "")),
        "PIP_INDEX_URL": urls,
    },
)


def lay_out(place: Path, files: Mapping[str, str]) -> None:
    """A workspace is one only if its members are projects: they are made to be."""
    members = {"home/root/member/pyproject.toml": PROJECT} if "members" in files.get(ROOT, "") else {}
    for name in PLACES:
        path = place / name
        path.unlink(missing_ok=True)
        if text := {**members, **files}.get(name):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


def compare(machine: Machine, client: Client, files: Mapping[str, str], environ: Mapping[str, str]) -> None:
    place = machine.home.parent
    lay_out(place, files)
    more = {name: value.replace("{tmp}", str(place)) for name, value in environ.items()}
    here = replace(machine, environ={**machine.environ, **more})
    try:
        told = ask(here)
    except subprocess.CalledProcessError as error:
        told = error.stderr.decode()
    if told is not None and "://" not in told.partition("\n")[0]:
        return  # uv refuses the configuration, and with it everything else
    state = uv.state(here, client, read_all(here, client), Scope.USER)
    assert state.effective_url == told


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.dictionaries(st.sampled_from(PLACES), st.tuples(forms, headings), max_size=4),
    environ=environs,
)
def test_the_model_agrees_with_uv(
    machine: Machine,
    client: Client,
    files: dict[str, tuple[tuple[list[str], list[str], list[tuple[str, str | None, bool]]], str]],
    environ: dict[str, str],
) -> None:
    texts = {name: written(name, form, heading) for name, (form, heading) in files.items()}
    compare(machine, client, texts, environ)


FORMS = (
    '[[{dot}index]]\nurl = "{url}"\ndefault = true\n',
    '{top}index-url = "{url}"\n',
    '[{dot}pip]\nindex-url = "{url}"\n',
)


@pytest.mark.parametrize("name", ["", PROJECT], ids=["no-project", "project"])
def test_the_model_agrees_with_uv_on_every_two_files(machine: Machine, client: Client, name: str) -> None:
    """Each place against each other, in the same form and in different ones."""

    def text(place: str, form: str, url: str) -> str:
        if place.endswith("pyproject.toml"):
            return name.replace('"p"', f'"p{PLACES.index(place)}"') + form.format(
                dot="tool.uv.", top="[tool.uv]\n", url=url
            )
        return form.format(dot="", top="", url=url)

    for number, one in enumerate(PLACES):
        for two in PLACES[number + 1 :]:
            for form, other in ((FORMS[0], FORMS[0]), (FORMS[1], FORMS[0]), (FORMS[1], FORMS[2])):
                compare(machine, client, {one: text(one, form, URLS[0]), two: text(two, other, URLS[1])}, {})


# The whole client, run as the user would


def configure(machine: Machine, text: str) -> None:
    path = machine.home / ".config/uv/uv.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def default(url: str) -> str:
    return f'[[index]]\nurl = "{url}"\ndefault = true\n'


def verify(machine: Machine, url: str) -> str | None:
    mirror = Mirror(
        id="m",
        ecosystem="pypi",
        operator="o",
        url=url,
        kind="mirror",
        trust=Trust.UNIVERSITY,
        status=Status.ACTIVE,
        domain="d",
    )
    reason = converse(uv.verify(machine, inspect(machine), (mirror,)), machine)
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
