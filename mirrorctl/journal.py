"""What we wrote and what stood there before: a write-ahead record of every change.

    <state>/lock                flock(2)ed by whoever changes something; never deleted
    <state>/tx/<id>.<state>     a transaction, never altered but for its name; `<id>` grows with time

`pending` is one that was begun: after a crash it is rolled back. `committed` is one that has happened, to the last
byte, and whose leftovers are still to be tidied away; then it is `applied`, or else `rolled_back`. One that a later one
takes back is `undone`; its name says so only once that later one is gone.

A record is complete and durable before it gets its name, and durable under its new name before the next step begins,
so after a crash at any point the next command knows what to do. The directories are 0700 and the files 0600, for the
record has to hold exact bytes, secrets included.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from mirrorctl.disk import REAL, Disk, read_all, sync_folder, write_all
from mirrorctl.errors import ConflictError, WriteError
from mirrorctl.journal_record import DamagedError, pack, unpack
from mirrorctl.model import SavedFile, Transaction
from mirrorctl.places import MissingFolderError, Rules, reach, user_name
from mirrorctl.reasons import reason_of
from mirrorctl.text import _
from mirrorctl.values import dataclass, field, replace

LOCK_PATIENCE_S = 30.0
STATES = ("pending", "committed", "applied", "rolled_back", "undone")
OPEN = ("pending", "committed")
CLOSED = ("applied", "rolled_back", "undone")
KEEP = 1200
KEEP_BYTES = 16 * 1024 * 1024
RECORD_LIMIT_BYTES = 64 * 1024 * 1024


class UnsureError(WriteError):
    """A change was made, but nobody can say whether it outlasts a power cut."""


def _own_rules() -> Rules:
    return Rules(euid=os.geteuid(), links=True)


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal in one state directory. Raises WriteError where the directory cannot be written."""

    directory: Path
    rules: Rules = field(default_factory=_own_rules)
    disk: Disk = REAL
    random: Callable[[int], bytes] = os.urandom

    # Directories and the lock

    @contextmanager
    def _folder(self, *, make: bool = False) -> Iterator[int]:
        """The open directory of the records. Raises FileNotFoundError, WriteError."""
        with reach(self.directory / "tx" / "-", self.rules, self.disk, make=0o700 if make else None) as place:
            folder = self.disk.open(".", os.O_RDONLY | os.O_DIRECTORY, place.folder)
            try:
                self._check_owner(folder)
                yield folder
            finally:
                self.disk.let_go(folder)

    def _check_owner(self, folder: int) -> None:
        """What somebody else has written down is not carried out."""
        owner = self.disk.fstat(folder).st_uid
        if owner != self.rules.euid:
            raise WriteError(
                _("{path} belongs to {user}, not to you", path=self.directory, user=user_name(owner)),
                hint=_("the record of changes is kept there; MIRRORCTL_STATE_DIR names another place"),
                subject=str(self.directory),
            )

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keeps other runs of the program out. Raises ConflictError when one takes longer than 30 s."""
        with self._explained(), self._folder(make=True):
            pass
        with self._explained(), reach(self.directory / "lock", self.rules, self.disk) as place:
            file = self.disk.open("lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, place.folder)
        try:
            if not self._wait(file):
                raise ConflictError(
                    _("another mirrorctl has been changing files for {s:g} seconds", s=LOCK_PATIENCE_S),
                    hint=_("wait for it to end and run the command again"),
                    subject=str(self.directory),
                )
            yield
        finally:
            self.disk.let_go(file)

    def _wait(self, file: int) -> bool:
        with self._explained():
            return self.disk.lock(file, LOCK_PATIENCE_S)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise WriteError(
                _("cannot write {path}: {reason}", path=self.directory, reason=reason_of(error)),
                hint=_("the record of changes is kept there; MIRRORCTL_STATE_DIR names another place"),
                subject=str(self.directory),
            ) from error

    # Writing; only with the lock

    def begin(self, command: str, files: tuple[SavedFile, ...], *, at: datetime, undoes: str | None = None) -> str:
        """Records what is about to change and returns the id. Durable when it returns."""
        entry = Transaction(id="", at=at.astimezone(UTC), command=command, state="pending", files=files, undoes=undoes)
        with self._explained(), self._folder() as folder:
            self._sweep(folder)
            taken = [int(name.partition("-")[0]) for name, _state in self._listing(folder)]
            number = max([int(at.timestamp() * 1_000_000), *(number + 1 for number in taken)])
            identifier = f"{number:016d}-{self.random(3).hex()}"
            try:
                self._write(folder, f".{identifier}", pack(entry))
            except OSError:
                self._sweep(folder)
                raise
            self.disk.rename(f".{identifier}", f"{identifier}.pending", folder)
            sync_folder(self.disk, folder)
        return identifier

    def _write(self, folder: int, name: str, data: bytes) -> None:
        file = self.disk.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, folder)
        try:
            write_all(self.disk, file, data)
            self.disk.fsync(file)
        finally:
            self.disk.close(file)

    def _sweep(self, folder: int) -> None:
        """Deletes records that were never finished; nothing had been changed by then."""
        for name in self.disk.names(folder):
            if name.startswith("."):
                self.disk.unlink(name, folder)

    def mark(self, identifier: str, old: str, new: str) -> None:
        """Takes a transaction from one state to the next. Durable when it returns.

        Raises UnsureError when it has happened, but may be gone after a power cut.
        """
        with self._explained(), self._folder() as folder:
            self.disk.rename(f"{identifier}.{old}", f"{identifier}.{new}", folder)
            try:
                sync_folder(self.disk, folder)
            except OSError as error:
                raise UnsureError(
                    _("the disk did not confirm the change: {reason}", reason=reason_of(error)),
                    hint=_("a power cut may still undo it: see dmesg(1), and mirrorctl status"),
                    subject=str(self.directory),
                ) from error

    def forget(self, identifier: str) -> None:
        """Deletes the record of a transaction that has been rolled back only to be made anew."""
        with self._explained(), self._folder() as folder, suppress(FileNotFoundError):
            self.disk.unlink(f"{identifier}.rolled_back", folder)

    def is_pending(self, identifier: str) -> bool:
        """Whether a transaction has been begun, and has come to no end."""
        return any(entry.id == identifier and entry.state == "pending" for entry in self.unfinished())

    def prune(self) -> None:
        """Deletes the oldest records beyond KEEP or KEEP_BYTES; never an unfinished one, nor any file's first."""
        with self._explained(), self._folder() as folder:
            names = self._listing(folder)
            sizes = {name: self.disk.lstat(".".join(name), folder).st_blocks * 512 for name in names}
            excess = max(len(names) - KEEP, 0)
            excess_bytes = sum(sizes.values()) - KEEP_BYTES
            if excess <= 0 and excess_bytes <= 0:
                return
            entries = {entry.id: entry for entry in self.transactions()}
            for name in self._expendable(names, entries):
                if excess <= 0 and excess_bytes <= 0:
                    break
                self._forget(folder, name, entries)
                excess, excess_bytes = excess - 1, excess_bytes - sizes[name]

    @staticmethod
    def _expendable(names: list[tuple[str, str]], entries: dict[str, Transaction]) -> Iterator[tuple[str, str]]:
        """What may go, the oldest first.

        A file's first record holds what the user had there himself, its last one what stands there now.
        """
        last = {
            file.path: identifier
            for identifier, state in names
            if state != "rolled_back"
            for file in entries[identifier].files
        }
        seen: set[Path] = set()
        for identifier, state in names[:-1]:
            entry = entries[identifier]
            paths = {file.path for file in entry.files}
            needed = not paths <= seen or identifier in {last[path] for path in paths & last.keys()}
            if entry.state in CLOSED and (state == "rolled_back" or not needed):
                yield identifier, state
            if state != "rolled_back":
                seen |= paths

    def _forget(self, folder: int, name: tuple[str, str], entries: dict[str, Transaction]) -> None:
        """Deletes a record; the one that it took back has to remember that by itself from then on."""
        undone = entries.get(entries[name[0]].undoes or "")
        if undone is not None and undone.state == "undone":
            for state in ("applied", "committed"):
                with suppress(FileNotFoundError):
                    self.disk.rename(f"{undone.id}.{state}", f"{undone.id}.undone", folder)
        self.disk.unlink(".".join(name), folder)

    # Reading

    def transactions(self) -> tuple[Transaction, ...]:
        """All transactions, the latest first. Empty where there is no journal, or none that is ours."""
        found: list[Transaction] = []
        undone: set[str] = set()
        for entry in self._load_all(lambda _state: True):
            if entry.state == "applied" and entry.id in undone:
                found.append(replace(entry, state="undone"))
                continue
            if entry.state == "applied" and entry.undoes:
                undone.add(entry.undoes)
            found.append(entry)
        return tuple(found)

    def unfinished(self) -> tuple[Transaction, ...]:
        """What a crash has left in the middle, or a run is at just now; the latest first."""
        return tuple(self._load_all(lambda state: state in OPEN, plain=True))

    def _load_all(self, wanted: Callable[[str], bool], *, plain: bool = False) -> list[Transaction]:
        for _attempt in range(10):
            try:
                with self._folder() as folder:
                    names = [name for name in reversed(self._listing(folder)) if wanted(name[1])]
                    return [self._load(folder, *name, plain=plain) for name in names]
            except MissingFolderError:
                return []
            except FileNotFoundError:
                continue  # another run has just taken one a step further
            except (OSError, WriteError):
                return []
        return []

    def _listing(self, folder: int) -> list[tuple[str, str]]:
        """Id and state of every record, the oldest first."""
        split = (name.rpartition(".")[::2] for name in self.disk.names(folder) if not name.startswith("."))
        return sorted((identifier, state) for identifier, state in split if state in STATES and _is_id(identifier))

    def _load(self, folder: int, identifier: str, state: str, *, plain: bool) -> Transaction:
        file = self.disk.open(f"{identifier}.{state}", os.O_RDONLY | os.O_NOFOLLOW, folder)
        try:
            data = read_all(self.disk, file, RECORD_LIMIT_BYTES)
        finally:
            self.disk.let_go(file)
        try:
            return unpack(data, identifier, "applied" if state == "committed" and not plain else state)
        except DamagedError:
            at = datetime.fromtimestamp(int(identifier.partition("-")[0]) / 1_000_000, UTC)
            return Transaction(id=identifier, at=at, command="", state="damaged", files=())


def _is_id(name: str) -> bool:
    number, dash, rest = name.partition("-")
    return bool(dash and rest) and number.isascii() and number.isdigit()
