"""Which default index uv takes from which file: a model of uv's settings, pure.

uv knows a default index in four forms. Whichever file they are in, a variable wins over `[[index]]` with
`default = true`, that over `index-url` of [pip] (for `uv pip` alone), that over `index-url`. Among files the
project's wins over the user's, and that over the system's (uv documentation, "Configuration files", "Package
indexes"; crates/uv-settings).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

from mirrorctl.errors import FormatError
from mirrorctl.formats import decode, tomldoc
from mirrorctl.model import Machine, Override, Scope
from mirrorctl.targets.base import ConfigFile, Contents
from mirrorctl.targets.common import unreadable
from mirrorctl.values import dataclass

ENVIRONMENT = "environment"
FILE, PROJECT, LOCK_FILE = "uv.toml", "pyproject.toml", "uv.lock"
VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL")
TRUE = frozenset({"1", "on", "t", "true", "y", "yes"})  # as clap reads a flag


MOST_PARTS = 100  # of a pattern in a file that somebody else may have written
NONE: Mapping[str, Any] = {}  # no [tool.uv], which is not the same as an empty one


@dataclass(frozen=True, slots=True)
class Source:
    """A file that is in force, with its settings: all of uv.toml, [tool.uv] of pyproject.toml."""

    path: Path
    settings: Mapping[str, Any]


def environ_of(machine: Machine) -> Mapping[str, str]:
    """The environment in which the client will run; nothing is known of an image's."""
    return machine.environ if machine.root is None else {}


# Where the files are


def config_files(machine: Machine) -> tuple[ConfigFile, ...]:
    """The files that uv may read, the weakest first, and lock files, which it may have to write anew."""
    system = [ConfigFile(path=path, scope=Scope.SYSTEM) for path in reversed(system_paths(machine))]
    if machine.root is not None:
        return (*system, ConfigFile(path=machine.path("/root/.config/uv") / FILE, scope=None))
    user = ConfigFile(path=user_path(machine), scope=Scope.USER)
    places = tuple(reversed(_upwards(start_of(machine))))
    project = [ConfigFile(path=place / name, scope=Scope.PROJECT) for place in places for name in (PROJECT, FILE)]
    locks = [ConfigFile(path=place / LOCK_FILE, scope=None) for place in places]
    named = [ConfigFile(path=path, scope=None) for path in _named(machine)]
    by_path = {file.path: file for file in (*named, *locks, *project, user, *system)}
    ordered = (*system, user, *project, *locks, *named)
    return tuple(dict.fromkeys(by_path[file.path] for file in ordered))


def system_paths(machine: Machine) -> tuple[Path, ...]:
    """The first of these that exists is the system's file."""
    named = (environ_of(machine).get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)
    if "" in named:
        named = named[: named.index("")]
    found = (
        machine.path(f"{place}/uv/{FILE}") if machine.root else machine.cwd / place / "uv" / FILE for place in named
    )
    return (*found, machine.path("/etc/uv") / FILE)


def user_path(machine: Machine) -> Path:
    named = Path(machine.environ.get("XDG_CONFIG_HOME", ""))
    return (named if named.is_absolute() else machine.home / ".config") / "uv" / FILE


def start_of(machine: Machine) -> Path:
    """The directory in which uv begins to look for a project."""
    environ = environ_of(machine)
    working = environ.get("UV_WORKING_DIR") or environ.get("UV_WORKING_DIRECTORY") or ""
    return Path(os.path.normpath(machine.cwd / working / environ.get("UV_PROJECT", "")))


def _upwards(place: Path) -> tuple[Path, ...]:
    return (place, *place.parents)


def _named(machine: Machine) -> tuple[Path, ...]:
    named = environ_of(machine).get("UV_CONFIG_FILE")
    return (machine.cwd / named,) if named else ()


# The project


def base_of(contents: Contents, start: Path) -> Path:
    """Where the search for settings begins: at the root of the workspace or project around `start`, or there."""
    root = next((place for place in _upwards(start) if contents.get(place / PROJECT) is not None), None)
    project = _project(contents, root) if root else {}
    if not root or not project or _tool(project).get("managed") is False:
        return start
    if "workspace" in _tool(project):
        return root
    if "project" not in project:
        return start
    outer = next((place for place in root.parents if contents.get(place / PROJECT) is not None), None)
    workspace = _tool(_project(contents, outer)).get("workspace") if outer else None
    return outer if outer and isinstance(workspace, dict) and _includes(workspace, outer, root) else root


def _project(contents: Contents, place: Path) -> Mapping[str, Any]:
    """A pyproject.toml that is no TOML is none at all: uv warns and goes on."""
    try:
        return tomldoc.parse(decode(contents.get(place / PROJECT) or b""))
    except FormatError:
        return {}


def _tool(project: Mapping[str, Any]) -> Mapping[str, Any]:
    tool = project.get("tool")
    settings = tool.get("uv") if isinstance(tool, dict) else None
    return settings if isinstance(settings, dict) else NONE


def _includes(workspace: Mapping[str, Any], root: Path, member: Path) -> bool:
    def matches(key: str) -> bool:
        patterns = workspace.get(key)
        for pattern in patterns if isinstance(patterns, list) else ():
            parts = Path(os.path.normpath(root / str(pattern))).parts
            if len(parts) <= MOST_PARTS and _matches(member.parts, parts):
                return True
        return False

    return matches("members") and not matches("exclude")


@lru_cache(maxsize=1024)
def _matches(parts: tuple[str, ...], patterns: tuple[str, ...]) -> bool:
    if patterns[:1] == ("**",):
        return _matches(parts, patterns[1:]) or (bool(parts) and _matches(parts[1:], patterns))
    if not patterns or not parts:
        return not patterns and not parts
    return fnmatchcase(parts[0], patterns[0]) and _matches(parts[1:], patterns[1:])


def project_path(contents: Contents, base: Path) -> Path | None:
    """The nearest file with settings, from `base` upwards; uv.toml wins over pyproject.toml beside it."""
    for place in _upwards(base):
        if contents.get(place / FILE) is not None:
            return place / FILE
        if _tool(_project(contents, place)) is not NONE:
            return place / PROJECT
    return None


# What is in force


def sources(machine: Machine, contents: Contents) -> tuple[Source, ...]:
    """The files that count, the strongest first. Raises ConfigError for one that is no TOML."""
    if named := _named(machine):
        return tuple(_source(contents, path) for path in named)
    if environ_of(machine).get("UV_NO_CONFIG", "").lower() in TRUE:
        return ()
    project = None if machine.root else project_path(contents, base_of(contents, start_of(machine)))
    user = machine.path("/root/.config/uv") / FILE if machine.root else user_path(machine)
    system = next((path for path in system_paths(machine) if contents.get(path) is not None), None)
    found = dict.fromkeys(path for path in (project, user, system) if path and contents.get(path) is not None)
    return tuple(_source(contents, path) for path in found)


def _source(contents: Contents, path: Path) -> Source:
    try:
        parsed = tomldoc.parse(decode(contents.get(path) or b""))
    except FormatError as error:
        raise unreadable(path, error) from error
    return Source(path, _tool(parsed) if path.name == PROJECT else parsed)


def default_index(environ: Mapping[str, str], found: tuple[Source, ...], *, pip: bool) -> Override | None:
    """What sets the default index, for `uv pip` or for all other commands; None: nothing does."""
    for variable in VARIABLES:
        if value := environ.get(variable):
            return Override(source=ENVIRONMENT, name=variable, value=_without_name(value))
    for source, index in indexes(environ, found):
        if index.get("default") is True:
            return Override(source=str(source.path), name="index", value=str(index.get("url")))
    for place in ("pip", "") if pip else ("",):
        for source in found:
            settings = source.settings.get(place) if place else source.settings
            value = settings.get("index-url") if isinstance(settings, dict) else None
            if isinstance(value, str):
                name = f"{place}.index-url".removeprefix(".")
                return Override(source=str(source.path), name=name, value=value)
    return None


def indexes(environ: Mapping[str, str], found: tuple[Source, ...]) -> Iterator[tuple[Source, Mapping[str, Any]]]:
    """The [[index]] tables in uv's order. The first one of a name hides further ones, variables come before files."""
    seen = {name for value in environ.get("UV_INDEX", "").split() if (name := _name_of(value))}
    for source in found:
        tables = source.settings.get("index")
        for index in tables if isinstance(tables, list) else ():
            label = index.get("name") if isinstance(index, dict) else None
            if isinstance(index, dict) and (label is None or label not in seen):
                seen |= {str(label)} if label else set()
                yield source, index


def no_index(found: tuple[Source, ...], *, pip: bool) -> Override | None:
    """The `no-index` that keeps uv from asking any index."""
    for place in ("pip", "") if pip else ("",):
        for source in found:
            settings = source.settings.get(place) if place else source.settings
            value = settings.get("no-index") if isinstance(settings, dict) else None
            if isinstance(value, bool):
                name = f"{place}.no-index".removeprefix(".")
                return Override(source=str(source.path), name=name, value="true") if value else None
    return None


def _without_name(value: str) -> str:
    """The address in `name=address`, as UV_DEFAULT_INDEX may have it."""
    return value.removeprefix(f"{_name_of(value)}=")


def _name_of(value: str) -> str:
    name, equals, _url = value.partition("=")
    return name if equals and all(char.isalnum() or char in "-_." for char in name) else ""
