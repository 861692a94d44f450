"""What damage does to the record of changes, and what is forgotten of it."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirrorctl import journal as journals
from mirrorctl.disk import Disk
from mirrorctl.journal import Journal
from mirrorctl.journal_record import DamagedError, pack, unpack
from mirrorctl.model import SavedFile, Scope, Transaction
from mirrorctl.places import Rules

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


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
    return Journal(place, Rules(euid=os.geteuid(), links=True, root=place.parent))


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


def test_a_damaged_record_hides_no_other(journal: Journal, place: Path) -> None:
    first, second = change(journal), change(journal, state="pending")
    path = place / f"tx/{second}.pending"
    path.write_bytes(path.read_bytes()[:-20])
    assert states(journal) == {second: "damaged", first: "applied"}
    assert [entry.state for entry in journal.unfinished()] == ["damaged"]
    assert journal.transactions()[0].at == AT + timedelta(microseconds=1)


def test_what_is_no_record_is_left_alone(journal: Journal, place: Path) -> None:
    change(journal)
    for name in ("README", "1-x", "1-x.unheard-of", "x-1.applied", "-.applied"):
        (place / "tx" / name).write_bytes(b"")
    assert len(journal.transactions()) == 1
    change(journal)
    assert (place / "tx/README").exists()


RECORD = pack(Transaction(id="", at=AT, command="use x", state="", files=(saved(),), undoes="1-x"))


def test_a_record_of_a_later_version_is_not_guessed_at() -> None:
    from zlib import crc32

    line = RECORD.split(b"\n")[0].replace(b'"format":1', b'"format":2')
    with pytest.raises(DamagedError, match="format is 2"):
        unpack(b"%s\n%08x\n" % (line, crc32(line)), "1-x", "applied")


@given(st.integers(0, len(RECORD) - 1), st.integers(1, 255))
def test_every_changed_byte_is_noticed(at: int, difference: int) -> None:
    data = bytearray(RECORD)
    data[at] ^= difference
    with pytest.raises(DamagedError):
        unpack(bytes(data), "1-x", "applied")


@given(st.integers(0, len(RECORD) - 1))
def test_every_lost_end_is_noticed(length: int) -> None:
    with pytest.raises(DamagedError):
        unpack(RECORD[:length], "1-x", "applied")


@given(st.binary(max_size=200), st.binary(max_size=200) | st.none())
def test_any_bytes_come_back(before: bytes, after: bytes | None) -> None:
    entry = Transaction(id="1-x", at=AT, command="", state="applied", files=(saved(before=before, after=after),))
    assert unpack(pack(entry), "1-x", "applied") == entry


# What is forgotten


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "KEEP", 5)


@pytest.mark.usefixtures("short")
def test_the_oldest_go_but_the_first_and_the_last_of_each_file(journal: Journal) -> None:
    rare = change(journal, saved("daemon.json"))
    original = change(journal)
    rest = [change(journal, saved(before=b"%d" % number)) for number in range(20)]
    journal.prune()
    assert list(states(journal)) == [*rest[:-4:-1], original, rare]


@pytest.mark.usefixtures("short")
def test_what_is_unfinished_or_damaged_stays(journal: Journal, place: Path) -> None:
    change(journal)
    pending, damaged = change(journal, state="pending"), change(journal)
    (place / f"tx/{damaged}.applied").write_bytes(b"")
    for _ in range(9):
        change(journal)
    journal.prune()
    assert {pending, damaged} <= states(journal).keys()
    assert len(states(journal)) == 5


@pytest.mark.usefixtures("short")
def test_what_was_undone_stays_undone(journal: Journal) -> None:
    """The original's record is kept for ever, that of the undo is not."""
    original = change(journal)
    undo = change(journal, undoes=original)
    rest = [change(journal) for _ in range(9)]
    journal.prune()
    assert undo not in states(journal)
    assert states(journal) == {original: "undone"} | dict.fromkeys(rest[-4:], "applied")


@pytest.mark.usefixtures("short")
def test_a_file_whose_first_change_failed_keeps_its_first_real_one(journal: Journal) -> None:
    failed, original = change(journal, state="rolled_back"), change(journal)
    for _ in range(9):
        change(journal)
    journal.prune()
    assert failed not in states(journal)
    assert original in states(journal)


def test_size_counts_too(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "KEEP_BYTES", 5 * 70_000)
    made = [change(journal, saved(before=bytes([65 + number]) * 65_000)) for number in range(12)]
    journal.prune()
    left = list(states(journal))
    assert 2 < len(left) < 6
    assert {made[0], made[-1]} <= set(left)


@settings(max_examples=25)
@given(series=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["applied", "rolled_back"])), max_size=25))
def test_the_original_of_every_file_is_kept_whatever_is_forgotten(
    tmp_path_factory: pytest.TempPathFactory, series: list[tuple[str, str]]
) -> None:
    place = tmp_path_factory.mktemp("journal")
    journal = Journal(place / "state", Rules(euid=os.geteuid(), links=True, root=place))
    originals: dict[str, str] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journals, "KEEP", 4)
        for number, (name, state) in enumerate(series):
            identifier = change(journal, saved(name, before=b"%d" % number), state=state)
            if state == "applied":
                originals.setdefault(name, identifier)
            journal.prune()
    left = states(journal)
    assert set(originals.values()) <= left.keys()
    assert len(left) <= max(4, 2 * len(originals) + 1)


def test_readers_are_not_disturbed(journal: Journal, place: Path) -> None:
    """A record may be taken a step further between the listing and the reading."""
    identifier = change(journal, state="pending")

    class Busy(Disk):
        def names(self, folder: int) -> list[str]:
            found = super().names(folder)
            pending = place / f"tx/{identifier}.pending"
            if pending.exists():
                pending.rename(pending.with_suffix(".committed"))
            return found

    assert states(replace(journal, disk=Busy())) == {identifier: "applied"}
