"""Docker, with a real daemon and a real registry: the mirror is used after a reload, and nothing is restarted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from servers import dockerd
from servers.certificates import Authority
from servers.dockerd import Daemon, Registry
from servers.outside import Outside

pytestmark = [pytest.mark.docker, pytest.mark.skipif(bool(dockerd.missing()), reason=str(dockerd.missing()))]


@pytest.fixture(scope="module")
def hub(trusted: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """The upstream, reached by its own name."""
    with dockerd.registry(tmp_path_factory.mktemp("hub") / "hub", tls=trusted) as found:
        yield found


@pytest.fixture(scope="module")
def mirror(hub: Registry, trusted: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A pull-through mirror of it."""
    with dockerd.registry(tmp_path_factory.mktemp("mirror") / "mirror", tls=trusted, remote=hub) as found:
        yield found


@pytest.fixture(scope="module")
def daemon(
    hub: Registry, mirror: Registry, trusted: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Daemon]:
    place = tmp_path_factory.mktemp("docker")
    with Outside(names={"registry-1.docker.io:443": hub.port}) as outside:
        environ = trusted.environ | outside.environ
        with dockerd.dockerd(place / "d", '{\n  "debug": true\n}\n', environ) as found:
            dockerd.publish(found, hub, dockerd.root_filesystem(place), "sleeper")
            yield found


def test_x(daemon: Daemon, hub: Registry, mirror: Registry) -> None:
    assert daemon.mirrors() == []
    daemon.docker("pull", "-q", "sleeper")
    assert hub.pulls("library/sleeper") > 0
    daemon.docker("run", "-d", "--net=none", "sleeper", "/bin/sleep", "1000")
    print(daemon.docker("ps"))
