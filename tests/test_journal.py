"""The record of changes: what is in it, when, for whom; what damage does to it; and what is forgotten."""

from __future__ import annotations

import errno
import os
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mirrorctl import journal as journals
from mirrorctl.disk import Disk
from mirrorctl.errors import ConflictError, WriteError
from mirrorctl.journal import Journal, UnsureError
from mirrorctl.model import SavedFile, Scope, Transaction
from mirrorctl.places import Rules

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
ME = os.geteuid()
NOBODY = 65534


def saved(name: str = "pip.conf", before: bytes | None = b"old", after: bytes | None = b"new") -> SavedFile:
    return SavedFile(
        target="pip",
        scope=Scope.USER,
        path=Path("/home/somebody") / name,
        before=before,
        after=after,
        value_before=None,
        value_after="https://mirror.example/simple",
        urls=("https://mirror.example/simple",),
        folders=(Path("/home/somebody/.config"),),
        mode=0o600,
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def journal(place: Path) -> Journal:
    return Journal(place, Rules(euid=ME, links=True, root=place.parent))


def change(journal: Journal, *files: SavedFile, at: datetime = AT, state: str = "applied", undoes: str = "") -> str:
    """A whole transaction."""
    with journal.lock():
        identifier = journal.begin("use x", files or (saved(),), at=at, undoes=undoes or None)
        if state in {"committed", "applied"}:
            journal.mark(identifier, "pending", "committed")
        if state == "applied":
            journal.mark(identifier, "committed", "applied")
        if state == "rolled_back":
            journal.mark(identifier, "pending", "rolled_back")
    return identifier


def states(journal: Journal) -> dict[str, str]:
    return {entry.id: entry.state for entry in journal.transactions()}


def records(place: Path) -> list[Path]:
    return sorted((place / "tx").iterdir())


def test_what_was_begun_is_found_again(journal: Journal) -> None:
    files = (saved(), replace(saved("other"), before=None, lock=".lock", interim=b"\xff\x00[]", drained=b"{}"))
    identifier = change(journal, *files, state="pending")
    (found,) = journal.transactions()
    assert found == Transaction(id=identifier, at=AT, command="use x", state="pending", files=files)
    assert journal.unfinished() == (found,)
    assert journal.is_pending(identifier)


@pytest.mark.parametrize(
    ("state", "told", "open_"),
    [
        ("pending", "pending", "pending"),
        ("committed", "applied", "committed"),
        ("applied", "applied", None),
        ("rolled_back", "rolled_back", None),
    ],
)
def test_states(journal: Journal, state: str, told: str, open_: str | None) -> None:
    identifier = change(journal, state=state)
    assert states(journal) == {identifier: told}
    assert [entry.state for entry in journal.unfinished()] == ([open_] if open_ else [])


def test_what_is_taken_back_is_undone_and_can_be_done_again(journal: Journal) -> None:
    first = change(journal)
    undo = change(journal, undoes=first)
    assert states(journal) == {undo: "applied", first: "undone"}
    redo = change(journal, undoes=undo)
    assert states(journal) == {redo: "applied", undo: "undone", first: "applied"}


def test_an_undo_that_was_rolled_back_undid_nothing(journal: Journal) -> None:
    first = change(journal)
    change(journal, undoes=first, state="rolled_back")
    assert states(journal)[first] == "applied"


def test_nobody_else_can_read_it(journal: Journal, place: Path) -> None:
    previous = os.umask(0)
    try:
        change(journal)
    finally:
        os.umask(previous)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (place, place / "tx", place / "lock", *records(place))}
    assert {modes.pop("state"), modes.pop("tx")} == {0o700}
    assert set(modes.values()) == {0o600}


def test_reading_writes_nothing(journal: Journal, place: Path) -> None:
    assert journal.transactions() == ()
    assert journal.unfinished() == ()
    assert not place.exists()


@pytest.mark.parametrize("clock", ["same", "back", "1970"])
def test_ids_grow_whatever_the_clock_does(journal: Journal, clock: str) -> None:
    ats = {
        "same": [AT, AT, AT],
        "back": [AT, AT - timedelta(days=999), AT],
        "1970": [datetime.fromtimestamp(1, UTC)] * 3,
    }
    made = [change(journal, at=at) for at in ats[clock]]
    assert made == sorted(made)
    assert [entry.id for entry in journal.transactions()] == made[::-1]


def test_a_record_that_was_never_finished_is_swept_away(journal: Journal, place: Path) -> None:
    change(journal)
    (place / "tx/.1795260747595073-f529a6").write_bytes(b'{"format"')
    assert len(journal.transactions()) == 1
    change(journal)
    assert not list((place / "tx").glob(".*"))


def test_no_space_leaves_nothing_behind(journal: Journal, place: Path) -> None:
    class Full(Disk):
        def write(self, file: int, data: memoryview) -> int:
            super().write(file, data[:10])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    full = replace(journal, disk=Full())
    with pytest.raises(WriteError, match="no space") as caught:
        change(full)
    assert "MIRRORCTL_STATE_DIR" in str(caught.value.hint)
    assert records(place) == []


def test_a_mark_that_the_disk_does_not_confirm(journal: Journal) -> None:
    class Doubtful(Disk):
        def fsync(self, file: int) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    identifier = change(journal, state="pending")
    with pytest.raises(UnsureError):
        replace(journal, disk=Doubtful()).mark(identifier, "pending", "committed")
    assert not journal.is_pending(identifier)


# The lock


def test_one_at_a_time(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "LOCK_PATIENCE_S", 0.05)
    with journal.lock(), pytest.raises(ConflictError, match="another mirrorctl"), journal.lock():
        pass
    with journal.lock():
        pass


def test_others_are_waited_for(journal: Journal) -> None:
    order = []

    def other() -> None:
        with journal.lock():
            order.append("second")

    waiting = threading.Thread(target=other)
    with journal.lock():
        waiting.start()
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]


# Whose it is


@pytest.mark.skipif(ME != 0, reason="only root can give files to others")
@pytest.mark.parametrize("what", ["state", "state/tx"])
def test_what_somebody_else_wrote_down_is_not_believed(journal: Journal, place: Path, what: str) -> None:
    """Or a user could have root put any bytes into any file."""
    change(journal, state="pending")
    os.chown(place.parent / what, NOBODY, NOBODY)
    assert journal.transactions() == ()
    assert journal.unfinished() == ()
    with pytest.raises(WriteError, match="belongs to nobody"), journal.lock():
        pass


def test_a_state_directory_that_cannot_be_made(journal: Journal, place: Path) -> None:
    place.write_bytes(b"")
    with pytest.raises(WriteError) as caught, journal.lock():
        pass
    assert "MIRRORCTL_STATE_DIR" in str(caught.value.hint)
    assert journal.transactions() == ()
