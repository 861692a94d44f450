"""BuildKit: which file is its own, and what is written there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from targets.talk import hold, said
from targets.test_podman import mirror

from mirrorctl.errors import ConfigError, ConflictError
from mirrorctl.model import Client, Machine, Scope
from mirrorctl.targets import buildkit
from mirrorctl.targets.base import Decision

A, B, OWN = "https://a.example", "https://b.example", "https://registry.corp.example"
MACHINE = Machine(environ={}, home=Path("/home/u"), cwd=Path("/"), platform="linux", euid=1000)
CLIENT = Client(target="buildkit")
SYSTEM, USER = Path("/etc/buildkit/buildkitd.toml"), Path("/home/u/.config/buildkit/buildkitd.toml")
TEXT = '[registry."docker.io"]\n  mirrors = ["registry.corp.example", "a.example"]\n[registry."ghcr.io"]\n  mirrors = ["a.example"]\n'


def decide(text: str, *urls: str, ours: frozenset[str] = frozenset(), force: bool = False) -> Decision:
    mirrors = tuple(map(mirror, urls))
    return buildkit.decide(
        MACHINE, CLIENT, {USER: text.encode()}, Scope.USER, mirrors, known=frozenset({A, B}), ours=ours, force=force
    )


@pytest.mark.parametrize(("euid", "scope"), [(0, None), (1000, Scope.USER)], ids=["root", "rootless"])
def test_the_client(euid: int, scope: Scope | None) -> None:
    answers = {"buildkitd --version": said("buildkitd github.com/moby/buildkit v0.13.2 abc\n")}
    found, _asked = hold(buildkit.inspect(replace(MACHINE, euid=euid)), answers)
    assert found is not None
    assert (found.version, found.scope) == ((0, 13, 2), scope)
    assert hold(buildkit.inspect(MACHINE), {})[0] is None


@pytest.mark.parametrize(
    ("environ", "path"),
    [({}, USER), ({"XDG_CONFIG_HOME": "/x"}, Path("/x/buildkit/buildkitd.toml"))],
    ids=["home", "xdg"],
)
def test_the_files(environ: dict[str, str], path: Path) -> None:
    machine = replace(MACHINE, environ=environ)
    assert [file.path for file in buildkit.files(machine, CLIENT)] == [SYSTEM, path]
    image = replace(MACHINE, root=Path("/img"))
    assert [file.path for file in buildkit.files(image, CLIENT)] == [Path("/img/etc/buildkit/buildkitd.toml")]


def test_what_is_in_force() -> None:
    found = buildkit.state(MACHINE, CLIENT, {USER: TEXT.encode()}, Scope.USER)
    assert (found.path, found.urls, found.effective_url) == (USER, (OWN, A, A), OWN)
    assert buildkit.state(MACHINE, CLIENT, {}, Scope.SYSTEM).effective_url == "https://docker.io"


def test_ours_go_first_and_the_users_stay() -> None:
    (setting,) = decide(TEXT, B, ours=frozenset({A})).settings
    assert setting.value == [[B, "docker.io"], [OWN, "docker.io"], [A, "ghcr.io"]]


def test_upstream_takes_out_ours_alone() -> None:
    decision = decide(TEXT)
    assert decision.settings[0].value == [[OWN, "docker.io"]]
    assert [notice.code for notice in decision.notices] == ["kept"]
    assert decide(TEXT, force=True).settings[0].value is None


def test_what_is_refused() -> None:
    with pytest.raises(ConfigError):
        decide("[registry", A)
    with pytest.raises(ConflictError):
        decide("", "http://registry.corp.example")


@pytest.mark.parametrize(
    ("text", "url", "other"),
    [
        ("", "https://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ('[registry."127.0.0.1:5000"]\nhttp = false\n', "https://127.0.0.1:5000", None),
        ('[registry."127.0.0.1:5000"]\nhttp = false\n', "http://127.0.0.1:5000", "https://127.0.0.1:5000"),
        ('[registry."a.example"]\nhttp = true\n', A, "http://a.example"),
    ],
    ids=["this machine", "said", "said otherwise", "a table of its own"],
)
def test_an_address_that_would_be_another_there(text: str, url: str, other: str | None) -> None:
    """What is written has no scheme."""
    if other is None:
        assert decide(text, url).settings[0].value == [[url, "docker.io"]]
        return
    with pytest.raises(ConflictError, match=other) as caught:
        decide(text, url)
    assert caught.value.subject == str(USER)


def test_a_restart_is_told_and_not_done() -> None:
    assert [notice.code for notice in buildkit.next_steps(MACHINE, CLIENT, ())] == ["restart"]
    assert hold(buildkit.activate(MACHINE, CLIENT, (A,)), {}) == (None, [])
