"""Docker as a target: what it finds in force, and what it decides."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mirrorctl.errors import ConfigError, ConflictError, UsageError
from mirrorctl.model import Client, Machine, Mirror, Scope, Status, Trust, Value
from mirrorctl.targets import docker
from mirrorctl.targets.base import ConfigFile, Decision, State, Target

TARGET: Target = docker
FILE = Path("/etc/docker/daemon.json")
ROOTLESS = Path("/home/u/.config/docker/daemon.json")
A, B, C, OWN = "https://a.example", "https://b.example", "https://c.example:5000", "https://registry.corp.example"
HUB = "https://registry-1.docker.io/"

MACHINE = Machine(environ={}, home=Path("/home/u"), cwd=Path("/home/u/work"), platform="linux", euid=0)
RUNNING = {"daemon": "running", "foreign": "", "images": "graph", "rootless": "no", "mirrors": "[]", "flags": "[]"}


def client(**facts: str) -> Client:
    return Client(target="docker", version=(20, 10, 24), default_url=HUB, facts=RUNNING | facts)


def mirror(url: str, trust: Trust = Trust.UNIVERSITY) -> Mirror:
    return Mirror(
        id="m",
        ecosystem="docker",
        operator="o",
        url=url,
        kind="registry-mirror",
        trust=trust,
        status=Status.ACTIVE,
        domain="d",
    )


def look(text: str | None, found: Client, scope: Scope = Scope.SYSTEM) -> State:
    path = ROOTLESS if scope is Scope.USER else FILE
    return docker.state(MACHINE, found, {path: None if text is None else text.encode()}, scope)


def decide(
    text: str | None, *urls: str, found: Client | None = None, ours: tuple[str, ...] = (), force: bool = False
) -> Decision:
    return docker.decide(
        MACHINE,
        found or client(),
        {FILE: None if text is None else text.encode()},
        Scope.SYSTEM,
        tuple(map(mirror, urls)),
        known=frozenset({A, B}),
        ours=frozenset(ours),
        force=force,
    )


def value_of(decision: Decision) -> Value:
    (setting,) = decision.settings
    assert setting.path == FILE
    return setting.value


# Files


def test_files_of_a_machine() -> None:
    found = docker.files(replace(MACHINE, environ={"SUDO_USER": "ann"}), client())
    assert found == (
        ConfigFile(path=FILE, scope=Scope.SYSTEM),
        ConfigFile(path=ROOTLESS, scope=Scope.USER),
        ConfigFile(path=Path("/etc/docker/certs.d/docker.io/hosts.toml"), scope=None),
        ConfigFile(path=Path("/etc/default/docker"), scope=None),
        ConfigFile(path=Path("/home/u/.docker/config.json"), scope=None),
        ConfigFile(path=Path("/home/ann/.docker/config.json"), scope=None),
    )


@pytest.mark.parametrize(
    ("facts", "environ", "system", "user"),
    [
        pytest.param({"config": "/srv/d.json"}, {}, Path("/srv/d.json"), ROOTLESS, id="flag"),
        pytest.param({"config": "/x.json", "rootless": "yes"}, {}, FILE, Path("/x.json"), id="rootless-flag"),
        pytest.param({}, {"XDG_CONFIG_HOME": "/cfg"}, FILE, Path("/cfg/docker/daemon.json"), id="xdg"),
    ],
)
def test_where_daemon_json_is(facts: dict[str, str], environ: dict[str, str], system: Path, user: Path) -> None:
    found = docker.files(replace(MACHINE, environ=environ), client(**facts))
    assert [file.path for file in found[:2]] == [system, user]


def test_files_of_an_image() -> None:
    machine = replace(MACHINE, root=Path("/img"), environ={"SUDO_USER": "ann"})
    assert [str(file.path) for file in docker.files(machine, docker.assume(machine))] == [
        "/img/etc/docker/daemon.json",
        "/img/etc/docker/certs.d/docker.io/hosts.toml",
        "/img/etc/default/docker",
    ]


# State


@pytest.mark.parametrize(
    ("text", "facts", "urls", "effective", "codes"),
    [
        pytest.param(None, {}, (), HUB, [], id="nothing"),
        pytest.param('{"registry-mirrors": ["HTTPS://A.example/"]}', {"mirrors": f'["{A}/"]'}, ("HTTPS://A.example/",), "HTTPS://A.example/", [], id="in-force"),
        pytest.param(f'{{"registry-mirrors": ["{A}"]}}', {}, (A,), HUB, ["not-in-force"], id="not-reloaded"),
        pytest.param("{}", {"mirrors": f'["{A}/"]'}, (), f"{A}/", ["not-in-force"], id="key-gone-mirrors-stay"),
        pytest.param(f'{{"registry-mirrors": ["{A}", "{A}/"]}}', {"mirrors": f'["{A}/"]'}, (A, f"{A}/"), f"{A}/", [], id="repeated"),
        pytest.param(f'{{"registry-mirrors": ["{A}"]}}', {"daemon": "stopped"}, (A,), A, [], id="stopped"),
        pytest.param(f'{{"registry-mirrors": ["{A}"]}}', {"foreign": "remote", "host": "tcp://h.example:2376"}, (A,), HUB, ["not-ours"], id="remote"),
        pytest.param(f'{{"registry-mirrors": ["{A}"]}}', {"daemon": "denied"}, (A,), A, ["denied"], id="denied"),
    ],
)  # fmt: skip
def test_state(
    text: str | None, facts: dict[str, str], urls: tuple[str, ...], effective: str, codes: list[str]
) -> None:
    found = look(text, client(**facts))
    assert (found.path, found.urls, found.effective_url) == (FILE, urls, effective)
    assert [notice.code for notice in found.notices] == codes
    assert found.overrides == ()


def test_state_of_the_scope_that_is_not_in_use() -> None:
    found = look(f'{{"registry-mirrors": ["{B}"]}}', client(mirrors=f'["{A}/"]'), Scope.USER)
    assert (found.path, found.urls, found.effective_url, found.notices) == (ROOTLESS, (B,), B, ())


def test_a_key_that_is_gone_needs_more_than_a_reload() -> None:
    (notice,) = look("{}", client(mirrors='["https://u:secret@a.example/"]')).notices
    assert str(notice.message) == "dockerd uses https://u:***@a.example/, not what /etc/docker/daemon.json says"
    assert str(notice.hint) == "a reload does not clear them; this does: mirrorctl use upstream -t docker"


def test_state_of_an_unreadable_file() -> None:
    with pytest.raises(ConfigError, match=r"daemon\.json, line 1"):
        look('{"debug": true,}', client())


# Decision


@pytest.mark.parametrize(
    ("before", "urls", "ours", "after"),
    [
        pytest.param(None, [A, B], (), [A, B], id="no-file"),
        pytest.param("{}", [A], (), [A], id="no-key"),
        pytest.param('{"registry-mirrors": ["https://registry.corp.example/"]}', [A], (), [A, f"{OWN}/"], id="own-kept"),
        pytest.param(f'{{"registry-mirrors": ["{B}", "{OWN}"]}}', [A], (f"{B}/",), [A, OWN], id="ours-replaced"),
        pytest.param(f'{{"registry-mirrors": ["{B}", "{OWN}"]}}', [A], (), [A, B, OWN], id="not-ours-kept"),
        pytest.param('{"registry-mirrors": ["https://A.example/"]}', [A, B], (), ["https://A.example/", B], id="spelling-kept"),
        pytest.param(f'{{"registry-mirrors": ["{OWN}", "{A}"]}}', [A], (), [A, OWN], id="moved-to-the-front"),
        pytest.param(f'{{"registry-mirrors": ["{A}", "{OWN}"]}}', [A], (A,), [A, OWN], id="as-it-is"),
    ],
)  # fmt: skip
def test_decide_for_mirrors(before: str | None, urls: list[str], ours: tuple[str, ...], after: list[str]) -> None:
    decision = decide(before, *urls, ours=ours)
    assert value_of(decision) == after
    assert decision.notices == ()


@pytest.mark.parametrize(
    ("before", "facts", "ours", "force", "after", "codes"),
    [
        pytest.param(None, {}, (), False, None, [], id="no-file"),
        pytest.param(f'{{"registry-mirrors": ["{A}/"]}}', {}, (A,), False, None, [], id="ours-alone"),
        pytest.param(f'{{"registry-mirrors": ["{A}", "{OWN}"]}}', {}, (A,), False, [OWN], ["kept"], id="own-kept"),
        pytest.param(f'{{"registry-mirrors": ["{A}", "{OWN}"]}}', {}, (A,), True, None, [], id="all-by-force"),
        pytest.param('{"registry-mirrors": []}', {}, (A,), False, [], [], id="an-empty-list-stays"),
        pytest.param("{}", {"mirrors": f'["{A}/"]'}, (), False, [], [], id="mirrors-in-force-without-a-key"),
        pytest.param("{}", {"mirrors": f'["{A}/"]', "flags": f'["{A}"]'}, (), False, None, [], id="flag"),
    ],
)
def test_decide_for_upstream(
    before: str | None,
    facts: dict[str, str],
    ours: tuple[str, ...],
    force: bool,
    after: Value,
    codes: list[str],
) -> None:
    decision = decide(before, found=client(**facts), ours=ours, force=force)
    assert value_of(decision) == after
    assert [notice.code for notice in decision.notices] == codes


def test_decide_writes_the_file_that_the_daemon_names() -> None:
    found = client(config="/srv/d.json")
    decision = docker.decide(
        MACHINE, found, {}, Scope.SYSTEM, (mirror(A),), known=frozenset(), ours=frozenset(), force=False
    )
    assert [(setting.path, setting.value) for setting in decision.settings] == [(Path("/srv/d.json"), [A])]


def test_decide_refuses_the_scope_of_another_daemon() -> None:
    with pytest.raises(ConflictError) as caught:
        decide("{}", A, found=client(rootless="yes"))
    assert str(caught.value.hint) == "run the command again with --scope user"


def test_decide_refuses_an_address_that_dockerd_does_not_take() -> None:
    with pytest.raises(UsageError, match=r"https://a\.example/hub/ cannot be a mirror of Docker Hub"):
        decide("{}", "https://a.example/hub/")


def test_decide_refuses_a_file_it_cannot_read() -> None:
    with pytest.raises(ConfigError, match=r"daemon\.json, line 2, column 1"):
        decide('{"a": 1,\n}', A)


# Next steps


@pytest.mark.parametrize(
    ("daemon", "count", "codes"),
    [
        ("running", 1, ["build-cache", "hub-only"]),
        ("running", 0, ["build-cache"]),
        ("stopped", 1, ["not-running", "hub-only"]),
        ("image", 1, ["hub-only"]),
    ],
)
def test_next_steps(daemon: str, count: int, codes: list[str]) -> None:
    notices = docker.next_steps(MACHINE, client(daemon=daemon), (mirror(A),) * count)
    assert [notice.code for notice in notices] == codes
