"""A machine to do anything to: a view of / that is thrown away, with what its real users have configured taken out.

Changes go to memory (overlayfs over a tmpfs, in a mount namespace of its own); the real files stay as they are.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import guard

from servers.workstation import TIMEOUT_S, Ran, search_path

ROOT = Path(__file__).resolve().parents[2]
WORK = "/srv/work"
# What the recipes call mirrorctl.pyz: the program of this checkout.
PROGRAM = f"""#!{sys.executable}
import runpy, sys
sys.path.insert(0, {str(ROOT)!r})
sys.argv[0] = "mirrorctl"
runpy.run_module("mirrorctl", run_name="__main__", alter_sys=True)
"""
ENTER = """set -e
top=$(mktemp -d)
mount -t tmpfs tmpfs "$top"
mkdir "$top/upper" "$top/work" "$top/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$top/upper,workdir=$top/work" "$top/root"
cd "$top/root"
for place in proc dev sys; do mount --rbind "/$place" "$place"; done
rm -rf $FORGOTTEN
cp -a "$BROUGHT/." .
exec chroot . "$@"
"""


def missing() -> str | None:
    """Why there can be no such machine here, or None."""
    if os.geteuid() != 0 or not sys.platform.startswith("linux") or not shutil.which("unshare"):
        return "needs root and Linux"
    devices = {Path(place).stat().st_dev for place in ("/", sys.prefix, ROOT)}
    if len(devices) > 1:
        return "this Python or this checkout is on a file system of its own"
    probe = 'set -e; top=$(mktemp -d); mount -t tmpfs tmpfs "$top"; mkdir "$top/u" "$top/w" "$top/r"; '
    probe += 'mount -t overlay overlay -o "lowerdir=/,upperdir=$top/u,workdir=$top/w" "$top/r"'
    tried = subprocess.run([*_unshared(), "sh", "-c", probe], capture_output=True, check=False)
    return None if tried.returncode == 0 else "overlayfs cannot be mounted here"


def _unshared(*more: str) -> list[str]:
    return ["unshare", "--mount", "--propagation", "private", *more]


@dataclass(slots=True, kw_only=True)
class Throwaway:
    """`place` is a directory of the test, `environ` all that programs see. `files` are brought along, by absolute path."""

    place: Path
    environ: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def run(self, script: str, *, files: Mapping[str, str] | None = None, prefix: tuple[str, ...] = ()) -> Ran:
        """A shell script in WORK; files whose name ends in .pyz, or that are in a bin directory, can be run."""
        brought = self.place / "brought"
        shutil.rmtree(brought, ignore_errors=True)
        for name, content in {**self.files, **(files or {}), f"{WORK}/.script": script}.items():
            path = brought / name.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
            path.chmod(0o755 if path.suffix == ".pyz" or path.parent.name == "bin" else 0o644)
        environ = {
            "PATH": search_path(),
            "HOME": "/root",
            "LC_ALL": "C.UTF-8",
            **self.environ,
            "BROUGHT": str(brought),
            "FORGOTTEN": " ".join(_forgotten()),
        }
        argv = (*prefix, *_unshared(), "sh", "-c", ENTER, "sh", "sh", "-c", f"cd {WORK} && exec sh -e .script")
        done = subprocess.run(
            argv, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
        return Ran(argv=("sh", "-e", script), status=done.returncode, stdout=done.stdout, stderr=done.stderr)


def _forgotten() -> list[str]:
    """Relative to /, what real users have configured."""
    own = [f"root/{name}" for name in guard.USER_FILES]
    site = f"{sys.prefix}/pip.conf"
    return [*own, *(name.lstrip("/") for name in (*guard.SYSTEM_FILES, site, "/var/cache/mirrorctl"))]
