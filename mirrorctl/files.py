"""Reads files of users, says why one cannot be changed, and explains failures. What changes them is `swap`."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mirrorctl.disk import REAL, Disk, read_all, write_all
from mirrorctl.errors import ConfigError, WriteError
from mirrorctl.places import MissingFolderError, Place, Rules, reach, user_name
from mirrorctl.reasons import reason_of
from mirrorctl.text import Text, _
from mirrorctl.values import dataclass

LIMIT_BYTES = 1024 * 1024
PATIENCE_S = 0.5
PAUSE_S = 0.01

REMEDIES: dict[int, Text] = {
    errno.EACCES: _("run the command as a user who may write there"),
    errno.EPERM: _("the file, its directory or its file system does not allow it: see lsattr(1) and mount(8)"),
    errno.EROFS: _("the file system is mounted read-only: mount it read-write, or edit it where it comes from"),
    errno.ENOSPC: _("free some space, or inodes (df -i), and run the command again"),
    errno.EDQUOT: _("your disk quota is used up: free some space and run the command again"),
    errno.EBUSY: _("the file is a mount point, as in a container: edit it where it is mounted from"),
    errno.EIO: _("the disk may be failing: see dmesg(1)"),
    errno.ELOOP: _("its symbolic links lead in a circle"),
    errno.ENOTDIR: _("a part of the path is a file"),
}


class DeniedError(WriteError):
    """Denied to this user; another one, or root, may write there."""


@dataclass(frozen=True, slots=True)
class Found:
    """A regular file as it was found. `data` is cut off one byte after LIMIT_BYTES."""

    data: bytes
    stat: os.stat_result
    attributes: dict[str, bytes]


def read(path: Path) -> bytes | None:
    """The bytes of a regular file of at most 1 MiB, or None where there is none. Raises ConfigError, WriteError."""
    try:
        _refuse_odd(path, path.stat().st_mode)
        found = _open(path, str(path), REAL, None, 0)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise failure(_("cannot read {path}: {reason}", path=path, reason=reason_of(error)), error, path) from error
    refuse_large(path, len(found.data))
    return found.data


def look(place: Place, name: str, disk: Disk) -> Found | None:
    """What stands at `name` beside the file of `place`. Raises ConfigError for anything but a regular file, OSError."""
    path = place.path.with_name(name)
    try:
        _refuse_odd(path, disk.lstat(name, place.folder).st_mode)
        return _open(path, name, disk, place.folder, os.O_NOFOLLOW)
    except FileNotFoundError:
        return None


def _open(path: Path, name: str, disk: Disk, folder: int | None, flags: int) -> Found:
    # Not blocking: opening a FIFO would wait for a writer.
    file = disk.open(name, os.O_RDONLY | os.O_NONBLOCK | flags, folder)
    try:
        kind = disk.fstat(file)
        _refuse_odd(path, kind.st_mode)
        return Found(read_all(disk, file, LIMIT_BYTES), kind, disk.attributes(file))
    finally:
        disk.let_go(file)


def refuse_large(path: Path, size_bytes: int) -> None:
    if size_bytes > LIMIT_BYTES:
        raise ConfigError(
            _("{path} has more than {count} bytes, too many for a configuration file", path=path, count=LIMIT_BYTES),
            hint=_("move what does not belong there out of it"),
            subject=str(path),
        )


def _refuse_odd(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise ConfigError(
            _("{path} is {kind}, not a file", path=path, kind=_kind(mode)),
            hint=_("move it away and run the command again"),
            subject=str(path),
        )


def _kind(mode: int) -> Text:
    kinds = {
        stat.S_IFDIR: _("a directory"),
        stat.S_IFIFO: _("a named pipe"),
        stat.S_IFSOCK: _("a socket"),
        stat.S_IFLNK: _("a symbolic link"),
    }
    return kinds.get(stat.S_IFMT(mode), _("a device"))


# What can be known beforehand


def check(path: Path, rules: Rules, disk: Disk = REAL) -> None:
    """Raises WriteError or ConfigError when it is plain beforehand that `path` cannot be replaced."""
    with explained(path):
        try:
            with reach(path, rules, disk) as place:
                _check_folder(place.path.parent, place.folder, disk)
                if look(place, place.name, disk):
                    _check_file(place, rules, disk)
        except MissingFolderError as error:
            with reach(error.folders[0], rules, disk) as place:
                _check_folder(place.path.parent, place.folder, disk)


def _check_folder(path: Path, folder: int, disk: Disk) -> None:
    with suppress(PermissionError):
        file = disk.open(".", os.O_RDONLY | os.O_DIRECTORY, folder)
        try:
            _refuse_frozen(path, file, disk)
        finally:
            disk.let_go(file)
    if not disk.may_write(folder):
        code = errno.EROFS if os.statvfs(folder).f_flag & os.ST_RDONLY else errno.EACCES
        raise OSError(code, os.strerror(code), str(path))


def _check_file(place: Place, rules: Rules, disk: Disk) -> None:
    file = disk.open(place.name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW, place.folder)
    try:
        found = _without_passing_links(file, disk)
        if found.st_nlink > 1:
            raise WriteError(
                _(
                    "{path} has {count} hard links, which a replacement would part",
                    path=place.path,
                    count=found.st_nlink,
                ),
                hint=_("make it a file of its own: cp -p {path} {path}.new && mv {path}.new {path}", path=place.path),
                subject=str(place.path),
            )
        if rules.euid not in {0, found.st_uid}:
            raise WriteError(
                _("{path} belongs to {user}, not to you", path=place.path, user=user_name(found.st_uid)),
                hint=_("make it yours: sudo chown $USER {path}", path=place.path),
                subject=str(place.path),
            )
        _refuse_frozen(place.path, file, disk)
        if disk.mount_of(file) != disk.mount_of(place.folder):
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(place.path))
    finally:
        disk.let_go(file)


def _without_passing_links(file: int, disk: Disk) -> os.stat_result:
    """The state of a file. A second link that is gone in a moment is a lock which another run holds."""
    deadline_s = time.monotonic() + PATIENCE_S
    while (found := disk.fstat(file)).st_nlink > 1 and time.monotonic() < deadline_s:
        time.sleep(PAUSE_S)
    return found


def _refuse_frozen(path: Path, file: int, disk: Disk) -> None:
    if disk.is_frozen(file):
        raise WriteError(
            _("{path} has been made immutable", path=path),
            hint=_("if that was not on purpose: sudo chattr -i -a {path}", path=path),
            subject=str(path),
        )


def keep(path: Path, data: bytes, rules: Rules, disk: Disk = REAL) -> None:
    """Writes a file of the program's own, for its owner alone: a cache, a crash log. Raises OSError, WriteError."""
    with reach(path, rules, disk, make=0o700) as place:
        temp = f".{place.name}-{os.urandom(4).hex()}"
        file = disk.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, place.folder)
        try:
            write_all(disk, file, data)
        finally:
            disk.close(file)
        disk.rename(temp, place.name, place.folder)


def discard(path: Path, rules: Rules, disk: Disk = REAL) -> None:
    """Removes a file of the program's own, if it is there. Raises OSError, WriteError."""
    with suppress(FileNotFoundError), reach(path, rules, disk) as place:
        disk.unlink(place.name, place.folder)


def publish(path: Path, data: bytes, rules: Rules, disk: Disk = REAL) -> None:
    """Writes the file that a user has named for a result: whole or not at all, readable as the umask has it.

    What stood there is replaced. Raises OSError, WriteError.
    """
    with reach(path, rules, disk) as place:
        temp = f".{place.name}-{os.urandom(4).hex()}"
        file = disk.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, place.folder, 0o666)
        try:
            try:
                write_all(disk, file, data)
            finally:
                disk.close(file)
            disk.rename(temp, place.name, place.folder)
        except BaseException:
            with suppress(OSError):
                disk.unlink(temp, place.folder)
            raise


# Failures


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns an OSError about `path` into a WriteError with its remedy."""
    try:
        yield
    except MissingFolderError:
        raise
    except OSError as error:
        message = _("cannot write {path}: {reason}", path=path, reason=reason_of(error))
        raise failure(message, error, path) from error


def failure(message: Text, error: OSError, path: Path) -> WriteError:
    kind = DeniedError if error.errno == errno.EACCES else WriteError
    return kind(message, hint=REMEDIES.get(error.errno or 0), subject=str(path))
