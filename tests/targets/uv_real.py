"""The real uv: where it is, a machine to run it on, and what it says.

The uv on PATH or beside this Python is asked; MIRRORCTL_UVS may name a directory with others (uv-VERSION).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mirrorctl.model import Client, Machine
from mirrorctl.process import converse
from mirrorctl.targets import uv
from mirrorctl.targets.base import Contents

BESIDE = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
UV = shutil.which("uv", path=BESIDE)

URLS = ("https://a.example/simple", "https://b.example/simple/", "http://127.0.0.1:9/c")

marks = [pytest.mark.client, pytest.mark.skipif(UV is None, reason="there is no uv here")]


def programs() -> list[object]:
    named = os.environ.get("MIRRORCTL_UVS")
    others = sorted(Path(named).glob("uv-*")) if named else []
    return [pytest.param(UV, id="own"), *(pytest.param(str(other), id=other.name) for other in others)]


@pytest.fixture(params=programs())
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    """A home, and a project three directories deep in it; `uv` is the one that is tested."""
    work = tmp_path / "home" / "root" / "member" / "deep"
    work.mkdir(parents=True)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "uv").symlink_to(request.param)
    environ = {
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "HOME": str(tmp_path / "home"),
        "UV_PYTHON": sys.executable,
        "UV_CACHE_DIR": str(tmp_path / "cache"),
        "UV_PYTHON_DOWNLOADS": "never",
        "XDG_CONFIG_DIRS": f"{tmp_path}/xdg1:{tmp_path}/xdg2",
    }
    return Machine(environ=environ, home=tmp_path / "home", cwd=work, platform=sys.platform, euid=os.geteuid())


def inspect(machine: Machine) -> Client:
    client = converse(uv.inspect(machine), machine)
    assert client
    return client


@pytest.fixture
def client(machine: Machine) -> Client:
    return inspect(machine)


def read_all(machine: Machine, client: Client) -> Contents:
    paths = (file.path for file in uv.files(machine, client))
    return {path: path.read_bytes() if path.is_file() else None for path in paths}


def ask(machine: Machine) -> str | None:
    """The default index by uv's own word; None when it asks no index. Raises CalledProcessError when it refuses."""
    words = ("uv", "pip", "compile", "--emit-index-url", "--quiet", "--no-header", "-")
    done = subprocess.run(
        words, input=b"", capture_output=True, check=True, env=dict(machine.environ), cwd=machine.cwd, timeout=60
    )
    lines = [line for line in done.stdout.decode().splitlines() if line.startswith("--index-url")]
    return lines[0].split()[1] if lines else None
