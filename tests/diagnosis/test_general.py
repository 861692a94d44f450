"""A client that nothing special is known of: its files, its setting, and what wins over it."""

from __future__ import annotations

from pathlib import Path

import pytest
from diagnosis.patients import CORP, DEAD, HOME, LIVE, UV, case, catalog, mended, told

from mirrorctl.commands.repairs import amended
from mirrorctl.diagnosis import diagnose
from mirrorctl.diagnosis.case import Case
from mirrorctl.diagnosis.finding import Finding, rank
from mirrorctl.model import Machine, Scope
from mirrorctl.targets import TARGETS
from mirrorctl.targets.base import Target
from mirrorctl.targets.facets import facet
from mirrorctl.values import replace


class Lens:
    """uv's, under a name that the diagnosis does not know."""

    NAME = "other"
    read, write, frame = (staticmethod(getattr(TARGETS["uv"], name)) for name in ("read", "write", "frame"))


def other() -> Target:
    return facet(TARGETS["uv"], Lens())


def look(text: str, environ: dict[str, str] | None = None) -> tuple[Finding, ...]:
    return rank(diagnose(replace(case("uv", {UV: text}, environ=environ), target=other())))


@pytest.mark.parametrize(
    ("text", "environ", "expected"),
    [
        pytest.param(f'index-url = "{LIVE}"\n', {}, [], id="healthy"),
        pytest.param(f'\nindex-url = "{DEAD}"\n', {}, ["error dead-mirror 2 fix"], id="dead"),
        pytest.param(f'index-url = "{LIVE}"\n', {"UV_INDEX_URL": CORP}, ["warning override -"], id="variable"),
        pytest.param("", {"UV_INDEX_URL": CORP}, ["note override -"], id="variable-alone"),
        pytest.param("index-url\n", {}, ["error unreadable 1"], id="syntax"),
    ],
)
def test_any_client(text: str, environ: dict[str, str], expected: list[str]) -> None:
    found = look(text, environ)
    assert told(found) == expected
    assert {finding.target for finding in found} <= {"other"}


@pytest.mark.parametrize(
    ("name", "path", "text", "after"),
    [
        pytest.param(
            "podman",
            "/etc/containers/registries.conf",
            '[[registry]]\nlocation = "docker.io"\n[[registry.mirror]]\nlocation = "dead.example"\n'
            '[[registry.mirror]]\nlocation = "hub.example"\n',
            '[[registry]]\nlocation = "docker.io"\n[[registry.mirror]]\nlocation = "hub.example"\n',
            id="podman",
        ),
        pytest.param(
            "containerd",
            "/etc/containerd/certs.d/docker.io/hosts.toml",
            'server = "https://registry-1.docker.io"\n[host."https://dead.example"]\n[host."https://hub.example"]\n',
            'server = "https://registry-1.docker.io"\n[host."https://hub.example"]\n',
            id="containerd",
        ),
        pytest.param(
            "buildkit",
            "/etc/buildkit/buildkitd.toml",
            '[registry."docker.io"]\nmirrors = ["dead.example", "hub.example"]\n',
            '[registry."docker.io"]\nmirrors = ["hub.example"]\n',
            id="buildkit",
        ),
    ],
)
def test_other_clients_of_registries(tmp_path: Path, name: str, path: str, text: str, after: str) -> None:
    """In an image, where each has but its habitual files."""
    target = TARGETS[name]
    machine = Machine(environ={}, home=HOME, cwd=HOME, platform="linux", euid=0, root=tmp_path)
    file = machine.path(path)
    found = Case(
        machine=machine,
        target=target,
        client=target.assume(machine),
        scope=Scope.SYSTEM,
        contents={file: text.encode()},
        catalog=catalog(),
    )
    findings = rank(diagnose(found))
    assert told(findings) == [f"error dead-mirror {text[: text.index('dead')].count(chr(10)) + 1} fix"]
    assert mended(text, file, findings, amended) == after
