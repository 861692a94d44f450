"""What was measured before: `chronicle.db` in the state directory, an SQLite file that only its owner can read.

It makes decisions better and sometimes quicker, and none depends on it. So nothing that is wrong with it ends a
command: a file that cannot be read, or that another version wrote, is set aside, and it begins anew; one that is
locked or cannot be written is left alone. Either is said once, by `notices`. Without a file nothing of SQLite is
loaded. It has at most KEPT measurements, none older than KEPT_S.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar
from urllib.parse import quote

from mirrorctl.chronicle_rows import SCHEMA, VERSION, last_of, measurement_of, row_of
from mirrorctl.disk import REAL, Disk
from mirrorctl.errors import WriteError
from mirrorctl.experience import Measurement, Score
from mirrorctl.model import Notice
from mirrorctl.network import Network, key_of
from mirrorctl.places import Place, Rules, reach, user_name
from mirrorctl.reasons import reason_of
from mirrorctl.text import Text, _
from mirrorctl.values import dataclass, field

if TYPE_CHECKING:
    import sqlite3

ASIDE = ".aside"
KEPT, KEPT_S = 1000, 90 * 86400.0
RECALLED = 60
PATIENCE_S = 2.0
COMPANIONS = ("-journal", "-wal", "-shm")
# Of the result codes of SQLite: those that say something of the disk or of others, and not of the file.
AROUND = frozenset({"AUTH", "BUSY", "CANTOPEN", "FULL", "IOERR", "LOCKED", "NOMEM", "PERM", "PROTOCOL", "READONLY"})

T = TypeVar("T")
Connection: TypeAlias = "sqlite3.Connection"


class _StrangeError(Exception):
    """The file is of another version."""


@dataclass(slots=True)
class Chronicle:
    """The one in the file `path`, for the owner of the process. `notices` grows as things go wrong."""

    path: Path
    rules: Rules
    disk: Disk = REAL
    notices: list[Notice] = field(default_factory=list)

    @property
    def is_there(self) -> bool:
        with suppress(OSError):
            return self.path.exists()
        return False

    # What can be asked and told

    def keep(self, measurements: Sequence[Measurement], network: Network | None, now: datetime) -> tuple[int, ...]:
        """Adds measurements; gives their ids, or none where they could not be kept."""

        def work(connection: Connection) -> tuple[int, ...]:
            place = _place(connection, network)
            found = tuple(_insert(connection, measurement, place) for measurement in measurements)
            connection.execute("DELETE FROM measurement WHERE at_s < ?", (now.timestamp() - KEPT_S,))
            connection.execute(
                "DELETE FROM measurement WHERE id NOT IN (SELECT id FROM measurement ORDER BY at_s DESC, id DESC LIMIT ?)",
                (KEPT,),
            )
            return found

        return self._write(work, ())

    def recall(self, ecosystem: str, network: Network | None, *, limit: int = RECALLED) -> tuple[Measurement, ...]:
        """The latest measurements of an ecosystem in this network, the latest first."""

        def work(connection: Connection) -> tuple[Measurement, ...]:
            place = _place(connection, network)
            rows = connection.execute(
                "SELECT id, at_s, max_lag_s, deadline_s, budget_bytes, latency_only, sound FROM measurement"
                " WHERE ecosystem = ? AND network = ? ORDER BY at_s DESC, id DESC LIMIT ?",
                (ecosystem, place, limit),
            ).fetchall()
            query = "SELECT mirror, url, predicted_s, measured, reason, detail FROM probe WHERE measurement = ?"
            found = (
                measurement_of(row, connection.execute(query, (row[0],)), ecosystem, here=bool(place)) for row in rows
            )
            return tuple(measurement for measurement in found if measurement)

        return self._read(work, ())

    def latest(self, ecosystem: str, mirror: str, network: Network | None) -> tuple[datetime, Score, bool] | None:
        """When a mirror was measured last, what was found, and whether it was in this network, which goes first."""

        def work(connection: Connection) -> tuple[datetime, Score, bool] | None:
            place = _place(connection, network)
            row = connection.execute(
                "SELECT at_s, network, mirror, url, predicted_s, measured, reason, detail"
                " FROM probe JOIN measurement ON measurement.id = probe.measurement"
                " WHERE mirror = ? AND ecosystem = ? ORDER BY network = ? DESC, at_s DESC LIMIT 1",
                (mirror, ecosystem, place),
            ).fetchone()
            return last_of(row, ecosystem, place) if row else None

        return self._read(work, None)

    def elsewhere(self, ecosystem: str, network: Network | None) -> int:
        """How many measurements there are of other networks."""

        def work(connection: Connection) -> int:
            query = "SELECT count(*) FROM measurement WHERE ecosystem = ? AND network != ?"
            return int(connection.execute(query, (ecosystem, _place(connection, network))).fetchone()[0])

        return self._read(work, 0)

    def doubt(self, identifiers: Sequence[int]) -> None:
        """Notes that a decision by these measurements did not hold."""

        def work(connection: Connection) -> None:
            connection.executemany("UPDATE measurement SET sound = 0 WHERE id = ?", [(one,) for one in identifiers])

        if identifiers:
            self._write(work, None)

    # What may go wrong

    def _read(self, work: Callable[[Connection], T], otherwise: T) -> T:
        return self._run(work, otherwise, write=False)[0]

    def _write(self, work: Callable[[Connection], T], otherwise: T) -> T:
        """A file that had to be set aside makes room for a new one."""
        found, again = self._run(work, otherwise, write=True)
        return self._run(work, otherwise, write=True)[0] if again else found

    def _run(self, work: Callable[[Connection], T], otherwise: T, *, write: bool) -> tuple[T, bool]:
        """What `work` gives, and whether the file was set aside meanwhile."""
        if not write and not self.is_there:
            return otherwise, False
        try:
            import sqlite3  # noqa: PLC0415  start-up time: only who remembers needs it
        except ImportError:  # some Pythons are built without
            return otherwise, False
        seen: list[int] = []
        try:
            with self._connected(seen, write=write) as connection:
                return work(connection), False
        except FileNotFoundError:
            return otherwise, False
        except (OSError, WriteError) as error:
            self._tell(error.message if isinstance(error, WriteError) else self._unusable(reason_of(error)))
        except (sqlite3.Error, _StrangeError, OverflowError, TypeError, ValueError) as error:
            code = getattr(error, "sqlite_errorname", "").removeprefix("SQLITE_").partition("_")[0]
            if code in AROUND:
                self._tell(self._unusable(str(error)))
            else:
                return otherwise, bool(seen) and self._set_aside(seen[0])
        return otherwise, False

    @contextmanager
    def _connected(self, seen: list[int], *, write: bool) -> Iterator[Connection]:
        """An open transaction; `seen` is told the inode of the file."""
        import sqlite3  # noqa: PLC0415

        with reach(self.path, self.rules, self.disk, make=0o700 if write else None) as place:
            seen.append(self._prepare(place, write=write))
            # Also to read: what a crash has left half done is taken back by whoever comes next.
            address = f"file:{quote(str(place.path))}?mode=rw"
            connection = sqlite3.connect(address, uri=True, timeout=PATIENCE_S, isolation_level=None)
            with closing(connection):
                connection.execute("PRAGMA foreign_keys = ON")
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
                _check_version(connection, write=write)
                yield connection
                connection.execute("COMMIT")

    def _prepare(self, place: Place, *, write: bool) -> int:
        """Makes sure that the file is there, and is the user's alone."""
        flags = os.O_NOFOLLOW | os.O_NONBLOCK | (os.O_RDWR | os.O_CREAT if write else os.O_RDONLY)
        file = self.disk.open(place.name, flags, place.folder)
        try:
            found = self.disk.fstat(file)
            if not stat.S_ISREG(found.st_mode) or found.st_uid != self.rules.euid:
                owner = user_name(found.st_uid)
                raise WriteError(_("{path} is no file of yours but of {user}", path=place.path, user=owner))
            if write and found.st_mode & 0o077:
                self.disk.chmod(file, 0o600)
            return found.st_ino
        finally:
            self.disk.let_go(file)

    def _set_aside(self, inode: int) -> bool:
        """Renames the file, unless another run has done so; an earlier one that was set aside is lost."""
        try:
            with reach(self.path, self.rules, self.disk) as place:
                if self.disk.lstat(place.name, place.folder).st_ino == inode:
                    for ending in ("", *COMPANIONS):
                        with suppress(FileNotFoundError):
                            self.disk.rename(place.name + ending, place.name + ASIDE + ending, place.folder)
        except FileNotFoundError:
            return True
        except (OSError, WriteError):
            self._tell(self._unusable(_("it is damaged, or of another version")))
            return False
        self._tell(
            _("{path} was damaged, or of another version, and was set aside", path=self.path),
            hint=_("what was measured before is forgotten; the file is now {path}", path=f"{self.path}{ASIDE}"),
        )
        return True

    def _unusable(self, reason: str | Text) -> Text:
        return _("{path} cannot be used now: {reason}", path=self.path, reason=reason)

    def _tell(self, message: Text, hint: Text | None = None) -> None:
        """Once, whatever is tried after it."""
        if not any(notice.code == "chronicle" for notice in self.notices):
            hint = hint or _("measuring works without it; earlier results are not considered, and these are not kept")
            self.notices.append(Notice(code="chronicle", message=message, hint=hint, subject=str(self.path)))


def _check_version(connection: Connection, *, write: bool) -> None:
    """Makes the tables in a file without any."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == VERSION:
        return
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise _StrangeError
    if not write:  # another run is about to make it
        raise FileNotFoundError
    for statement in SCHEMA:
        connection.execute(statement)
    connection.execute("INSERT INTO salt VALUES (?)", (os.urandom(32),))
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _place(connection: Connection, network: Network | None) -> str:
    """What measurements in this network are kept under; empty where the network is not known for sure."""
    if network is None or not network.is_sure:
        return ""
    (salt,) = connection.execute("SELECT value FROM salt").fetchone()
    return key_of(network, bytes(salt))


def _insert(connection: Connection, measurement: Measurement, place: str) -> int:
    terms = measurement.terms
    cursor = connection.execute(
        "INSERT INTO measurement (at_s, network, ecosystem, max_lag_s, deadline_s, budget_bytes, latency_only, sound)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            measurement.at.timestamp(),
            place,
            measurement.ecosystem,
            terms.max_lag_s,
            terms.deadline_s,
            terms.budget_bytes,
            terms.latency_only,
            measurement.sound,
        ),
    )
    rows = [(cursor.lastrowid, *row_of(score)) for score in measurement.scores]
    connection.executemany("INSERT OR REPLACE INTO probe VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    return cursor.lastrowid or 0
