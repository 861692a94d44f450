"""The way back of `swap`, from whatever state a crash may have left. Every step can be repeated."""

from __future__ import annotations

import stat
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

from mirrorctl.disk import Disk, names_in, sync_folder
from mirrorctl.files import Found, look
from mirrorctl.places import Rules, reach
from mirrorctl.swap import enter, exchange, stage
from mirrorctl.swap_lock import drop_stale_lock, locked
from mirrorctl.swap_slot import Slot, content, exists, holds


def take_back(slot: Slot, before: bytes | None, ours: Collection[bytes | None], mode: int | None) -> bool:
    """Restores `before` if the file holds one of `ours`, and tidies up. False: it holds somebody else's content, still.

    `mode` is that of a file to be made anew.
    """
    known = (before, *ours)
    drop_stale_lock(slot, known)
    _adopt_old(slot)
    restored = _restore(slot, before, ours, mode)
    tidy(slot, known)
    return restored


def _restore(slot: Slot, before: bytes | None, ours: Collection[bytes | None], mode: int | None) -> bool:
    found = look(slot.place, slot.name, slot.disk)
    current = found.data if found else None
    if current == before:
        return True
    if current not in ours:
        return False
    if before is None:
        _drop_all(slot, ours)
        return _take_away(slot, ours)
    beside = look(slot.place, slot.temp, slot.disk)
    theirs = beside is not None and not _is_known(beside.data, (before, *ours), slot)
    if not theirs and not _is_whole(beside, before, found, mode):
        _drop_all(slot, (before, *ours))
        stage(slot, current, before, mode)
    with locked(slot, slot.temp):
        if current is None:
            slot.disk.rename_new(slot.temp, slot.name, slot.folder)
            return not theirs
        exchange(slot)
        if holds(slot, slot.temp, ours):
            return not theirs
        exchange(slot)  # somebody has added to our content
    return False


def _is_whole(beside: Found | None, before: bytes, like: Found | None, mode: int | None) -> bool:
    """Whether what lies beside the file can take its place: content, owner, mode and attributes."""
    if beside is None or beside.data != before:
        return False
    if like is None:
        return mode is None or stat.S_IMODE(beside.stat.st_mode) == mode
    owners = [(found.stat.st_mode, found.stat.st_uid, found.stat.st_gid) for found in (beside, like)]
    return owners[0] == owners[1] and beside.attributes == like.attributes


def _take_away(slot: Slot, ours: Collection[bytes | None]) -> bool:
    with locked(slot, slot.name):
        slot.disk.rename_new(slot.name, slot.temp, slot.folder)
        if holds(slot, slot.temp, ours):
            return True
        with suppress(FileExistsError):
            slot.disk.rename_new(slot.temp, slot.name, slot.folder)
    return False


def _adopt_old(slot: Slot) -> None:
    """Ends an exchange of names in several steps that was cut off."""
    old = slot.prefix + "old"
    if not exists(slot, old):
        return
    if exists(slot, slot.temp):
        slot.disk.unlink(old, slot.folder)
    else:
        slot.disk.rename(old, slot.temp, slot.folder)


def tidy(slot: Slot, known: Collection[bytes | None]) -> None:
    """Deletes what the transaction has left beside the file. What is not its own is kept under a name to be found."""
    _drop_all(slot, known)
    sync_folder(slot.disk, slot.folder)


def _drop_all(slot: Slot, known: Collection[bytes | None]) -> None:
    for name in names_in(slot.disk, slot.folder):
        if name.startswith(slot.prefix):
            _drop(slot, name, known)


def _drop(slot: Slot, name: str, known: Collection[bytes | None]) -> None:
    data = content(slot, name) or b""
    if _is_known(data, known, slot) and holds(slot, name, (data,)):
        slot.disk.unlink(name, slot.folder)
    else:
        _keep(slot, name)


def _keep(slot: Slot, name: str) -> None:
    kept = f"{slot.name}.mirrorctl-kept-{slot.identifier}"
    number = 0
    while True:
        try:
            slot.disk.rename_new(name, f"{kept}-{number}" if number else kept, slot.folder)
        except FileExistsError:
            number += 1
        else:
            return


def _is_known(data: bytes, known: Collection[bytes | None], slot: Slot) -> bool:
    return any(_is_torn(data, whole) for whole in (*known, slot.prefix.encode()) if whole is not None)


def _is_torn(data: bytes, whole: bytes) -> bool:
    """Whether `data` is what a crash may have left of `whole`: all of it, its beginning, or zeros in places."""
    if whole.startswith(data):
        return True
    return len(data) <= len(whole) and all(byte in {0, good} for byte, good in zip(data, whole, strict=False))


def put(slot: Slot, before: bytes | None, after: bytes | None, known: Collection[bytes | None]) -> None:
    """A change that is not to be taken back. `known` may lie beside the file and be deleted."""
    if exists(slot, slot.temp):
        _drop(slot, slot.temp, known)
    stage(slot, before, after)
    enter(slot, before, after)
    if exists(slot, slot.temp):
        _drop(slot, slot.temp, (before, after))
    sync_folder(slot.disk, slot.folder)


def remove_folders(folders: Sequence[Path], rules: Rules, disk: Disk) -> None:
    """Removes directories that were made for a file, the innermost first, as far as nothing else is in them."""
    for folder in reversed(folders):
        with suppress(OSError), reach(folder, rules, disk) as place:
            disk.rmdir(place.name, place.folder)
