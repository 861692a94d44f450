"""What `env` writes for Docker, read by Docker: a Dockerfile that is built, and a file for `--env-file`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from formats.test_assignments import VALUES
from servers import dockerd
from servers.dockerd import Daemon
from servers.workstation import search_path

from mirrorctl.errors import UsageError
from mirrorctl.formats.assignments import render

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    place = tmp_path_factory.mktemp("docker")
    with dockerd.dockerd(place / "d", "{}\n", {}) as found:
        yield found


def docker(daemon: Daemon, *words: str) -> str:
    environ = {"PATH": search_path(), "DOCKER_BUILDKIT": "0", "HOME": str(daemon.directory), **daemon.environ}
    done = subprocess.run(["docker", *words], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def environment(daemon: Daemon, what: str) -> dict[str, str]:
    lines = json.loads(docker(daemon, "inspect", "--format", "{{json .Config.Env}}", what))
    return {name: value for name, _equals, value in (line.partition("=") for line in lines)}


def test_a_dockerfile_and_an_env_file_say_what_was_meant(daemon: Daemon, tmp_path: Path) -> None:
    wanted = {f"V{number}": value for number, value in enumerate(VALUES.values())}
    (tmp_path / "Dockerfile").write_text("\n".join(["FROM scratch", *render(wanted.items(), "dockerfile"), ""]))
    image = docker(daemon, "build", "-q", str(tmp_path)).strip()
    found = environment(daemon, image)
    assert {name: found.get(name) for name in wanted} == wanted
    bare = {name: value for name, value in wanted.items() if is_bare(value)}
    assert len(bare) >= 5
    (tmp_path / "env").write_text(
        "\n".join([*render(((f"E{name}", value) for name, value in bare.items()), "dotenv"), ""])
    )
    container = docker(daemon, "create", "--env-file", str(tmp_path / "env"), image, "x").strip()
    found = environment(daemon, container)
    assert {name: found.get(f"E{name}") for name in bare} == bare


def is_bare(value: str) -> bool:
    """Whether it is written without quotes, which `--env-file` would take for a part of it."""
    try:
        return render([("X", value)], "dotenv") == [f"X={value}"]
    except UsageError:
        return False
