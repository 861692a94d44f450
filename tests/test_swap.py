"""One file is changed, and whoever else writes to it at the same moment loses nothing."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mirrorctl import disk as disks
from mirrorctl import swap, swap_back, swap_lock, swap_slot
from mirrorctl.disk import REAL, Disk
from mirrorctl.errors import ConflictError
from mirrorctl.places import Rules, reach
from mirrorctl.swap_slot import Slot

ME = os.geteuid()
OLD, NEW, THEIRS = b"old\n", b"new\n", b"theirs\n"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swap_lock, "PATIENCE_S", 0.05)
    monkeypatch.setattr(swap_slot, "PATIENCE_S", 0.05)


@pytest.fixture(params=["exchange", "links", "neither"])
def ability(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the file system can do."""

    def missing(_old: str, _new: str, _folder: int, _flags: int) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    def no_links(_self: Disk, _old: str, _new: str, _folder: int) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    if request.param != "exchange":
        monkeypatch.setattr(disks, "_renameat2", lambda: missing)
    if request.param == "neither":
        monkeypatch.setattr(Disk, "link", no_links)
    return str(request.param)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Slot]]:
    """Makes slots for `tmp_path/file`."""
    rules = Rules(euid=ME, links=True, root=tmp_path)
    with reach(tmp_path / "file", rules, REAL) as place:

        def slot(disk: Disk = REAL, *, lock: str | None = ".lock", letter: str = "a") -> Slot:
            return Slot(place=place, identifier="1-x", index=0, lock=lock, disk=disk, letter=letter)

        yield slot


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def write(path: Path, data: bytes | None) -> None:
    if data is not None:
        path.write_bytes(data)


@pytest.mark.usefixtures("ability")
@pytest.mark.parametrize(("before", "after"), [(OLD, NEW), (None, NEW), (OLD, None), (OLD, b""), (b"", NEW)])
def test_forward_and_back(tmp_path: Path, make: Callable[..., Slot], before: bytes | None, after: bytes | None) -> None:
    write(tmp_path / "file", before)
    slot = make()
    swap.stage(slot, before, after)
    assert contents(tmp_path).get("file") == before
    swap.enter(slot, before, after)
    swap.confirm(slot, before)
    assert contents(tmp_path).get("file") == after
    assert "file.lock" not in contents(tmp_path)
    assert swap_back.take_back(slot, before, (after,), None) is True
    assert contents(tmp_path) == ({} if before is None else {"file": before})


@pytest.mark.usefixtures("ability")
def test_what_is_left_is_tidied_away(tmp_path: Path, make: Callable[..., Slot]) -> None:
    write(tmp_path / "file", OLD)
    slot = make()
    swap.stage(slot, OLD, NEW)
    swap.enter(slot, OLD, NEW)
    swap_back.tidy(slot, (OLD, NEW))
    assert contents(tmp_path) == {"file": NEW}


def test_the_old_file_itself_comes_back(tmp_path: Path, make: Callable[..., Slot]) -> None:
    """The same inode: times, attributes and whatever else nobody thought of."""
    write(tmp_path / "file", OLD)
    before = (tmp_path / "file").stat()
    slot = make()
    swap.stage(slot, OLD, NEW)
    swap.enter(slot, OLD, NEW)
    swap_back.take_back(slot, OLD, (NEW,), None)
    after = (tmp_path / "file").stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_nlink) == (before.st_ino, before.st_mtime_ns, 1)


@pytest.mark.usefixtures("ability")
@pytest.mark.parametrize(("before", "after"), [(OLD, NEW), (None, NEW), (OLD, None)])
def test_a_change_before_is_noticed(
    tmp_path: Path, make: Callable[..., Slot], before: bytes | None, after: bytes | None
) -> None:
    write(tmp_path / "file", before)
    swap.stage(make(), before, after)
    (tmp_path / "file").write_bytes(THEIRS)
    with pytest.raises(ConflictError, match="changed by another program"):
        swap.enter(make(), before, after)
    with pytest.raises(ConflictError):
        swap.stage(make(letter="b"), before, after)
    swap_back.tidy(make(), (before, after))
    assert contents(tmp_path) == {"file": THEIRS}


class Meddling(Disk):
    """Somebody else writes right before the names change: too late for a look, in time for the exchange."""

    def __init__(self, meddle: Callable[[], object]) -> None:
        self.meddle = [meddle]

    def _meddle(self) -> None:
        while self.meddle:
            self.meddle.pop()()

    def exchange(self, one: str, other: str, folder: int) -> None:
        self._meddle()
        super().exchange(one, other, folder)

    def rename_new(self, old: str, new: str, folder: int) -> None:
        self._meddle()
        super().rename_new(old, new, folder)


@pytest.mark.parametrize(("before", "after"), [(OLD, NEW), (None, NEW), (OLD, None)])
@pytest.mark.parametrize("style", ["in place", "by rename"])
def test_a_change_in_the_last_moment_is_noticed_and_stays(
    tmp_path: Path, make: Callable[..., Slot], before: bytes | None, after: bytes | None, style: str
) -> None:
    path = tmp_path / "file"
    write(path, before)

    def meddle() -> None:
        other = path if style == "in place" else tmp_path / "other"
        other.write_bytes(THEIRS)
        if style != "in place":
            other.rename(path)

    slot = make(Meddling(meddle))
    swap.stage(slot, before, after)
    with pytest.raises(ConflictError):
        swap.enter(slot, before, after)
    swap_back.tidy(slot, (before, after))
    assert contents(tmp_path) == {"file": THEIRS}


def test_who_has_the_old_file_open_for_writing_is_waited_for(
    tmp_path: Path, make: Callable[..., Slot], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What he writes after the exchange would be lost with the old file; it is noticed instead."""
    monkeypatch.setattr(swap_slot, "PATIENCE_S", 5.0)
    path = tmp_path / "file"
    write(path, OLD)
    writer = path.open("ab", buffering=0)
    swap.stage(make(), OLD, NEW)

    def add() -> None:
        writer.write(b"added\n")
        writer.close()

    late = threading.Timer(0.1, add)
    late.start()
    with pytest.raises(ConflictError):
        swap.enter(make(), OLD, NEW)
    late.join()
    swap_back.tidy(make(), (OLD, NEW))
    assert contents(tmp_path) == {"file": OLD + b"added\n"}


def test_who_never_closes_the_old_file_keeps_it(tmp_path: Path, make: Callable[..., Slot]) -> None:
    path = tmp_path / "file"
    write(path, OLD)
    with path.open("ab") as writer:
        swap.stage(make(), OLD, NEW)
        with pytest.raises(ConflictError):
            swap.enter(make(), OLD, NEW)
        writer.write(b"added\n")
    assert path.read_bytes() == OLD + b"added\n"


def test_a_change_of_the_old_file_is_noticed_before_the_commit(tmp_path: Path, make: Callable[..., Slot]) -> None:
    """By whoever had opened it before it lost its name."""
    write(tmp_path / "file", OLD)
    slot = make()
    swap.stage(slot, OLD, NEW)
    swap.enter(slot, OLD, NEW)
    with (tmp_path / slot.temp).open("ab") as file:
        file.write(b"added\n")
    with pytest.raises(ConflictError):
        swap.confirm(slot, OLD)


def test_what_is_not_ours_is_kept_when_tidying(tmp_path: Path, make: Callable[..., Slot]) -> None:
    slot = make()
    for letter in ("a", "b"):
        write(tmp_path / (slot.prefix + letter), THEIRS)
    write(tmp_path / (slot.prefix + "c"), NEW)
    swap_back.tidy(slot, (OLD, NEW))
    assert contents(tmp_path) == {"file.mirrorctl-kept-1-x": THEIRS, "file.mirrorctl-kept-1-x-1": THEIRS}


@pytest.mark.parametrize("ability", ["exchange", "links"], indirect=True)
@pytest.mark.usefixtures("ability")
def test_the_old_file_stays_beside_the_new_one(tmp_path: Path, make: Callable[..., Slot]) -> None:
    """The file, not a copy: who has it open may still write to it, and that is noticed."""
    (tmp_path / "file").write_bytes(OLD)
    number = (tmp_path / "file").stat().st_ino
    swap.stage(make(), OLD, NEW)
    swap.enter(make(), OLD, NEW)
    assert (tmp_path / make().temp).stat().st_ino == number
