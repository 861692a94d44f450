"""The real uv as the judge of what the model says is in force."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from targets.uv_real import URLS, ask, client, machine, marks, read_all

from mirrorctl.model import Client, Machine, Scope
from mirrorctl.targets import uv

pytestmark = marks
__all__ = ["client", "machine"]  # fixtures


# Configurations

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


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
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
