"""The model of git's rules, against literal cases and against git itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from targets.laws import corpus_cases, text_of

from mirrorctl.errors import ConflictError
from mirrorctl.formats import decode, encode
from mirrorctl.model import Client, Machine, Mirror, Scope, Status, Trust
from mirrorctl.process import converse
from mirrorctl.targets import git, git_client
from mirrorctl.targets.git_rules import FETCH, NAMES, PUSH, Entry, Rule, fetch_url, frame, push_url, with_file

HUB, M, N = "https://github.com/", "https://m.example/gh/", "https://n.example/"
PATH = os.environ["PATH"]
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def entries(*rules: tuple[str, str, str], scope: str = "global", origin: str = "f") -> list[Entry]:
    return [Entry(scope, origin, Rule(*rule)) for rule in rules]


# Literal cases


@pytest.mark.parametrize(
    ("rules", "url", "fetch", "push"),
    [
        pytest.param([], f"{HUB}o/r", f"{HUB}o/r", f"{HUB}o/r", id="none"),
        pytest.param([(M, FETCH, HUB)], f"{HUB}o/r", f"{M}o/r", f"{M}o/r", id="pushes-follow"),
        pytest.param([(M, FETCH, HUB), (HUB, PUSH, HUB)], f"{HUB}o/r", f"{M}o/r", f"{HUB}o/r", id="pushes-stay"),
        pytest.param([(M, FETCH, HUB), (N, FETCH, HUB)], f"{HUB}o/r", f"{M}o/r", f"{M}o/r", id="the-first-of-equals"),
        pytest.param([(M, FETCH, HUB), (N, FETCH, f"{HUB}o/")], f"{HUB}o/r", f"{N}r", f"{N}r", id="the-longest"),
        pytest.param([(N, FETCH, "x"), (M, FETCH, HUB), (N, FETCH, HUB)], f"{HUB}o/r", f"{N}o/r", f"{N}o/r", id="the-first-base"),
        pytest.param([(M, FETCH, HUB), (N, FETCH, M)], f"{HUB}o/r", f"{M}o/r", f"{M}o/r", id="once"),
        pytest.param([(M, FETCH, "")], "/srv/r", f"{M}/srv/r", f"{M}/srv/r", id="empty-takes-all"),
        pytest.param([(M, FETCH, HUB)], "https://GitHub.com/o/r", "https://GitHub.com/o/r", "https://GitHub.com/o/r", id="bytes"),
    ],
)  # fmt: skip
def test_the_model(rules: list[tuple[str, str, str]], url: str, fetch: str, push: str) -> None:
    assert (fetch_url(url, entries(*rules)), push_url(url, entries(*rules))) == (fetch, push)


def test_new_rules_come_after_the_old_ones_of_their_file() -> None:
    before = [
        *entries((M, FETCH, "a"), scope="system", origin="s"),
        *entries((M, FETCH, "b"), (M, FETCH, "c"), origin="x"),
        *entries((M, FETCH, "d"), origin="included"),
        *entries((M, FETCH, "e"), origin="h"),
        *entries((M, FETCH, "f"), scope="local", origin="l"),
    ]
    new = [Rule(M, FETCH, "c"), Rule(M, FETCH, "n"), Rule(M, FETCH, "c")]
    after = with_file(before, "x", "global", frozenset({"h"}), new)
    assert "".join(entry.rule.prefix for entry in after) == "acncdef"


@pytest.mark.parametrize(
    ("origin", "scope", "later", "order"),
    [
        ("s", "system", frozenset[str](), "ndef"),
        ("x", "global", frozenset({"h"}), "dnef"),
        ("h2", "global", frozenset[str](), "denf"),
        ("x", "global", frozenset({"included", "h"}), "ndef"),
    ],
)
def test_a_file_that_had_no_rules_takes_its_place(origin: str, scope: str, later: frozenset[str], order: str) -> None:
    before = [
        *entries((M, FETCH, "d"), origin="included"),
        *entries((M, FETCH, "e"), origin="h"),
        *entries((M, FETCH, "f"), scope="command", origin="command line:"),
    ]
    after = with_file(before, origin, scope, later, [Rule(M, FETCH, "n")])
    assert "".join(entry.rule.prefix for entry in after) == order


# Against git


def run_git(machine: Machine, *args: str) -> str:
    done = subprocess.run(
        ["git", *args], cwd=machine.cwd, env=dict(machine.environ), check=False, capture_output=True, text=True
    )
    return done.stdout.strip()


def machine_at(place: Path, *rules: tuple[str, Rule]) -> Machine:
    """A machine with these rules in its `system`, `xdg`, `home` and `local` files and in its environment."""
    home = place / "home"
    files = {
        "system": place / "system",
        "xdg": home / ".config" / "git" / "config",
        "included": home / "included",
        "home": home / ".gitconfig",
        "local": place / "work" / ".git" / "config",
    }
    environ = {"PATH": PATH, "HOME": str(home), "GIT_CONFIG_SYSTEM": str(files["system"])}
    for path in files.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    machine = Machine(environ=environ, home=home, cwd=place / "work", platform="linux", euid=1000)
    run_git(machine, "init", "-q")
    run_git(machine, "remote", "add", "origin", f"{HUB}o/r.git")
    files["home"].write_text("[include]\n\tpath = included\n")
    in_environ = [rule for where, rule in rules if where == "environ"]
    for number, rule in enumerate(in_environ):
        environ[f"GIT_CONFIG_KEY_{number}"] = f"url.{rule.base}.{rule.key}"
        environ[f"GIT_CONFIG_VALUE_{number}"] = rule.prefix
    for where, path in files.items():
        text = path.read_text() if path.exists() else ""
        text += "".join(f'[url "{r.base}"]\n\t{NAMES[r.key]} = "{r.prefix}"\n' for name, r in rules if name == where)
        if text:
            path.write_text(text)
    return Machine(
        environ=environ | {"GIT_CONFIG_COUNT": str(len(in_environ))},
        home=home,
        cwd=place / "work",
        platform="linux",
        euid=1000,
    )


def inspect(machine: Machine) -> Client:
    found = converse(git_client.find(machine), machine)
    assert found
    return found


def contents_of(machine: Machine, client: Client) -> dict[Path, bytes | None]:
    paths = (file.path for file in git.files(machine, client))
    return {path: path.read_bytes() if path.exists() else None for path in paths}


RULES = st.tuples(
    st.sampled_from(["system", "xdg", "home", "included", "local", "environ"]),
    st.builds(
        Rule,
        base=st.sampled_from([M, N, HUB]),
        key=st.sampled_from([FETCH, FETCH, PUSH]),
        prefix=st.sampled_from([HUB, HUB, f"{HUB}o/", "https://", "gh:"]),
    ),
)
ADDRESSES = (f"{HUB}o/r.git", f"{HUB}p/r", "gh:x", "https://other.example/r")
with_git = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@needs_git
@pytest.mark.client
@given(rules=st.lists(RULES, max_size=6))
@with_git
def test_the_model_says_what_git_does(tmp_path_factory: pytest.TempPathFactory, rules: list[tuple[str, Rule]]) -> None:
    machine = machine_at(tmp_path_factory.mktemp("git"), *rules)
    client = inspect(machine)
    told = git_client.entries_of(client)
    assert [fetch_url(url, told) for url in ADDRESSES] == [
        run_git(machine, "ls-remote", "--get-url", url) for url in ADDRESSES
    ]
    assert push_url(ADDRESSES[0], told) == run_git(machine, "remote", "get-url", "--push", "origin")
    state = git.state(machine, client, contents_of(machine, client), Scope.USER)
    assert state.effective_url == run_git(machine, "ls-remote", "--get-url", HUB)


@needs_git
@pytest.mark.client
@given(rules=st.lists(RULES, max_size=5), scope=st.sampled_from([Scope.USER, Scope.SYSTEM]))
@with_git
def test_a_decision_does_what_it_says_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, rules: list[tuple[str, Rule]], scope: Scope
) -> None:
    """Git fetches from the mirror, pushes to where it pushed before, and goes back to upstream afterwards."""
    machine = machine_at(tmp_path_factory.mktemp("git"), *rules)
    pushed = run_git(machine, "remote", "get-url", "--push", "origin")
    try:
        decide(machine, scope, (mirror(),))
    except ConflictError:
        return
    after = run_git(machine, "remote", "get-url", "--push", "origin")
    assert run_git(machine, "ls-remote", "--get-url", f"{HUB}p/r") == f"{M}p/r"
    assert run_git(machine, "ls-remote", "--get-url", HUB) == M
    assert not after.startswith(M) or pushed.startswith(M)
    decide(machine, scope, ())
    held = contents_of(machine, inspect(machine))
    left = [git.read(decode(data or b""), path) for path, data in held.items() if scope_of(machine, path) is scope]
    assert not any(item[0] == M for value in left for item in value or ())


def scope_of(machine: Machine, path: Path) -> Scope | None:
    return next(file.scope for file in git.files(machine, inspect(machine)) if file.path == path)


def mirror() -> Mirror:
    return Mirror(
        id="m",
        ecosystem="git",
        operator="o",
        url=M,
        kind="path-prefix",
        trust=Trust.COMMUNITY,
        status=Status.ACTIVE,
        domain="d",
        replaces=(HUB,),
    )


def decide(machine: Machine, scope: Scope, mirrors: tuple[Mirror, ...]) -> None:
    """Decides and writes."""
    client = inspect(machine)
    contents = contents_of(machine, client)
    decision = git.decide(
        machine, client, contents, scope, mirrors, known=frozenset({M}), ours=frozenset(), force=False
    )
    for setting in decision.settings:
        text = decode(contents[setting.path] or b"")
        setting.path.write_bytes(encode(git.write(text, setting.path, setting.value)))


# The second reader


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("# a\n[user] ; b\n\tname = U # c\n", [("# a",), ("; b",), ("user", "name", "U # c")]),
        (f'[url "{M}"]\n\tinsteadOf = x\n\tother = y\n', [(f"url.{M}", "other", "y")]),
        ("[a]\n\tx = one \\\n\t two\n\ty\n", [("a", "x", "one \\\n\t two"), ("a", "y", "")]),
        ('[a "b\\\\c\\"d"]\n\tx = 1', [('a.b\\c"d', "x", "1")]),
        ('[A "B"]\r\n\tX = "#"; c\r\n', [("a.B", "x", '"#"; c')]),
    ],
)
def test_the_frame(text: str, expected: list[tuple[str, ...]]) -> None:
    assert frame(text) == expected


@needs_git
@pytest.mark.client
@pytest.mark.parametrize("path", corpus_cases("git"))
def test_the_frame_has_what_git_lists(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "config"
    copy.write_bytes(path.read_bytes())
    argv = ("git", "config", "--file", str(copy), "--list", "-z", "--name-only")
    listed = subprocess.run(argv, capture_output=True, check=False, env={"PATH": PATH, "HOME": str(tmp_path)})
    if listed.returncode:
        pytest.skip("git refuses it")
    names = listed.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]
    found = [item for item in frame(text_of(path)) if len(item) == 3]
    assert [f"{section}.{name}" for section, name, _value in found] == list(without_rules(names))


def without_rules(names: Iterable[str]) -> Iterable[str]:
    return (name for name in names if not (name.startswith("url.") and name.rpartition(".")[2] in NAMES))
