"""The main job: choose, show, write, verify through the real clients, take back."""

from __future__ import annotations

import json

import pytest
from servers.web import Faults, Server
from servers.workstation import Workstation, tree

pytestmark = pytest.mark.client

PIP = ".config/pip/pip.conf"
UV = ".config/uv/uv.toml"
GIT = ".gitconfig"
TARGETS = ("-t", "pip", "-t", "uv", "-t", "git")

# What a person may have in these files; none of it may be lost.
BEFORE = {
    PIP: "# mine\r\n[global]\r\ntimeout = 60 \r\n\r\n[list]\r\nformat = columns",
    UV: '# mine\nnative-tls = true\n\n[pip]\n# slow disk\nlink-mode = "copy"\n',
    GIT: "[user]\n\tname = Somebody\n\temail = somebody@example.com  ; mine\n[alias]\n  st = status\n",
}


def furnish(machine: Workstation) -> None:
    for path, content in BEFORE.items():
        machine.write(path, content, mode=0o600)


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
def test_dry_run_shows_the_change_and_writes_nothing(
    machine: Workstation, index_mirror: Server, form: tuple[str, ...]
) -> None:
    furnish(machine)
    before = tree(machine.home, machine.state)
    ran = machine.mirrorctl("use", "near-index", "-t", "pip", "--dry-run", *form).ended(0)
    assert f"+index-url = {index_mirror.url}/simple" in (
        ran.data["targets"][0]["edits"][0]["diff"] if form else ran.stdout
    )
    assert tree(machine.home, machine.state) == before


def test_without_a_terminal_nothing_is_written_unless_told_so(machine: Workstation) -> None:
    machine.mirrorctl("use", "near-index", "-t", "pip")
    assert tree(machine.home) == {}


def test_fastest_picks_writes_and_verifies(
    choice: Workstation, index_mirror: Server, git_mirror: Server, slow_index: Server
) -> None:
    ran = choice.mirrorctl("use", "fastest", *TARGETS, "-y", "--json").ended(0)
    chosen = {
        found["target"]: (found["mirror"]["id"], found["changed"], found["verified"]) for found in ran.data["targets"]
    }
    assert chosen == {
        "pip": ("near-index", True, True),
        "uv": ("near-index", True, True),
        "git": ("near-git", True, True),
    }
    assert slow_index.hits, "the slow one took part"
    assert (choice.home / PIP).read_text() == f"[global]\nindex-url = {index_mirror.url}/simple\n"
    assert (choice.home / UV).read_text() == f'[[index]]\nurl = "{index_mirror.url}/simple"\ndefault = true\n'
    rewrite = f"{git_mirror.url}/https://github.com/"
    assert choice.run("git", "config", "--global", f"url.{rewrite}.insteadOf").stdout == "https://github.com/\n"
    assert index_mirror.asked("/simple/", agent="pip/"), "verified through pip"
    assert index_mirror.asked("/simple/", agent="uv/"), "verified through uv"
    assert git_mirror.asked("/info/refs", agent="git/"), "verified through git"


def test_the_clients_go_through_the_mirrors_afterwards(
    machine: Workstation, index_mirror: Server, git_mirror: Server
) -> None:
    machine.mirrorctl("use", "near", *TARGETS, "-y", "--no-verify").ended(0)
    machine.run("pip", "download", "-q", "--no-deps", "--no-cache-dir", "idna").ended(0)
    assert index_mirror.asked("/files/idna/", agent="pip/")
    machine.write("in.txt", "idna\n")
    machine.run("uv", "pip", "compile", "-q", "in.txt").ended(0)
    assert index_mirror.asked("/simple/idna/", agent="uv/")
    machine.run("git", "clone", "-q", "https://github.com/octocat/Hello-World", "copy").ended(0)
    assert (machine.home / "copy/README").read_text() == "mirrored\n"
    assert git_mirror.asked("/git-upload-pack")


def test_pushes_stay_upstream(machine: Workstation, git_mirror: Server, github: Server) -> None:
    machine.write(GIT, BEFORE[GIT])
    machine.run("git", "clone", "-q", "https://github.com/octocat/Hello-World", "copy").ended(0)
    machine.mirrorctl("use", "near", "-t", "git", "-y").ended(0)
    copy = machine.home / "copy"
    machine.run("git", "commit", "-q", "--allow-empty", "-m", "Second", cwd=copy).ended(0)
    machine.run("git", "push", "-q", "origin", "HEAD:refs/heads/second", cwd=copy).ended(0)
    assert github.asked("/git-receive-pack")
    assert not git_mirror.asked("git-receive-pack")
    assert (
        machine.run("git", "config", "remote.origin.url", cwd=copy).stdout == "https://github.com/octocat/Hello-World\n"
    )


def test_what_was_there_stays(machine: Workstation) -> None:
    furnish(machine)
    machine.mirrorctl("use", "near", *TARGETS, "-y", "--no-verify").ended(0)
    for path, content in BEFORE.items():
        file = machine.home / path
        now = file.read_bytes().decode()
        assert all(line in now.splitlines() for line in content.splitlines()), path
        assert ("\r\n" in now) == ("\r\n" in content)
        assert now.count("\r") in {0, now.count("\n")}
        assert file.stat().st_mode & 0o777 == 0o600


def test_a_second_run_changes_nothing(machine: Workstation) -> None:
    furnish(machine)
    machine.mirrorctl("use", "near", *TARGETS, "-y", "--no-verify").ended(0)
    before = tree(machine.home, machine.state)
    ran = machine.mirrorctl("use", "near", *TARGETS, "-y", "--no-verify", "--json").ended(0)
    assert ran.data["transaction"] is None
    assert [found["changed"] for found in ran.data["targets"]] == [False] * 3
    assert tree(machine.home, machine.state) == before


def test_fastest_twice_keeps_what_it_has(choice: Workstation) -> None:
    choice.mirrorctl("use", "fastest", "-t", "pip", "-y").ended(0)
    before = tree(choice.home, choice.state)
    choice.mirrorctl("use", "fastest", "-t", "pip", "-y").ended(0)
    assert tree(choice.home, choice.state) == before


@pytest.mark.parametrize("furnished", [True, False], ids=["files", "no-files"])
def test_undo_gives_back_the_bytes(machine: Workstation, *, furnished: bool) -> None:
    if furnished:
        furnish(machine)
    machine.mirrorctl("use", "near", *TARGETS, "-y", "--no-verify").ended(0)
    machine.mirrorctl("undo").ended(0)
    for path, content in BEFORE.items():
        file = machine.home / path
        assert file.exists() == furnished
        if furnished:
            assert file.read_bytes() == content.encode()
            assert file.stat().st_mode & 0o777 == 0o600


def test_undo_leaves_what_others_have_written_since(machine: Workstation) -> None:
    furnish(machine)
    machine.mirrorctl("use", "near", *TARGETS, "-y", "--no-verify").ended(0)
    with (machine.home / GIT).open("a") as file:
        file.write("[core]\n\teditor = vi\n")
    machine.mirrorctl("undo").ended(0)
    assert (machine.home / GIT).read_text() == BEFORE[GIT] + "[core]\n\teditor = vi\n"


def test_upstream_takes_our_settings_away(
    machine: Workstation, index_mirror: Server, git_mirror: Server, github: Server
) -> None:
    furnish(machine)
    machine.mirrorctl("use", "near", *TARGETS, "-y", "--no-verify").ended(0)
    machine.mirrorctl("use", "upstream", *TARGETS, "-y", "--no-verify").ended(0)
    for path in BEFORE:
        text = (machine.home / path).read_text()
        assert index_mirror.url not in text
        assert git_mirror.url not in text
    machine.run("git", "ls-remote", "https://github.com/octocat/Hello-World").ended(0)
    assert github.asked("/info/refs")


def test_a_mirror_that_the_catalog_does_not_know(machine: Workstation, index_mirror: Server) -> None:
    machine.know("")
    ran = machine.mirrorctl("use", f"{index_mirror.url}/simple", "-t", "pip", "-y", "--json").ended(0)
    assert ran.data["targets"][0]["mirror"]["url"] == f"{index_mirror.url}/simple"
    assert f"index-url = {index_mirror.url}/simple\n" in (machine.home / PIP).read_text()


def test_a_link_stays_a_link(machine: Workstation, git_mirror: Server) -> None:
    file = machine.write("dotfiles/gitconfig", BEFORE[GIT])
    (machine.home / GIT).symlink_to("dotfiles/gitconfig")
    machine.mirrorctl("use", "near", "-t", "git", "-y", "--no-verify").ended(0)
    assert (machine.home / GIT).is_symlink()
    assert git_mirror.url in file.read_text()


def test_check_tells_before_and_after(machine: Workstation) -> None:
    machine.mirrorctl("use", "near", *TARGETS, "--check").ended(4)
    assert tree(machine.home) == {}
    machine.mirrorctl("use", "near", *TARGETS, "-y", "--no-verify").ended(0)
    machine.mirrorctl("use", "near", *TARGETS, "--check").ended(0)


def test_an_image_is_prepared_without_asking_anything_of_it(machine: Workstation, index_mirror: Server) -> None:
    image = machine.home / "image"
    image.mkdir()
    hub = machine.write("hub.toml", '[[mirror]]\nid = "hub"\necosystem = "docker"\nurl = "https://127.0.0.2"\n')
    machine.mirrorctl("use", "near", *TARGETS, "-y", "--root", str(image)).ended(0)
    machine.mirrorctl("use", "hub", "-t", "docker", "-y", "--root", str(image), "--catalog", str(hub)).ended(0)
    assert f"index-url = {index_mirror.url}/simple\n" in (image / "etc/pip.conf").read_text()
    assert "insteadOf" in (image / "etc/gitconfig").read_text()
    assert index_mirror.url in (image / "etc/uv/uv.toml").read_text()
    assert json.loads((image / "etc/docker/daemon.json").read_text()) == {"registry-mirrors": ["https://127.0.0.2"]}
    assert not (machine.home / PIP).exists()


def test_a_mirror_that_turns_bad_at_the_last_moment_is_rolled_back(
    machine: Workstation, index_mirror: Server, git_mirror: Server
) -> None:
    """The probe finds it well, pip does not: everything is put back, that of the other targets too."""
    furnish(machine)
    before = {path: (machine.home / path).read_bytes() for path in BEFORE}
    with index_mirror.failing(Faults(status=403, only="/files/")):
        ran = machine.mirrorctl("use", "near", *TARGETS, "-y", "--json").ended(22)
    assert ran.envelope["errors"][0]["code"] == "verify"
    assert {path: (machine.home / path).read_bytes() for path in BEFORE} == before
    assert machine.mirrorctl("history", "--json").data["transactions"][0]["state"] == "rolled_back"
