"""A machine, files and questions for the tests of the target uv."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mirrorctl.model import Client, Machine, Mirror, Scope, Status, Trust, Value
from mirrorctl.targets import uv
from mirrorctl.targets.base import Decision, State

WORK = Path("/home/u/work")
USER = Path("/home/u/.config/uv/uv.toml")
SYSTEM = Path("/etc/uv/uv.toml")
XDG = Path("/etc/xdg/uv/uv.toml")
OWN, PROJECT, LOCK = WORK / "uv.toml", WORK / "pyproject.toml", WORK / "uv.lock"
PARENT = Path("/home/u/uv.toml")
A, B, DEFAULT = "https://a.example/simple", "https://b.example/simple", "https://index.example/simple"
CORP = "https://u:secret@corp.example/simple"
VALUES: tuple[Value, ...] = (A, "http://127.0.0.1:8080/simple/", None)

MACHINE = Machine(environ={}, home=Path("/home/u"), cwd=WORK, platform="linux", euid=1000)
CLIENT = Client(target="uv", version=(0, 13, 8), default_url=DEFAULT)
NAMED = '[project]\nname = "p"\nversion = "0"\n'


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


def index(url: str, *more: str, table: str = "index") -> str:
    return "\n".join((f"[[{table}]]", f'url = "{url}"', *(more or ("default = true",)), ""))


def project(url: str) -> str:
    return NAMED + index(url, table="tool.uv.index")


def look(files: dict[Path, str], scope: Scope = Scope.USER, environ: dict[str, str] | None = None) -> State:
    contents = {path: text.encode() for path, text in files.items()}
    return uv.state(replace(MACHINE, environ=environ or {}), CLIENT, contents, scope)


def decide(
    files: dict[Path, str],
    url: str | None,
    scope: Scope = Scope.USER,
    environ: dict[str, str] | None = None,
    *,
    force: bool = False,
) -> Decision:
    contents = {path: text.encode() for path, text in files.items()}
    return uv.decide(
        replace(MACHINE, environ=environ or {}),
        CLIENT,
        contents,
        scope,
        (mirror(url),) if url else (),
        known=frozenset({A, B}),
        ours=frozenset({"https://ours.example/simple"}),
        force=force,
    )
