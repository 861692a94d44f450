"""From a path to an open directory and a name in it, without believing every component on the way.

Root goes only through directories that are root's and that nobody else may write to, so that nobody can make it write
elsewhere by planting a link. Links that the user himself, or root, has made are followed in the user's scope, where
dotfile managers make them, and nowhere else. What has been walked stays open: whoever swaps a component later swaps
nothing for us.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mirrorctl.disk import Disk, sync_folder
from mirrorctl.errors import WriteError
from mirrorctl.model import Machine, Scope
from mirrorctl.text import _
from mirrorctl.values import dataclass

MAX_LINKS = 40  # as path_resolution(7)
_WALKING = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Who walks, whether links may be followed, and the directory that is taken on trust: /, or an image."""

    euid: int
    links: bool
    root: Path = Path("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A name in an open directory; `path` is where that really is."""

    folder: int
    name: str
    path: Path


class MissingFolderError(FileNotFoundError):
    """The path leads through directories that do not exist: `folders`, the outermost first."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        super().__init__(errno.ENOENT, os.strerror(errno.ENOENT), str(folders[0]))
        self.folders = folders


def rules_for(machine: Machine, scope: Scope) -> Rules:
    links = scope is not Scope.SYSTEM and machine.root is None
    return Rules(euid=machine.euid, links=links, root=machine.root or Path("/"))


def own_rules(machine: Machine) -> Rules:
    """For what the program keeps for itself, which is never in an image."""
    return Rules(euid=machine.euid, links=True)


@contextmanager
def reach(path: Path, rules: Rules, disk: Disk, *, make: int | None = None) -> Iterator[Place]:
    """The place of `path`; with `make`, directories that are missing are made with that mode.

    Raises MissingFolderError, WriteError for a path that must not be written through, OSError.
    """
    walk = _Walk(rules, disk, make)
    try:
        yield walk.to(path)
    finally:
        disk.let_go(walk.folder)


class _Walk:
    """One step after the other. Holds one open directory."""

    def __init__(self, rules: Rules, disk: Disk, make: int | None) -> None:
        self.rules = rules
        self.disk = disk
        self.make = make
        self.links = 0
        self.at = rules.root
        self.folder = disk.open(str(rules.root), _WALKING & ~os.O_NOFOLLOW)

    def to(self, path: Path) -> Place:
        self._check()
        todo = [part for part in path.relative_to(self.rules.root).parts if part != "."]
        while True:
            part = todo.pop(0)
            found = self._look(part)
            if found is not None and stat.S_ISLNK(found.st_mode):
                todo = self._follow(part, found) + todo
            elif not todo:
                return Place(folder=self.folder, name=part, path=self.at / part)
            elif found is None:
                self._make(part, todo)
            else:
                self._enter(part)

    def _look(self, part: str) -> os.stat_result | None:
        try:
            return self.disk.lstat(part, self.folder)
        except FileNotFoundError:
            return None

    def _enter(self, part: str) -> None:
        inner = self.disk.open(part, _WALKING, self.folder)
        outer, self.folder = self.folder, inner
        self.disk.let_go(outer)
        self.at = self.at.parent if part == ".." else self.at / part
        self._check()

    def _check(self) -> None:
        """Root goes through no directory that anybody else may change."""
        found = self.disk.fstat(self.folder)
        if self.rules.euid != 0 or self.at == self.rules.root != Path("/"):
            return
        if found.st_uid != 0:
            owner = user_name(found.st_uid)
            raise WriteError(
                _("{path} belongs to {user}, and root writes nothing there", path=self.at, user=owner),
                hint=_("run it without sudo, as {user}", user=owner),
                subject=str(self.at),
            )
        if found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX:
            raise WriteError(
                _("others than root may change {path}, so root writes nothing below it", path=self.at),
                hint=_("take that away: chmod go-w {path}", path=self.at),
                subject=str(self.at),
            )

    def _follow(self, part: str, found: os.stat_result) -> list[str]:
        """The components that a symbolic link stands for."""
        path = self.at / part
        self.links += 1
        if self.links > MAX_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
        if not self.rules.links:
            raise WriteError(
                _("{path} is a symbolic link, and a system file is not written through one", path=path),
                hint=_("change the file where it is kept, or put a file in the place of the link"),
                subject=str(path),
            )
        if found.st_uid not in {0, self.rules.euid}:
            raise WriteError(
                _("{path} is a symbolic link of {user}", path=path, user=user_name(found.st_uid)),
                hint=_("it was not followed; put a file of your own in its place"),
                subject=str(path),
            )
        target = Path(self.disk.readlink(part, self.folder))
        if target.is_absolute():
            outer, self.folder = self.folder, self.disk.open(target.anchor, _WALKING)
            self.disk.let_go(outer)
            self.at = Path(target.anchor)
        return [name for name in target.parts if name not in {target.anchor, "."}] or ["."]

    def _make(self, part: str, todo: list[str]) -> None:
        if self.make is None:
            missing = [self.at / part]
            for name in todo[:-1]:
                missing.append(missing[-1] / name)
            raise MissingFolderError(tuple(missing))
        try:
            self.disk.mkdir(part, self.folder, self.make)
        except FileExistsError:  # somebody else was faster
            return self._enter(part)
        sync_folder(self.disk, self.folder)
        return self._enter(part)


def user_name(uid: int) -> str:
    import pwd  # noqa: PLC0415  not on every platform

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
