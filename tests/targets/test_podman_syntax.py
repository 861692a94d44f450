"""podman: what the clients stop at, against the real reader."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from mirrorctl.errors import FormatError
from mirrorctl.targets import podman_syntax as syntax

HUB = '[[registry]]\nlocation = "docker.io"\n'
STOPPING = {
    "a scheme": ('\n[[registry]]\nlocation = "https://docker.io"\n', 3),
    "a mirror's scheme": (HUB + '[[registry.mirror]]\nlocation = "https://127.0.0.1:1"\n', 4),
    "nothing in it": ("[[registry]]\nblocked = false\n", 1),
    "no location": ('[[registry]]\nprefix = "docker.io"\n', 1),
    "a mirror without": (HUB + "[[registry.mirror]]\ninsecure = true\n", 3),
    "a mirror that is empty": (HUB + '[[registry.mirror]]\nlocation = ""\n', 3),
    "a flag": (HUB + 'blocked = "yes"\n', 3),
    "a number": ("[[registry]]\nlocation = 5\n", 2),
    "the mode": ('short-name-mode = "x"\n', 1),
    "versions": ('[registries.search]\nregistries = ["a.example"]\n' + HUB, 1),
}
GOING_ON = {
    "empty": "",
    "unknown": HUB + "foo = 1\n",
    "a wildcard": '[[registry]]\nprefix = "*.corp.example"\n',
    "inline": HUB + 'mirror = [{ location = "127.0.0.1:1" }]\n',
    "version 1": '[registries.search]\nregistries = ["a.example"]\n',
    "version 1, empty": "[registries.search]\nregistries = []\n" + HUB,
}


@pytest.mark.parametrize(("text", "line"), STOPPING.values(), ids=STOPPING)
def test_what_the_clients_stop_at(text: str, line: int) -> None:
    with pytest.raises(FormatError) as caught:
        syntax.refuse(text, drop_in=False)
    assert caught.value.line == line


@pytest.mark.parametrize("text", GOING_ON.values(), ids=GOING_ON)
def test_what_they_read(text: str) -> None:
    syntax.refuse(text, drop_in=False)


def test_version_1_cannot_stand_in_a_drop_in() -> None:
    with pytest.raises(FormatError):
        syntax.refuse(GOING_ON["version 1"], drop_in=True)


@pytest.mark.containers
@pytest.mark.parametrize(
    ("text", "stops"),
    [*((text, True) for text, _line in STOPPING.values()), *((text, False) for text in GOING_ON.values())],
    ids=[*STOPPING, *GOING_ON],
)
def test_skopeo_stops_there_too(home: Path, text: str, *, stops: bool) -> None:
    """It reaches nobody."""
    path = home / ".config/containers/registries.conf"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    ran = subprocess.run(
        [shutil.which("skopeo") or "skopeo", "--debug", "inspect", "--raw", "docker://127.0.0.1:1/x"],
        env={"HOME": str(home), "https_proxy": "http://127.0.0.1:9", "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ("loading registries configuration" in ran.stderr) is stops
