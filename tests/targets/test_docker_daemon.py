"""Docker: finding the daemon, with literal answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from targets.talk import hold, said

from mirrorctl.dialogue import Answer, Output
from mirrorctl.model import Client, Machine, Scope
from mirrorctl.targets import dockerd

MACHINE = Machine(
    environ={"XDG_RUNTIME_DIR": "/run/user/1000"}, home=Path("/home/u"), cwd=Path("/"), platform="linux", euid=0
)
INFO, FAR_INFO = "GET /info", "docker info --format {{json .}}"
CONTEXT = "read /home/u/.docker/config.json"
HOST = "docker context inspect --format {{.Endpoints.docker.Host}}"
PEER = "peer /var/run/docker.sock"
MAIN_PID = "systemctl show --property=MainPID --value docker.service"
EXEC_START = "systemctl show --property=ExecStart --value docker.service"
A, HUB = "https://a.example", "https://registry-1.docker.io/"


def info(**more: Any) -> Answer:
    """What `docker info` says of a daemon with the vfs driver, shortened."""
    whole = {
        "Driver": "vfs",
        "DriverStatus": None,
        "DockerRootDir": "/var/lib/docker",
        "OperatingSystem": "Debian GNU/Linux 12 (bookworm)",
        "RegistryConfig": {"Mirrors": [f"{A}/"]},
        "SecurityOptions": ["name=seccomp,profile=default"],
        "ServerVersion": "20.10.24+dfsg1",
    }
    return said(json.dumps(whole | more))


def command(*words: str) -> bytes:
    return "".join(f"{word}\0" for word in words).encode()


def find(answers: dict[str, Answer | list[Answer]]) -> Client | None:
    chosen: dict[str, Answer | list[Answer]] = {CONTEXT: b'{"currentContext": "other"}'} if HOST in answers else {}
    return hold(dockerd.find(MACHINE), chosen | answers)[0]


def test_a_daemon_that_listens_itself() -> None:
    found = find(
        {
            INFO: info(),
            PEER: 77,
            "read /proc/77/cmdline": command(
                "/usr/sbin/dockerd", "--config-file", "/srv/d.json", "--registry-mirror=https://f.example"
            ),
        }
    )
    assert found == Client(
        target="docker",
        version=(20, 10, 24),
        running=True,
        default_url=HUB,
        facts={
            "daemon": "running",
            "foreign": "",
            "host": "unix:///var/run/docker.sock",
            "socket": "/var/run/docker.sock",
            "mirrors": f'["{A}/"]',
            "images": "graph",
            "rootless": "no",
            "pid": "77",
            "config": "/srv/d.json",
            "flags": '["https://f.example"]',
        },
    )


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({PEER: 1, "read /var/run/docker.pid": b"77\n"}, id="systemd-listens"),
        pytest.param({PEER: None, "read /var/run/docker.pid": b"77"}, id="listener-unknown"),
        pytest.param({PEER: 1, MAIN_PID: said("77\n")}, id="no-pid-file"),
        pytest.param({PEER: 1, "read /var/run/docker.pid": b"60", MAIN_PID: said("77\n")}, id="stale-pid-file"),
        pytest.param(
            {PEER: 9, "read /proc/9/cmdline": command("/lib/systemd/systemd", "--user"), MAIN_PID: said("77")},
            id="systemd-of-a-user",
        ),
    ],
)
def test_a_daemon_behind_a_socket_of_systemd(answers: dict[str, Answer | list[Answer]]) -> None:
    processes: dict[str, Answer | list[Answer]] = {
        "read /proc/1/cmdline": command("/sbin/init"),
        "read /proc/60/cmdline": command("/usr/bin/editor"),
        "read /proc/77/cmdline": command("/usr/bin/dockerd", "-H", "fd://"),
    }
    found = find({INFO: info(), **processes, **answers})
    assert found
    assert (found.facts["pid"], found.facts["config"], found.facts["foreign"]) == ("77", "", "")


def test_a_relative_config_file_is_of_the_daemons_directory() -> None:
    found = find(
        {
            INFO: info(),
            PEER: 77,
            "read /proc/77/cmdline": command("dockerd", "--config-file=etc/d.json"),
            "readlink /proc/77/cwd": said("/srv\n"),
        }
    )
    assert found
    assert found.facts["config"] == "/srv/etc/d.json"


def test_a_rootless_daemon_with_the_containerd_store() -> None:
    found = find(
        {
            INFO: info(
                SecurityOptions=["name=seccomp,profile=builtin", "name=rootless"],
                DriverStatus=[["driver-type", "io.containerd.snapshotter.v1"]],
                ServerVersion="28.5.2",
                RegistryConfig={"Mirrors": None},
            ),
            HOST: said("unix:///run/user/1000/docker.sock\n"),
            "peer /run/user/1000/docker.sock": None,
            "read /run/user/1000/docker.pid": b"88",
            "read /proc/88/cmdline": command("dockerd"),
        }
    )
    assert found
    assert found.version == (28, 5, 2)
    assert found.scope is Scope.USER
    assert {key: found.facts[key] for key in ("rootless", "images", "mirrors", "pid")} == {
        "rootless": "yes",
        "images": "containerd",
        "mirrors": "[]",
        "pid": "88",
    }


@pytest.mark.parametrize(
    ("answers", "foreign"),
    [
        pytest.param({FAR_INFO: info(), HOST: said("tcp://192.0.2.1:2376\n")}, "remote", id="tcp"),
        pytest.param({FAR_INFO: info(), HOST: said("ssh://u@h.example\n")}, "remote", id="ssh"),
        pytest.param({INFO: info(OperatingSystem="Docker Desktop")}, "desktop", id="desktop"),
        pytest.param({INFO: info(DockerRootDir="/var/snap/docker/common/var-lib-docker")}, "snap", id="snap"),
        pytest.param({INFO: info(), PEER: 9, "read /proc/9/cmdline": command("/usr/bin/socat")}, "elsewhere", id="socat"),
        pytest.param({INFO: info(), PEER: None}, "elsewhere", id="nobody"),
    ],
)  # fmt: skip
def test_a_daemon_that_is_not_ours(answers: dict[str, Answer | list[Answer]], foreign: str) -> None:
    found = find(answers)
    assert found
    assert found.facts["foreign"] == foreign


def test_a_remote_daemon_that_does_not_answer_is_not_taken_for_a_local_one() -> None:
    found = find(
        {
            FAR_INFO: said("{}", status=1, stderr="Cannot connect to the Docker daemon at tcp://192.0.2.1:2376."),
            HOST: said("tcp://192.0.2.1:2376\n"),
            "dockerd --version": said("Docker version 20.10.24+dfsg1, build 5d6db84\n"),
        }
    )
    assert found
    assert (found.facts["daemon"], found.facts["foreign"]) == ("stopped", "remote")


def test_podman_under_the_name_of_docker_is_not_docker() -> None:
    assert find({INFO: said('{"host": {"arch": "amd64"}, "version": {"Version": "5.4.2"}}')}) is None


DOWN = Output(status=None, stderr="[Errno 111] Connection refused")


def test_the_command_line_alone_is_no_docker() -> None:
    assert find({INFO: DOWN}) is None


def test_nothing_at_all() -> None:
    assert hold(dockerd.find(MACHINE), {})[0] is None


def test_a_daemon_that_does_not_run() -> None:
    unit = "{ path=/usr/sbin/dockerd ; argv[]=/usr/sbin/dockerd -H fd:// --config-file=/srv/d.json ; ignore_errors=no }"
    found = find(
        {
            INFO: DOWN,
            "dockerd --version": said("Docker version 20.10.24+dfsg1, build 5d6db84\n"),
            EXEC_START: said(f"{unit}\n"),
        }
    )
    assert found
    assert found.version == (20, 10, 24)
    assert not found.running
    assert {key: found.facts[key] for key in ("daemon", "config", "flags", "mirrors")} == {
        "daemon": "stopped",
        "config": "/srv/d.json",
        "flags": "[]",
        "mirrors": "[]",
    }


def test_a_daemon_that_we_may_not_ask() -> None:
    found = find(
        {
            INFO: Output(status=None, stderr="[Errno 13] Permission denied"),
            "dockerd --version": said("Docker version 28.5.2, build 1\n"),
            "read /var/run/docker.pid": b"77",
            "read /proc/77/cmdline": command("dockerd", "--registry-mirror", "https://f.example"),
        }
    )
    assert found
    assert (found.facts["daemon"], found.facts["pid"], found.facts["flags"]) == (
        "denied",
        "77",
        '["https://f.example"]',
    )
