"""Takes an unfinished transaction back, and tidies up after a finished one. What a crash interrupts is done again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from mirrorctl import files
from mirrorctl.disk import Disk
from mirrorctl.errors import MirrorctlError
from mirrorctl.journal import Journal
from mirrorctl.model import Client, Machine, Notice, SavedFile, Transaction
from mirrorctl.places import MissingFolderError, reach, rules_for
from mirrorctl.planning import is_ours, revert, setting_of
from mirrorctl.process import converse
from mirrorctl.swap_back import put, remove_folders, take_back, tidy
from mirrorctl.swap_lock import drop_stale_lock
from mirrorctl.swap_slot import Slot, content
from mirrorctl.targets import TARGETS
from mirrorctl.targets.base import activate_nothing
from mirrorctl.text import _


@contextmanager
def open_slot(
    machine: Machine, disk: Disk, identifier: str, index: int, file: SavedFile, *, make: int | None = None
) -> Iterator[Slot]:
    with reach(file.path, rules_for(machine, file.scope), disk, make=make) as place:
        yield Slot(place=place, identifier=identifier, index=index, lock=file.lock, disk=disk)


def known_of(file: SavedFile) -> tuple[bytes | None, ...]:
    return (file.before, *ours_of(file))


def ours_of(file: SavedFile) -> tuple[bytes | None, ...]:
    """What the file may hold because of us."""
    return (file.after, *(data for data in (file.interim, file.drained) if data is not None))


def roll_back(
    machine: Machine, journal: Journal, identifier: str, saved: tuple[SavedFile, ...], clients: Mapping[str, Client]
) -> tuple[Notice, ...]:
    """Puts back what was written, the last file first, and lets `clients` take that up.

    Where somebody else has written since, our setting alone is taken out. Raises WriteError or ConflictError when
    that cannot be done now; it is done at the next start then.
    """
    notices: list[Notice] = []
    for index, file in reversed(tuple(enumerate(saved))):
        with files.explained(file.path):
            drained = _drain(machine, journal.disk, identifier, index, file, clients.get(file.target))
            try:
                with open_slot(machine, journal.disk, identifier, index, file) as slot:
                    notices += _restore(slot, file)
            except MissingFolderError:
                pass  # no folder, no file
            if file.before is None:
                remove_folders(file.folders, rules_for(machine, file.scope), journal.disk)
        if not drained and file.target in clients:
            notices += activate(machine, file, clients[file.target], setting_of(file.value_before))
    journal.mark(identifier, "pending", "rolled_back")
    return tuple(notices)


def _restore(slot: Slot, file: SavedFile) -> tuple[Notice, ...]:
    if take_back(slot, file.before, ours_of(file), file.mode):
        return ()
    current = content(slot, slot.name)
    if current is None:
        return (_left(file, None),)
    target = TARGETS.get(file.target)
    try:
        edit = revert(target, file, current) if target else None
    except MirrorctlError as error:
        return (_left(file, error),)
    if edit is None:
        return (_left(file, None),)
    if edit.changed:
        put(_second(slot), current, edit.after, known_of(file))
    return ()


def _left(file: SavedFile, error: MirrorctlError | None) -> Notice:
    return Notice(
        code="left",
        message=error.message if error else _("{path} was changed by another program meanwhile", path=file.path),
        hint=_("it was left as it is; mirrorctl status shows what is in force"),
        subject=str(file.path),
    )


def _second(slot: Slot) -> Slot:
    return Slot(
        place=slot.place, identifier=slot.identifier, index=slot.index, lock=slot.lock, disk=slot.disk, letter="b"
    )


def _drain(machine: Machine, disk: Disk, identifier: str, index: int, file: SavedFile, client: Client | None) -> bool:
    """Lets a running client forget what the file without its key would leave in force. The file comes first: it may fail."""
    if client is None or file.drained is None:
        return False
    with suppress(OSError, MirrorctlError), open_slot(machine, disk, identifier, index, file) as slot:
        current = content(slot, slot.name)
        if current == file.before or is_ours(file, current):
            if current != file.drained:
                put(_second(slot), current, file.drained, known_of(file))
            return not activate(machine, file, client, ())
    return False


def activate(machine: Machine, file: SavedFile, client: Client, urls: tuple[str, ...]) -> tuple[Notice, ...]:
    """Lets a running client take the file up. A notice when it does not."""
    try:
        reason = converse(TARGETS[file.target].activate(machine, client, urls), machine)
    except MirrorctlError as error:
        return (Notice(code="not-in-force", message=error.message, hint=error.hint, subject=file.target),)
    if reason is None:
        return ()
    return (Notice(code="not-in-force", message=reason.detail, subject=file.target),)


def tidy_up(machine: Machine, journal: Journal, identifier: str, saved: tuple[SavedFile, ...]) -> None:
    """Deletes what a committed transaction has left beside the files. Raises WriteError."""
    for index, file in enumerate(saved):
        with files.explained(file.path), suppress(MissingFolderError):
            with open_slot(machine, journal.disk, identifier, index, file) as slot:
                drop_stale_lock(slot, known_of(file))
                tidy(slot, known_of(file))
            if file.after is None:
                remove_folders(file.folders, rules_for(machine, file.scope), journal.disk)
    journal.mark(identifier, "committed", "applied")


def settle(machine: Machine, journal: Journal) -> tuple[Notice, ...]:
    """Brings every unfinished transaction of a journal to its end. Only with its lock."""
    return tuple(notice for entry in journal.unfinished() for notice in _settle(machine, journal, entry))


def _settle(machine: Machine, journal: Journal, entry: Transaction) -> tuple[Notice, ...]:
    at = f"{entry.at:%Y-%m-%d %H:%M} UTC"
    if entry.state == "damaged":
        return (
            Notice(
                code="recover",
                message=_("the record of an interrupted change of {at} is damaged", at=at),
                hint=_("nothing was touched; look for {name} beside your files", name=f".mirrorctl-{entry.id}-*"),
                subject=entry.id,
            ),
        )
    try:
        if entry.state == "committed":
            tidy_up(machine, journal, entry.id, entry.files)
            return ()
        notices = roll_back(machine, journal, entry.id, entry.files, running_clients(machine, entry))
    except MirrorctlError as error:
        return (Notice(code="recover", message=error.message, hint=error.hint, subject=entry.id),)
    done = _("an interrupted change of {at} was rolled back", at=at)
    return (Notice(code="recovered", message=done, subject=entry.id), *notices)


def running_clients(machine: Machine, entry: Transaction) -> dict[str, Client]:
    """The clients that have to be told when their files change, as far as they are there."""
    found: dict[str, Client] = {}
    for name in {file.target for file in entry.files} & TARGETS.keys():
        target = TARGETS[name]
        if machine.root is not None or target.activate is activate_nothing:
            continue
        with suppress(MirrorctlError):
            if client := converse(target.inspect(machine), machine):
                found[name] = client
    return found
