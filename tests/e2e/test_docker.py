"""Docker, with a real daemon and a real registry: the mirror is used after a reload, and nothing is restarted."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import dockerd
from servers.certificates import Authority
from servers.dockerd import Daemon, Registry
from servers.outside import Outside
from servers.overlay import entry, overlay
from servers.registry import registry
from servers.web import Faults, Server
from servers.workstation import Workstation, tree

pytestmark = pytest.mark.docker

CONFIG = '{\n  "debug": true\n}\n'


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
        with dockerd.dockerd(place / "d", CONFIG, environ) as found:
            dockerd.publish(found, hub, dockerd.root_filesystem(place), "sleeper", "hello-world")
            # With layers of its own: those of the others may be here already.
            (place / "other").mkdir()
            dockerd.publish(found, hub, dockerd.root_filesystem(place / "other", "/bin/true"), "benched")
            yield found


@pytest.fixture
def machine(bare: Workstation, daemon: Daemon, mirror: Registry) -> Iterator[Workstation]:
    """A machine with this daemon, in the state in which it came, and a catalog that has the mirror."""
    bare.environ |= daemon.environ
    bare.know(overlay(entry("near-hub", "docker", mirror.url, operator="near")))
    yield bare
    daemon.config.write_text('{"registry-mirrors": []}')
    daemon.reload()
    daemon.config.write_text(CONFIG)
    daemon.reload()


@pytest.fixture
def container(daemon: Daemon) -> Iterator[str]:
    """A container that runs, and must not notice anything."""
    daemon.docker("pull", "-q", "sleeper")
    name = daemon.docker("run", "-d", "--net=none", "sleeper", "/bin/sleep", "1000")
    yield name
    daemon.docker("rm", "-f", name)


def pull(daemon: Daemon) -> None:
    daemon.docker("rmi", "-f", "sleeper")
    daemon.docker("pull", "-q", "sleeper")


def life(daemon: Daemon, container: str) -> str:
    return daemon.docker("inspect", "-f", "{{.State.Pid}} {{.State.StartedAt}} {{.State.Status}}", container)


def test_the_mirror_is_used_after_a_reload_and_nothing_restarts(
    machine: Workstation, daemon: Daemon, hub: Registry, mirror: Registry, container: str
) -> None:
    before = life(daemon, container)
    assert before.endswith(" running")
    ran = machine.mirrorctl("use", mirror.url, "-t", "docker", "--scope", "system", "-y", "--json").ended(0)
    (target,) = ran.data["targets"]
    assert (target["mirror"]["url"], target["changed"], target["verified"]) == (mirror.url, True, True)
    assert target["edits"][0]["path"] == str(daemon.config)
    assert json.loads(daemon.config.read_text()) == {"debug": True, "registry-mirrors": [mirror.url]}
    assert daemon.mirrors() == [f"{mirror.url}/"]
    assert daemon.answering_pid() == daemon.pid
    assert life(daemon, container) == before
    seen = mirror.pulls("library/sleeper")
    daemon.docker("rm", "-f", container)
    pull(daemon)
    assert mirror.pulls("library/sleeper") > seen


def test_fastest_chooses_among_registries(machine: Workstation, daemon: Daemon, trusted: Authority) -> None:
    """A registry with tokens and redirects wins over one that is down; the daemon can pull through it."""
    with (
        Server(application=registry(), tls=trusted.tls) as well,
        Server(application=registry(), tls=trusted.tls) as bad,
    ):
        bad.faults = Faults(status=503)
        machine.know(overlay(entry("bad-hub", "docker", bad.url), entry("well-hub", "docker", well.url)))
        ran = machine.mirrorctl("use", "fastest", "-t", "docker", "-y", "--json").ended(0)
        assert ran.data["targets"][0]["mirror"]["id"] == "well-hub"
        daemon.docker("pull", "-q", "busybox")
        assert well.asked("/v2/library/busybox/manifests/", agent="docker/")
        daemon.docker("rmi", "-f", "busybox")
    machine.mirrorctl("undo").ended(0)


def test_undo_clears_the_live_list_and_gives_back_the_bytes(
    machine: Workstation, daemon: Daemon, mirror: Registry
) -> None:
    """A daemon keeps mirrors whose key disappears: the list has to be emptied first."""
    machine.mirrorctl("use", "near", "-t", "docker", "-y").ended(0)
    assert daemon.mirrors() == [f"{mirror.url}/"]
    machine.mirrorctl("undo").ended(0)
    assert daemon.mirrors() == []
    assert daemon.config.read_text() == CONFIG
    daemon.reload()
    assert daemon.mirrors() == []


def test_upstream_clears_the_live_list_and_keeps_the_rest(
    machine: Workstation, daemon: Daemon, hub: Registry, mirror: Registry
) -> None:
    machine.mirrorctl("use", "near", "-t", "docker", "-y").ended(0)
    machine.mirrorctl("use", "upstream", "-t", "docker", "-y").ended(0)
    assert daemon.mirrors() == []
    assert json.loads(daemon.config.read_text()) == {"debug": True}
    seen = hub.pulls("library/sleeper"), mirror.pulls("library/sleeper")
    pull(daemon)
    assert hub.pulls("library/sleeper") > seen[0]
    assert mirror.pulls("library/sleeper") == seen[1]


def test_a_second_run_changes_nothing(machine: Workstation, daemon: Daemon) -> None:
    machine.mirrorctl("use", "near", "-t", "docker", "-y").ended(0)
    before, reloads = tree(machine.state), daemon.log.count("Reloaded configuration")
    stat = daemon.config.stat()
    machine.mirrorctl("use", "near", "-t", "docker", "-y").ended(0)
    assert tree(machine.state) == before
    assert (daemon.config.stat().st_ino, daemon.config.stat().st_mtime_ns) == (stat.st_ino, stat.st_mtime_ns)
    assert daemon.log.count("Reloaded configuration") == reloads


def test_a_mirror_that_does_not_serve_is_rolled_back(machine: Workstation, daemon: Daemon) -> None:
    machine.mirrorctl("use", f"https://127.0.0.1:{dockerd.free_port()}", "-t", "docker", "-y").ended(22)
    assert daemon.config.read_text() == CONFIG
    assert daemon.mirrors() == []


def test_a_file_that_the_daemon_could_not_read_is_left_alone(machine: Workstation, daemon: Daemon) -> None:
    daemon.config.write_text('{"debug": true,}')
    machine.mirrorctl("use", "near", "-t", "docker", "-y").ended(11)
    assert daemon.config.read_text() == '{"debug": true,}'


def test_a_mirror_with_a_path_is_refused(machine: Workstation, daemon: Daemon, mirror: Registry) -> None:
    assert machine.mirrorctl("use", f"{mirror.url}/hub", "-t", "docker", "-y").status in {2, 12}
    assert daemon.config.read_text() == CONFIG


def test_a_flag_of_the_daemon_wins_over_the_file(
    bare: Workstation, mirror: Registry, trusted: Authority, tmp_path: Path
) -> None:
    """With the key in both places the daemon would not start again."""
    flag = f"--registry-mirror={mirror.url}"
    with dockerd.dockerd(tmp_path / "d", "{}", trusted.environ, flag) as other:
        bare.environ |= other.environ
        bare.mirrorctl("use", "https://127.0.0.1:1", "-t", "docker", "-y").ended(12)
        assert other.config.read_text() == "{}"
        (found,) = bare.mirrorctl("status", "-t", "docker", "--json").ended(0).data["targets"]
        assert found["overrides"][0]["source"] == "flag"


def images(daemon: Daemon) -> list[str]:
    """Sorted, for docker lists images of one age in any order."""
    return sorted(
        daemon.docker("image", "ls", "--all", "--format", "{{.Repository}}:{{.Tag}} {{.Digest}} {{.ID}}").splitlines()
    )


def test_a_benchmark_leaves_no_image_behind(machine: Workstation, daemon: Daemon) -> None:
    """Pulled from the mirror by its name and from upstream, cold each time, past what the daemon is configured with."""
    before = images(daemon), daemon.mirrors(), daemon.config.read_bytes()
    file = machine.write("w.toml", '[ours]\ndocker = ["benched"]\n')
    args = ("bench", "-t", "docker", "--via", "near-hub", "--workload", str(file), "--rounds", "2", "--json")
    (work,) = machine.mirrorctl(*args).ended(0).data["workloads"]
    assert [(run["ok"], run["error"]) for run in work["runs"]] == [(True, None)] * 4
    assert all(run["first_byte_s"] <= run["seconds"] for run in work["runs"])
    assert {summary["via"] for summary in work["summary"]} == {"direct", "near-hub"}
    after = images(daemon), daemon.mirrors(), daemon.config.read_bytes()
    assert after == before


def test_a_benchmark_that_is_ended_leaves_no_image_behind(
    machine: Workstation, daemon: Daemon, mirror: Registry
) -> None:
    before = images(daemon)
    file = machine.write("w.toml", '[ours]\ndocker = ["benched"]\n')
    asked = mirror.pulls("library/benched")
    args = ("-t", "docker", "--via", "near-hub", "--workload", str(file), "--rounds", "500")
    with machine.terminal("bench", *args) as terminal:
        while mirror.pulls("library/benched") < asked + 4:  # into the second round, or a pull further
            terminal.read_until("round")
            terminal.seen = ""
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.end() == 130
    assert images(daemon) == before


def test_a_benchmark_does_not_touch_an_image_that_was_there(machine: Workstation, daemon: Daemon) -> None:
    daemon.docker("pull", "benched")
    try:
        before = images(daemon)
        file = machine.write("w.toml", '[ours]\ndocker = ["benched"]\n')
        args = ("bench", "-t", "docker", "--via", "near-hub", "--workload", str(file), "--rounds", "1", "--json")
        (work,) = machine.mirrorctl(*args).ended(21).data["workloads"]
        assert all("--no-daemon" in run["error"] for run in work["runs"]), "its layers were there: that is no pull"
        assert images(daemon) == before
    finally:
        daemon.docker("image", "rm", "benched")
