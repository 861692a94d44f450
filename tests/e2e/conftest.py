"""Mirrors on loopback and a fresh machine, for the tests that run real clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.certificates import Authority, authority
from servers.index import index
from servers.outside import Outside
from servers.overlay import entry, overlay
from servers.repositories import repositories, seed
from servers.web import Faults, Server
from servers.workstation import Workstation

GITHUB_PREFIX = "/https://github.com/"
SLOW = Faults(delay_s=0.05, rate_bytes_per_s=3_000_000)


def near(index_server: Server, git_server: Server) -> tuple[dict[str, object], ...]:
    return (
        entry("near-index", "pypi", f"{index_server.url}/simple", operator="near"),
        entry("near-git", "git", f"{git_server.url}{GITHUB_PREFIX}", operator="near"),
    )


@pytest.fixture(scope="session")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def repository_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What every git mirror serves."""
    return seed(tmp_path_factory.mktemp("mirrored"), "mirrored\n", size_bytes=3 * 1024 * 1024)


@pytest.fixture
def outside() -> Iterator[Outside]:
    with Outside() as proxy:
        yield proxy
        assert proxy.refused == []


@pytest.fixture
def bare(home: Path, trusted: Authority, outside: Outside) -> Workstation:
    """A fresh machine. What its clients trust is the authority of the mirrors."""
    return Workstation.new(home, trusted.environ, outside.environ)


@pytest.fixture
def index_mirror(trusted: Authority) -> Iterator[Server]:
    with Server(application=index(), tls=trusted.tls) as server:
        yield server


@pytest.fixture
def slow_index(trusted: Authority) -> Iterator[Server]:
    with Server(application=index(), tls=trusted.tls, faults=SLOW) as server:
        yield server


@pytest.fixture
def git_mirror(trusted: Authority, repository_root: Path) -> Iterator[Server]:
    """A prefix proxy: repositories are below /https://github.com/."""
    application = repositories(repository_root, GITHUB_PREFIX)
    with Server(application=application, tls=trusted.tls) as server:
        yield server


@pytest.fixture
def slow_git(trusted: Authority, repository_root: Path) -> Iterator[Server]:
    application = repositories(repository_root, GITHUB_PREFIX)
    with Server(application=application, tls=trusted.tls, faults=SLOW) as server:
        yield server


@pytest.fixture
def github(trusted: Authority, outside: Outside, tmp_path: Path) -> Iterator[Server]:
    """The upstream of git, reached by its own name."""
    root = seed(tmp_path / "github", "upstream\n")
    with Server(application=repositories(root), tls=trusted.tls, host="github.com") as server:
        outside.names["github.com:443"] = server.port
        yield server


@pytest.fixture
def machine(bare: Workstation, index_mirror: Server, git_mirror: Server) -> Workstation:
    """A machine whose catalog has one operator, `near`, with an index and a git proxy."""
    bare.know(overlay(*near(index_mirror, git_mirror)))
    return bare


@pytest.fixture
def choice(
    machine: Workstation, index_mirror: Server, git_mirror: Server, slow_index: Server, slow_git: Server
) -> Workstation:
    """The same with a second operator, `far`, who has the same and is slow."""
    machine.know(
        overlay(
            entry("far-index", "pypi", f"{slow_index.url}/simple", operator="far"),
            entry("far-git", "git", f"{slow_git.url}{GITHUB_PREFIX}", operator="far"),
            *near(index_mirror, git_mirror),
            operators={"far": "company", "near": "university"},
        )
    )
    return machine
