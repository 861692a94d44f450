"""Docker: finding the daemon, reloading it and pulling through it, with literal answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from targets.talk import hold, said

from mirrorctl.dialogue import Answer
from mirrorctl.model import Client, Machine, Mirror, Status, Trust
from mirrorctl.targets import docker, dockerd

MACHINE = Machine(
    environ={"XDG_RUNTIME_DIR": "/run/user/1000"}, home=Path("/home/u"), cwd=Path("/"), platform="linux", euid=0
)
INFO = "docker info --format {{json .}}"
HOST = "docker context inspect --format {{.Endpoints.docker.Host}}"
MIRRORS = "docker info --format {{json .RegistryConfig.Mirrors}}"
PEER = "peer /var/run/docker.sock"
MAIN_PID = "systemctl show --property=MainPID --value docker.service"
EXEC_START = "systemctl show --property=ExecStart --value docker.service"
MANIFEST = "GET /distribution/library/hello-world/json"
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
    return hold(dockerd.find(MACHINE), {HOST: said("unix:///var/run/docker.sock\n")} | answers)[0]


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
    assert {key: found.facts[key] for key in ("rootless", "images", "mirrors", "pid")} == {
        "rootless": "yes",
        "images": "containerd",
        "mirrors": "[]",
        "pid": "88",
    }


@pytest.mark.parametrize(
    ("answers", "foreign"),
    [
        pytest.param({INFO: info(), HOST: said("tcp://192.0.2.1:2376\n")}, "remote", id="tcp"),
        pytest.param({INFO: info(), HOST: said("ssh://u@h.example\n")}, "remote", id="ssh"),
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
            INFO: said("{}", status=1, stderr="Cannot connect to the Docker daemon at tcp://192.0.2.1:2376."),
            HOST: said("tcp://192.0.2.1:2376\n"),
            "dockerd --version": said("Docker version 20.10.24+dfsg1, build 5d6db84\n"),
        }
    )
    assert found
    assert (found.facts["daemon"], found.facts["foreign"]) == ("stopped", "remote")


def test_podman_under_the_name_of_docker_is_not_docker() -> None:
    assert find({INFO: said('{"host": {"arch": "amd64"}, "version": {"Version": "5.4.2"}}')}) is None


DOWN = said('{"ServerVersion": ""}', status=1, stderr="Cannot connect to the Docker daemon. Is it running?")


def test_the_command_line_alone_is_no_docker() -> None:
    assert find({INFO: DOWN}) is None


def test_nothing_at_all() -> None:
    assert hold(dockerd.find(MACHINE), {})[0] is None


def test_a_daemon_without_the_command_line() -> None:
    answers: dict[str, Answer | list[Answer]] = {
        "GET /info": info(),
        PEER: 77,
        "read /proc/77/cmdline": command("dockerd"),
    }
    found, _asked = hold(dockerd.find(MACHINE), answers)
    assert found
    assert (found.facts["daemon"], found.facts["pid"]) == ("running", "77")


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
    assert {key: found.facts[key] for key in ("daemon", "config", "flags", "mirrors")} == {
        "daemon": "stopped",
        "config": "/srv/d.json",
        "flags": "[]",
        "mirrors": "[]",
    }


def test_a_daemon_that_we_may_not_ask() -> None:
    found = find(
        {
            INFO: said("", status=1, stderr="permission denied while trying to connect to the Docker daemon socket"),
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


# Reload


def running(**facts: str) -> Client:
    return Client(
        target="docker",
        facts={"daemon": "running", "socket": "/s", "pid": "77", "rootless": "no", "images": "graph"} | facts,
    )


def test_a_reload_waits_until_the_list_is_in_force() -> None:
    answers: dict[str, Answer | list[Answer]] = {"hangup 77": True, MIRRORS: [said("[]"), said(f'["{A}/"]')]}
    reason, asked = hold(docker.activate(MACHINE, running(), (A,)), answers)
    assert reason is None
    assert asked == ["hangup 77", MIRRORS, "wait", MIRRORS]


@pytest.mark.parametrize("empty", ["[]", "null"])
def test_a_reload_to_upstream(empty: str) -> None:
    assert hold(docker.activate(MACHINE, running(), ()), {"hangup 77": True, MIRRORS: said(empty)})[0] is None


def test_a_reload_that_the_daemon_refuses() -> None:
    answers: dict[str, Answer | list[Answer]] = {"hangup 77": True, MIRRORS: said('["https://old.example/"]')}
    reason, asked = hold(docker.activate(MACHINE, running(), (A,)), answers)
    assert reason
    assert reason.code == "not-in-force"
    assert "https://old.example/" in str(reason.detail)
    assert asked.count("wait") == 100


def test_systemd_reloads_where_no_signal_may_be_sent() -> None:
    answers = {"systemctl reload docker.service": said(), MIRRORS: said(f'["{A}/"]')}
    reason, asked = hold(docker.activate(MACHINE, running(), (A,)), answers)
    assert (reason, asked) == (None, ["hangup 77", "systemctl reload docker.service", MIRRORS])


def test_nobody_may_reload() -> None:
    reason, asked = hold(docker.activate(MACHINE, running(rootless="yes"), (A,)), {})
    assert reason
    assert reason.code == "not-reloaded"
    assert asked == ["hangup 77", "systemctl --user reload docker.service"]


@pytest.mark.parametrize("daemon", ["stopped", "image"])
def test_nothing_to_reload(daemon: str) -> None:
    assert hold(docker.activate(MACHINE, running(daemon=daemon), (A,)), {}) == (None, [])


# Pulling


def mirror(url: str, probe: dict[str, object] | None = None) -> Mirror:
    return Mirror(
        id="m",
        ecosystem="docker",
        operator="o",
        url=url,
        kind="registry-mirror",
        trust=Trust.UNIVERSITY,
        status=Status.ACTIVE,
        domain="d",
        probe=probe or {},
    )


def verify(
    answers: dict[str, Answer | list[Answer]], url: str = A, probe: dict[str, object] | None = None
) -> tuple[str | None, list[str]]:
    """The code of the reason, and what was asked after the list of mirrors."""
    heard = {MIRRORS: said(json.dumps([f"{url}/"]))} | answers
    reason, asked = hold(docker.verify(MACHINE, running(), (mirror(url, probe),)), heard)
    return reason.code if reason else None, asked[1:]


FOUND = said('{"Descriptor": {}}', status=200)
UNKNOWN = said('{"message": "manifest unknown"}', status=404)
REFUSED = said('{"message": "connection refused"}', status=500)
DIRECT = "GET /distribution/a.example/library/hello-world/json"
PULL = "docker pull --quiet hello-world"
INSPECT = "docker image inspect --format {{.Id}} hello-world"


def test_a_manifest_through_the_list_and_by_name() -> None:
    assert verify({MANIFEST: FOUND, DIRECT: FOUND}) == (None, [MANIFEST, DIRECT])


def test_a_fallback_to_upstream_is_no_proof() -> None:
    """The daemon gets its manifest somewhere, but not from this mirror."""
    assert verify({MANIFEST: FOUND, DIRECT: REFUSED})[0] == "mirror-failed"


def test_a_mirror_without_the_first_image() -> None:
    second = "GET /distribution/library/busybox/json", "GET /distribution/a.example/library/busybox/json"
    answers: dict[str, Answer | list[Answer]] = {MANIFEST: UNKNOWN, second[0]: FOUND, DIRECT: UNKNOWN, second[1]: FOUND}
    assert verify(answers) == (None, [MANIFEST, second[0], DIRECT, second[1]])


def test_the_image_that_the_catalog_names_comes_first() -> None:
    named = "GET /distribution/library/tiny/json", "GET /distribution/a.example/library/tiny/json"
    assert verify({named[0]: FOUND, named[1]: FOUND}, probe={"image": "library/tiny"}) == (None, [*named])


def test_plain_http_elsewhere_cannot_be_asked_by_name() -> None:
    assert verify({MANIFEST: FOUND}, "http://m.example:5000") == (None, [MANIFEST])
    direct = "GET /distribution/127.0.0.1:5000/library/hello-world/json"
    assert verify({MANIFEST: FOUND, direct: REFUSED}, "http://127.0.0.1:5000")[0] == "mirror-failed"


def test_a_pull_where_the_daemon_refuses_to_tell() -> None:
    """The image goes again, unless it was there before."""
    denied = said('{"message": "authorization denied by plugin"}', status=403)
    answers: dict[str, Answer | list[Answer]] = {
        MANIFEST: denied,
        INSPECT: said(status=1),
        PULL: said("docker.io/library/hello-world:latest"),
        DIRECT: FOUND,
    }
    code, asked = verify(answers)
    assert (code, asked) == (None, [MANIFEST, INSPECT, PULL, "docker image rm hello-world", DIRECT])
    code, asked = verify(answers | {INSPECT: said("sha256:1")})
    assert (code, asked) == (None, [MANIFEST, INSPECT, PULL, DIRECT])


def test_a_socket_that_cannot_be_used_is_no_verdict_on_the_mirror() -> None:
    assert verify({PULL: said("docker.io/library/hello-world:latest"), INSPECT: said("sha256:1")}) == (
        None,
        [MANIFEST, INSPECT, PULL],
    )


def test_a_mirror_that_does_not_answer_in_time() -> None:
    assert verify({MANIFEST: FOUND})[0] == "mirror-failed"


def test_a_pull_that_fails() -> None:
    answers: dict[str, Answer | list[Answer]] = {MANIFEST: REFUSED, PULL: said(status=1, stderr="no such host\n")}
    assert verify(answers)[0] == "pull-failed"


def test_a_list_that_is_not_in_force_fails_at_once() -> None:
    reason, asked = hold(
        docker.verify(MACHINE, running(), (mirror(A),)),
        {MIRRORS: said('["https://old.example/", "https://a.example/"]')},
    )
    assert reason
    assert (reason.code, asked) == ("not-in-force", [MIRRORS])


def test_a_daemon_that_does_not_run_is_not_asked() -> None:
    assert hold(docker.verify(MACHINE, running(daemon="stopped"), (mirror(A),)), {}) == (None, [])
