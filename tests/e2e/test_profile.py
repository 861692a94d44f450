"""`apply`: all that a profile states, as one change. And `--fallback`, where nothing can be used."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from servers.overlay import entry, overlay
from servers.web import Faults, Server
from servers.workstation import Workstation, tree

pytestmark = pytest.mark.client

PIP, UV, GIT = ".config/pip/pip.conf", ".config/uv/uv.toml", ".gitconfig"
PROFILE = """
[policy]
deadline = "3s"
[target.pip]
which = "near"
[target.uv]
[target.git]
which = "near-git"
"""


@pytest.fixture
def profile(machine: Workstation) -> str:
    return str(machine.write("team/profile.toml", PROFILE))


def test_all_of_it_is_one_change(machine: Workstation, profile: str) -> None:
    machine.write(PIP, "[global]\ntimeout = 60\n")
    before = tree(machine.home)
    machine.mirrorctl("apply", profile, "--check").ended(4)
    machine.mirrorctl("apply", profile, "--dry-run").ended(0)
    assert tree(machine.home) == before
    ran = machine.mirrorctl("apply", profile, "-y", "--json").ended(0)
    assert ran.envelope["command"] == "apply"
    assert {found["target"]: found["mirror"]["id"] for found in ran.data["targets"]} == {
        "pip": "near-index",
        "uv": "near-index",
        "git": "near-git",
    }
    history = machine.mirrorctl("history", "--json").ended(0).data["transactions"]
    assert [(entry["command"], len(entry["files"])) for entry in history] == [("apply profile.toml", 3)]
    assert machine.mirrorctl("apply", profile, "-y", "--json").ended(0).data["transaction"] is None
    machine.mirrorctl("apply", profile, "--check").ended(0)
    machine.mirrorctl("undo").ended(0)
    assert (machine.home / PIP).read_text() == "[global]\ntimeout = 60\n"
    assert not (machine.home / GIT).exists()
    machine.mirrorctl("apply", profile, "--check").ended(4)


def test_what_stands_in_the_way_of_one_keeps_all_as_they_are(machine: Workstation, profile: str) -> None:
    machine.write(PIP, "[global]\nindex-url = https://private.example/simple\n")
    before = tree(machine.home)
    machine.mirrorctl("apply", profile, "-y").ended(12)
    assert tree(machine.home) == before


def test_where_one_has_no_mirror_nothing_is_done(machine: Workstation, index_mirror: Server, profile: str) -> None:
    with index_mirror.failing(Faults(portal=True)):
        machine.mirrorctl("apply", profile, "-y", "--no-verify").ended(20)
    assert not (machine.home / PIP).exists()
    assert not (machine.home / GIT).exists()


def test_a_client_that_is_not_here_is_skipped(machine: Workstation, profile: str, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("git", "sh"):
        (programs / name).symlink_to(f"/usr/bin/{name}")
    machine.environ["PATH"] = str(programs)
    ran = machine.mirrorctl("apply", profile, "-y", "--no-verify", "--json").ended(0)
    assert "git" in [found["target"] for found in ran.data["targets"]]
    assert "uv is not on this machine" in [warning["message"] for warning in ran.envelope["warnings"]]


def test_an_image_is_prepared_for_all_of_them(machine: Workstation, profile: str, tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.mkdir()
    machine.mirrorctl("--root", str(image), "apply", profile, "-y").ended(0)
    made = {str(path.relative_to(image)) for path in (image / "etc").rglob("*") if path.is_file()}
    assert made == {"etc/pip.conf", "etc/uv/uv.toml", "etc/gitconfig"}
    before = tree(image)
    machine.mirrorctl("--root", str(image), "apply", profile, "-y").ended(0)
    assert tree(image) == before
    machine.mirrorctl("--root", str(image), "apply", profile, "--check").ended(0)


def test_a_catalog_beside_the_profile(machine: Workstation, index_mirror: Server) -> None:
    text = overlay(entry("acme-index", "pypi", f"{index_mirror.url}/simple"))
    machine.write("team/mirrors.toml", text)
    profile = machine.write("team/p.toml", 'catalogs = ["mirrors.toml"]\n[target.pip]\nwhich = "acme-index"\n')
    machine.catalog = None
    machine.mirrorctl("apply", str(profile), "-y").ended(0)
    assert (machine.home / PIP).read_text() == f"[global]\nindex-url = {index_mirror.url}/simple\n"


@pytest.mark.parametrize(
    ("text", "place"), [("[target.pip]\nurl = 1\n", "target.pip.url"), ("\xff", "not UTF-8")], ids=["key", "bytes"]
)
def test_a_profile_that_is_wrong(machine: Workstation, text: str, place: str) -> None:
    path = machine.write("p.toml", text.encode("latin-1"))
    ran = machine.mirrorctl("apply", str(path), "-y", "--json").ended(2)
    assert place in ran.envelope["errors"][0]["message"]
    assert ran.envelope["errors"][0]["subject"] == str(path)


def test_a_profile_that_is_not_there_or_no_file(machine: Workstation) -> None:
    (machine.home / "team.toml").mkdir()
    for name, said in (("no.toml", "there is no such profile"), ("team.toml", "a directory")):
        ran = machine.mirrorctl("apply", str(machine.home / name), "--json").ended(2)
        (error,) = ran.envelope["errors"]
        assert (error["code"], error["subject"]) == ("usage", str(machine.home / name))
        assert said in error["message"]
        assert "[target.pip]" in error["hint"]


@pytest.mark.parametrize(
    ("text", "status"),
    [('catalogs = ["no.toml"]\n', 10), ('catalogs = ["."]\n', 10), ('which = "no-such"\n', 2)],
    ids=["no-catalog", "a-directory", "no-mirror"],
)
def test_what_a_profile_names_and_is_not_there(machine: Workstation, text: str, status: int) -> None:
    profile = machine.write("p.toml", f"{text}[target.git]\n")
    machine.mirrorctl("apply", str(profile), "--check").ended(status)


def test_a_profile_that_cannot_be_read(machine: Workstation) -> None:
    loop = machine.home / "loop.toml"
    loop.symlink_to(loop)
    (error,) = machine.mirrorctl("apply", str(loop), "--json").ended(2).envelope["errors"]
    assert "read" in error["hint"]


def test_a_profile_for_others_than_are_here(machine: Workstation, tmp_path: Path) -> None:
    """There is no -t to be advised here."""
    (tmp_path / "bin").mkdir()
    machine.environ["PATH"] = str(tmp_path / "bin")
    profile = machine.write("p.toml", '[target.git]\nwhich = "upstream"\n')
    (error,) = machine.mirrorctl("apply", str(profile), "--json").ended(2).envelope["errors"]
    assert "-t" not in error["hint"]
    assert "git" in error["message"]


def test_a_profile_that_other_rights_can_apply(machine: Workstation) -> None:
    profile = machine.write("a team/p.toml", '[target.pip]\nwhich = "near"\n')
    (machine.home / ".config/pip").mkdir(parents=True, mode=0o500)
    prefix = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all")
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("root may write anywhere, and setpriv is not there to take that away")
    used = prefix if os.geteuid() == 0 else ()
    ran = machine.mirrorctl("apply", str(profile), "-y", "--json", prefix=used).ended(13)
    assert ran.envelope["errors"][0]["hint"] == f"run: sudo mirrorctl apply '{profile}'"


# --fallback

SET = "[global]\nindex-url = {url}/simple\n"


@pytest.mark.parametrize(
    ("fallback", "status", "left"),
    [("fail", 20, SET), ("keep", 0, SET), ("upstream", 0, "")],
    ids=["fail", "keep", "upstream"],
)
def test_where_nothing_can_be_used(
    machine: Workstation, index_mirror: Server, fallback: str, status: int, left: str
) -> None:
    machine.write(PIP, SET.format(url=index_mirror.url))
    words = ("use", "fastest", "-t", "pip", "-y", "--no-verify", "--deadline", "2s", "--fallback", fallback)
    with index_mirror.failing(Faults(portal=True)):
        ran = machine.mirrorctl(*words, "--json").ended(status)
        codes = [warning["code"] for warning in ran.envelope["warnings"]]
    assert ("fallback" in codes) == (fallback != "fail")
    file = machine.home / PIP
    assert (file.read_text() if file.exists() else "") == left.format(url=index_mirror.url)


def test_a_fallback_leaves_alone_who_was_not_asked_for(machine: Workstation, index_mirror: Server) -> None:
    """Nobody could even take part for git: at this level of trust it has no mirror."""
    machine.know(overlay(entry("near-index", "pypi", f"{index_mirror.url}/simple")))
    rule = '[url "https://m.example/"]\n\tinsteadOf = https://github.com/\n'
    machine.write(GIT, rule)
    words = ("use", "fastest", "-y", "--no-verify", "--deadline", "2s", "--fallback", "upstream")
    with index_mirror.failing(Faults(portal=True)):
        machine.mirrorctl(*words).ended(0)
    assert (machine.home / GIT).read_text() == rule
