"""A canary in every place where people keep passwords: it is never shown, never widened, and sent to nobody else."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.certificates import Authority
from servers.index import index
from servers.web import Server
from servers.workstation import Ran, Workstation

pytestmark = pytest.mark.client

CANARY = "canary-51d7e0f2"
BASIC = base64.b64encode(f"somebody:{CANARY}".encode()).decode()
PIP = ".config/pip/pip.conf"


@pytest.fixture
def private(trusted: Authority) -> Iterator[Server]:
    """An index of somebody's company, on another host than the mirrors."""
    with Server(application=index(credentials=f"somebody:{CANARY}"), tls=trusted.tls, address="127.0.0.2") as server:
        yield server


@pytest.fixture
def wary(machine: Workstation) -> Workstation:
    machine.secrets += [CANARY, BASIC]
    return machine


def url_with_password(server: Server) -> str:
    return f"https://somebody:{CANARY}@{server.address}:{server.port}/simple"


def leaks(place: Path) -> list[str]:
    """The files below `place` that hold the canary and that others may read."""
    holding = (path for path in place.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes())
    return [f"{path} {path.stat().st_mode:o}" for path in holding if path.stat().st_mode & 0o077]


def untold(*servers: Server) -> None:
    """None of these has been told a secret."""
    for server in servers:
        for hit in server.hits:
            said = f"{hit.path} {' '.join(hit.headers.values())}"
            assert CANARY not in said
            assert BASIC not in said


COMMANDS = (
    ("status", "-t", "pip"),
    ("status", "-t", "pip", "--json"),
    ("use", "near", "-t", "pip", "--dry-run", "-v"),
    ("use", "near", "-t", "pip", "-y", "--json"),
    ("undo", "--json"),
)


def run_all(machine: Workstation) -> list[Ran]:
    """Every run is searched for the secrets by `mirrorctl` itself."""
    return [machine.mirrorctl(*command) for command in COMMANDS]


def test_a_password_in_the_index_url(wary: Workstation, private: Server, index_mirror: Server) -> None:
    """Replacing a private index is refused; with consent its password stays in the journal, for its owner alone."""
    content = f"[global]\nindex-url = {url_with_password(private)}\n"
    file = wary.write(PIP, content, mode=0o600)
    wary.mirrorctl("use", "near", "-t", "pip", "-y", "--json").ended(12)
    assert file.read_text() == content
    run_all(wary)
    wary.mirrorctl("use", "near", "-t", "pip", "-y", "--replace-private").ended(0)
    assert CANARY not in file.read_text()
    assert any(CANARY.encode() in path.read_bytes() for path in wary.state.rglob("*") if path.is_file())
    assert wary.state.stat().st_mode & 0o777 == 0o700
    assert leaks(wary.home.parent) == []
    wary.mirrorctl("undo").ended(0)
    assert file.read_text() == content
    untold(index_mirror)


def test_a_password_of_another_index_beside_ours(wary: Workstation, private: Server, index_mirror: Server) -> None:
    wary.write(PIP, f"[global]\nextra-index-url = {url_with_password(private)}\n", mode=0o600)
    run_all(wary)
    assert leaks(wary.home.parent) == []
    untold(index_mirror)


def test_a_private_index_of_uv(wary: Workstation, private: Server, index_mirror: Server) -> None:
    own = f'[[index]]\nname = "own"\nurl = "{url_with_password(private)}"\nexplicit = true\n'
    file = wary.write(".config/uv/uv.toml", own, mode=0o600)
    wary.mirrorctl("use", "near", "-t", "uv", "-y", "--json").ended(0)
    wary.mirrorctl("status", "-t", "uv", "--json").ended(0)
    assert own in file.read_text()
    assert leaks(wary.home.parent) == []
    untold(index_mirror)


@pytest.mark.parametrize("name", ["PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX"])
def test_a_password_in_the_environment(wary: Workstation, private: Server, index_mirror: Server, name: str) -> None:
    wary.environ[name] = url_with_password(private)
    target = name.partition("_")[0].lower()
    for command in COMMANDS:
        wary.mirrorctl(*(target if word == "pip" else word for word in command))
    untold(index_mirror)


def test_a_password_in_netrc_goes_to_its_host_alone(wary: Workstation, private: Server, index_mirror: Server) -> None:
    wary.write(".netrc", f"machine {private.address} login somebody password {CANARY}\n", mode=0o600)
    wary.mirrorctl("use", "fastest", "-t", "pip", "-t", "uv", "-y", "--json").ended(0)
    untold(index_mirror)


def test_a_token_for_github_is_not_offered_to_a_proxy(wary: Workstation, git_mirror: Server) -> None:
    wary.write(".netrc", f"machine github.com login somebody password {CANARY}\n", mode=0o600)
    wary.write(".git-credentials", f"https://somebody:{CANARY}@github.com\n", mode=0o600)
    own = (
        f'[credential]\n\thelper = store\n[http "https://github.com/"]\n\textraHeader = Authorization: Basic {BASIC}\n'
    )
    wary.write(".gitconfig", own, mode=0o600)
    wary.mirrorctl("use", "near", "-t", "git", "-y", "--json").ended(0)
    wary.mirrorctl("status", "-t", "git", "--json").ended(0)
    assert leaks(wary.home.parent) == []
    untold(git_mirror)


def test_a_header_that_would_reach_the_proxy_is_refused_unseen(wary: Workstation, git_mirror: Server) -> None:
    wary.write(".gitconfig", f"[http]\n\textraHeader = Authorization: Basic {BASIC}\n", mode=0o600)
    wary.mirrorctl("use", "near", "-t", "git", "-y", "--json").ended(12)
    untold(git_mirror)


def test_a_file_that_cannot_be_read_is_not_quoted(wary: Workstation) -> None:
    wary.write(PIP, f"index-url https://somebody:{CANARY}@{'x' * 10}\n", mode=0o600)
    wary.mirrorctl("use", "near", "-t", "pip", "-y").ended(11)
    wary.write(".config/uv/uv.toml", f'[[index]]\nurl = "https://somebody:{CANARY}@x\n', mode=0o600)
    wary.mirrorctl("use", "near", "-t", "uv", "-y", "--json").ended(11)
    wary.write(".gitconfig", f'[url "https://somebody:{CANARY}@x\n', mode=0o600)
    wary.mirrorctl("use", "near", "-t", "git", "-y", "--json").ended(11)


def test_what_was_narrow_stays_narrow(wary: Workstation, private: Server) -> None:
    file = wary.write(PIP, f"[global]\nextra-index-url = {url_with_password(private)}\n", mode=0o600)
    careless = ("sh", "-c", 'umask 0; exec "$@"', "sh")
    wary.mirrorctl("use", "near", "-t", "pip", "-y", prefix=careless).ended(0)
    assert file.stat().st_mode & 0o777 == 0o600
    assert leaks(wary.home.parent) == []
