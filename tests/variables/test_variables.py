"""What each client is told, as tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mirrorctl.errors import ConflictError
from mirrorctl.model import Client, Machine, Mirror, Status, Trust
from mirrorctl.variables import SPEAKERS

GITHUB = "https://github.com/"
BASE = "https://m.example/https://github.com/"
Table = Mapping[str, str | None]


def mirror(ecosystem: str, url: str, **more: object) -> Mirror:
    values: dict[str, Any] = {
        "id": "m",
        "ecosystem": ecosystem,
        "operator": "o",
        "url": url,
        "kind": "endpoint",
        "trust": Trust.COMPANY,
        "status": Status.ACTIVE,
        "domain": "d",
    }
    return Mirror(**{**values, **more})


def machine(environ: Mapping[str, str]) -> Machine:
    return Machine(environ=environ, home=Path("/home/x"), cwd=Path("/home/x"), platform="linux", euid=1000)


def told(
    name: str,
    *mirrors: Mirror,
    environ: Mapping[str, str] | None = None,
    client: Client | None = None,
    offered: tuple[Mirror, ...] = (),
) -> Table:
    found = SPEAKERS[name].assign(machine(environ or {}), client or Client(target=name), mirrors, offered)
    return dict(found.variables)


def test_the_registry_tells_what_a_client_consumes() -> None:
    """It says so without importing the client, so it says it twice."""
    assert {name: (name, SPEAKERS.ecosystem(name)) for name in SPEAKERS} == {
        name: (speaker.NAME, speaker.ECOSYSTEM) for name, speaker in SPEAKERS.items()
    }


@pytest.mark.parametrize(
    ("name", "given", "variables"),
    [
        pytest.param(
            "npm", mirror("npm", "https://m.example/npm"), {"npm_config_registry": "https://m.example/npm/"}, id="npm"
        ),
        pytest.param(
            "npm",
            mirror("npm", "https://m.example/npm/"),
            {"npm_config_registry": "https://m.example/npm/"},
            id="npm, slash",
        ),
        pytest.param(
            "rustup",
            mirror("rustup", "https://m.example/rust"),
            {"RUSTUP_DIST_SERVER": "https://m.example/rust", "RUSTUP_UPDATE_ROOT": "https://m.example/rust/rustup"},
            id="rustup",
        ),
        pytest.param("go", mirror("go", "https://m.example/"), {"GOPROXY": "https://m.example,direct"}, id="go"),
        pytest.param(
            "go",
            mirror("go", "https://m.example", features={"sumdb": False}),
            {"GOPROXY": "https://m.example,direct", "GOSUMDB": "sum.golang.google.cn"},
            id="go, without checksums",
        ),
        pytest.param(
            "huggingface",
            mirror("huggingface", "https://m.example/", trust=Trust.COMMUNITY, features={"xet": False}),
            {"HF_ENDPOINT": "https://m.example", "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"},
            id="huggingface",
        ),
        pytest.param(
            "huggingface",
            mirror("huggingface", "https://m.example", trust=Trust.PRIVATE, features={"xet": True}),
            {"HF_ENDPOINT": "https://m.example"},
            id="huggingface, our own",
        ),
        pytest.param(
            "homebrew",
            mirror("homebrew", "https://m.example/bottles"),
            {
                "HOMEBREW_API_DOMAIN": "https://m.example/bottles/api",
                "HOMEBREW_BOTTLE_DOMAIN": "https://m.example/bottles",
            },
            id="homebrew",
        ),
        pytest.param(
            "pip", mirror("pypi", "https://m.example/simple"), {"PIP_INDEX_URL": "https://m.example/simple"}, id="pip"
        ),
        pytest.param(
            "uv", mirror("pypi", "https://m.example/simple"), {"UV_DEFAULT_INDEX": "https://m.example/simple"}, id="uv"
        ),
        pytest.param(
            "git",
            mirror("git", BASE, kind="url-prefix", replaces=(GITHUB,)),
            {
                "GIT_CONFIG_COUNT": "2",
                "GIT_CONFIG_KEY_0": f"url.{BASE}.insteadOf",
                "GIT_CONFIG_VALUE_0": GITHUB,
                "GIT_CONFIG_KEY_1": f"url.{GITHUB}.pushInsteadOf",
                "GIT_CONFIG_VALUE_1": GITHUB,
            },
            id="git",
        ),
    ],
)
def test_a_mirror(name: str, given: Mirror, variables: Table) -> None:
    assert told(name, given) == variables


@pytest.mark.parametrize(
    ("name", "environ", "variables"),
    [
        pytest.param("npm", {}, {"npm_config_registry": None}, id="npm"),
        pytest.param("go", {"GOSUMDB": "sum.golang.google.cn"}, {"GOPROXY": None, "GOSUMDB": None}, id="go, ours"),
        pytest.param("go", {"GOSUMDB": "off"}, {"GOPROXY": None}, id="go, theirs"),
        pytest.param("pip", {}, {"PIP_INDEX_URL": "https://upstream.example/simple"}, id="pip"),
        pytest.param("uv", {}, {"UV_DEFAULT_INDEX": "https://upstream.example/simple"}, id="uv"),
        pytest.param("huggingface", {"HF_HUB_DISABLE_XET": "1"}, {"HF_ENDPOINT": None}, id="huggingface, not ours"),
        pytest.param(
            "huggingface",
            {"HF_ENDPOINT": "https://m.example", "HF_HUB_DISABLE_XET": "1"},
            {"HF_ENDPOINT": None, "HF_HUB_DISABLE_XET": None},
            id="huggingface",
        ),
        pytest.param("git", {}, {}, id="git, nothing there"),
    ],
)
def test_upstream(name: str, environ: Mapping[str, str], variables: Table) -> None:
    client = Client(target=name, default_url="https://upstream.example/simple")
    assert told(name, environ=environ, client=client) == variables


def test_other_spellings_that_would_win_are_taken_out() -> None:
    assert told("npm", mirror("npm", "https://m.example"), environ={"NPM_CONFIG_REGISTRY": "x"}) == {
        "NPM_CONFIG_REGISTRY": None,
        "npm_config_registry": "https://m.example/",
    }
    assert told("pip", mirror("pypi", "https://m.example/simple"), environ={"PIP_PYPI_URL": "x"}) == {
        "PIP_PYPI_URL": None,
        "PIP_INDEX_URL": "https://m.example/simple",
    }


def test_a_checksum_database_that_was_chosen_stays() -> None:
    given = mirror("go", "https://m.example", features={"sumdb": False})
    assert told("go", given, environ={"GOSUMDB": "sum.acme.example"}) == {"GOPROXY": "https://m.example,direct"}


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ((), "UV_DEFAULT_INDEX"),
        ((0, 4, 22), "UV_INDEX_URL"),
        ((0, 4, 23), "UV_DEFAULT_INDEX"),
        ((0, 13, 8), "UV_DEFAULT_INDEX"),
    ],
)
def test_uv_before_it_knew_a_default_index(version: tuple[int, ...], name: str) -> None:
    client = Client(target="uv", version=version)
    assert told("uv", mirror("pypi", "https://m.example"), client=client) == {name: "https://m.example"}


def test_the_remotes_of_homebrew_are_what_the_operator_has() -> None:
    brew = mirror("git", "https://m.example/brew.git", kind="repo", replaces=("https://github.com/Homebrew/brew.git",))
    core = mirror(
        "git",
        "https://m.example/core.git",
        kind="repo",
        status=Status.DEAD,
        replaces=("https://github.com/Homebrew/homebrew-core.git",),
    )
    found = told("homebrew", mirror("homebrew", "https://m.example/b"), offered=(core, brew))
    assert found["HOMEBREW_BREW_GIT_REMOTE"] == "https://m.example/brew.git"
    assert "HOMEBREW_CORE_GIT_REMOTE" not in found


@pytest.mark.parametrize(
    ("url", "codes"), [("http://m.example/simple", ["plain-http"]), ("http://127.0.0.1/simple", [])]
)
def test_pip_is_told_of_an_index_without_tls(url: str, codes: list[str]) -> None:
    found = SPEAKERS["pip"].assign(machine({}), Client(target="pip"), (mirror("pypi", url),), ())
    assert [notice.code for notice in found.notices] == codes


# git

OURS = mirror("git", BASE, kind="url-prefix", replaces=(GITHUB,))
THEIRS = {
    "GIT_CONFIG_COUNT": "2",
    "GIT_CONFIG_KEY_0": "user.name",
    "GIT_CONFIG_VALUE_0": "Somebody",
    "GIT_CONFIG_KEY_1": "http.proxy",
    "GIT_CONFIG_VALUE_1": "http://proxy.example",
}


def applied(environ: Mapping[str, str], found: Table) -> dict[str, str]:
    return {name: value for name, value in {**environ, **found}.items() if value is not None}


def test_what_stands_there_already_stays() -> None:
    found = applied(THEIRS, told("git", OURS, environ=THEIRS))
    assert found == THEIRS | {
        "GIT_CONFIG_COUNT": "4",
        "GIT_CONFIG_KEY_2": f"url.{BASE}.insteadOf",
        "GIT_CONFIG_VALUE_2": GITHUB,
        "GIT_CONFIG_KEY_3": f"url.{GITHUB}.pushInsteadOf",
        "GIT_CONFIG_VALUE_3": GITHUB,
    }


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        pytest.param("http.https://a.example/.extraHeader", "X-Auth: abc", False, id="header"),
        pytest.param("http.proxy", "http://u:pw@proxy.example", False, id="password"),
        pytest.param("url.https://u:pw@a.example/.insteadOf", "a:", False, id="password in the key"),
        pytest.param("user.name", "Somebody", True, id="no secret"),
    ],
)
def test_a_secret_that_stays_is_not_said_again(key: str, value: str, said: bool) -> None:
    """It stands in the environment already; what is printed may end in a log."""
    environ = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": key, "GIT_CONFIG_VALUE_0": value}
    found = told("git", OURS, environ=environ)
    assert [("GIT_CONFIG_KEY_0" in found), ("GIT_CONFIG_VALUE_0" in found)] == [said, said]
    assert found["GIT_CONFIG_COUNT"] == "3"


def test_a_second_time_changes_nothing() -> None:
    once = applied(THEIRS, told("git", OURS, environ=THEIRS))
    assert applied(once, told("git", OURS, environ=once)) == once


def test_another_mirror_takes_the_place_of_the_first() -> None:
    """Of equal rules git follows the first, so that one behind it would be dead."""
    once = applied(THEIRS, told("git", OURS, environ=THEIRS))
    other = mirror("git", "https://n.example/", kind="host-replace", replaces=(GITHUB,))
    found = applied(once, told("git", other, environ=once))
    assert BASE not in json.dumps(found)
    assert found["GIT_CONFIG_COUNT"] == "4"


def test_upstream_takes_out_ours_and_nothing_else() -> None:
    once = applied(THEIRS, told("git", OURS, environ=THEIRS))
    assert applied(once, told("git", environ=once)) == THEIRS


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({"GIT_CONFIG_COUNT": "two"}, id="no number"),
        pytest.param({"GIT_CONFIG_COUNT": "-1"}, id="negative"),
        pytest.param({"GIT_CONFIG_COUNT": "99999999999"}, id="huge"),
        pytest.param({"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "a.b"}, id="no value"),
    ],
)
def test_what_git_refuses_is_refused(environ: Mapping[str, str]) -> None:
    with pytest.raises(ConflictError):
        told("git", OURS, environ=environ)


def test_a_rule_in_a_file_cannot_be_outdone() -> None:
    entry = ["global", "/home/x/.gitconfig", "https://other.example/", "insteadof", GITHUB]
    client = Client(target="git", facts={"entries": json.dumps([entry])})
    with pytest.raises(ConflictError, match="gitconfig"):
        told("git", OURS, client=client)


def test_a_header_for_every_host_would_reach_the_mirror() -> None:
    client = Client(target="git", facts={"headers": json.dumps(["/home/x/.gitconfig"])})
    with pytest.raises(ConflictError, match="extraHeader"):
        told("git", OURS, client=client)
