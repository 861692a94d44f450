"""One file of a transaction: where it is, what lies beside it, and whether somebody is at work on it."""

from __future__ import annotations

import os
import time
from collections.abc import Collection

from mirrorctl.disk import Disk
from mirrorctl.errors import ConflictError
from mirrorctl.files import PAUSE_S, look
from mirrorctl.places import Place
from mirrorctl.text import _
from mirrorctl.values import dataclass

PATIENCE_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One file of a transaction: its place, and the names that the transaction `identifier` uses beside it."""

    place: Place
    identifier: str
    index: int
    lock: str | None
    disk: Disk
    letter: str = "a"

    @property
    def prefix(self) -> str:
        return f".mirrorctl-{self.identifier}-{self.index}."

    @property
    def temp(self) -> str:
        return self.prefix + self.letter

    @property
    def name(self) -> str:
        return self.place.name

    @property
    def folder(self) -> int:
        return self.place.folder


def content(slot: Slot, name: str) -> bytes | None:
    found = look(slot.place, name, slot.disk)
    return found.data if found else None


def exists(slot: Slot, name: str) -> bool:
    try:
        slot.disk.lstat(name, slot.folder)
    except FileNotFoundError:
        return False
    return True


def holds(slot: Slot, name: str, known: Collection[bytes | None]) -> bool:
    """Whether the file that lost its name to another holds what it should, and nobody is about to write more into it.

    One that is gone altogether holds nothing that could get lost.
    """
    deadline_s = time.monotonic() + PATIENCE_S
    while _is_being_written(slot, name):
        if time.monotonic() > deadline_s:
            return False
        time.sleep(PAUSE_S)
    data = content(slot, name)
    return data is None or data in known


def _is_being_written(slot: Slot, name: str) -> bool:
    try:
        file = slot.disk.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW, slot.folder)
    except FileNotFoundError:
        return False
    try:
        return slot.disk.is_being_written(file)
    finally:
        slot.disk.let_go(file)


class OvertakenError(ConflictError):
    """Somebody else has written meanwhile. Starting anew, from what stands there now, may well do."""


def overtaken(slot: Slot) -> OvertakenError:
    path = slot.place.path
    return OvertakenError(
        _("{path} was changed by another program meanwhile", path=path),
        hint=_("run the command again; it starts from what stands there now"),
        subject=str(path),
    )
