"""What a file keeps when it is replaced: owner, mode, attributes; and that nobody sees it wider in between."""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mirrorctl import swap
from mirrorctl.disk import REAL, Disk
from mirrorctl.errors import ConfigError, WriteError
from mirrorctl.places import Rules, reach
from mirrorctl.swap_slot import Slot

ME = os.geteuid()
OLD, NEW = b"old\n", b"new\n"
# user::rw- user:1234:r-- group::r-- mask::r-- other::---
ACL = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", tag, rights, who)
    for tag, rights, who in ((1, 6, 2**32 - 1), (2, 4, 1234), (4, 4, 2**32 - 1), (16, 4, 2**32 - 1), (32, 0, 2**32 - 1))
)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Slot]]:
    """Makes slots for `tmp_path/file`."""
    with reach(tmp_path / "file", Rules(euid=ME, links=True, root=tmp_path), REAL) as place:
        yield lambda disk=REAL: Slot(place=place, identifier="1-x", index=0, lock=None, disk=disk)


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o640, 0o400, 0o4755])
@pytest.mark.parametrize("umask", [0, 0o022, 0o777])
def test_the_mode_stays(tmp_path: Path, make: Callable[..., Slot], mode: int, umask: int) -> None:
    (tmp_path / "file").write_bytes(OLD)
    (tmp_path / "file").chmod(mode)
    previous = os.umask(umask)
    try:
        swap.stage(make(), OLD, NEW)
        swap.enter(make(), OLD, NEW)
    finally:
        os.umask(previous)
    assert (tmp_path / "file").stat().st_mode & 0o777 == mode & 0o777


def test_a_new_file_is_never_seen_wider_than_the_old_one(tmp_path: Path, make: Callable[..., Slot]) -> None:
    (tmp_path / "file").write_bytes(OLD)
    (tmp_path / "file").chmod(0o600)
    seen = []

    class Watching(Disk):
        def open(self, path: str, flags: int, folder: int | None = None, mode: int = 0o600) -> int:
            file = super().open(path, flags, folder, mode)
            seen.append(self.fstat(file).st_mode & 0o777)  # whoever opens it now can read it later
            return file

        def write(self, file: int, data: memoryview) -> int:
            seen.append(self.fstat(file).st_mode & 0o777)
            return super().write(file, data)

    swap.stage(make(Watching()), OLD, NEW)
    assert set(seen) == {0o600}


@pytest.mark.parametrize("umask", [0, 0o022, 0o027, 0o077])
def test_a_file_that_is_made_follows_the_umask(tmp_path: Path, make: Callable[..., Slot], umask: int) -> None:
    previous = os.umask(umask)
    try:
        swap.stage(make(), None, NEW)
        swap.enter(make(), None, NEW)
    finally:
        os.umask(previous)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644 & ~umask


def test_a_file_that_is_made_again_has_the_mode_it_had(tmp_path: Path, make: Callable[..., Slot]) -> None:
    swap.stage(make(), None, NEW, 0o640)
    swap.enter(make(), None, NEW)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(ME != 0, reason="only root can give files to others")
def test_the_owner_stays(tmp_path: Path, make: Callable[..., Slot]) -> None:
    (tmp_path / "file").write_bytes(OLD)
    os.chown(tmp_path / "file", 1234, 2345)
    swap.stage(make(), OLD, NEW)
    swap.enter(make(), OLD, NEW)
    found = (tmp_path / "file").stat()
    assert (found.st_uid, found.st_gid) == (1234, 2345)


@pytest.mark.parametrize(
    ("name", "value"),
    [("user.note", b"x"), ("system.posix_acl_access", ACL), ("security.selinux", b"user_u:object_r:etc_t:s0\0")],
)
def test_attributes_stay(tmp_path: Path, make: Callable[..., Slot], name: str, value: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(OLD)
    try:
        os.setxattr(path, name, value)
    except OSError as error:
        pytest.skip(f"cannot be set here: {error}")
    mode = path.stat().st_mode
    swap.stage(make(), OLD, NEW)
    swap.enter(make(), OLD, NEW)
    assert os.getxattr(path, name) == value
    assert path.stat().st_mode == mode


def test_no_attribute_is_gained(tmp_path: Path, make: Callable[..., Slot]) -> None:
    """The directory hands its default ACL down to the new file; the old one had none."""
    path = tmp_path / "file"
    path.write_bytes(OLD)
    path.chmod(0o640)
    try:
        os.setxattr(tmp_path, "system.posix_acl_default", ACL)
    except OSError as error:
        pytest.skip(f"cannot be set here: {error}")
    swap.stage(make(), OLD, NEW)
    swap.enter(make(), OLD, NEW)
    assert "system.posix_acl_access" not in os.listxattr(path)
    assert path.stat().st_mode & 0o777 == 0o640


def test_what_cannot_be_kept_is_a_refusal(tmp_path: Path, make: Callable[..., Slot]) -> None:
    (tmp_path / "file").write_bytes(OLD)

    class Denying(Disk):
        def chmod(self, file: int, mode: int) -> None:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    with pytest.raises(WriteError, match="owner, group and attributes") as caught:
        swap.stage(make(Denying()), OLD, NEW)
    assert caught.value.hint is not None
    assert (tmp_path / "file").read_bytes() == OLD


def test_what_would_be_too_large_to_read_again_is_not_written(tmp_path: Path, make: Callable[..., Slot]) -> None:
    (tmp_path / "file").write_bytes(OLD)
    with pytest.raises(ConfigError, match="more than"):
        swap.stage(make(), OLD, bytes(1024 * 1024 + 1))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_the_kernel_keeps_itself_is_not_set(tmp_path: Path, make: Callable[..., Slot]) -> None:
    """It would be refused, or be that of another content."""
    (tmp_path / "file").write_bytes(OLD)
    tried = []

    class Measured(Disk):
        def attributes(self, file: int) -> dict[str, bytes]:
            return {"security.ima": b"1", "user.mine": b"2"} if self.fstat(file).st_size else {"user.mine": b"2"}

        def set_attribute(self, file: int, name: str, value: bytes) -> None:
            tried.append(name)

    swap.stage(make(Measured()), OLD, NEW)
    assert tried == [], "what is there already is not set again either"
