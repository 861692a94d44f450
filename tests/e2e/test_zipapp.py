"""mirrorctl.pyz: one file, carried to a machine on which nothing is installed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from servers.workstation import Workstation

pytestmark = pytest.mark.client

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(".ci/zipapp/build.py")


def build(project: Path, out: Path) -> bytes:
    done = subprocess.run([sys.executable, project / BUILD, out], capture_output=True, text=True, check=False)
    if "No matching distribution" in done.stderr or "Could not fetch" in done.stderr:
        pytest.skip("no package index to take the dependencies from")
    assert done.returncode == 0, done.stderr
    return out.read_bytes()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("carried") / "mirrorctl.pyz"
    build(ROOT, out)
    return out


def run(archive: Path, home: Path, *words: str, cwd: Path, options: Iterable[str] = ()) -> str:
    """What it prints in an environment that has a home and nothing else."""
    environ = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "MIRRORCTL_STATE_DIR": str(home / "state")}
    argv = [sys.executable, *options, str(archive), *words]
    done = subprocess.run(argv, env=environ, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_runs_from_elsewhere_without_anything(archive: Path, tmp_path: Path) -> None:
    moved = tmp_path / "with a blank" / "m.pyz"
    moved.parent.mkdir()
    shutil.copy(archive, moved)
    assert run(moved, tmp_path, "--version", cwd=Path("/"), options=["-S"]).startswith("mirrorctl ")
    assert "pypi" in run(moved, tmp_path, "list", cwd=Path("/"), options=["-S"])
    assert "用法" in run(moved, tmp_path, "--lang", "zh", "--help", cwd=Path("/"), options=["-S"])


def test_it_is_unpacked_once_and_for_its_user_alone(archive: Path, tmp_path: Path) -> None:
    for _time in range(2):
        run(archive, tmp_path, "--version", cwd=tmp_path)
    (place,) = (tmp_path / "cache/mirrorctl").iterdir()
    assert place.stat().st_mode & 0o077 == 0
    (place / "mirrorctl/__init__.py").write_text('__version__ = "unpacked"\n')
    assert run(archive, tmp_path, "--version", cwd=tmp_path) == "mirrorctl unpacked\n"


@pytest.mark.parametrize("what", ["cache", "cache/mirrorctl", "place"])
def test_what_others_may_write_to_is_not_run(archive: Path, tmp_path: Path, what: str) -> None:
    run(archive, tmp_path, "--version", cwd=tmp_path)
    (place,) = (tmp_path / "cache/mirrorctl").iterdir()
    (place / "mirrorctl/__init__.py").write_text('__version__ = "evil"\n')
    (place if what == "place" else tmp_path / what).chmod(0o777)
    assert "evil" not in run(archive, tmp_path, "--version", cwd=tmp_path)


def test_it_runs_where_nothing_can_be_kept(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    before = set(tmp_path.iterdir())
    assert run(archive, tmp_path, "--version", cwd=tmp_path).startswith("mirrorctl ")
    assert set(tmp_path.iterdir()) == before


def test_the_same_sources_give_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    """Whatever the times of the files, and wherever they are."""
    project = tmp_path / "project"
    for part in ("mirrorctl", ".ci/zipapp"):
        shutil.copytree(ROOT / part, project / part, copy_function=shutil.copyfile)
    shutil.copyfile(ROOT / "mirrors.toml", project / "mirrors.toml")
    os.utime(project / "mirrors.toml", (0, 0))
    data = build(project, tmp_path / "again.pyz")
    assert data == archive.read_bytes()
    said = (tmp_path / "again.pyz.sha256").read_text().split()
    assert said == [hashlib.sha256(data).hexdigest(), "again.pyz"]


def test_it_does_the_main_job(archive: Path, machine: Workstation) -> None:
    """Measures mirrors, and changes the file of the real pip."""
    environ = {"XDG_CACHE_HOME": str(machine.home / "cache")}
    words = ("use", "fastest", "-t", "pip", "-y", "--catalog", str(machine.catalog))
    ran = machine.run(sys.executable, str(archive), *words, environ=environ).ended(0)
    assert "near-index" in ran.stdout
