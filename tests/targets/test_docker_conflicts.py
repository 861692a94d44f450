"""Docker: addresses it does not take, settings that win over its file, and a login that would leak."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mirrorctl.errors import ClientError, ConfigError, ConflictError, UsageError
from mirrorctl.model import Client, Machine, Mirror, Override, Scope, Status, Trust
from mirrorctl.targets import docker, docker_conflicts
from mirrorctl.targets.base import Decision

MACHINE = Machine(environ={}, home=Path("/home/u"), cwd=Path("/home/u/work"), platform="linux", euid=0)
FILE = Path("/etc/docker/daemon.json")
HOSTS = Path("/etc/docker/certs.d/docker.io/hosts.toml")
DEFAULTS = Path("/etc/default/docker")
LOGIN = Path("/home/u/.docker/config.json")
A = "https://a.example"
HOSTS_TOML = 'server = "https://registry-1.docker.io"\n[host."https://h.example"]\n  capabilities = ["pull"]\n'


def client(**facts: str) -> Client:
    return Client(
        target="docker",
        facts={"daemon": "running", "images": "graph", "rootless": "no", "mirrors": "[]", "flags": "[]"} | facts,
    )


def mirror(trust: Trust = Trust.UNIVERSITY) -> Mirror:
    return Mirror(
        id="m",
        ecosystem="docker",
        operator="o",
        url=A,
        kind="registry-mirror",
        trust=trust,
        status=Status.ACTIVE,
        domain="d",
    )


def decide(
    found: Client, files: dict[Path, str] | None = None, trust: Trust = Trust.UNIVERSITY, *, force: bool = False
) -> Decision:
    contents = {path: text.encode() for path, text in (files or {}).items()}
    return docker.decide(
        MACHINE,
        found,
        contents,
        Scope.SYSTEM,
        (mirror(trust),),
        known=frozenset(),
        ours=frozenset(),
        force=force,
    )


def codes(decision: Decision) -> list[str]:
    return [notice.code for notice in decision.notices]


@pytest.mark.parametrize(
    "url",
    [
        "https://m.example",
        "https://m.example/",
        "http://m.example:5000",
        "HTTPS://M.Example",
        "http://127.0.0.1:5000/",
        "https://[::1]:5000",
        "http://under_score",
    ],
)
def test_addresses_that_every_version_takes(url: str) -> None:
    docker_conflicts.check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "m.example",
        "m.example:5000",
        "ftp://m.example",
        "",
        " https://m.example",
        "https://m.example\n",
        "https://m.example/docker",
        "https://m.example/v2/",
        "https://m.example//",
        "https://m.example/?x=1",
        "https://m.example#f",
        "https://u@m.example",
        "https://m.example:port",
        "https://m.exаmple",
    ],
)
def test_addresses_with_which_some_version_does_not_start(url: str) -> None:
    with pytest.raises(UsageError):
        docker_conflicts.check_url(url)


def test_a_refused_address_is_shown_without_its_password() -> None:
    with pytest.raises(UsageError) as caught:
        docker_conflicts.check_url("https://u:secret@m.example")
    assert str(caught.value) == "https://u:***@m.example cannot be a mirror of Docker Hub"


@pytest.mark.parametrize(
    ("foreign", "words"),
    [
        ("remote", "docker talks to tcp://h.example:2376, which is not on this machine"),
        ("desktop", "Docker Desktop keeps its own file: in its settings, under Docker Engine, registry-mirrors"),
        ("snap", "the Docker of the snap store keeps its file in /var/snap/docker and is restarted by snap"),
        ("elsewhere", "the daemon behind /run/d.sock does not run on this machine"),
    ],
)
def test_a_daemon_that_is_not_ours(foreign: str, words: str) -> None:
    with pytest.raises(ClientError) as caught:
        decide(client(foreign=foreign, host="tcp://h.example:2376", socket="/run/d.sock"))
    assert str(caught.value) == words


# Keys


@pytest.mark.parametrize("key", ["Registry-Mirrors", "registry_mirrors", "registryMirrors"])
def test_a_key_with_which_dockerd_does_not_start(key: str) -> None:
    with pytest.raises(ConfigError, match=f'with the key "{key}" dockerd does not start'):
        decide(client(), {FILE: f'{{"{key}": []}}'})


def test_the_name_of_the_flag_is_ignored_by_dockerd() -> None:
    assert codes(decide(client(), {FILE: '{"registry-mirror": ["https://x.example"]}'})) == ["ignored-key"]


# Flags


def test_a_flag_and_the_key_together_keep_dockerd_from_starting() -> None:
    for force in (False, True):
        with pytest.raises(ConflictError, match=r"the command line of dockerd has --registry-mirror"):
            decide(client(flags='["https://x.example"]'), force=force)


@pytest.mark.parametrize(
    ("line", "conflict"),
    [
        ('DOCKER_OPTS="--dns 192.0.2.1 --registry-mirror=https://x.example"', True),
        ("export DOCKER_OPTS='--registry-mirror https://x.example'", True),
        ('#DOCKER_OPTS="--registry-mirror=https://x.example"', False),
        ('DOCKER_OPTS="--dns 192.0.2.1"', False),
        ('OTHER="--registry-mirror=https://x.example"', False),
        ('DOCKER_OPTS="--registry-mirror=https://x.example"\nDOCKER_OPTS=""', False),
    ],
)
def test_docker_opts_of_a_daemon_that_does_not_run(line: str, conflict: bool) -> None:
    files = {DEFAULTS: f"# defaults\n{line}\n"}
    if not conflict:
        assert codes(decide(client(daemon="stopped"), files)) == []
        return
    with pytest.raises(ConflictError, match=r"DOCKER_OPTS in /etc/default/docker has --registry-mirror"):
        decide(client(daemon="stopped"), files)
    assert codes(decide(client(daemon="stopped"), files, force=True)) == ["leftover-flag"]


@pytest.mark.parametrize("daemon", ["running", "denied"])
def test_docker_opts_that_the_running_daemon_does_not_read_are_only_told(daemon: str) -> None:
    files = {DEFAULTS: 'DOCKER_OPTS="--registry-mirror=https://x.example"\n'}
    assert codes(decide(client(daemon=daemon), files)) == ["leftover-flag"]


# hosts.toml


def test_hosts_toml_wins_with_the_containerd_store() -> None:
    with pytest.raises(ConflictError, match=r"hosts\.toml names https://h\.example"):
        decide(client(images="containerd"), {HOSTS: HOSTS_TOML})


@pytest.mark.parametrize(
    ("images", "text", "force", "expected"),
    [
        pytest.param("graph", HOSTS_TOML, False, [], id="graph-drivers-do-not-read-it"),
        pytest.param("", HOSTS_TOML, False, ["hosts-toml"], id="unknown"),
        pytest.param("containerd", HOSTS_TOML, True, ["hosts-toml"], id="forced"),
        pytest.param("containerd", 'server = "https://registry-1.docker.io"\n', False, [], id="no-host"),
        pytest.param("containerd", "broken = [", False, [], id="broken"),
    ],
)
def test_hosts_toml_that_does_not_win(images: str, text: str, force: bool, expected: list[str]) -> None:
    assert codes(decide(client(images=images), {HOSTS: text}, force=force)) == expected


def test_state_names_what_wins() -> None:
    found = client(images="containerd", flags='["https://f.example"]', mirrors='["https://f.example/"]')
    state = docker.state(MACHINE, found, {FILE: None, HOSTS: HOSTS_TOML.encode()}, Scope.SYSTEM)
    assert state.effective_url == "https://h.example"
    assert state.overrides == (
        Override(source="flag", name="--registry-mirror", value="https://f.example"),
        Override(source=str(HOSTS), name="host", value="https://h.example"),
    )
    assert state.notices == ()


# The login


AUTHS = '{"auths": {"https://index.docker.io/v1/": {"auth": "dTpw"}}}'


@pytest.mark.parametrize(
    ("trust", "expected"),
    [(Trust.UNIVERSITY, []), (Trust.PRIVATE, []), (Trust.COMPANY, ["hub-login"])],
)
def test_a_hub_login_and_who_would_receive_it(trust: Trust, expected: list[str]) -> None:
    assert codes(decide(client(), {LOGIN: AUTHS}, trust)) == expected


def test_a_hub_login_is_not_risked_with_individuals() -> None:
    with pytest.raises(ConflictError, match=r"config\.json holds a login of Docker Hub.*moby#42022"):
        decide(client(), {LOGIN: AUTHS}, Trust.COMMUNITY)
    assert codes(decide(client(), {LOGIN: AUTHS}, Trust.COMMUNITY, force=True)) == ["hub-login"]


def test_the_login_of_the_one_who_called_sudo_counts() -> None:
    machine = replace(MACHINE, environ={"SUDO_USER": "ann"})
    contents = {Path("/home/ann/.docker/config.json"): AUTHS.encode()}
    with pytest.raises(ConflictError):
        tuple(docker_conflicts.check_login(machine, client(), contents, (mirror(Trust.COMMUNITY),), force=False))


def test_the_containerd_store_keeps_logins_to_itself() -> None:
    assert codes(decide(client(images="containerd"), {LOGIN: AUTHS}, Trust.COMMUNITY)) == []


@pytest.mark.parametrize(
    ("text", "logged_in"),
    [
        pytest.param('{"credsStore": "secretservice"}', True, id="store"),
        pytest.param('{"credHelpers": {"index.docker.io": "pass"}}', True, id="helper"),
        pytest.param('{"auths": {"https://index.docker.io/v1/": {}}}', True, id="in-a-store"),
        pytest.param('{"auths": {"ghcr.io": {"auth": "dTpw"}}, "credHelpers": {"gcr.io": "gcloud"}}', False, id="others"),
        pytest.param('{"auths": {}}', False, id="logged-out"),
        pytest.param('{"auths": [', False, id="broken"),
        pytest.param("", False, id="empty"),
    ],
)  # fmt: skip
def test_what_counts_as_a_login(text: str, logged_in: bool) -> None:
    assert (codes(decide(client(), {LOGIN: text}, Trust.COMPANY)) == ["hub-login"]) is logged_in
