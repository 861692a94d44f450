"""Mirrors on loopback and a fresh machine, for the tests that run real clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.certificates import Authority, authority
from servers.index import index
from servers.outside import Outside
from servers.repositories import repositories, seed
from servers.web import Server
from servers.workstation import Workstation


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
def machine(home: Path, trusted: Authority, outside: Outside) -> Workstation:
    return Workstation.new(home, trusted.environ, outside.environ)


@pytest.fixture
def index_mirror(trusted: Authority) -> Iterator[Server]:
    with Server(application=index(), tls=trusted.tls) as server:
        yield server


@pytest.fixture
def git_mirror(trusted: Authority, repository_root: Path) -> Iterator[Server]:
    """A prefix proxy: repositories are below /https://github.com/."""
    application = repositories(repository_root, "/https://github.com/")
    with Server(application=application, tls=trusted.tls) as server:
        yield server


@pytest.fixture
def github(trusted: Authority, outside: Outside, tmp_path: Path) -> Iterator[Server]:
    """The upstream of git, reached by its own name."""
    root = seed(tmp_path / "github", "upstream\n")
    with Server(application=repositories(root), tls=trusted.tls, host="github.com") as server:
        outside.names["github.com:443"] = server.port
        yield server
