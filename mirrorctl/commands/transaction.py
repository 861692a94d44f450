"""Carries plans out as one transaction: all files of a command, or none.

Record, write, activate, verify, commit. Whatever fails before the commit is rolled back here; whatever was cut off is
rolled back, or tidied up if it had been committed, by `recover` at the next start.
"""

from __future__ import annotations

import stat
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from functools import partial

from mirrorctl import files, swap
from mirrorctl.commands.change import Change, Switches
from mirrorctl.commands.rollback import open_slot, roll_back, settle, tidy_up
from mirrorctl.commands.session import Session
from mirrorctl.dialogue import Dialogue
from mirrorctl.disk import sync_folder
from mirrorctl.errors import FormatError, MirrorctlError, VerifyError
from mirrorctl.formats import decode
from mirrorctl.journal import Journal
from mirrorctl.model import Client, FileEdit, Machine, Notice, Plan, Reason, SavedFile, Scope
from mirrorctl.places import MissingFolderError, reach, rules_for
from mirrorctl.process import converse, converse_all
from mirrorctl.redaction import redact
from mirrorctl.swap_slot import OvertakenError, Slot, content, overtaken
from mirrorctl.text import Text, _
from mirrorctl.values import dataclass, field, replace

# As long as others change the files in between, it is tried so often at least, and so long. One try takes some hundredths of
# a second, and as long as its clients need where they have been told.
ATTEMPTS = 10
PATIENCE_S = 5.0
FOLDER_MODE = 0o755  # less the umask; never one that others may write to


def commit(
    session: Session,
    changes: tuple[Change, ...],
    *,
    command: str,
    switches: Switches,
    undoes: str | None = None,
    again: Callable[[], tuple[Change, ...]] | None = None,
) -> str | None:
    """Makes all `changes` and returns the id of the transaction.

    `again` makes the changes anew when another run has changed a file since they were made; None is returned when
    there is nothing left to do then. Raises VerifyError when a client does not take them up, ConflictError or
    WriteError; everything has been rolled back then, or will be at the next start.
    """
    scopes = {change.plan.scope for change in changes if change.plan.changed}
    journal = session.journal(Scope.SYSTEM if Scope.SYSTEM in scopes else Scope.USER)
    with journal.lock():
        tries, until_s = 0, time.monotonic() + PATIENCE_S
        while True:
            settle(session.machine, journal)
            if again is not None and (tries or _is_stale(changes)):
                changes = again()
            if undoes is None and not tries and session.machine.root is None:
                # Once: it takes its time, and what others write meanwhile is theirs to answer for. What stood there
                # before is given back unasked.
                _refuse_unreadable(session.machine, changes)
            try:
                return _attempt(session.machine, journal, changes, command, switches, undoes)
            except OvertakenError:
                tries += 1
                if again is None or (tries >= ATTEMPTS and time.monotonic() >= until_s):
                    raise


def _attempt(
    machine: Machine,
    journal: Journal,
    changes: tuple[Change, ...],
    command: str,
    switches: Switches,
    undoes: str | None,
) -> str | None:
    saved = tuple(
        _save(machine, journal, change, edit) for change in changes for edit in change.plan.edits if edit.changed
    )
    if not saved:
        return None
    identifier = journal.begin(command, saved, at=datetime.now(UTC), undoes=undoes)
    try:
        _carry_out(_Run(machine, journal, identifier, saved, changes, switches))
    except OvertakenError:
        journal.forget(identifier)
        raise
    with suppress(MirrorctlError):  # it has happened; what is left is tidied up at the next start
        tidy_up(machine, journal, identifier, saved)
        journal.prune()
    return identifier


def _refuse_unreadable(machine: Machine, changes: tuple[Change, ...]) -> None:
    """Asks the clients about the new files before any of them is there."""
    dialogues = {
        str(edit.path): partial(change.target.accept, machine, change.client, edit.path, edit.after)
        for change in changes
        for edit in change.plan.edits
        if edit.changed and edit.after is not None
    }
    for path, reason in converse_all(dialogues, machine).items():
        if reason is not None:
            raise VerifyError(reason.detail, hint=_("nothing was changed"), subject=path)


def _is_stale(changes: tuple[Change, ...]) -> bool:
    edits = (edit for change in changes for edit in change.plan.edits if edit.changed)
    return any(files.read(edit.path) != edit.before for edit in edits)


def _carry_out(run: _Run) -> None:
    """All of it, or an error after which nothing of it is left."""
    try:
        with ExitStack() as stack:
            run.carry_out(stack)
        run.journal.mark(run.identifier, "pending", "committed")
    except BaseException:
        # If it is not pending any more, it was committed in the very moment in which it was interrupted.
        if run.journal.is_pending(run.identifier):
            run.switches.stage("roll back")
            roll_back(run.machine, run.journal, run.identifier, run.saved, run.told)
        raise


def _save(machine: Machine, journal: Journal, change: Change, edit: FileEdit) -> SavedFile:
    mode, folders = edit.mode, edit.folders
    with files.explained(edit.path):
        try:
            with reach(edit.path, rules_for(machine, change.plan.scope), journal.disk) as place:
                found = files.look(place, place.name, journal.disk)
                mode = stat.S_IMODE(found.stat.st_mode) if found else edit.mode
        except MissingFolderError as error:
            folders = error.folders
    return SavedFile(
        target=change.target.NAME,
        scope=change.plan.scope,
        path=edit.path,
        before=edit.before,
        after=edit.after,
        interim=edit.interim,
        drained=edit.drained,
        lock=change.target.LOCK,
        value_before=edit.value_before,
        value_after=edit.value_after,
        urls=tuple(mirror.url for mirror in change.plan.mirrors),
        folders=folders,
        mode=mode,
    )


@dataclass(slots=True)
class _Run:
    """One transaction on its way. `told` are the clients that have been told of it, or may have been."""

    machine: Machine
    journal: Journal
    identifier: str
    saved: tuple[SavedFile, ...]
    changes: tuple[Change, ...]
    switches: Switches
    told: dict[str, Client] = field(default_factory=dict)

    def carry_out(self, stack: ExitStack) -> None:
        slots = [self._stage(stack, index, file) for index, file in enumerate(self.saved)]
        for slot, file in zip(slots, self.saved, strict=True):
            self._enter(slot, file)
        for slot in slots:
            with files.explained(slot.place.path):
                sync_folder(slot.disk, slot.folder)
        for change in self.changes:
            if self._is_live(change) and not any(edit.interim for edit in change.plan.edits):
                self._activate(change, change.plan.urls)
        if self.switches.verify and self.machine.root is None:
            self.switches.stage("verify")
            changed = tuple(change for change in self.changes if change.plan.changed)
            _raise_first(_verify(self.machine, changed), changed)
        for slot, file in zip(slots, self.saved, strict=True):
            with files.explained(file.path):
                swap.confirm(slot, file.before)
                self._check_setting(slot, file)

    def _stage(self, stack: ExitStack, index: int, file: SavedFile) -> Slot:
        self.switches.stage(f"write {file.path}")
        with files.explained(file.path):
            slot = stack.enter_context(
                open_slot(self.machine, self.journal.disk, self.identifier, index, file, make=FOLDER_MODE)
            )
            if self._in_steps(file):
                swap.stage(slot, file.before, file.interim)
                swap.stage(replace(slot, letter="b"), file.before, file.after)
            else:
                swap.stage(slot, file.before, file.after, file.mode)
        return slot

    def _enter(self, slot: Slot, file: SavedFile) -> None:
        with files.explained(file.path):
            if not self._in_steps(file):
                swap.enter(slot, file.before, file.after)
                return
            swap.enter(slot, file.before, file.interim)
            sync_folder(slot.disk, slot.folder)
        self._activate(self._change_of(file), ())
        with files.explained(file.path):
            swap.enter(replace(slot, letter="b"), file.interim, file.after)

    def _check_setting(self, slot: Slot, file: SavedFile) -> None:
        """What somebody else has added since may stay, as long as our setting does too."""
        current = content(slot, slot.name)
        if current == file.after:
            return
        try:
            stands = file.after is not None and current is not None
            if stands and self._change_of(file).target.read(decode(current or b""), file.path) == file.value_after:
                return
        except FormatError:
            pass
        raise overtaken(slot)

    def _in_steps(self, file: SavedFile) -> bool:
        return file.interim is not None and self._is_live(self._change_of(file))

    def _change_of(self, file: SavedFile) -> Change:
        return next(change for change in self.changes if file.target == change.target.NAME)

    def _is_live(self, change: Change) -> bool:
        return change.live and change.plan.changed and self.switches.activate and self.machine.root is None

    def _activate(self, change: Change, urls: tuple[str, ...]) -> None:
        self.told[change.target.NAME] = change.client
        if reason := converse(change.target.activate(self.machine, change.client, urls), self.machine):
            _raise_first({change.target.NAME: reason}, (change,))


def _verify(machine: Machine, changes: tuple[Change, ...]) -> dict[str, Reason | None]:
    dialogues: dict[str, Callable[[], Dialogue[Reason | None]]] = {
        change.target.NAME: partial(change.target.verify, machine, change.client, change.plan.mirrors)
        for change in changes
        if change.plan.mirrors
    }
    return converse_all(dialogues, machine)


def _raise_first(reasons: dict[str, Reason | None], changes: tuple[Change, ...]) -> None:
    for name, reason in reasons.items():
        if reason is not None:
            raise VerifyError(
                _("{target} does not work with the change: {reason}", target=name, reason=reason.detail),
                hint=_next_step(next((each.plan for each in changes if name == each.target.NAME), None)),
                subject=name,
            )


def _next_step(plan: Plan | None) -> Text:
    """Who named a mirror has not seen it measured."""
    if plan is None or not plan.mirrors:
        return _("everything was put back as it was")
    name = plan.mirrors[0].id
    option = "--url" if "://" in name else "--only"
    command = f"mirrorctl probe -t {plan.target} {option} {redact(name)}"
    return _("everything was put back as it was; what is wrong with it: {command}", command=command)


def recover(session: Session) -> tuple[Notice, ...]:
    """Rolls back what a crash has left. Every changing command begins with it."""
    notices: list[Notice] = []
    for journal in session.journals():
        if journal.unfinished():
            with journal.lock():
                notices += settle(session.machine, journal)
    return tuple(notices)
