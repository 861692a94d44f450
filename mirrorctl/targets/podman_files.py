"""Which files podman, buildah, skopeo and CRI-O read, in which order, and what they come to for a registry.

Source: containers-registries.conf(5), containers-registries.conf.d(5). A registries.conf of the user takes the place of
the system's, its drop-ins included; drop-ins are read by name, the system's before the user's; a table of a later file
replaces that of the same prefix as a whole.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mirrorctl.errors import FormatError
from mirrorctl.formats import decode
from mirrorctl.model import Client, Machine, Scope
from mirrorctl.targets import podman_lens as lens
from mirrorctl.targets import podman_syntax
from mirrorctl.targets.base import ConfigFile, Contents
from mirrorctl.targets.common import unreadable
from mirrorctl.values import dataclass

ENVIRONMENT = ("CONTAINERS_REGISTRIES_CONF", "REGISTRIES_CONFIG_PATH")
OURS = "zz-mirrorctl.conf"  # what comes last wins
_DIRECTORIES = {Scope.SYSTEM: "/etc/containers", Scope.USER: ".config/containers"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The table of a registry that counts, and its file."""

    path: Path
    scope: Scope | None
    table: dict[str, Any]

    @property
    def urls(self) -> list[str]:
        return [lens.url_of(mirror) for mirror in self.table.get("mirror", []) if "location" in mirror]

    @property
    def location(self) -> str:
        return str(self.table.get("location", "")).rstrip("/")

    @property
    def digests_alone(self) -> bool:
        """Whether one of its mirrors, if it has any, is not asked for tags."""
        mirrors = self.table.get("mirror", [])
        everywhere = self.table.get("mirror-by-digest-only") is True
        return any(everywhere or mirror.get("pull-from-mirror") == "digest-only" for mirror in mirrors)


def directory(machine: Machine, scope: Scope) -> Path:
    place = _DIRECTORIES[scope]
    return machine.path(place) if scope is Scope.SYSTEM else machine.home / place


def main_file(machine: Machine, scope: Scope) -> Path:
    return directory(machine, scope) / "registries.conf"


def drop_in(machine: Machine, scope: Scope) -> Path:
    """The file that is made where a registry has no table yet. A registries.conf of its own would hide the system's."""
    return directory(machine, scope) / "registries.conf.d" / OURS


def named_file(machine: Machine) -> tuple[str, Path] | None:
    """The variable that names another registries.conf, with the file."""
    if machine.root is not None:
        return None
    name = next((name for name in ENVIRONMENT if machine.environ.get(name)), None)
    return (name, machine.cwd / machine.environ[name]) if name else None


def config_files(machine: Machine, client: Client) -> tuple[ConfigFile, ...]:
    """Every file that may be read, the weakest first."""
    scopes = (Scope.SYSTEM,) if machine.root else (Scope.SYSTEM, Scope.USER)
    found = [ConfigFile(path=main_file(machine, scope), scope=scope) for scope in scopes]
    if named := named_file(machine):
        found.append(ConfigFile(path=named[1], scope=None))
    for scope in scopes:
        found += [ConfigFile(path=path, scope=scope) for path in _drop_ins(machine, client, scope)]
    return tuple(found)


def _drop_ins(machine: Machine, client: Client, scope: Scope) -> list[Path]:
    own = drop_in(machine, scope)
    listed = [Path(line) for line in client.facts.get("drop-ins", "").splitlines()]
    return sorted({own, *(path for path in listed if path.parent == own.parent)})


def read_files(machine: Machine, client: Client, contents: Contents) -> tuple[ConfigFile, ...]:
    """The files that are there and read, the weakest first."""
    named = named_file(machine)
    users = main_file(machine, Scope.USER)
    alone = named is None and machine.root is None and contents.get(users) is not None
    mains = {named[1]} if named else {users} if alone else {main_file(machine, Scope.SYSTEM)}
    return tuple(
        file
        for file in config_files(machine, client)
        if contents.get(file.path) is not None
        and (file.path in mains or file.path.parent.suffix == ".d")
        and not (alone and file.scope is Scope.SYSTEM)
    )


def tables(machine: Machine, client: Client, contents: Contents) -> dict[str, Found]:
    """The table that counts for each prefix. Raises ConfigError: the clients stop at a file that is broken."""
    found: dict[str, Found] = {}
    for file in read_files(machine, client, contents):
        for table in read_tables(file.path, contents):
            found[lens.prefix_of(table)] = Found(path=file.path, scope=file.scope, table=table)
    return found


def read_tables(path: Path, contents: Contents) -> list[dict[str, Any]]:
    text = decode(contents.get(path) or b"")
    try:
        podman_syntax.refuse(text, drop_in=path.parent.suffix == ".d")
        return lens.tables(text)
    except FormatError as error:
        raise unreadable(path, error) from error
