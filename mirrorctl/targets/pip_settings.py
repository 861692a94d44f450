"""Which settings pip takes from which file: a model of pip's own `Configuration`, pure.

pip merges all files into one mapping of "section.option", a later file replacing the entry of an earlier one, then
lets [global], the section named like the command, and the environment follow one another (pip documentation,
"Configuration"; pip/_internal/configuration.py and cli/parser.py). So a command's section in a weak file wins over
[global] in a strong one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from mirrorctl.errors import ConfigError, FormatError
from mirrorctl.formats import decode, ini
from mirrorctl.model import Client, Machine, Scope
from mirrorctl.targets.base import ConfigFile, Contents
from mirrorctl.targets.common import unreadable
from mirrorctl.text import _
from mirrorctl.values import dataclass

# The commands that fetch from an index; each has its own section.
COMMANDS = ("install", "download", "wheel", "lock", "index", "list")
ENVIRONMENT = "environment"
_VARIABLES = ":env:"  # pip's name for the section of the variables
NAME = "pip.conf"
KINDS = ("global", "user", "site", "env")
SCOPES = {"global": Scope.SYSTEM, "user": Scope.USER}
# pip spells one option in two ways.
ALIASES = {"pypi-url": "index-url"}
TRUE = frozenset({"y", "yes", "t", "true", "on", "1"})
# In older ones a relative XDG directory starts from the working directory.
FIRST_WITHOUT_RELATIVE = (26, 3)
# The Pythons of an image: Debian's and that of the official images.
PREFIXES = ("/usr", "/usr/local")


@dataclass(frozen=True, slots=True)
class Source:
    """A file that pip may read. `kind` is pip's word for its place in the order."""

    path: Path
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A value that is in force, and where it stands: `source` is a path or "environment"."""

    source: str
    name: str
    value: str


# "section.option" as pip merges it, in pip's order.
Settings: TypeAlias = Mapping[tuple[str, str], Option]


def environ_of(machine: Machine) -> Mapping[str, str]:
    """The environment in which the client will run; nothing is known of an image's."""
    return machine.environ if machine.root is None else {}


def sources(machine: Machine, client: Client) -> tuple[Source, ...]:
    """The files in the order in which pip reads them, later ones winning."""
    found = _places(machine, client)
    return tuple(Source(path, kind) for kind in KINDS for path in found.get(kind, ()))


def _places(machine: Machine, client: Client) -> dict[str, tuple[Path, ...]]:
    if machine.root is not None:
        root = machine.path("/root")  # the user that an image's own steps run as
        return {
            "global": (machine.path(f"/etc/xdg/pip/{NAME}"), machine.path(f"/etc/{NAME}")),
            "user": (root / ".pip" / NAME, root / ".config/pip" / NAME),
            "site": tuple(machine.path(f"{prefix}/{NAME}") for prefix in PREFIXES),
        }
    named = environ_of(machine).get("PIP_CONFIG_FILE")
    env = (machine.cwd / named,) if named else ()
    if "files" in client.facts:  # away from Linux pip says itself where they are
        told = dict(line.split("\t", 1) for line in client.facts["files"].splitlines())
        return {**{kind: tuple(map(Path, paths.split("\t"))) for kind, paths in told.items()}, "env": env}
    return {**_linux_places(machine, client), "site": (Path(client.facts.get("prefix", "/usr")) / NAME,), "env": env}


def _linux_places(machine: Machine, client: Client) -> dict[str, tuple[Path, ...]]:
    """The XDG directories of pip; relative ones do not count any more."""
    strict = client.version >= FIRST_WITHOUT_RELATIVE

    def directories(variable: str, habit: Path) -> list[Path]:
        named = machine.environ.get(variable, "").strip()
        found = [Path(part) for part in named.split(os.pathsep) if not strict or part.startswith("/")]
        return [machine.cwd / place for place in (found if named and found else [habit])]

    shared = directories("XDG_CONFIG_DIRS", Path("/etc/xdg"))
    own = directories("XDG_CONFIG_HOME", machine.home / ".config")[0]
    return {
        "global": (*(place / "pip" / NAME for place in shared), Path("/etc") / NAME),
        "user": (machine.home / ".pip" / NAME, own / "pip" / NAME),
    }


def config_files(machine: Machine, client: Client) -> tuple[ConfigFile, ...]:
    """`sources` as the planner sees them, each path once. In an image only the system's files are written."""
    scopes: dict[Path, Scope | None] = {}
    for source in sources(machine, client):
        scope = SCOPES.get(source.kind)
        written = scope is Scope.SYSTEM or machine.root is None
        scopes[source.path] = scopes.get(source.path) or (scope if written else None)
    return tuple(ConfigFile(path=path, scope=scope) for path, scope in scopes.items())


def loaded(machine: Machine, client: Client, contents: Contents) -> tuple[Path, ...]:
    """The files that pip takes into account: PIP_CONFIG_FILE switches the others, or some of them, off."""
    named = environ_of(machine).get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return ()
    found = sources(machine, client)
    private = any(source.kind == "env" and contents.get(source.path) is not None for source in found)
    return tuple(source.path for source in found if not (private and source.kind == "user"))


def merge(machine: Machine, client: Client, contents: Contents) -> Settings:
    """All files and the environment in one. Raises ConfigError for a file that pip, or one of its versions, refuses."""
    merged: dict[tuple[str, str], Option] = {}
    for path in loaded(machine, client, contents):
        data = contents.get(path)
        if data is not None:
            merged |= _settings(path, data, client.facts.get("encoding", "utf-8"))
    for variable, value in environ_of(machine).items():
        if variable.startswith("PIP_"):
            key = (_VARIABLES, ini.normalise(variable[4:]))
            merged[key] = Option(source=ENVIRONMENT, name=variable, value=value)
    return merged


def options(settings: Settings, command: str) -> dict[str, Option]:
    """What is in force for `command`, by pip's long name. Empty values do not count."""
    result: dict[str, Option] = {}
    for section in ("global", command, _VARIABLES):
        for (place, name), option in settings.items():
            if place == section and option.value.strip():
                result[ALIASES.get(name, name)] = option
    return result


def _settings(path: Path, data: bytes, encoding: str) -> Settings:
    _check_encoding(path, data, encoding)
    try:
        document = ini.scan(decode(data))
    except FormatError as error:
        raise unreadable(path, error) from error
    sections = dict.fromkeys(section.name for section in document.sections if section.name != "DEFAULT")
    return {(name, key): option for name in sections for key, option in _section(path, document, name)}


def _section(path: Path, document: ini.Document, name: str) -> Iterator[tuple[str, Option]]:
    """The section's options, after those of [DEFAULT], which show through in every section there is."""
    for place in ("DEFAULT", name):
        for option in document.options:
            if option.section == place:
                key = ini.normalise(option.name)
                yield key, Option(source=str(path), name=f"{place}.{key}", value=option.value)


def _check_encoding(path: Path, data: bytes, encoding: str) -> None:
    """For pip reads its files in the encoding of the locale, and stops where that fails."""
    try:
        data.decode(encoding)
    except LookupError:
        return
    except UnicodeDecodeError as error:
        raise ConfigError(
            _("{path}: pip cannot read this file in the encoding {encoding}", path=path, encoding=encoding),
            hint=_("remove what is not ASCII from line {line}", line=data.count(b"\n", 0, error.start) + 1),
            subject=str(path),
        ) from error
