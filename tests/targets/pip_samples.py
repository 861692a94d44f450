"""A machine, files and questions for the tests of the target pip."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

from mirrorctl.model import Client, Machine, Mirror, Scope, Status, Trust, Value
from mirrorctl.targets import pip
from mirrorctl.targets.base import Contents, Decision, State

FILE = Path("/home/u/.config/pip/pip.conf")
LEGACY = Path("/home/u/.pip/pip.conf")
SYSTEM = Path("/etc/pip.conf")
XDG = Path("/etc/xdg/pip/pip.conf")
SITE = Path("/opt/python/pip.conf")
A, B, DEFAULT = "https://a.example/simple", "https://b.example/simple", "https://index.example/simple"
CORP = "https://u:secret@corp.example/simple"
VALUES: tuple[Value, ...] = (A, "http://127.0.0.1:8080/simple/", None)

MACHINE = Machine(environ={}, home=Path("/home/u"), cwd=Path("/home/u/work"), platform="linux", euid=1000)
CLIENT = Client(
    target="pip", version=(26, 3), default_url=DEFAULT, facts={"prefix": "/opt/python", "encoding": "UTF-8"}
)


def mirror(url: str) -> Mirror:
    return Mirror(
        id="m",
        ecosystem="pypi",
        operator="o",
        url=url,
        kind="mirror",
        trust=Trust.UNIVERSITY,
        status=Status.ACTIVE,
        domain="d",
    )


def conf(*lines: str, section: str = "global") -> str:
    return "\n".join((f"[{section}]", *lines, ""))


def look(files: dict[Path, str], scope: Scope = Scope.USER, environ: dict[str, str] | None = None) -> State:
    contents = {path: text.encode() for path, text in files.items()}
    return pip.state(replace(MACHINE, environ=environ or {}), CLIENT, contents, scope)


def decide(
    files: dict[Path, str],
    url: str | None,
    scope: Scope = Scope.USER,
    environ: dict[str, str] | None = None,
    *,
    force: bool = False,
) -> Decision:
    contents = {path: text.encode() for path, text in files.items()}
    return pip.decide(
        replace(MACHINE, environ=environ or {}),
        CLIENT,
        contents,
        scope,
        (mirror(url),) if url else (),
        known=frozenset({A, B}),
        ours=frozenset({"https://ours.example/simple"}),
        force=force,
    )


def with_pip(machine: Machine, directory: Path) -> Machine:
    """`machine` with a directory first on PATH in which `pip` is this Python's."""
    script = directory / "bin" / "pip"
    script.parent.mkdir(exist_ok=True)
    script.write_text(f"#!{sys.executable}\nfrom pip._internal.cli.main import main\nmain()\n")
    script.chmod(0o755)
    path = f"{script.parent}{os.pathsep}{machine.environ.get('PATH', os.defpath)}"
    return Machine(
        environ={**machine.environ, "PATH": path},
        home=machine.home,
        cwd=machine.cwd,
        platform=machine.platform,
        euid=machine.euid,
    )


def read_all(machine: Machine, client: Client) -> Contents:
    paths = (file.path for file in pip.files(machine, client))
    return {path: path.read_bytes() if path.is_file() else None for path in paths}
