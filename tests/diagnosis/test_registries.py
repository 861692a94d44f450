"""podman, containerd and BuildKit: what they cannot read, what mirrorctl cannot change, and mirrors of each registry."""

from __future__ import annotations

from pathlib import Path

import pytest
from diagnosis.patients import HOME, catalog, mended, told

from mirrorctl.commands.repairs import amended
from mirrorctl.diagnosis import diagnose
from mirrorctl.diagnosis.case import Case
from mirrorctl.diagnosis.finding import rank
from mirrorctl.model import Machine, Scope
from mirrorctl.targets import TARGETS
from mirrorctl.values import replace

CONF, DROP = "/etc/containers/registries.conf", "/etc/containers/registries.conf.d/zz-mirrorctl.conf"
HUB_TOML, QUAY_TOML = "/etc/containerd/certs.d/docker.io/hosts.toml", "/etc/containerd/certs.d/quay.io/hosts.toml"
BUILDKITD = "/etc/buildkit/buildkitd.toml"
TABLE = '[[registry]]\nlocation = "docker.io"\n'


def case(name: str, file: str, text: str, image: Path) -> Case:
    machine = Machine(environ={}, home=HOME, cwd=HOME, platform="linux", euid=0, root=image)
    target = TARGETS[name]
    return Case(
        machine=machine,
        target=target,
        client=target.assume(machine),
        scope=Scope.SYSTEM,
        contents={machine.path(file): text.encode()},
        catalog=catalog(),
    )


@pytest.mark.parametrize(
    ("name", "file", "text", "expected"),
    [
        pytest.param("podman", CONF, TABLE, [], id="podman"),
        pytest.param("podman", CONF, "[[registry]\n", ["error unreadable 1"], id="podman-syntax"),
        pytest.param("podman", CONF, "\n[[registry]]\n", ["error unreadable 2"], id="podman-stops"),
        pytest.param("podman", CONF, "\ufeff" + TABLE, ["error unreadable 1"], id="podman-mark"),
        pytest.param(
            "podman", CONF, '[registries.search]\nregistries = ["a"]\n', ["note unreadable 1"], id="podman-version-1"
        ),
        pytest.param(
            "podman", DROP, '[registries.search]\nregistries = ["a"]\n', ["error unreadable 1"], id="podman-drop-in"
        ),
        pytest.param("podman", CONF, TABLE + "mirror = []\n", [], id="podman-inline-empty"),
        pytest.param(
            "podman", CONF, TABLE + 'mirror = [{ location = "a.example" }]\n', ["note unreadable 1"], id="podman-inline"
        ),
        pytest.param(
            "podman",
            CONF,
            '[[registry]]\nprefix = "docker.io"\nlocation = "dead.example"\n',
            ["error dead-mirror 3"],
            id="podman-replaced-by-a-dead-mirror",
        ),
        pytest.param(
            "podman",
            CONF,
            TABLE + '[[registry.mirror]]\nlocation = "hub.example/"\n',
            ["error bad-url 4"],
            id="podman-a-slash",
        ),
        pytest.param("containerd", HUB_TOML, "[host\n", ["error unreadable 1"], id="containerd-syntax"),
        pytest.param(
            "containerd", "/etc/containerd/config.toml", "version =\n", ["error unreadable 1"], id="containerd-config"
        ),
        pytest.param(
            "containerd",
            HUB_TOML,
            '[host."https://a.example"]\ncapabilities = ["pul"]\n',
            ["error unreadable 2"],
            id="containerd-capability",
        ),
        pytest.param(
            "containerd",
            HUB_TOML,
            'host = { "https://a.example" = {} }\n',
            ["note unreadable 1"],
            id="containerd-inline",
        ),
        pytest.param(
            "buildkit", BUILDKITD, 'registry = { "docker.io" = {} }\n', ["note unreadable 1"], id="buildkit-inline"
        ),
        pytest.param(
            "podman",
            CONF,
            '[[registry]]\nlocation = "quay.io"\n[[registry.mirror]]\nlocation = "dead.example"\n',
            [],
            id="podman-another-registry",
        ),
        pytest.param(
            "podman",
            CONF,
            '[[registry]]\nlocation = "docker.io/library"\n[[registry.mirror]]\nlocation = "dead.example"\n',
            ["error dead-mirror 4 fix"],
            id="podman-a-longer-prefix",
        ),
        pytest.param(
            "buildkit",
            BUILDKITD,
            '[registry."docker.io"]\nmirrors = ["hub.example", "dead.example"]\n[registry."hub.example"]\nhttp = true\n',
            ["error dead-mirror 2 fix", "warning plain-http 2"],
            id="buildkit-http-elsewhere",
        ),
        pytest.param("containerd", QUAY_TOML, '[host."https://dead.example"]\n', [], id="containerd-another-registry"),
    ],
)
def test_the_files(tmp_path: Path, name: str, file: str, text: str, expected: list[str]) -> None:
    assert told(rank(diagnose(case(name, file, text, tmp_path)))) == expected


def test_a_dead_default_of_containerd_is_found(tmp_path: Path) -> None:
    default = "/etc/containerd/certs.d/_default/hosts.toml"
    found = told(rank(diagnose(case("containerd", default, '[host."https://dead.example"]\n', tmp_path))))
    assert found == ["error dead-mirror 1"]


def test_a_mark_is_no_matter_to_a_later_podman(tmp_path: Path) -> None:
    found = case("podman", CONF, "\ufeff" + TABLE, tmp_path)
    assert told(rank(diagnose(replace(found, client=replace(found.client, version=(5, 4)))))) == []


@pytest.mark.parametrize(
    ("name", "file", "text", "after"),
    [
        pytest.param(
            "podman",
            CONF,
            TABLE
            + '[[registry.mirror]]\nlocation = "corp.example"\n# mine\n[[registry.mirror]]\ninsecure = true # why\n'
            'location = "hub.example"\npull-from-mirror = "digest-only" # keep\n[[registry.mirror]]\nlocation = "z.example"\n',
            TABLE + '[[registry.mirror]]\nlocation = "corp.example"\n# mine\n[[registry.mirror]]\n'
            'location = "hub.example"\npull-from-mirror = "digest-only" # keep\n[[registry.mirror]]\nlocation = "z.example"\n',
            id="podman",
        ),
        pytest.param(
            "containerd",
            HUB_TOML,
            '# one\n[host."http://hub.example"] # two\n  ca = "/ca.pem"\n  [host."http://hub.example".header]\n'
            '    Authorization = "x"\n[host."https://z.example"]\n',
            '# one\n[host."https://hub.example"] # two\n  ca = "/ca.pem"\n  [host."https://hub.example".header]\n'
            '    Authorization = "x"\n[host."https://z.example"]\n',
            id="containerd",
        ),
        pytest.param(
            "containerd",
            HUB_TOML,
            "[host.'http://hub.example']\n  skip_verify = true\n",
            '[host."https://hub.example"]\n  skip_verify = true\n',
            id="containerd-apostrophes",
        ),
    ],
)
def test_https_instead_of_http_leaves_all_else_in_its_place(
    tmp_path: Path, name: str, file: str, text: str, after: str
) -> None:
    found = case(name, file, text, tmp_path)
    findings = [each for each in rank(diagnose(found)) if each.repair]
    assert [each.code.value for each in findings] == ["plain-http"]
    assert mended(text, found.machine.path(file), tuple(findings), amended) == after
