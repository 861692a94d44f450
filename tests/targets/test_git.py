"""git as a target: what it finds in force, and what it decides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from mirrorctl.errors import ConfigError
from mirrorctl.model import Client, Machine, Mirror, Override, Scope, Status, Trust, Value
from mirrorctl.targets import git
from mirrorctl.targets.base import ConfigFile, Decision, State, Target

TARGET: Target = git
HOME = Path("/home/u/.gitconfig")
XDG = Path("/home/u/.config/git/config")
SYSTEM = Path("/etc/gitconfig")
HUB = "https://github.com/"
M, N = "https://proxy.example/https://github.com/", "https://gh.example/"
FETCH, PUSH = "insteadof", "pushinsteadof"
BOTH = [[M, FETCH, HUB], [HUB, PUSH, HUB]]

MACHINE = Machine(environ={}, home=Path("/home/u"), cwd=Path("/home/u/work"), platform="linux", euid=1000)


def client(*entries: tuple[str, str, str, str, str], **facts: str) -> Client:
    return Client(target="git", version=(2, 39, 5), default_url=HUB, facts={"entries": json.dumps(entries)} | facts)


def mirror(url: str = M, *replaces: str, kind: str = "url-prefix") -> Mirror:
    return Mirror(
        id="m",
        ecosystem="git",
        operator="o",
        url=url,
        kind=kind,
        trust=Trust.COMMUNITY,
        status=Status.ACTIVE,
        domain="d",
        replaces=replaces or (HUB,),
    )


def conf(*rules: tuple[str, str, str]) -> str:
    return "".join(f'[url "{base}"]\n\t{key} = {prefix}\n' for base, key, prefix in rules)


def look(
    files: Mapping[Path, str], found: Client | None = None, scope: Scope = Scope.USER, machine: Machine = MACHINE
) -> State:
    contents = {path: text.encode() for path, text in files.items()}
    return git.state(machine, found or client(), contents, scope)


def decide(
    files: Mapping[Path, str],
    *mirrors: Mirror,
    scope: Scope = Scope.USER,
    found: Client | None = None,
    machine: Machine = MACHINE,
    force: bool = False,
) -> Decision:
    return git.decide(
        machine,
        found or client(),
        {path: text.encode() for path, text in files.items()},
        scope,
        mirrors,
        known=frozenset({M, N}),
        ours=frozenset({"https://ours.example/gh/"}),
        force=force,
    )


def values(decision: Decision) -> dict[Path, Value]:
    return {setting.path: setting.value for setting in decision.settings}


def codes(decision: Decision) -> list[str]:
    return [notice.code for notice in decision.notices]


# Files


@pytest.mark.parametrize(
    ("environ", "facts", "paths"),
    [
        pytest.param({}, {}, [SYSTEM, XDG, HOME], id="usual"),
        pytest.param({"XDG_CONFIG_HOME": "/cfg"}, {}, [SYSTEM, Path("/cfg/git/config"), HOME], id="xdg"),
        pytest.param({}, {"system": "/opt/etc/gitconfig"}, [Path("/opt/etc/gitconfig"), XDG, HOME], id="as-git-says"),
        pytest.param({"GIT_CONFIG_SYSTEM": "/s", "GIT_CONFIG_GLOBAL": "g"}, {}, [Path("/s"), Path("/home/u/work/g")], id="environment"),
        pytest.param({"GIT_CONFIG_GLOBAL": "/dev/null"}, {}, [SYSTEM, XDG, HOME], id="no-global"),
    ],
)  # fmt: skip
def test_files_in_the_order_of_git(environ: dict[str, str], facts: dict[str, str], paths: list[Path]) -> None:
    assert [file.path for file in git.files(replace(MACHINE, environ=environ), client(**facts))] == paths


def test_files_of_an_image() -> None:
    machine = replace(MACHINE, root=Path("/img"), environ={"GIT_CONFIG_SYSTEM": "/s"})
    assert git.files(machine, git.assume(machine)) == (ConfigFile(path=Path("/img/etc/gitconfig"), scope=Scope.SYSTEM),)


# State


@pytest.mark.parametrize(
    ("files", "path", "urls", "effective"),
    [
        pytest.param({}, HOME, (), HUB, id="nothing"),
        pytest.param({HOME: conf((M, FETCH, HUB), (HUB, PUSH, HUB))}, HOME, (M,), M, id="ours"),
        pytest.param({XDG: "[user]\n"}, XDG, (), HUB, id="xdg-alone"),
        pytest.param({XDG: "", HOME: ""}, HOME, (), HUB, id="both"),
        pytest.param({XDG: conf((N, FETCH, HUB)), HOME: conf((M, FETCH, HUB))}, XDG, (N, M), N, id="the-first-counts"),
        pytest.param({HOME: conf(("git@github.com:", FETCH, "gh:"), (HUB, FETCH, HUB))}, HOME, (), HUB, id="shorthands"),
        pytest.param({HOME: conf((N, FETCH, "https://h.example/"), (M, FETCH, HUB))}, HOME, (M, N), M, id="github-first"),
        pytest.param({HOME: conf((N, FETCH, "https://github.com/o/"))}, HOME, (N,), HUB, id="a-part"),
    ],
)  # fmt: skip
def test_state(files: dict[Path, str], path: Path, urls: tuple[str, ...], effective: str) -> None:
    state = look(files)
    assert (state.path, state.urls, state.effective_url, state.overrides) == (path, urls, effective, ())


def test_state_names_what_wins() -> None:
    state = look({SYSTEM: conf((N, FETCH, HUB)), HOME: conf((M, FETCH, HUB))})
    assert (state.urls, state.effective_url) == ((M,), N)
    assert state.overrides == (Override(source=str(SYSTEM), name=f"url.{N}.insteadOf", value=HUB),)


def test_state_of_the_system_names_nothing_that_loses() -> None:
    state = look({SYSTEM: conf((N, FETCH, HUB)), HOME: conf((M, FETCH, HUB))}, scope=Scope.SYSTEM)
    assert (state.path, state.urls, state.effective_url, state.overrides) == (SYSTEM, (N,), N, ())


def test_state_with_rules_from_the_environment_and_the_repository() -> None:
    found = client(
        ("local", ".git/config", "https://l.example/", FETCH, "https://github.com/o/"),
        ("command", "command line:", "https://u:secret@c.example/", FETCH, HUB),
    )
    state = look({}, found)
    assert state.effective_url == "https://u:secret@c.example/"
    assert state.overrides == (
        Override(source="environment", name="url.https://u:***@c.example/.insteadOf", value=HUB),
    )


def test_state_of_a_scope_that_git_does_not_read() -> None:
    machine = replace(MACHINE, environ={"GIT_CONFIG_GLOBAL": "/dev/null"})
    state = look({HOME: conf((M, FETCH, HUB))}, machine=machine)
    assert (state.path, state.urls, state.effective_url) == (HOME, (M,), HUB)
    assert state.overrides == (Override(source="environment", name="GIT_CONFIG_GLOBAL", value="/dev/null"),)


def test_state_where_git_cannot_read() -> None:
    state = look({}, client(broken="fatal: bad config line 3 in file .git/config"))
    assert [notice.code for notice in state.notices] == ["unreadable"]


def test_state_of_a_file_that_git_cannot_read() -> None:
    with pytest.raises(ConfigError, match=r"/home/u/\.gitconfig, line 2"):
        look({HOME: "[user]\njunk junk\n"}, client(broken="fatal: bad config line 2"))


# Decision for mirrors


@pytest.mark.parametrize(
    ("files", "expected", "notices"),
    [
        pytest.param({}, {HOME: BOTH}, [], id="nothing"),
        pytest.param({XDG: "[user]\n"}, {XDG: BOTH}, [], id="xdg-alone"),
        pytest.param({XDG: "", HOME: ""}, {HOME: BOTH}, [], id="both"),
        pytest.param({HOME: conf((M, FETCH, HUB), (HUB, PUSH, HUB))}, {HOME: BOTH}, [], id="as-it-is"),
        pytest.param({HOME: conf((M, FETCH, HUB))}, {HOME: BOTH}, [], id="pushes-open"),
        pytest.param({HOME: conf((N, FETCH, HUB), (N, PUSH, HUB))}, {HOME: BOTH}, ["replaced", "replaced"], id="stale"),
        pytest.param({XDG: conf((N, FETCH, HUB)), HOME: ""}, {XDG: BOTH}, ["replaced"], id="xdg-decides"),
        pytest.param(
            {XDG: conf((M, FETCH, HUB)), HOME: conf((N, FETCH, HUB))}, {XDG: BOTH, HOME: []}, ["replaced"], id="two-files"
        ),
        pytest.param(
            {XDG: conf((M, FETCH, HUB)), HOME: conf((M, FETCH, HUB))}, {XDG: BOTH, HOME: []}, [], id="twice"
        ),
        pytest.param({SYSTEM: conf((M, PUSH, "https://"))}, {HOME: BOTH}, [], id="pushes-freed"),
        pytest.param(
            {HOME: conf((N, FETCH, "https://h.example/"), (HUB, FETCH, "gh:"), (N, FETCH, "https://github.com/o/"))},
            {HOME: [[N, FETCH, "https://github.com/o/"], [N, FETCH, "https://h.example/"], [HUB, FETCH, "gh:"], *BOTH]},
            [],
            id="others-kept",
        ),
        pytest.param({HOME: conf(("git@github.com:", PUSH, HUB))}, {HOME: [[M, FETCH, HUB], ["git@github.com:", PUSH, HUB]]}, [], id="push-by-ssh-kept"),
        pytest.param({HOME: conf(("git@h:", PUSH, "https://"))}, {HOME: [[M, FETCH, HUB], ["git@h:", PUSH, "https://"]]}, [], id="wider-push-rule-kept"),
        pytest.param({SYSTEM: conf((HUB, PUSH, HUB))}, {HOME: [[M, FETCH, HUB]]}, [], id="push-settled-elsewhere"),
        pytest.param({SYSTEM: conf((M, FETCH, HUB))}, {HOME: BOTH}, [], id="the-same-in-the-system"),
    ],
)  # fmt: skip
def test_decide_for_a_mirror(files: dict[Path, str], expected: dict[Path, Value], notices: list[str]) -> None:
    decision = decide(files, mirror())
    assert values(decision) == expected
    assert codes(decision) == notices


def test_decide_for_the_system() -> None:
    decision = decide({HOME: conf((N, FETCH, HUB))}, mirror(), scope=Scope.SYSTEM)
    assert values(decision) == {SYSTEM: BOTH}


def test_decide_for_an_image() -> None:
    machine = replace(MACHINE, root=Path("/img"))
    decision = decide({}, mirror(), scope=Scope.SYSTEM, machine=machine, found=git.assume(machine))
    assert values(decision) == {Path("/img/etc/gitconfig"): BOTH}


def test_decide_for_repositories() -> None:
    """One rule for each repository; of two mirrors of the same one, the first."""
    linux, llvm = "https://git.kernel.org/linux.git", "https://github.com/llvm/llvm-project.git"
    mirrors = (
        mirror("https://a.example/linux.git", linux, kind="repo"),
        mirror("https://a.example/llvm.git", llvm, kind="repo"),
        mirror("https://b.example/linux.git", linux, kind="repo"),
    )
    assert values(decide({}, *mirrors)) == {
        HOME: [
            ["https://a.example/linux.git", FETCH, linux],
            ["https://a.example/llvm.git", FETCH, llvm],
            [linux, PUSH, linux],
            [llvm, PUSH, llvm],
        ]
    }


def test_a_push_rule_of_its_own_for_each_prefix() -> None:
    """Not the one of all GitHub, which goes when that mirror goes."""
    llvm = "https://github.com/llvm/llvm-project.git"
    files = {HOME: conf((M, FETCH, HUB), (HUB, PUSH, HUB))}
    decision = decide(files, mirror("https://a.example/llvm.git", llvm, kind="repo"))
    assert values(decision) == {
        HOME: [["https://a.example/llvm.git", FETCH, llvm], [M, FETCH, HUB], [HUB, PUSH, HUB], [llvm, PUSH, llvm]]
    }


# Decision for upstream


OURS = "https://ours.example/gh/"


@pytest.mark.parametrize(
    ("files", "expected", "notices"),
    [
        pytest.param({}, {HOME: []}, [], id="nothing"),
        pytest.param({HOME: conf((M, FETCH, HUB), (HUB, PUSH, HUB))}, {HOME: []}, [], id="known"),
        pytest.param({HOME: conf((OURS, FETCH, HUB), (HUB, PUSH, HUB))}, {HOME: []}, [], id="ours"),
        pytest.param({HOME: conf((M, FETCH, HUB), (M, PUSH, HUB))}, {HOME: []}, [], id="pushes-to-a-mirror"),
        pytest.param({HOME: conf((HUB, PUSH, HUB))}, {HOME: [[HUB, PUSH, HUB]]}, [], id="not-ours"),
        pytest.param(
            {XDG: conf((N, FETCH, HUB)), HOME: conf((HUB, PUSH, HUB), (M, FETCH, HUB))}, {XDG: [], HOME: []}, [], id="two-files"
        ),
        pytest.param(
            {HOME: conf((M, FETCH, HUB), ("https://corp.example/", FETCH, HUB), (HUB, FETCH, "gh:"))},
            {HOME: [["https://corp.example/", FETCH, HUB], [HUB, FETCH, "gh:"]]},
            ["still-rewritten"],
            id="others-kept",
        ),
        pytest.param({SYSTEM: conf((M, FETCH, HUB)), HOME: ""}, {HOME: []}, ["still-rewritten"], id="the-system-stays"),
    ],
)  # fmt: skip
def test_decide_for_upstream(files: dict[Path, str], expected: dict[Path, Value], notices: list[str]) -> None:
    decision = decide(files)
    assert values(decision) == expected
    assert codes(decision) == notices
