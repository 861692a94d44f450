"""Changes one file of a user so that nobody ever sees half of it and no byte of anybody gets lost.

The new content is a whole file of its own beside the old one, durable and with the metadata of the old one, before
anything happens. Then the two exchange names in one step, and only then the old one is compared with what was
expected: if somebody has changed it in the very last moment, the names are exchanged back. The old file stays beside
the new one until the transaction is committed, so that taking a change back needs no space on the disk.

    .mirrorctl-<id>-<n>.a   the new file, then the old one          .b   the same for a change by two steps
    .mirrorctl-<id>-<n>.old a second name of the old file, where names cannot be exchanged
    <file><lock>            the client's own lock (git's: <file>.lock), a second name of the new file; held for moments
    <file>.mirrorctl-kept-<id>  what somebody else has written meanwhile, if there is no better place for it
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from mirrorctl.disk import NO_LINKS, UNSUPPORTED, Disk, write_all
from mirrorctl.errors import WriteError
from mirrorctl.files import Found, look, refuse_large
from mirrorctl.places import user_name
from mirrorctl.swap_lock import locked
from mirrorctl.swap_slot import Slot, content, holds, overtaken
from mirrorctl.text import _

ACL = "system.posix_acl_access"
# The kernel keeps these itself, from the content of a file.
SELF_KEPT = frozenset({"security.ima", "security.evm"})


def stage(slot: Slot, before: bytes | None, after: bytes | None, mode: int | None = None) -> None:
    """Puts `after` beside the file, durably. Nothing else has changed then.

    `mode` is for a file that is not there now; without it, it is what the umask leaves of 0644.
    """
    like = look(slot.place, slot.name, slot.disk)
    if (like.data if like else None) != before:
        raise overtaken(slot)
    data = after if after is not None else slot.prefix.encode()  # for a deletion: something to make the lock of
    refuse_large(slot.place.path, len(data))
    disk = slot.disk
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    file = disk.open(slot.temp, flags, slot.folder, 0o644 if like is None and mode is None else 0o600)
    try:
        # In this order, a file that has all its content has all the rest as well.
        if like is not None:
            _keep_metadata(slot, like, file)
        elif mode is not None:
            disk.chmod(file, mode)
        write_all(disk, file, data)
        disk.fsync(file)
    finally:
        disk.close(file)


def _keep_metadata(slot: Slot, old: Found, file: int) -> None:
    try:
        _copy_metadata(slot.disk, old, file)
    except PermissionError as error:
        owner = user_name(old.stat.st_uid)
        raise WriteError(
            _("{path} cannot be replaced with its owner, group and attributes kept", path=slot.place.path),
            hint=_("run the command as {user}, or as root; nothing was changed", user=owner),
            subject=str(slot.place.path),
        ) from error


def _copy_metadata(disk: Disk, old: Found, file: int) -> None:
    """Owner, mode, and extended attributes (which hold ACLs and the SELinux label) of `old`. All of it, or OSError."""
    new, present = disk.fstat(file), disk.attributes(file)
    if ACL in present.keys() - old.attributes.keys():  # inherited from the directory
        disk.remove_attribute(file, ACL)
    if (old.stat.st_uid, old.stat.st_gid) != (new.st_uid, new.st_gid):
        disk.chown(file, old.stat.st_uid, old.stat.st_gid)
    disk.chmod(file, stat.S_IMODE(old.stat.st_mode))
    for name, value in old.attributes.items():
        if present.get(name) != value and name not in SELF_KEPT:
            disk.set_attribute(file, name, value)


def enter(slot: Slot, before: bytes | None, after: bytes | None) -> None:
    """Lets the staged file take the place of the present one, which stays beside it.

    Raises ConflictError when the file does not hold `before`, or cannot be told to; it is as it was then.
    """
    with locked(slot, slot.temp):
        if content(slot, slot.name) != before:
            raise overtaken(slot)
        if before is None:
            _create(slot)
        elif after is None:
            _delete(slot, before)
        else:
            _replace(slot, before)


def _create(slot: Slot) -> None:
    try:
        slot.disk.rename_new(slot.temp, slot.name, slot.folder)
    except FileExistsError as error:
        raise overtaken(slot) from error


def _delete(slot: Slot, before: bytes) -> None:
    slot.disk.unlink(slot.temp, slot.folder)
    slot.disk.rename_new(slot.name, slot.temp, slot.folder)
    if not holds(slot, slot.temp, (before,)):
        with suppress(FileExistsError):  # then it is kept by whoever tidies up
            slot.disk.rename_new(slot.temp, slot.name, slot.folder)
        raise overtaken(slot)


def _replace(slot: Slot, before: bytes) -> None:
    exchange(slot)
    if not holds(slot, slot.temp, (before,)):
        exchange(slot)
        raise overtaken(slot)


def exchange(slot: Slot) -> None:
    """Swaps the names of the file and the one beside it."""
    disk, folder = slot.disk, slot.folder
    try:
        return disk.exchange(slot.temp, slot.name, folder)
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise
    # Not in one step: whoever replaces the file between these lines is not noticed.
    old = slot.prefix + "old"
    try:
        disk.link(slot.name, old, folder)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
    disk.rename(slot.temp, slot.name, folder)
    with suppress(FileNotFoundError):
        disk.rename(old, slot.temp, folder)
    return None


def confirm(slot: Slot, before: bytes | None) -> None:
    """Raises ConflictError when somebody has written to the old file since `enter`."""
    if not holds(slot, slot.temp, (before,)):
        raise overtaken(slot)
