"""The system calls by which files are read and changed, one method each.

Whatever changes a file of somebody's goes through a `Disk`, so that a test can stand in between: count the calls, let
one fail, stop the program there, or keep what a power cut would have kept.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress

# Not every kernel and file system can exchange two names, or rename without replacing (renameat2(2)).
UNSUPPORTED = frozenset({errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP})
NO_LINKS = UNSUPPORTED | {errno.EPERM, errno.EMLINK}
_NOREPLACE, _EXCHANGE = 1, 2
_RENAMEAT2 = {"x86_64": 316, "aarch64": 276, "riscv64": 276, "loongarch64": 276}
_IMMUTABLE, _APPEND = 0x10, 0x20  # chattr(1): +i, +a
_CHUNK_BYTES = 1 << 20

Rename = Callable[[str, str, int, int], None]


class Disk:
    """The real one. Names are relative to `folder`, an open directory. Every failure is an OSError."""

    def open(self, name: str, flags: int, folder: int | None = None, mode: int = 0o600) -> int:
        return os.open(name, flags | os.O_CLOEXEC, mode, dir_fd=folder)

    def close(self, file: int) -> None:
        try:
            os.close(file)
        except OSError:
            _part_with(file)
            raise

    def let_go(self, file: int) -> None:
        """Closes what was not written to, or has been synchronised: failing to says nothing about any content."""
        with suppress(OSError):
            self.close(file)

    def read(self, file: int, count: int) -> bytes:
        return os.read(file, count)

    def write(self, file: int, data: memoryview) -> int:
        return os.write(file, data)

    def fsync(self, file: int) -> None:
        os.fsync(file)

    def fstat(self, file: int) -> os.stat_result:
        return os.fstat(file)

    def lstat(self, name: str, folder: int) -> os.stat_result:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)

    def readlink(self, name: str, folder: int) -> str:
        return os.readlink(name, dir_fd=folder)

    def names(self, folder: int) -> list[str]:
        return os.listdir(folder)

    def may_write(self, folder: int) -> bool:
        """Whether names in `folder` may be changed. False on a read-only file system."""
        return os.access(".", os.W_OK | os.X_OK, dir_fd=folder, effective_ids=os.access in os.supports_effective_ids)

    def mkdir(self, name: str, folder: int, mode: int) -> None:
        os.mkdir(name, mode, dir_fd=folder)

    def rmdir(self, name: str, folder: int) -> None:
        os.rmdir(name, dir_fd=folder)

    def unlink(self, name: str, folder: int) -> None:
        os.unlink(name, dir_fd=folder)

    def link(self, old: str, new: str, folder: int) -> None:
        os.link(old, new, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)

    def rename(self, old: str, new: str, folder: int) -> None:
        os.rename(old, new, src_dir_fd=folder, dst_dir_fd=folder)

    def rename_new(self, old: str, new: str, folder: int) -> None:
        """Renames, or raises FileExistsError; in one step, as long as the file system has any way to do that."""
        try:
            _renameat2()(old, new, folder, _NOREPLACE)
        except OSError as error:
            if error.errno not in UNSUPPORTED:
                raise
        else:
            return
        try:
            self.link(old, new, folder)
            self.unlink(old, folder)
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            self._rename_unless_there(old, new, folder)

    def _rename_unless_there(self, old: str, new: str, folder: int) -> None:
        try:
            self.lstat(new, folder)
        except FileNotFoundError:
            self.rename(old, new, folder)
        else:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new)

    def exchange(self, one: str, other: str, folder: int) -> None:
        """Swaps two names in one step. Raises OSError with one of UNSUPPORTED where that cannot be done."""
        _renameat2()(one, other, folder, _EXCHANGE)

    def chmod(self, file: int, mode: int) -> None:
        os.fchmod(file, mode)

    def chown(self, file: int, uid: int, gid: int) -> None:
        os.fchown(file, uid, gid)

    def attributes(self, file: int) -> dict[str, bytes]:
        """The extended attributes, ACLs and security labels among them."""
        try:
            return {name: os.getxattr(file, name) for name in os.listxattr(file)}
        except OSError as error:
            if error.errno in UNSUPPORTED:
                return {}
            raise

    def set_attribute(self, file: int, name: str, value: bytes) -> None:
        os.setxattr(file, name, value)

    def remove_attribute(self, file: int, name: str) -> None:
        os.removexattr(file, name)

    def lock(self, file: int, patience_s: float = 0.0) -> bool:
        """Takes the lock on an open file (flock(2)), after all who have waited longer. False: not in that time."""
        import fcntl  # noqa: PLC0415  not on every platform that can read

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return patience_s > 0 and _is_done(lambda: fcntl.flock(file, fcntl.LOCK_EX), patience_s)
        return True

    def is_being_written(self, file: int) -> bool:
        """Whether anybody has the file open for writing, as far as can be told (F_SETLEASE, fcntl(2)).

        `file` must be open for reading only.
        """
        import fcntl  # noqa: PLC0415  not on every platform that can read

        try:
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except OSError as error:
            return error.errno == errno.EAGAIN
        return False

    def is_frozen(self, file: int) -> bool:
        """Whether chattr(1) has made the file or directory immutable or append-only."""
        import fcntl  # noqa: PLC0415  not on every platform that can read
        import struct  # noqa: PLC0415

        size = struct.calcsize("l")
        try:
            found = fcntl.ioctl(file, 0x80006601 | size << 16, bytes(size))  # FS_IOC_GETFLAGS
        except OSError:
            return False
        return bool(int.from_bytes(found[:4], "little") & (_IMMUTABLE | _APPEND))

    def mount_of(self, file: int) -> str | None:
        """Names the mount that an open file is reached through (proc(5), fdinfo)."""
        try:
            descriptor = os.open(f"/proc/self/fdinfo/{file}", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        with os.fdopen(descriptor, encoding="ascii") as lines:
            return next((line for line in lines if line.startswith("mnt_id:")), None)


REAL = Disk()


def _part_with(file: int) -> None:
    """Makes sure that a file is closed: close(2) leaves open whether it is after an error, and then it would look busy."""
    with suppress(OSError):
        os.fstat(file)
        null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        os.dup2(null, file, inheritable=False)
        os.close(null)


def read_all(disk: Disk, file: int, limit_bytes: int) -> bytes:
    """What stands in an open file; one byte more than `limit_bytes` when there is more than that."""
    parts, left = [], limit_bytes + 1
    while left and (part := disk.read(file, min(left, _CHUNK_BYTES))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _is_done(act: Callable[[], object], patience_s: float) -> bool:
    """Whether `act`, which the kernel lets wait, is done within that time. Closing its file undoes what comes later."""
    import threading  # noqa: PLC0415  start-up time; nearly nobody has to wait

    done: list[bool] = []

    def attempt() -> None:
        with suppress(OSError):
            act()
            done.append(True)

    waiting = threading.Thread(target=attempt, daemon=True)
    waiting.start()
    waiting.join(patience_s)
    return bool(done)


def write_all(disk: Disk, file: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[disk.write(file, left) :]


def sync_folder(disk: Disk, folder: int) -> None:
    """Makes the names in `folder` durable (rename(2) and link(2) are not, by themselves)."""
    file = disk.open(".", os.O_RDONLY | os.O_DIRECTORY, folder)
    try:
        disk.fsync(file)
    finally:
        disk.let_go(file)


def names_in(disk: Disk, folder: int) -> list[str]:
    file = disk.open(".", os.O_RDONLY | os.O_DIRECTORY, folder)
    try:
        return sorted(disk.names(file))
    finally:
        disk.let_go(file)


_found: list[Rename] = []


def _renameat2() -> Rename:
    if not _found:
        _found.append(_find_renameat2())
    return _found[0]


def _find_renameat2() -> Rename:
    """renameat2(2) in one folder. By its number, for the standard library does not have it, nor have all C libraries."""

    def missing(old: str, new: str, folder: int, flags: int) -> None:  # noqa: ARG001
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), old)

    number = _RENAMEAT2.get(os.uname().machine)
    try:
        import ctypes  # noqa: PLC0415  start-up time; and some Pythons come without it

        syscall = ctypes.CDLL(None, use_errno=True).syscall
    except (ImportError, OSError, AttributeError):
        return missing
    if number is None:
        return missing

    def call(old: str, new: str, folder: int, flags: int) -> None:
        place = ctypes.c_int(folder)
        words = (ctypes.c_char_p(os.fsencode(old)), place, ctypes.c_char_p(os.fsencode(new)), ctypes.c_uint(flags))
        if syscall(ctypes.c_long(number), place, *words) == -1:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), old)

    return call
