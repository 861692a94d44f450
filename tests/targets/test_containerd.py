"""containerd: when it is meant, where its hosts.toml stand, and what stands against one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from targets.talk import hold, said
from targets.test_podman import mirror

from mirrorctl.dialogue import Answer
from mirrorctl.errors import ConfigError, ConflictError
from mirrorctl.model import Client, Machine, Mirror, Scope, Trust
from mirrorctl.targets import containerd
from mirrorctl.targets.base import Decision

A, B, OWN = "https://a.example", "https://b.example", "https://registry.corp.example"
FOLDER = Path("/etc/containerd/certs.d")
HUB, GHCR, DEFAULT = (FOLDER / name / "hosts.toml" for name in ("docker.io", "ghcr.io", "_default"))
MACHINE = Machine(environ={}, home=Path("/root"), cwd=Path("/"), platform="linux", euid=0)
CLIENT = Client(target="containerd", version=(1, 7, 24), facts={"config_path": str(FOLDER), "users": "crictl"})
HERE: dict[str, Answer] = {
    "containerd --version": said("containerd github.com/containerd/containerd v1.7.24 88bf19b\n"),
    "read /etc/containerd/config.toml": b'version = 2\nimports = ["/etc/containerd/conf.d/*.toml"]\n',
}
ONE = 'version = 2\n[plugins."io.containerd.grpc.v1.cri".registry]\n  config_path = "{path}"\n'
TWO = "version = 3\n[plugins.'io.containerd.cri.v1.images'.registry]\n  config_path = '{path}'\n"


def hosts(*urls: str) -> str:
    return "\n".join(f'[host."{url}"]\n  capabilities = ["pull", "resolve"]\n' for url in urls)


def decide(
    files: Mapping[Path, str],
    *mirrors: Mirror,
    client: Client = CLIENT,
    ours: frozenset[str] = frozenset(),
    force: bool = False,
) -> Decision:
    contents = {path: text.encode() for path, text in files.items()}
    known = frozenset({A, B})
    return containerd.decide(MACHINE, client, contents, Scope.SYSTEM, mirrors, known=known, ours=ours, force=force)


def written(decision: Decision) -> dict[Path, object]:
    return {setting.path: setting.value for setting in decision.settings if setting.value}


# The client


@pytest.mark.parametrize(
    ("dump", "path"),
    [
        pytest.param(ONE.format(path="/etc/containerd/certs.d"), "/etc/containerd/certs.d", id="1.x"),
        pytest.param(TWO.format(path="/opt/certs.d:/etc/docker/certs.d"), "/opt/certs.d", id="2.x"),
        pytest.param(ONE.format(path=""), "", id="unset"),
        pytest.param("not toml [", "", id="unreadable"),
    ],
)
def test_the_folder_is_asked_of_containerd(dump: str, path: str) -> None:
    answers = {**HERE, "containerd config dump": said(dump), "crictl --version": said("crictl version v1.31.1")}
    found, _asked = hold(containerd.inspect(MACHINE), answers)
    assert found is not None
    assert (found.facts["config_path"], found.version) == (path, (1, 7, 24))


@pytest.mark.parametrize(
    ("answers", "here"),
    [
        pytest.param({}, False, id="no-containerd"),
        pytest.param({"containerd --version": HERE["containerd --version"]}, False, id="dockerds-own"),
        pytest.param({**HERE, "containerd config dump": said('disabled_plugins = ["cri"]\n')}, False, id="cri-is-off"),
        pytest.param(
            {"containerd --version": HERE["containerd --version"], "nerdctl --version": said("nerdctl 2.0")},
            True,
            id="nerdctl",
        ),
        pytest.param({**HERE, "containerd config dump": said(ONE.format(path=""))}, False, id="nothing-set"),
        pytest.param({**HERE, "read /etc/containerd/config.toml": b"version = 2\n"}, False, id="as-it-is-packaged"),
        pytest.param({**HERE, "containerd config dump": said(ONE.format(path="/x"))}, True, id="kubernetes"),
    ],
)
def test_the_containerd_that_is_dockerds_alone_is_none(answers: dict[str, Answer], here: bool) -> None:
    assert (hold(containerd.inspect(MACHINE), answers)[0] is not None) is here


def test_a_configuration_that_says_nothing_of_hosts_is_not_asked_about() -> None:
    """Asking takes longer than all the rest of a quick command."""
    _found, asked = hold(containerd.inspect(MACHINE), {**HERE, "read /etc/containerd/config.toml": b"version = 2\n"})
    assert "containerd config dump" not in asked
    _found, asked = hold(containerd.inspect(MACHINE), {**HERE, "containerd config dump": said("")})
    assert "containerd config dump" in asked


# What is in force


def test_what_counts_for_docker_hub() -> None:
    contents = {HUB: hosts(A, B).encode(), GHCR: hosts(B).encode(), DEFAULT: hosts(OWN).encode()}
    found = containerd.state(MACHINE, CLIENT, contents, Scope.SYSTEM)
    assert (found.path, found.urls, found.effective_url, found.overrides) == (HUB, (A, B, B), A, ())


def test_the_default_counts_where_there_is_no_file() -> None:
    found = containerd.state(MACHINE, CLIENT, {DEFAULT: hosts(OWN).encode()}, Scope.SYSTEM)
    assert (found.urls, found.effective_url, found.overrides[0].value) == ((), OWN, OWN)


@pytest.mark.parametrize(("version", "plugin"), [((1, 6, 20), "grpc.v1.cri"), ((2, 1), "cri.v1.images")])
def test_the_lines_that_are_missing_are_said(version: tuple[int, ...], plugin: str) -> None:
    client = replace(CLIENT, version=version, facts={"users": "crictl"})
    (notice, _logins) = decide({}, mirror(A), client=client).notices
    assert f'[plugins."io.containerd.{plugin}".registry]' in str(notice.hint)
    assert 'config_path = "/etc/containerd/certs.d"' in str(notice.hint)
    assert [notice.code for notice in decide({}, mirror(A)).notices] == ["pull-secrets"]


@pytest.mark.parametrize(("path", "codes"), [(str(FOLDER), []), ("", ["no-config-path"])], ids=["set", "unset"])
def test_an_image_is_not_asked_but_read(path: str, codes: list[str]) -> None:
    image = replace(MACHINE, root=Path("/img"))
    client = containerd.assume(image)
    contents = {Path("/img/etc/containerd/config.toml"): ONE.format(path=path).encode()}
    assert Path("/img/etc/containerd/config.toml") in {file.path for file in containerd.files(image, client)}
    found = containerd.state(image, client, contents, Scope.SYSTEM)
    assert (found.path, [notice.code for notice in found.notices]) == (Path("/img") / HUB.relative_to("/"), codes)


# What is written


def test_a_file_for_each_registry() -> None:
    decision = decide({}, mirror(A), mirror(B), mirror(B, "ghcr"))
    assert written(decision) == {HUB: [A, B], GHCR: [B]}


def test_the_users_hosts_stay_behind_ours() -> None:
    assert written(decide({HUB: hosts(OWN, A)}, mirror(B), ours=frozenset({A}))) == {HUB: [B, OWN]}


def test_a_default_of_ones_own_is_not_hidden() -> None:
    with pytest.raises(ConflictError) as caught:
        decide({DEFAULT: hosts(OWN)}, mirror(A))
    assert caught.value.subject == str(DEFAULT)
    assert written(decide({DEFAULT: hosts(OWN)}, mirror(A), force=True)) == {HUB: [A]}
    assert written(decide({DEFAULT: hosts(B)}, mirror(A))) == {HUB: [A]}


def test_a_host_that_may_not_serve_tags_is_told_of() -> None:
    text = f'[host."{A}"]\n  capabilities = ["pull"]\n[host."{B}"]\n  capabilities = ["resolve", "pull", "push"]\n[host."{OWN}"]\n'
    notices = [notice for notice in decide({HUB: text}, mirror(A)).notices if notice.code == "capabilities"]
    assert [(notice.subject, A in str(notice.message)) for notice in notices] == [(str(HUB), True)]
    found = containerd.state(MACHINE, CLIENT, {HUB: text.encode()}, Scope.SYSTEM)
    assert [notice.code for notice in found.notices] == ["capabilities"]


def test_upstream_says_when_the_default_has_its_way_all_the_same() -> None:
    (notice,) = decide({DEFAULT: hosts(A)}).notices
    assert (notice.code, notice.subject) == ("kept", str(DEFAULT))
    assert decide({DEFAULT: hosts(A), HUB: ""}).notices == ()


def test_upstream_takes_out_ours_alone() -> None:
    decision = decide({HUB: hosts(A, OWN), GHCR: hosts(A)})
    assert written(decision) == {HUB: [OWN]}
    assert [notice.code for notice in decision.notices] == ["kept"]


def test_a_broken_file_is_left_alone() -> None:
    with pytest.raises(ConfigError):
        decide({HUB: "[host"}, mirror(A))


@pytest.mark.parametrize(
    ("trust", "users", "codes"),
    [(Trust.COMPANY, "crictl", ["pull-secrets"]), (Trust.PRIVATE, "crictl", []), (Trust.COMPANY, "nerdctl", [])],
    ids=["kubernetes", "a private mirror", "nerdctl"],
)
def test_who_would_see_pull_secrets_is_told(trust: Trust, users: str, codes: list[str]) -> None:
    client = replace(CLIENT, facts={**CLIENT.facts, "users": users})
    decision = decide({}, replace(mirror(A), trust=trust), client=client)
    assert [notice.code for notice in decision.notices] == codes


@pytest.mark.parametrize("url", ["http://registry.corp.example", "https://a.example/hub"])
def test_addresses_that_are_not_written(url: str) -> None:
    with pytest.raises(ConflictError):
        decide({}, mirror(url))
