"""Reads and replaces files of users: the only module that writes one.

A replacement is a whole new file with the metadata of the old one, durable before it takes the old one's name, and it
takes that name only while the old bytes still stand there. So a reader sees the old file or the new one, and nobody's
edit is overwritten unseen.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mirrorctl.errors import ConfigError, ConflictError, MirrorctlError, WriteError
from mirrorctl.model import FileEdit
from mirrorctl.text import Text, _

LIMIT_BYTES = 1024 * 1024
LOCK_PATIENCE_S = 5.0

REMEDIES: dict[int, Text] = {
    errno.EACCES: _("run the command as a user who may write there"),
    errno.EPERM: _("the file or its directory may be immutable: see lsattr(1)"),
    errno.EROFS: _("the file system is mounted read-only"),
    errno.ENOSPC: _("free some space and run the command again"),
    errno.EDQUOT: _("your disk quota is used up: free some space and run the command again"),
    errno.EBUSY: _("the file is a mount point, as in a container: edit it where it is mounted from"),
    errno.ELOOP: _("its symbolic links lead in a circle"),
    errno.ENOTDIR: _("a part of the path is a file"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Names that one transaction uses beside a file, so that recovery can tell its leftovers from others' files."""

    temp: str
    lock: str | None = None  # git's protocol: <file>.lock, see lockfile.h
    token: str = ""


def read(path: Path) -> bytes | None:
    """The bytes of a regular file of at most 1 MiB, or None where there is none. Raises ConfigError, WriteError."""
    try:
        # Not blocking: opening a FIFO would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _failure(_("cannot read {path}: {reason}", path=path, reason=_reason(error)), error, path) from error
    with os.fdopen(descriptor, "rb") as file:
        kind = os.fstat(descriptor)
        if not stat.S_ISREG(kind.st_mode):
            raise ConfigError(
                _("{path} is {kind}, not a file", path=path, kind=_kind(kind.st_mode)),
                hint=_("move it away and run the command again"),
                subject=str(path),
            )
        if kind.st_size > LIMIT_BYTES:
            raise ConfigError(
                _("{path} has {size} bytes, more than a configuration file can have", path=path, size=kind.st_size),
                subject=str(path),
            )
        return file.read(LIMIT_BYTES + 1)


def write(edit: FileEdit, marks: Marks) -> None:
    """Puts `edit.after` in the place of `edit.before`.

    Symbolic links are followed and stay. Raises ConflictError when the file holds something else than
    `edit.before`, and WriteError; the file is untouched then.
    """
    target = Path(os.path.realpath(edit.path))
    try:
        with _lock(target, marks):
            if edit.after is None:
                _remove(target, edit)
            else:
                _replace(target, edit, edit.after, marks)
    except MirrorctlError:
        raise
    except OSError as error:
        message = _("cannot write {path}: {reason}", path=edit.path, reason=_reason(error))
        raise _failure(message, error, edit.path) from error


def ensure_writable(path: Path) -> None:
    """Raises WriteError when it is plain beforehand that `path` cannot be replaced."""
    target = Path(os.path.realpath(path))
    folder = target.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not os.access(folder, os.W_OK | os.X_OK):
        error = OSError(errno.EACCES, os.strerror(errno.EACCES))
        message = _("cannot write {path}: {reason}", path=path, reason=_reason(error))
        raise _failure(message, error, path)
    if target.exists() and target.stat().st_nlink > 1:
        raise WriteError(
            _("{path} has {count} hard links, which a replacement would part", path=path, count=target.stat().st_nlink),
            hint=_("keep one of them: cp -p {path} {path}.copy && mv {path}.copy {path}", path=path),
            subject=str(path),
        )


def remove_leftovers(path: Path, marks: Marks) -> None:
    """Deletes what a killed transaction may have left beside `path`. Never another program's lock."""
    target = Path(os.path.realpath(path))
    with suppress(OSError):
        (target.parent / marks.temp).unlink()
    if marks.lock is not None:
        lock = target.with_name(target.name + marks.lock)
        with suppress(OSError):
            if lock.read_text() == marks.token:
                lock.unlink()


def _replace(target: Path, edit: FileEdit, after: bytes, marks: Marks) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temp = target.parent / marks.temp
    descriptor = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(after)
            file.flush()
            _copy_metadata(target if edit.before is not None else None, descriptor)
            os.fsync(descriptor)
        _expect(target, edit)
        if edit.before is None:
            os.link(temp, target)  # unlike rename(2), fails when somebody else has made the file meanwhile
        else:
            temp.rename(target)
    except FileExistsError as error:
        raise _overtaken(edit.path) from error
    finally:
        temp.unlink(missing_ok=True)
    sync_directory(target.parent)


def _remove(target: Path, edit: FileEdit) -> None:
    _expect(target, edit)
    target.unlink()
    sync_directory(target.parent)


def _expect(target: Path, edit: FileEdit) -> None:
    if read(target) != edit.before:
        raise _overtaken(edit.path)


def _overtaken(path: Path) -> ConflictError:
    return ConflictError(
        _("{path} was changed by another program meanwhile", path=path),
        hint=_("run the command again; it starts from what stands there now"),
        subject=str(path),
    )


def _copy_metadata(source: Path | None, descriptor: int) -> None:
    """Owner, mode, and extended attributes (which hold ACLs and the SELinux label) of `source`; usual ones if new."""
    if source is None:
        os.fchmod(descriptor, 0o644 & ~_umask())
        return
    old, new = source.stat(), os.fstat(descriptor)
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        os.fchown(descriptor, old.st_uid, old.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
    if hasattr(os, "listxattr"):
        for name in os.listxattr(source):
            value = os.getxattr(source, name)
            if _attribute(descriptor, name) != value:
                os.setxattr(descriptor, name, value)


def _attribute(descriptor: int, name: str) -> bytes | None:
    try:
        return os.getxattr(descriptor, name)
    except OSError:  # ENODATA: not set
        return None


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def sync_directory(folder: Path) -> None:
    """Makes names in `folder` durable (rename(2) and link(2) are not, by themselves)."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _lock(target: Path, marks: Marks) -> Iterator[None]:
    """Holds the client's own lock file while the file is replaced."""
    if marks.lock is None:
        yield
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    lock = target.with_name(target.name + marks.lock)
    descriptor = _create_lock(lock)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(marks.token)
        yield
    finally:
        lock.unlink(missing_ok=True)


def _create_lock(lock: Path) -> int:
    deadline = time.monotonic() + LOCK_PATIENCE_S
    while True:
        try:
            return os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            if time.monotonic() > deadline:
                raise ConflictError(
                    _("{path} exists: another program is changing the file, or was killed while it did", path=lock),
                    hint=_("delete the lock file if no program is running: rm {path}", path=lock),
                    subject=str(lock),
                ) from None
            time.sleep(0.05)


def _failure(message: Text, error: OSError, path: Path) -> WriteError:
    return WriteError(message, hint=REMEDIES.get(error.errno or 0), subject=str(path))


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def _kind(mode: int) -> Text:
    if stat.S_ISDIR(mode):
        return _("a directory")
    if stat.S_ISFIFO(mode):
        return _("a named pipe")
    return _("a device or a socket")
