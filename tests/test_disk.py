"""The few calls that are more than one line, on a file system that can do what they need, and on one that cannot."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mirrorctl import disk
from mirrorctl.disk import REAL, Disk


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "one").write_text("1")
    (tmp_path / "two").write_text("2")
    descriptor = os.open(tmp_path, os.O_PATH | os.O_DIRECTORY)
    yield descriptor
    os.close(descriptor)


@pytest.fixture(params=["renameat2", "links", "neither"])
def ability(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the file system can do."""

    def missing(_old: str, _new: str, _folder: int, _flags: int) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    def no_links(_self: Disk, _old: str, _new: str, _folder: int) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    if request.param != "renameat2":
        monkeypatch.setattr(disk, "_renameat2", lambda: missing)
    if request.param == "neither":
        monkeypatch.setattr(Disk, "link", no_links)
    return str(request.param)


@pytest.mark.usefixtures("ability")
def test_rename_new(tmp_path: Path, folder: int) -> None:
    REAL.rename_new("one", "three", folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["three", "two"]
    assert (tmp_path / "three").stat().st_nlink == 1


@pytest.mark.usefixtures("ability")
def test_rename_new_replaces_nothing(tmp_path: Path, folder: int) -> None:
    with pytest.raises(FileExistsError):
        REAL.rename_new("one", "two", folder)
    assert [(tmp_path / name).read_text() for name in ("one", "two")] == ["1", "2"]


def test_exchange(tmp_path: Path, folder: int) -> None:
    try:
        REAL.exchange("one", "two", folder)
    except OSError as error:
        pytest.skip(f"cannot be done here: {error}")
    assert [(tmp_path / name).read_text() for name in ("one", "two")] == ["2", "1"]
    with pytest.raises(FileNotFoundError):
        REAL.exchange("one", "none", folder)


def test_who_writes_is_noticed(tmp_path: Path, folder: int) -> None:
    file = REAL.open("one", os.O_RDONLY, folder)
    assert REAL.is_being_written(file) is False
    with (tmp_path / "one").open("a"):
        assert REAL.is_being_written(file) is True
    assert REAL.is_being_written(file) is False
    os.close(file)


def test_reading_and_writing_go_on_until_all_is_done(tmp_path: Path, folder: int) -> None:
    """read(2) and write(2) may do less than they were asked to."""

    class Short(Disk):
        def read(self, file: int, count: int) -> bytes:
            return super().read(file, min(count, 3))

        def write(self, file: int, data: memoryview) -> int:
            return super().write(file, data[:2])

    short = Short()
    file = short.open("new", os.O_RDWR | os.O_CREAT, folder)
    disk.write_all(short, file, b"0123456789")
    os.lseek(file, 0, os.SEEK_SET)
    assert disk.read_all(short, file, 100) == b"0123456789"
    os.lseek(file, 0, os.SEEK_SET)
    assert disk.read_all(short, file, 4) == b"01234", "one byte more than the limit tells that there is more"
    os.close(file)


def test_a_lock_is_taken_by_one(tmp_path: Path, folder: int) -> None:
    first, second = (REAL.open("one", os.O_RDWR, folder) for _ in range(2))
    assert REAL.lock(first) is True
    assert REAL.lock(second) is False
    os.close(first)
    assert REAL.lock(second) is True
    os.close(second)


def test_those_who_wait_for_a_lock_get_it_in_turn(folder: int) -> None:
    """Whoever only asks now and then may be passed by the others for ever."""
    files = [REAL.open("one", os.O_RDWR, folder) for _ in range(5)]
    assert REAL.lock(files[0])
    order: list[int] = []

    def wait(number: int) -> None:
        assert REAL.lock(files[number], 60)
        order.append(number)
        os.close(files[number])

    def waiting() -> int:
        lines = Path("/proc/locks").read_text().splitlines()
        return sum("->" in line and str(os.getpid()) in line.split() for line in lines)

    threads = [threading.Thread(target=wait, args=(number,)) for number in range(1, 5)]
    for number, thread in enumerate(threads, 1):
        thread.start()
        while waiting() < number:
            time.sleep(0.001)
    os.close(files[0])
    for thread in threads:
        thread.join()
    assert order == [1, 2, 3, 4]


def test_a_lock_is_not_waited_for_longer_than_said(folder: int) -> None:
    first, second, third = (REAL.open("one", os.O_RDWR, folder) for _ in range(3))
    assert REAL.lock(first)
    assert REAL.lock(second, 0.01) is False
    os.close(second)
    os.close(first)
    assert REAL.lock(third, 60), "what was given up keeps nobody out"
    os.close(third)


def test_may_write(folder: int) -> None:
    assert REAL.may_write(folder) is True


def test_mounts_are_told_apart(folder: int) -> None:
    proc = os.open("/proc", os.O_PATH)
    assert REAL.mount_of(folder) is not None
    assert REAL.mount_of(folder) != REAL.mount_of(proc)
    os.close(proc)


def test_attributes(tmp_path: Path, folder: int) -> None:
    file = REAL.open("one", os.O_RDWR, folder)
    try:
        REAL.set_attribute(file, "user.note", b"x")
    except OSError as error:
        pytest.skip(f"no attributes here: {error}")
    assert REAL.attributes(file)["user.note"] == b"x"
    REAL.remove_attribute(file, "user.note")
    assert "user.note" not in REAL.attributes(file)
    os.close(file)


def test_kernels_without_renameat2(monkeypatch: pytest.MonkeyPatch, folder: int) -> None:
    monkeypatch.setattr(disk, "_RENAMEAT2", {})
    with pytest.raises(OSError) as caught:
        disk._find_renameat2()("one", "two", folder, 2)
    assert caught.value.errno in disk.UNSUPPORTED
