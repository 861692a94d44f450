"""A home with the files of several clients, a transaction over all of them, and what has to hold at any moment."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from crash.daemon import Daemon
from crash.shim import CutError, Shim

from mirrorctl.catalog import Catalog
from mirrorctl.commands import history, transaction
from mirrorctl.commands.change import Change, Switches
from mirrorctl.commands.session import Session
from mirrorctl.disk import Disk
from mirrorctl.errors import MirrorctlError
from mirrorctl.model import Client, Machine, Notice, Plan, Scope, Value
from mirrorctl.planning import make_edit
from mirrorctl.targets import TARGETS
from mirrorctl.targets.base import Setting

PIP, UV, GIT, DAEMON = ".config/pip/pip.conf", ".config/uv/uv.toml", ".gitconfig", ".config/daemon/daemon.json"
URL = "https://mirror.example/simple"
RULES: Value = [[f"{URL}/", "insteadof", "https://github.com/"]]
FileState = tuple[bytes, int] | None  # content and mode


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of a client: what stands there, and the setting it is to get."""

    target: str
    path: str
    old: bytes | None
    value: Value
    mode: int = 0o644


USE = (
    File(target="pip", path=PIP, old=b"# mine\r\n[global]\r\ntimeout = 60", value=URL, mode=0o600),
    File(target="uv", path=UV, old=None, value=URL),
    File(target="git", path=GIT, old=b"[user]\n\tname = A\n", value=RULES, mode=0o640),
    File(target="daemon", path=DAEMON, old=b'{\n  "debug": true\n}\n', value=[URL]),
)
LEAVE = (
    File(target="pip", path=PIP, old=b"[global]\nindex-url = https://old.example/\n", value=None),
    File(target="daemon", path=DAEMON, old=b'{"registry-mirrors": ["https://old.example"]}\n', value=None),
)
# A file of git's that has nothing in it afterwards, as the lock has nothing that is made of it.
EMPTY = (
    File(target="git", path=GIT, old=b'[url "https://old.example/"]\n\tinsteadOf = https://github.com/\n', value=[]),
    File(target="pip", path=PIP, old=b"[global]\nindex-url = https://old.example/\n", value=None),
)
# What doctor does: several settings of a file at once, through a facet.
REPAIR = (
    File(
        target="pip/repairs",
        path=PIP,
        old=b"[global]\nindex-url = https://dead.example/simple\ntrusted-host = dead.example\n  other.example\n",
        value=[["global", "trusted-host", "other.example"]],
        mode=0o600,
    ),
    File(
        target="git/repairs",
        path=GIT,
        old=b'[user]\n\tname = A\n[http]\n\tsslVerify = false\n[url "https://dead.example/"]\n\tinsteadOf = https://github.com/\n',
        value=[],
    ),
    File(target="daemon", path=DAEMON, old=b'{"registry-mirrors": ["https://dead.example"]}\n', value=None),
)


@dataclass(slots=True)
class Scene:
    """Everything below `place`. `act` is what is interrupted."""

    place: Path
    files: tuple[File, ...] = USE
    daemon: Daemon = field(default_factory=Daemon)
    old: dict[str, FileState] = field(default_factory=dict)
    new: dict[str, FileState] = field(default_factory=dict)
    undoing: bool = False
    unsolved: list[str] = field(default_factory=list)  # what the last recovery could not do

    @property
    def home(self) -> Path:
        return self.place / "home"

    def session(self, disk: Disk | None = None) -> Session:
        machine = Machine(
            environ={"MIRRORCTL_STATE_DIR": str(self.place / "state")},
            home=self.home,
            cwd=self.home,
            platform="linux",
            euid=os.geteuid(),
        )
        return Session(machine=machine, catalog=cast("Catalog", None), disk=disk or Shim())

    def furnish(self) -> None:
        """Everything as it was before the first run."""
        shutil.rmtree(self.place, ignore_errors=True)
        self.home.mkdir(parents=True)
        for file in self.files:
            path = self.home / file.path
            if file.old is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(file.old)
                path.chmod(file.mode)
        self.daemon.start(self.home / DAEMON)
        if self.undoing:
            self.use()

    def learn(self, act: Callable[[Scene, Disk], object]) -> None:
        """Finds out, in an undisturbed run, what old and new look like."""
        self.furnish()
        self.old = self.look()
        act(self, Shim())
        self.new = self.look()
        assert self.new != self.old
        self.furnish()

    def look(self) -> dict[str, FileState]:
        return {file.path: _state(self.home / file.path) for file in self.files}

    def changes(self) -> tuple[Change, ...]:
        return tuple(self._change(file) for file in self.files)

    def _change(self, file: File) -> Change:
        target = TARGETS[file.target]
        path = self.home / file.path
        data = path.read_bytes() if path.exists() else None
        edit = make_edit(target, Setting(path=path, value=file.value), data)
        urls = tuple(str(item) for item in file.value) if file.target == "daemon" and file.value else ()
        plan = Plan(target=file.target, scope=Scope.USER, mirrors=(), urls=urls, edits=(edit,))
        return Change(target=target, client=Client(target=file.target), plan=plan)

    def use(self, disk: Disk | None = None) -> str | None:
        changes = tuple(change for change in self.changes() if change.plan.changed)
        if not changes:
            return None
        return transaction.commit(self.session(disk), changes, command="use", switches=Switches(), again=self.changes)

    def undo(self, disk: Disk | None = None) -> str | None:
        return history.undo(self.session(disk), None, switches=Switches()).data.transaction

    def recover(self, disk: Disk | None = None) -> tuple[Notice, ...]:
        notices = transaction.recover(self.session(disk))
        self.unsolved = [str(notice.message) for notice in notices if notice.code != "recovered"]
        return notices

    # What has to hold

    def check_now(self) -> None:
        """Every file is as it was or as it shall be, whatever happens to be going on; or emptied for the daemon."""
        for path, state in self.look().items():
            emptied = path == DAEMON and state and b'"registry-mirrors": []' in state[0]
            assert emptied or state in (self.old[path], self.new[path]), f"{path} holds {state}"

    def check_end(self) -> None:
        """All files old, or all new; nothing beside them; nothing unfinished; and the daemon goes by its file."""
        now = self.look()
        assert now in (self.old, self.new), f"mixed: {now}"
        assert self.strays() == []
        assert not self.unsolved, self.unsolved
        states = {path.name.rpartition(".")[2] for path in (self.place / "state/tx").glob("[0-9]*")}
        assert states <= {"applied", "rolled_back"}, states
        if any(file.target == "daemon" for file in self.files):
            assert self.daemon.in_force == self.daemon.says()

    def strays(self) -> list[str]:
        expected = {self.home / file.path for file in self.files}
        return [str(path) for path in self.home.rglob("*") if not path.is_dir() and path not in expected]


def _state(path: Path) -> FileState:
    try:
        return path.read_bytes(), stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return None


def survive(act: Callable[[], object]) -> bool:
    """Runs `act`; True when it came to a good end. Only a kill or an error that is told may end it otherwise."""
    try:
        act()
    except (MirrorctlError, CutError):
        return False
    return True
