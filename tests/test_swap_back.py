"""The way back from every state that a crash, or somebody else, may leave; and the lock of a client."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mirrorctl import swap_back, swap_lock, swap_slot
from mirrorctl.disk import REAL, Disk
from mirrorctl.errors import ConflictError
from mirrorctl.places import Rules, reach
from mirrorctl.swap_slot import Slot

OLD, NEW, THEIRS = b"old\n", b"new\n", b"theirs\n"
TEMP = ".mirrorctl-1-x-0.a"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swap_lock, "PATIENCE_S", 0.05)
    monkeypatch.setattr(swap_slot, "PATIENCE_S", 0.05)


@pytest.fixture
def slot(tmp_path: Path) -> Iterator[Slot]:
    with reach(tmp_path / "file", Rules(euid=os.geteuid(), links=True, root=tmp_path), REAL) as place:
        yield Slot(place=place, identifier="1-x", index=0, lock=".lock", disk=REAL)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def furnish(folder: Path, **names: bytes | None) -> None:
    for name, data in names.items():
        if data is not None:
            (folder / {"file": "file", "temp": TEMP, "old": TEMP[:-1] + "old"}[name]).write_bytes(data)


KEPT = "file.mirrorctl-kept-1-x"


@pytest.mark.parametrize(
    ("before", "after", "file", "temp", "restored", "left"),
    [
        pytest.param(OLD, NEW, OLD, None, True, {"file": OLD}, id="not-begun"),
        pytest.param(OLD, NEW, OLD, NEW, True, {"file": OLD}, id="staged"),
        pytest.param(OLD, NEW, OLD, b"ne", True, {"file": OLD}, id="staged-in-part"),
        pytest.param(OLD, NEW, OLD, b"\0\0\0\0", True, {"file": OLD}, id="staged-zeros"),
        pytest.param(OLD, NEW, OLD, THEIRS, True, {"file": OLD, KEPT: THEIRS}, id="staged-not-ours"),
        pytest.param(OLD, NEW, NEW, OLD, True, {"file": OLD}, id="entered"),
        pytest.param(OLD, NEW, NEW, None, True, {"file": OLD}, id="entered-old-gone"),
        pytest.param(OLD, NEW, NEW, b"o", True, {"file": OLD}, id="entered-old-torn"),
        pytest.param(OLD, NEW, NEW, THEIRS, False, {"file": THEIRS}, id="entered-over-theirs"),
        pytest.param(OLD, NEW, THEIRS, OLD, False, {"file": THEIRS}, id="changed-since"),
        pytest.param(OLD, NEW, None, OLD, False, {}, id="deleted-since"),
        pytest.param(None, NEW, None, NEW, True, {}, id="create-staged"),
        pytest.param(None, NEW, NEW, None, True, {}, id="created"),
        pytest.param(None, NEW, THEIRS, None, False, {"file": THEIRS}, id="created-and-changed"),
        pytest.param(OLD, None, OLD, b".mirrorctl-1-x-0.", True, {"file": OLD}, id="delete-staged"),
        pytest.param(OLD, None, None, OLD, True, {"file": OLD}, id="deleted"),
        pytest.param(OLD, None, None, None, True, {"file": OLD}, id="deleted-old-gone"),
        pytest.param(OLD, None, None, THEIRS, False, {"file": THEIRS}, id="deleted-theirs"),
        pytest.param(OLD, None, THEIRS, OLD, False, {"file": THEIRS}, id="deleted-and-made-again"),
    ],
)
def test_from_every_state(
    tmp_path: Path,
    slot: Slot,
    before: bytes | None,
    after: bytes | None,
    file: bytes | None,
    temp: bytes | None,
    *,
    restored: bool,
    left: dict[str, bytes],
) -> None:
    furnish(tmp_path, file=file, temp=temp)
    assert swap_back.take_back(slot, before, (after,), None) is restored
    assert contents(tmp_path) == left
    assert swap_back.take_back(slot, before, (after,), None) is restored, "it can be done again"
    assert contents(tmp_path) == left


def test_a_change_in_two_steps(tmp_path: Path, slot: Slot) -> None:
    """The file holds what was in force in between; the old one and the next one lie beside it."""
    furnish(tmp_path, file=b"interim", temp=OLD)
    (tmp_path / (TEMP[:-1] + "b")).write_bytes(NEW)
    assert swap_back.take_back(slot, OLD, (NEW, b"interim"), None) is True
    assert contents(tmp_path) == {"file": OLD}


@pytest.mark.parametrize(("file", "temp", "old"), [(OLD, NEW, OLD), (NEW, None, OLD), (NEW, OLD, None)])
def test_an_exchange_in_several_steps(
    tmp_path: Path, slot: Slot, file: bytes, temp: bytes | None, old: bytes | None
) -> None:
    """Where names cannot be exchanged, the old file has a second name for a moment."""
    furnish(tmp_path, file=file, temp=temp, old=old)
    assert swap_back.take_back(slot, OLD, (NEW,), None) is True
    assert contents(tmp_path) == {"file": OLD}


def test_a_copy_without_its_mode_is_not_taken_for_the_old_file(tmp_path: Path, slot: Slot) -> None:
    furnish(tmp_path, file=NEW, temp=OLD)
    (tmp_path / "file").chmod(0o644)
    (tmp_path / TEMP).chmod(0o600)
    assert swap_back.take_back(slot, OLD, (NEW,), None) is True
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644


def test_a_deleted_file_comes_back_with_its_mode(tmp_path: Path, slot: Slot) -> None:
    assert swap_back.take_back(slot, OLD, (None,), 0o640) is True
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


def test_what_is_added_while_going_back_stays(tmp_path: Path, slot: Slot) -> None:
    """Somebody opened our file, and writes when it has already lost its name again."""
    furnish(tmp_path, file=NEW, temp=OLD)

    class Meddling(Disk):
        first = True

        def exchange(self, one: str, other: str, folder: int) -> None:
            if self.first:
                with (tmp_path / "file").open("ab") as file:
                    file.write(b"added\n")
            self.first = False
            super().exchange(one, other, folder)

    meddling = Slot(place=slot.place, identifier="1-x", index=0, lock=None, disk=Meddling())
    assert swap_back.take_back(meddling, OLD, (NEW,), None) is False
    assert contents(tmp_path) == {"file": NEW + b"added\n"}


def test_folders_go_when_they_are_empty(tmp_path: Path) -> None:
    rules = Rules(euid=os.geteuid(), links=True, root=tmp_path)
    (tmp_path / "a/b/c").mkdir(parents=True)
    (tmp_path / "a/file").touch()
    swap_back.remove_folders((tmp_path / "a", tmp_path / "a/b", tmp_path / "a/b/c"), rules, REAL)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "file"]


# The lock of a client


def test_the_lock_is_there_while_the_file_changes(tmp_path: Path, slot: Slot) -> None:
    """With content from the first moment on, so that it can be told whose it is."""
    furnish(tmp_path, temp=NEW)
    with swap_lock.locked(slot, TEMP):
        assert contents(tmp_path)["file.lock"] == NEW
    assert "file.lock" not in contents(tmp_path)


def test_a_client_that_holds_its_lock_is_waited_for(
    tmp_path: Path, slot: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swap_lock, "PATIENCE_S", 10.0)
    furnish(tmp_path, temp=NEW)
    (tmp_path / "file.lock").touch()
    monkeypatch.setattr(time, "sleep", lambda _s: (tmp_path / "file.lock").unlink())
    with swap_lock.locked(slot, TEMP):
        assert contents(tmp_path)["file.lock"] == NEW


def test_a_lock_that_stays_is_told_and_left(tmp_path: Path, slot: Slot) -> None:
    furnish(tmp_path, temp=NEW)
    (tmp_path / "file.lock").write_bytes(b"")
    with pytest.raises(ConflictError, match=r"file\.lock exists") as caught, swap_lock.locked(slot, TEMP):
        pass
    assert "rm" in str(caught.value.hint)
    assert (tmp_path / "file.lock").exists()


@pytest.mark.parametrize(
    ("data", "linked", "dropped"),
    [
        pytest.param(NEW, True, True, id="ours"),
        pytest.param(NEW, False, True, id="our-content"),
        pytest.param(b".mirrorctl-1-x-0.", False, True, id="our-name"),
        pytest.param(b"", False, False, id="empty"),
        pytest.param(THEIRS, False, False, id="theirs"),
    ],
)
def test_a_stale_lock_is_ours_or_stays(tmp_path: Path, slot: Slot, data: bytes, *, linked: bool, dropped: bool) -> None:
    furnish(tmp_path, file=data if linked else OLD)
    if linked:
        (tmp_path / "file.lock").hardlink_to(tmp_path / "file")
    else:
        (tmp_path / "file.lock").write_bytes(data)
    swap_lock.drop_stale_lock(slot, (OLD, NEW, b""))
    assert (tmp_path / "file.lock").exists() is not dropped


def test_a_lock_that_is_no_file_stays(tmp_path: Path, slot: Slot) -> None:
    (tmp_path / "file.lock").mkdir()
    swap_lock.drop_stale_lock(slot, (OLD, NEW))
    assert (tmp_path / "file.lock").is_dir()


@pytest.mark.parametrize("lock", [None, ".lock"])
def test_some_clients_have_no_lock(tmp_path: Path, slot: Slot, lock: str | None) -> None:
    furnish(tmp_path, temp=NEW)
    other = Slot(place=slot.place, identifier="1-x", index=0, lock=lock, disk=REAL)
    with swap_lock.locked(other, TEMP):
        assert ("file.lock" in contents(tmp_path)) is (lock is not None)
