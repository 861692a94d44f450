"""The lock file that a client itself takes while it changes a file (git's: lockfile.h), held for moments."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress

from mirrorctl.disk import NO_LINKS, write_all
from mirrorctl.errors import ConflictError
from mirrorctl.files import PAUSE_S
from mirrorctl.swap_slot import Slot, content
from mirrorctl.text import _

PATIENCE_S = 5.0


@contextmanager
def locked(slot: Slot, source: str) -> Iterator[None]:
    """Holds the client's lock file, which is made as a second name of `source` so that it is never without content."""
    if slot.lock is None:
        yield
        return
    lock = slot.name + slot.lock
    deadline_s = time.monotonic() + PATIENCE_S
    while not _take_lock(slot, source, lock):
        if time.monotonic() > deadline_s:
            raise _locked_out(slot, lock)
        time.sleep(PAUSE_S)
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            slot.disk.unlink(lock, slot.folder)


def _take_lock(slot: Slot, source: str, lock: str) -> bool:
    try:
        slot.disk.link(source, lock, slot.folder)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        return _take_lock_by_file(slot, lock)
    return True


def _take_lock_by_file(slot: Slot, lock: str) -> bool:
    made = slot.prefix + "lock"
    with suppress(FileExistsError):
        file = slot.disk.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, slot.folder)
        try:
            write_all(slot.disk, file, slot.prefix.encode())
            slot.disk.fsync(file)
        finally:
            slot.disk.close(file)
    try:
        slot.disk.rename_new(made, lock, slot.folder)
    except FileExistsError:
        return False
    return True


def drop_stale_lock(slot: Slot, known: Collection[bytes | None]) -> None:
    """Deletes the client's lock if this transaction has left it, and never one of anybody else."""
    if slot.lock is None:
        return
    lock = slot.name + slot.lock
    try:
        found = slot.disk.lstat(lock, slot.folder)
    except FileNotFoundError:
        return
    if not stat.S_ISREG(found.st_mode):
        return
    same = any(_is_same(slot, name, found) for name in (slot.name, slot.temp))
    # Somebody else's is empty while it is being written, so that no content tells nothing.
    data = content(slot, lock)
    if same or (data and data in {*known, slot.prefix.encode()}):
        slot.disk.unlink(lock, slot.folder)


def _is_same(slot: Slot, name: str, found: os.stat_result) -> bool:
    try:
        other = slot.disk.lstat(name, slot.folder)
    except FileNotFoundError:
        return False
    return (other.st_dev, other.st_ino) == (found.st_dev, found.st_ino)


def _locked_out(slot: Slot, lock: str) -> ConflictError:
    path = slot.place.path.with_name(lock)
    return ConflictError(
        _("{path} exists: another program is changing the file, or was killed while it did", path=path),
        hint=_("delete it if no such program is running: rm {path}", path=path),
        subject=str(path),
    )
