"""What we wrote and what stood there before: a write-ahead record of every change.

    <state>/lock            flock(2)ed by whoever changes something; never deleted
    <state>/tx/<id>/        a transaction; `<id>` grows with time
        manifest.json       what is to change, never altered afterwards
        before.N after.N    the bytes of file N; missing: no such file
        applied | rolled_back       empty markers, the only mutable facts

A transaction without a marker was interrupted; one that a later, applied one takes back is undone. The directory is complete before it gets its name, and every step is
durable before the next one begins, so after a crash at any point the next command knows what to take back.
The state directory is 0700 and its files 0600: the record has to hold exact bytes, secrets included.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mirrorctl.errors import ConflictError, WriteError
from mirrorctl.files import Marks, sync_directory
from mirrorctl.model import SavedFile, Scope, Transaction
from mirrorctl.text import _

LOCK_PATIENCE_S = 30.0
MARKERS = ("applied", "rolled_back")


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal in one state directory. Raises WriteError where the directory cannot be written."""

    directory: Path

    @property
    def _transactions(self) -> Path:
        return self.directory / "tx"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keeps other runs of the program out. Raises ConflictError when one takes longer than 30 s."""
        import fcntl  # noqa: PLC0415  not on every platform that can read

        self._prepare()
        descriptor = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            deadline = time.monotonic() + LOCK_PATIENCE_S
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise ConflictError(
                            _("another mirrorctl has been changing files for {s:g} seconds", s=LOCK_PATIENCE_S),
                            hint=_("wait for it to end and run the command again"),
                            subject=str(self.directory),
                        ) from None
                    time.sleep(0.02)
            yield
        finally:
            os.close(descriptor)

    def _prepare(self) -> None:
        try:
            self._transactions.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.directory.chmod(0o700)
        except OSError as error:
            raise WriteError(
                _("cannot write {path}: {reason}", path=self.directory, reason=(error.strerror or "").lower()),
                hint=_("the record of changes is kept there; MIRRORCTL_STATE_DIR names another place"),
                subject=str(self.directory),
            ) from error

    def begin(self, command: str, files: tuple[SavedFile, ...], *, at: datetime, undoes: str | None = None) -> str:
        """Records what is about to change and returns the id. Durable when it returns."""
        taken = [int(name.split("-")[0]) for name in self._names()]
        number = max([int(at.timestamp() * 1_000_000), *(number + 1 for number in taken)])
        identifier = f"{number}-{os.urandom(3).hex()}"
        folder = self._transactions / f".{identifier}"
        folder.mkdir(mode=0o700)
        for index, file in enumerate(files):
            for name, data in (("before", file.before), ("after", file.after)):
                if data is not None:
                    _write(folder / f"{name}.{index}", data)
        manifest = {
            "format": 1,
            "at": at.astimezone(UTC).isoformat(),
            "command": command,
            "undoes": undoes,
            "files": [_describe(file) for file in files],
        }
        _write(folder / "manifest.json", json.dumps(manifest, indent=1).encode())
        sync_directory(folder)
        folder.rename(self._transactions / identifier)
        sync_directory(self._transactions)
        return identifier

    def mark(self, identifier: str, state: str) -> None:
        """Sets the state of a transaction. Durable when it returns."""
        _write(self._transactions / identifier / state, b"")
        sync_directory(self._transactions / identifier)

    def transactions(self) -> tuple[Transaction, ...]:
        """All transactions, the latest first. Empty where there is no journal, or none that may be read."""
        found, undone = [], set()
        for name in sorted(self._names(), reverse=True):
            transaction = self._load(name)
            if transaction is None:
                continue
            if name in undone:
                transaction = replace(transaction, state="undone")
            elif transaction.state == "applied" and transaction.undoes:
                undone.add(transaction.undoes)
            found.append(transaction)
        return tuple(found)

    def sweep(self) -> None:
        """Deletes records that were never finished; nothing had been changed by then."""
        for folder in self._transactions.glob(".*-*"):
            shutil.rmtree(folder, ignore_errors=True)

    def _names(self) -> list[str]:
        try:
            return [folder.name for folder in self._transactions.iterdir() if not folder.name.startswith(".")]
        except OSError:
            return []

    def _load(self, identifier: str) -> Transaction | None:
        folder = self._transactions / identifier
        try:
            manifest = json.loads((folder / "manifest.json").read_bytes())
            files = tuple(_restore(folder, index, file) for index, file in enumerate(manifest["files"]))
        except (OSError, ValueError, KeyError):
            return None
        state = next((marker for marker in MARKERS if (folder / marker).exists()), "pending")
        return Transaction(
            id=identifier,
            at=datetime.fromisoformat(manifest["at"]),
            command=manifest["command"],
            state=state,
            undoes=manifest["undoes"],
            files=files,
        )


def marks(identifier: str, index: int, lock: str | None) -> Marks:
    """The names that file `index` of a transaction may leave beside it."""
    return Marks(temp=f".mirrorctl-{identifier}-{index}", lock=lock, token=f"mirrorctl {identifier}\n")


def _describe(file: SavedFile) -> dict[str, Any]:
    return {
        "target": file.target,
        "scope": file.scope.value,
        "path": os.fspath(file.path),
        "lock": file.lock,
        "value_before": file.value_before,
        "value_after": file.value_after,
        "urls": list(file.urls),
        "interim": file.interim.decode("utf-8", "surrogateescape") if file.interim is not None else None,
    }


def _restore(folder: Path, index: int, entry: dict[str, Any]) -> SavedFile:
    interim = entry["interim"]
    return SavedFile(
        target=entry["target"],
        scope=Scope(entry["scope"]),
        path=Path(entry["path"]),
        lock=entry["lock"],
        before=_read(folder / f"before.{index}"),
        after=_read(folder / f"after.{index}"),
        interim=interim.encode("utf-8", "surrogateescape") if interim is not None else None,
        value_before=entry["value_before"],
        value_after=entry["value_after"],
        urls=tuple(entry["urls"]),
    )


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
