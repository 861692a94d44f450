"""git: what it is asked about its configuration, and fetching through it, with literal answers."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from targets.talk import hold, said

from mirrorctl import process
from mirrorctl.dialogue import Answer, Output
from mirrorctl.model import Client, Machine, Mirror, Status, Trust
from mirrorctl.targets import git, git_client
from mirrorctl.targets.git_rules import Entry, Rule

MACHINE = Machine(environ={}, home=Path("/home/u"), cwd=Path("/home/u/work"), platform="linux", euid=1000)
VERSION, PLACE = "git --version", "git var GIT_CONFIG_SYSTEM"
LISTING = f"git config --show-scope --show-origin -z --get-regexp {git_client._ASKED}"
HUB, M = "https://github.com/", "https://m.example/gh/"
GLOBAL = "global\0file:/home/u/.gitconfig\0"


def find(answers: dict[str, Answer | list[Answer]]) -> Client | None:
    return hold(git_client.find(MACHINE), {VERSION: said("git version 2.39.5\n")} | answers)[0]


def facts(listing: str) -> dict[str, str]:
    found = find({LISTING: said(listing)})
    assert found
    return dict(found.facts)


def test_no_git() -> None:
    assert hold(git_client.find(MACHINE), {})[0] is None


def test_git_with_nothing_configured() -> None:
    answers = {VERSION: said("git version 2.47.3\n"), LISTING: said(status=1), PLACE: said("/opt/etc/gitconfig\n")}
    assert find({**answers}) == Client(
        target="git",
        version=(2, 47, 3),
        default_url=HUB,
        facts={
            "broken": "",
            "system": "/opt/etc/gitconfig",
            "entries": "[]",
            "headers": "[]",
            "helpers": "[]",
            "pushurls": "[]",
            "remotes": "[]",
            "unchecked": "[]",
            "lfs": "no",
        },
    )


def test_rules_in_the_order_of_git() -> None:
    listing = (
        f"system\0file:/etc/gitconfig\0url.{M}.insteadof\n{HUB}\0"
        f"{GLOBAL}url.{HUB}.pushinsteadof\n{HUB}\0"
        "command\0command line:\0url.a.b.insteadof\nx\ny\0"
    )
    found = find({LISTING: said(listing)})
    assert found
    assert git_client.entries_of(found) == [
        Entry("system", "/etc/gitconfig", Rule(M, "insteadof", HUB)),
        Entry("global", "/home/u/.gitconfig", Rule(HUB, "pushinsteadof", HUB)),
        Entry("command", "command line:", Rule("a.b", "insteadof", "x\ny")),
    ]


@pytest.mark.parametrize(
    ("listing", "name", "value"),
    [
        (f"{GLOBAL}http.extraheader\nAuthorization: x\0", "headers", ["/home/u/.gitconfig"]),
        (f"{GLOBAL}http.extraheader\nA: x\0local\0file:.git/config\0http.extraheader\n\0", "headers", []),
        (f"{GLOBAL}credential.helper\n!f() {{ echo; }}; f\0", "helpers", ["/home/u/.gitconfig"]),
        (f"{GLOBAL}credential.helper\nstore\0", "helpers", []),
        (f"{GLOBAL}credential.helper\n!f\0{GLOBAL}credential.helper\n\0", "helpers", []),
        (f"local\0file:.git/config\0remote.a.b.pushurl\n{HUB}o/r\0", "pushurls", [["remote.a.b.pushurl", f"{HUB}o/r"]]),
        (f"local\0file:.git/config\0remote.a.url\n{M}o/r\0", "remotes", [["remote.a.url", f"{M}o/r"]]),
        (f"{GLOBAL}http.sslverify\nFalse\0", "unchecked", [["/home/u/.gitconfig", "http.sslverify"]]),
        (f"{GLOBAL}http.{M}.sslverify\n0\0", "unchecked", [["/home/u/.gitconfig", f"http.{M}.sslverify"]]),
        (f"{GLOBAL}http.sslverify\ntrue\0{GLOBAL}http.sslverify\0", "unchecked", []),
        (f"{GLOBAL}http.sslverify\nfalse\0", "headers", []),
    ],
)
def test_what_else_git_knows(listing: str, name: str, value: object) -> None:
    assert json.loads(facts(listing)[name]) == value


def test_lfs() -> None:
    assert facts(f"{GLOBAL}filter.lfs.required\ntrue\0")["lfs"] == "yes"


def test_no_secret_is_remembered() -> None:
    listing = f"{GLOBAL}http.extraheader\nAuthorization: hunter2\0{GLOBAL}credential.helper\n!echo password=hunter2\0"
    assert "hunter2" not in json.dumps(facts(listing))


def test_a_broken_configuration_leaves_git_on_the_machine() -> None:
    """Even `git --version` fails then, so it is asked without the files."""
    wrong = said(status=128, stderr="fatal: bad config line 2 in file /home/u/.gitconfig\n")
    found = find({VERSION: said("git version 2.39.5\n"), LISTING: wrong})
    assert found
    assert (found.version, found.facts["broken"]) == ((2, 39, 5), "fatal: bad config line 2 in file /home/u/.gitconfig")


@pytest.mark.parametrize(
    ("flags", "place", "origin"),
    [("--show-origin ", "file:/home/u/.gitconfig\0", "/home/u/.gitconfig"), ("", "", "")],
)
def test_an_old_git_tells_less(flags: str, place: str, origin: str) -> None:
    listing = f"{place}url.{M}.insteadof\n{HUB}\0{place}http.extraheader\nA: x\0"
    unknown = said(status=129, stderr="error: unknown option `show-scope'\n")
    found = find(
        {
            LISTING: unknown,
            LISTING.replace("--show-scope ", ""): unknown,
            LISTING.replace("--show-scope --show-origin ", flags): said(listing),
        }
    )
    assert found
    assert git_client.entries_of(found) == [Entry("", origin, Rule(M, "insteadof", HUB))]
    assert json.loads(found.facts["headers"]) == [origin]


# Fetching


def mirror(
    prefix: str = HUB, url: str = M, kind: str = "path-prefix", probe: dict[str, object] | None = None
) -> Mirror:
    return Mirror(
        id="m",
        ecosystem="git",
        operator="o",
        url=url,
        kind=kind,
        trust=Trust.COMMUNITY,
        status=Status.ACTIVE,
        domain="d",
        replaces=(prefix,),
        probe=probe or {},
    )


REFS = said("7fd1a60b01f91b314f59955a4e4d4e80d8edf11d\tHEAD\n")
ABSENT = said(status=128, stderr="fatal: repository 'https://m.example/gh/x/' not found\n")
REFUSED = said(status=128, stderr="fatal: unable to access 'https://m.example/gh/x/': Connection refused\n")


def get_url(address: str) -> str:
    return f"git ls-remote --get-url {address}"


def refs(address: str) -> str:
    return f"git -c credential.helper= -c http.extraHeader= ls-remote {address} HEAD"


def verify(
    heard: dict[str, Output], chosen: Mirror, names: tuple[str, ...] = git_client.CANARIES
) -> tuple[str | None, list[str]]:
    """The code of the reason, and the addresses that refs were asked of."""
    prefix = chosen.replaces[0]
    answers: dict[str, Answer | list[Answer]] = {
        get_url(prefix + name): said(f"{chosen.url}{name}\n") for name in names
    }
    answers |= {refs(prefix + name): output for name, output in heard.items()}
    reason, asked = hold(git.verify(MACHINE, Client(target="git"), (chosen,)), answers)
    return reason.code if reason else None, [words.split()[-2] for words in asked if "--get-url" not in words]


def test_the_first_repository_that_is_there() -> None:
    assert verify({"octocat/Hello-World": REFS}, mirror()) == (None, [f"{HUB}octocat/Hello-World"])
    assert verify({"octocat/Hello-World": ABSENT, "git/git": REFS}, mirror()) == (
        None,
        [f"{HUB}octocat/Hello-World", f"{HUB}git/git"],
    )


def test_a_mirror_of_github_has_one_of_them() -> None:
    assert verify(dict.fromkeys(git_client.CANARIES, ABSENT), mirror())[0] == "fetch-failed"


def test_what_a_mirror_of_another_host_has_is_not_known() -> None:
    assert verify(dict.fromkeys(git_client.CANARIES, ABSENT), mirror("https://h.example/"))[0] is None
    assert verify(dict.fromkeys(git_client.CANARIES, REFUSED), mirror("https://h.example/"))[0] == "fetch-failed"


def test_a_failure_that_is_not_about_the_repository_ends_it() -> None:
    assert verify({"octocat/Hello-World": REFUSED}, mirror()) == ("fetch-failed", [f"{HUB}octocat/Hello-World"])


def test_an_answer_without_refs_is_none() -> None:
    assert verify({"octocat/Hello-World": said("")}, mirror())[0] == "fetch-failed"


def test_a_mirror_of_one_repository_is_asked_for_that() -> None:
    chosen = mirror("https://k.example/linux.git", "https://m.example/linux.git", "repo")
    assert verify({"": REFS}, chosen, ("",)) == (None, ["https://k.example/linux.git"])
    assert verify({"": ABSENT}, chosen, ("",))[0] == "fetch-failed"


def test_the_repository_that_the_catalog_names_comes_first() -> None:
    chosen = mirror("https://h.example/", probe={"repository": "platform/manifest"})
    names = ("platform/manifest", *git_client.CANARIES)
    assert verify({"platform/manifest": REFS}, chosen, names) == (None, ["https://h.example/platform/manifest"])
    assert verify(dict.fromkeys(names, ABSENT), chosen, names)[0] == "fetch-failed"


def test_a_rule_that_git_does_not_use_is_told_before_anything_is_fetched() -> None:
    answers: dict[str, Answer | list[Answer]] = {
        get_url(HUB + name): said(f"https://u:secret@x.example/{name}\n") for name in git_client.CANARIES
    }
    reason, asked = hold(git.verify(MACHINE, Client(target="git"), (mirror(),)), answers)
    assert reason
    assert reason.code == "not-in-force"
    assert str(reason.detail) == f"git uses https://u:***@x.example/octo/hello for {HUB}"
    assert not [words for words in asked if "--get-url" not in words]


def test_a_repository_that_the_user_exempts_is_not_asked_for() -> None:
    answers: dict[str, Answer | list[Answer]] = {
        get_url(f"{HUB}octocat/Hello-World"): said(f"{HUB}octocat/Hello-World\n"),
        get_url(f"{HUB}git/git"): said(f"{M}git/git\n"),
        refs(f"{HUB}git/git"): REFS,
    }
    reason, asked = hold(git.verify(MACHINE, Client(target="git"), (mirror(),)), answers)
    assert reason is None
    assert refs(f"{HUB}octocat/Hello-World") not in asked


@pytest.mark.client
def test_the_real_git_is_asked_before_its_file_is_written(tmp_path: Path) -> None:
    machine = Machine(environ=dict(os.environ), home=tmp_path, cwd=tmp_path, platform="linux", euid=1000)
    file, client = tmp_path / ".gitconfig", Client(target="git", version=(2, 39))
    for good in (b"[a]\n\tb = c\n", b"[include]\n\tpath = beside.inc\n"):
        assert process.converse(git.accept(machine, client, file, good), machine) is None
    reason = process.converse(git.accept(machine, client, file, b"[a\n"), machine)
    assert reason
    assert "bad config line 1" in str(reason.detail)
