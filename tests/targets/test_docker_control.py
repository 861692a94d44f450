"""Docker: reloading the daemon and pulling through it, with literal answers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from targets.talk import converse, hold, said

from mirrorctl import process
from mirrorctl.dialogue import Answer, Output, Run
from mirrorctl.model import Client, Machine, Mirror, Status, Trust
from mirrorctl.targets import docker

MACHINE = Machine(environ={}, home=Path("/home/u"), cwd=Path("/"), platform="linux", euid=0)
MIRRORS = "docker info --format {{json .RegistryConfig.Mirrors}}"
MANIFEST = "GET /distribution/library/hello-world/json"
A = "https://a.example"

# Reload


def running(**facts: str) -> Client:
    return Client(
        target="docker",
        facts={"daemon": "running", "socket": "/s", "host": "unix:///s", "pid": "77", "rootless": "no"} | facts,
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


# Asking before the file is there


VALIDATE = "dockerd --validate --config-file /dev/stdin"
REFUSAL = "unable to configure the Docker daemon with file /dev/stdin: the following directives don't match any configuration option: x"
FILE = Path("/etc/docker/daemon.json")


def accept(version: tuple[int, ...], answers: dict[str, Answer | list[Answer]]) -> tuple[str | None, list[str]]:
    client = Client(target="docker", version=version)
    reason, asked = hold(docker.accept(MACHINE, client, FILE, b'{"x": 1}'), answers)
    return (str(reason.detail) if reason else None), asked


def test_dockerd_is_asked_before_its_file_is_written() -> None:
    reason, asked = accept((24, 0, 7), {VALIDATE: said(status=1, stderr=REFUSAL)})
    assert reason
    assert "dockerd refuses what /etc/docker/daemon.json would hold" in reason
    assert "the following directives" in reason
    assert asked == [VALIDATE]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(said(stderr="configuration OK"), id="accepted"),
        pytest.param(said(status=125, stderr="unknown flag: --validate"), id="no such flag"),
        pytest.param(said(status=1, stderr="dockerd needs to be started with root privileges"), id="not for us"),
        pytest.param(Output(status=None, stderr="dockerd: not found"), id="not there"),
    ],
)
def test_what_says_nothing_about_the_file_does_not_stand_in_the_way(answer: Output) -> None:
    assert accept((24, 0, 7), {VALIDATE: answer}) == (None, [VALIDATE])


@pytest.mark.parametrize("version", [(), (20, 10, 24)])
def test_a_dockerd_that_cannot_validate_is_not_asked(version: tuple[int, ...]) -> None:
    assert accept(version, {}) == (None, [])


def test_a_program_is_given_the_new_content(tmp_path: Path) -> None:
    """A stand-in for dockerd reads the file that --config-file names."""
    program = tmp_path / "dockerd"
    program.write_text(f'#!/bin/sh\ngrep -q good "$3" || {{ echo "{REFUSAL}" >&2; exit 1; }}\n')
    program.chmod(0o755)
    machine = replace(MACHINE, environ={"PATH": f"{tmp_path}:/usr/bin:/bin"}, cwd=tmp_path)
    client = Client(target="docker", version=(28, 3))
    assert process.converse(docker.accept(machine, client, FILE, b"good"), machine) is None
    assert process.converse(docker.accept(machine, client, FILE, b"bad"), machine)


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


def test_a_manifest_by_name_and_through_the_list() -> None:
    assert verify({MANIFEST: FOUND, DIRECT: FOUND}) == (None, [DIRECT, MANIFEST])


def test_what_the_user_has_behind_our_mirrors_does_not_matter() -> None:
    listed = said(f'["{A}/", "https://own.example/"]')
    assert verify({MIRRORS: listed, MANIFEST: FOUND, DIRECT: FOUND})[0] is None


def test_a_fallback_to_upstream_is_no_proof() -> None:
    """The daemon would get its manifest somewhere, but not from this mirror."""
    assert verify({MANIFEST: FOUND, DIRECT: REFUSED}) == ("mirror-failed", [DIRECT])
    assert verify({MANIFEST: FOUND, DIRECT: Output(status=None, stderr="timed out")})[0] == "mirror-failed"


def test_a_mirror_without_the_first_image() -> None:
    second = "GET /distribution/library/busybox/json", "GET /distribution/a.example/library/busybox/json"
    answers: dict[str, Answer | list[Answer]] = {MANIFEST: UNKNOWN, second[0]: FOUND, DIRECT: UNKNOWN, second[1]: FOUND}
    assert verify(answers) == (None, [DIRECT, second[1], MANIFEST, second[0]])


def test_the_image_that_the_catalog_names_comes_first() -> None:
    named = "GET /distribution/library/tiny/json", "GET /distribution/a.example/library/tiny/json"
    assert verify({named[0]: FOUND, named[1]: FOUND}, probe={"image": "library/tiny"}) == (None, [*reversed(named)])


def test_plain_http_elsewhere_cannot_be_asked_by_name() -> None:
    assert verify({MANIFEST: FOUND}, "http://m.example:5000") == (None, [MANIFEST])
    direct = "GET /distribution/127.0.0.1:5000/library/hello-world/json"
    assert verify({MANIFEST: FOUND, direct: REFUSED}, "http://127.0.0.1:5000") == ("mirror-failed", [direct])


def test_a_pull_where_the_daemon_refuses_to_tell() -> None:
    """The image goes again, unless it was there before."""
    denied = said('{"message": "authorization denied by plugin"}', status=403)
    answers: dict[str, Answer | list[Answer]] = {
        MANIFEST: denied,
        INSPECT: said(status=1),
        PULL: said("docker.io/library/hello-world:latest"),
        DIRECT: FOUND,
    }
    assert verify(answers) == (None, [DIRECT, MANIFEST, INSPECT, PULL, "docker image rm hello-world"])
    assert verify({**answers, INSPECT: said("sha256:1")}) == (None, [DIRECT, MANIFEST, INSPECT, PULL])


def test_a_socket_that_cannot_be_used_is_no_verdict_on_the_mirror() -> None:
    answers: dict[str, Answer | list[Answer]] = {
        PULL: said("docker.io/library/hello-world:latest"),
        INSPECT: said("sha256:1"),
    }
    assert verify(answers) == (None, [DIRECT, MANIFEST, INSPECT, PULL])


def test_a_pull_is_made_without_the_users_login() -> None:
    """A mirror that asks for a login would receive it."""
    _reason, asked = converse(
        docker.verify(MACHINE, running(), (mirror("http://m.example"),)), {MIRRORS: said('["http://m.example/"]')}
    )
    (pull,) = (question for question in asked if isinstance(question, Run) and "pull" in question.argv)
    assert pull.scratch
    assert pull.environ == {"DOCKER_CONFIG": "{scratch}", "DOCKER_HOST": "unix:///s", "DOCKER_CONTEXT": None}


def test_a_pull_that_fails() -> None:
    answers: dict[str, Answer | list[Answer]] = {
        DIRECT: FOUND,
        MANIFEST: REFUSED,
        PULL: said(status=1, stderr="no such host\n"),
    }
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
