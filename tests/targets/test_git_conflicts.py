"""git: rules that win, secrets that would leak, pushes, and addresses that git would take too literally."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from mirrorctl.errors import ConfigError, ConflictError, UsageError
from mirrorctl.model import Client, Machine, Mirror, Scope, Status, Trust
from mirrorctl.targets import git
from mirrorctl.targets.base import Decision

HOME = Path("/home/u/.gitconfig")
SYSTEM = Path("/etc/gitconfig")
INCLUDED = "/home/u/work.inc"
HUB = "https://github.com/"
M, N = "https://proxy.example/https://github.com/", "https://gh.example/"
FETCH, PUSH = "insteadof", "pushinsteadof"
MACHINE = Machine(environ={}, home=Path("/home/u"), cwd=Path("/home/u/work"), platform="linux", euid=1000)


def client(*entries: tuple[str, str, str, str, str], **facts: str) -> Client:
    return Client(target="git", facts={"entries": json.dumps(entries)} | facts)


def mirror(url: str = M, *replaces: str, kind: str = "url-prefix", trust: Trust = Trust.COMMUNITY) -> Mirror:
    return Mirror(
        id="m",
        ecosystem="git",
        operator="o",
        url=url,
        kind=kind,
        trust=trust,
        status=Status.ACTIVE,
        domain="d",
        replaces=replaces,
    )


def decide(
    files: Mapping[Path, str] | None = None,
    found: Client | None = None,
    chosen: Mirror | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    scope: Scope = Scope.USER,
    force: bool = False,
) -> Decision:
    return git.decide(
        replace(MACHINE, environ=environ or {}),
        found or client(),
        {path: text.encode() for path, text in (files or {}).items()},
        scope,
        (chosen or mirror(M, HUB),),
        known=frozenset({M}),
        ours=frozenset(),
        force=force,
    )


def rule(base: str, key: str = FETCH, prefix: str = HUB) -> str:
    return f'[user]\n\tname = U\n[url "{base}"]\n\t{key} = {prefix}\n'


def codes(decision: Decision) -> list[str]:
    return [notice.code for notice in decision.notices]


# Addresses


@pytest.mark.parametrize(
    ("url", "prefix", "kind"),
    [
        ("https://m.example/gh/", HUB, "path-prefix"),
        ("http://127.0.0.1:8080/https://github.com/", HUB, "url-prefix"),
        ("git://127.0.0.1:27212/", "git://127.0.0.1:27211/", "host-replace"),
        ("https://m.example/linux.git", "https://k.example/linux.git", "repo"),
        ("https://m.example/aosp/", "https://android.googlesource.com/", "repo"),
    ],
)
def test_what_git_takes_as_it_is_meant(url: str, prefix: str, kind: str) -> None:
    decide(chosen=mirror(url, prefix, kind=kind))


@pytest.mark.parametrize(
    ("url", "prefix", "kind", "words"),
    [
        pytest.param("https://m.example/gh", HUB, "path-prefix", "both have to end with a slash", id="base-open"),
        pytest.param(M, "https://github.com/o", "path-prefix", "both have to end with a slash", id="prefix-open"),
        pytest.param("https://m.example/x.git", HUB, "repo", "both have to end with a slash", id="repo-for-a-host"),
        pytest.param(M, "https://github.com", "url-prefix", "https://github.com cannot stand in a rule", id="no-path"),
        pytest.param(M, "https://", "url-prefix", "https:// cannot stand in a rule", id="scheme"),
        pytest.param(M, "", "url-prefix", " cannot stand in a rule", id="empty"),
        pytest.param(M, "git@github.com:", "url-prefix", "git@github.com: cannot stand in a rule", id="scp"),
        pytest.param("https://u:secret@m.example/", HUB, "url-prefix", r"https://u:\*\*\*@m\.example/ cannot", id="password"),
        pytest.param("https://m.example/a b/", HUB, "url-prefix", "cannot stand in a rule", id="blank"),
        pytest.param("https://m.example/\n/", HUB, "url-prefix", "cannot stand in a rule", id="line-end"),
        pytest.param('https://m.example/"/', HUB, "url-prefix", "cannot stand in a rule", id="quote"),
        pytest.param("ftp://m.example/", HUB, "url-prefix", "cannot stand in a rule", id="other-scheme"),
    ],
)  # fmt: skip
def test_what_git_would_take_too_literally(url: str, prefix: str, kind: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        decide(chosen=mirror(url, prefix, kind=kind))


def test_a_mirror_of_nothing_in_particular() -> None:
    with pytest.raises(UsageError, match="does not say which addresses it stands for"):
        decide(chosen=mirror(M))


# Rules that win


def test_a_rule_of_the_system_wins_and_is_named_with_its_line() -> None:
    with pytest.raises(ConflictError) as caught:
        decide({SYSTEM: rule(N)})
    assert str(caught.value) == (f"/etc/gitconfig, line 4, sends {HUB} to {N}, and git goes by what it reads first")
    assert caught.value.subject == "/etc/gitconfig"


def test_a_rule_of_an_included_file_wins_where_it_is_read_first() -> None:
    """The include stands before the place of our rule, which is the end of the file."""
    found = client(("global", INCLUDED, N, FETCH, HUB))
    with pytest.raises(ConflictError, match=r"/home/u/work\.inc \(scope global\) sends"):
        decide({HOME: "[include]\n\tpath = work.inc\n"}, found)


def test_a_rule_that_git_reads_later_loses() -> None:
    found = client(("local", ".git/config", N, FETCH, HUB), ("command", "command line:", N, FETCH, HUB))
    assert codes(decide(found=found)) == []


def test_the_base_of_a_rule_that_was_read_first_wins_with_a_later_one() -> None:
    """Git groups rules by base: the environment's rule joins the group that the system opened."""
    found = client(("system", str(SYSTEM), N, FETCH, "https://h.example/"), ("command", "command line:", N, FETCH, HUB))
    with pytest.raises(ConflictError, match="the environment"):
        decide({SYSTEM: rule(N, prefix="https://h.example/")}, found)


def test_a_push_rule_that_leads_to_the_mirror() -> None:
    """An identity rule of equal length in our file would be read too late."""
    with pytest.raises(ConflictError, match=r"/etc/gitconfig, line 4, sends"):
        decide({SYSTEM: rule(M, PUSH)})


@pytest.mark.parametrize(
    ("environ", "scope", "name"),
    [
        ({"GIT_CONFIG_NOSYSTEM": "1"}, Scope.SYSTEM, "GIT_CONFIG_NOSYSTEM"),
        ({"GIT_CONFIG_NOSYSTEM": "Yes"}, Scope.SYSTEM, "GIT_CONFIG_NOSYSTEM"),
        ({"GIT_CONFIG_GLOBAL": "/dev/null"}, Scope.USER, "GIT_CONFIG_GLOBAL"),
        ({"GIT_CONFIG_GLOBAL": ""}, Scope.USER, "GIT_CONFIG_GLOBAL"),
    ],
)
def test_files_that_the_environment_hides(environ: dict[str, str], scope: Scope, name: str) -> None:
    with pytest.raises(ConflictError, match=f"{name} keeps git from reading"):
        decide(environ=environ, scope=scope)


def test_a_hidden_system_file_does_not_win() -> None:
    assert codes(decide({SYSTEM: rule(N)}, environ={"GIT_CONFIG_NOSYSTEM": "true"})) == []


# Private settings


@pytest.mark.parametrize(
    "base",
    [
        "git@github.com:",
        "ssh://git@github.com/",
        "https://token@github.com/",
        "https://u:a/token@m.example/",
        "/srv/git/",
    ],
)
def test_a_private_rule_is_replaced_only_on_request(base: str) -> None:
    with pytest.raises(ConflictError, match="looks like a private setting") as caught:
        decide({HOME: rule(base)})
    assert "token" not in str(caught.value)
    assert codes(decide({HOME: rule(base)}, force=True)) == ["replaced"]


def test_a_stale_rule_is_replaced_and_told() -> None:
    decision = decide({HOME: rule("https://dead.example/")})
    assert [str(notice.message) for notice in decision.notices] == [
        f"/home/u/.gitconfig: the rule that sent {HUB} to https://dead.example/ is replaced"
    ]


# Secrets


def test_a_header_for_every_host_is_a_conflict() -> None:
    found = client(headers='["/home/u/.gitconfig"]')
    with pytest.raises(ConflictError) as caught:
        decide(found=found)
    assert str(caught.value) == "/home/u/.gitconfig sets http.extraHeader for every host; the mirror would receive it"
    assert f"http.{HUB}.extraHeader" in str(caught.value.hint)
    assert codes(decide(found=found, force=True)) == ["header"]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"helpers": '["/home/u/.gitconfig", "/home/u/.gitconfig"]'}, ["helper"]),
        ({"pushurls": f'[["remote.origin.pushurl", "{HUB}o/r.git"]]'}, ["pushurl"]),
        ({"pushurls": '[["remote.origin.pushurl", "https://git@github.com/o/r.git"]]'}, []),
        ({"lfs": "yes"}, ["lfs"]),
    ],
)
def test_what_is_told(facts: dict[str, str], expected: list[str]) -> None:
    assert codes(decide(found=client(**facts))) == expected


def test_a_configuration_that_git_cannot_read() -> None:
    with pytest.raises(ConfigError, match=r"git cannot read its configuration: fatal: bad config line 3"):
        decide(found=client(broken="fatal: bad config line 3 in file .git/config"))


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (mirror(M, HUB), ["prompt", "private"]),
        (mirror(M, HUB, trust=Trust.COMPANY), ["private"]),
        (mirror("https://m.example/x.git", "https://k.example/x.git", kind="repo", trust=Trust.UNIVERSITY), []),
    ],
)
def test_next_steps(chosen: Mirror, expected: list[str]) -> None:
    assert [notice.code for notice in git.next_steps(MACHINE, client(), (chosen,))] == expected
