"""Carries plans out as one transaction: all files of a command, or none.

Record, write, activate, verify, mark. Whatever fails before the mark is rolled back here; whatever was cut off is
rolled back by `recover` at the next start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from mirrorctl import files
from mirrorctl.commands.session import Session
from mirrorctl.dialogue import Dialogue
from mirrorctl.errors import ConflictError, MirrorctlError, VerifyError
from mirrorctl.journal import Journal, marks
from mirrorctl.model import Client, FileEdit, Machine, Notice, Plan, Reason, SavedFile, Scope, Transaction
from mirrorctl.planning import revert, setting_of
from mirrorctl.process import converse, converse_all
from mirrorctl.targets import TARGETS
from mirrorctl.targets.base import Target
from mirrorctl.text import _


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A plan together with the client it is for."""

    target: Target
    client: Client
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """What a user may leave out. `stage` is told the name of each stage as it begins, for progress."""

    verify: bool = True
    activate: bool = True
    stage: Callable[[str], object] = str


def commit(
    session: Session, changes: tuple[Change, ...], *, command: str, switches: Switches, undoes: str | None = None
) -> str:
    """Makes all `changes` and returns the id of the transaction.

    Raises VerifyError when a client does not take them up, ConflictError or WriteError; everything has been rolled
    back then.
    """
    saved = tuple(_save(change, edit) for change in changes for edit in change.plan.edits if edit.changed)
    scopes = {file.scope for file in saved}
    journal = session.journal(Scope.SYSTEM if Scope.SYSTEM in scopes else Scope.USER)
    with journal.lock():
        identifier = journal.begin(command, saved, at=datetime.now(UTC), undoes=undoes)
        try:
            _carry_out(session.machine, changes, identifier, switches)
        except BaseException:
            switches.stage("roll back")
            _roll_back(session.machine, journal, identifier, saved, {c.target.NAME: c.client for c in changes})
            raise
        journal.mark(identifier, "applied")
    return identifier


def _save(change: Change, edit: FileEdit) -> SavedFile:
    return SavedFile(
        target=change.target.NAME,
        scope=change.plan.scope,
        path=edit.path,
        before=edit.before,
        after=edit.after,
        interim=edit.interim,
        lock=change.target.LOCK,
        value_before=edit.value_before,
        value_after=edit.value_after,
        urls=tuple(mirror.url for mirror in change.plan.mirrors),
    )


def _carry_out(machine: Machine, changes: tuple[Change, ...], identifier: str, switches: Switches) -> None:
    index = 0
    for change in changes:
        for edit in change.plan.edits:
            if edit.changed:
                switches.stage(f"write {edit.path}")
                _write(machine, change, edit, identifier, index, switches)
                index += 1
    live = tuple(change for change in changes if change.plan.changed)
    if switches.verify and machine.root is None:
        switches.stage("verify")
        _raise_first(_verify(machine, live))


def _write(machine: Machine, change: Change, edit: FileEdit, identifier: str, index: int, switches: Switches) -> None:
    names = marks(identifier, index, change.target.LOCK)
    activate = switches.activate and machine.root is None
    if edit.interim is not None and activate:
        files.write(replace(edit, after=edit.interim), names)
        _activate(machine, change, ())
        files.write(replace(edit, before=edit.interim), names)
        return
    files.write(edit, names)
    if activate:
        _activate(machine, change, change.plan.urls)


def _activate(machine: Machine, change: Change, urls: tuple[str, ...]) -> None:
    if reason := converse(change.target.activate(machine, change.client, urls), machine):
        _raise_first({change.target.NAME: reason})


def _verify(machine: Machine, changes: tuple[Change, ...]) -> dict[str, Reason | None]:
    dialogues: dict[str, Callable[[], Dialogue[Reason | None]]] = {
        change.target.NAME: partial(change.target.verify, machine, change.client, change.plan.mirrors)
        for change in changes
        if change.plan.mirrors
    }
    return converse_all(dialogues, machine)


def _raise_first(reasons: dict[str, Reason | None]) -> None:
    for name, reason in reasons.items():
        if reason is not None:
            raise VerifyError(
                _("{target} does not work with the change: {reason}", target=name, reason=reason.detail),
                hint=_("everything was put back as it was"),
                subject=name,
            )


def _roll_back(
    machine: Machine, journal: Journal, identifier: str, saved: tuple[SavedFile, ...], clients: dict[str, Client]
) -> None:
    """Puts back what was written, the last file first. Raises ConflictError when somebody else has written since."""
    for index, file in reversed(tuple(enumerate(saved))):
        names = marks(identifier, index, file.lock)
        files.remove_leftovers(file.path, names)
        target = TARGETS[file.target]
        current = files.read(file.path)
        if current == file.before:
            continue
        if current not in (file.after, file.interim):
            raise ConflictError(
                _("{path} was changed by another program while mirrorctl changed it", path=file.path),
                hint=_("it was left as it is; mirrorctl history shows the unfinished change"),
                subject=str(file.path),
            )
        edit = revert(target, file, current)
        plan = Plan(target=file.target, scope=file.scope, mirrors=(), urls=setting_of(file.value_before), edits=(edit,))
        client = clients.get(file.target)
        if client is None:
            files.write(edit, names)
            continue
        change = Change(target=target, client=client, plan=plan)
        try:
            _write(machine, change, edit, identifier, index, Switches())
        except VerifyError:  # the client cannot take it up just now; the file comes first
            if files.read(file.path) != file.before:
                files.write(replace(edit, before=files.read(file.path)), names)
    journal.mark(identifier, "rolled_back")


def recover(session: Session) -> tuple[Notice, ...]:
    """Rolls back what a crash has left. Every changing command begins with it."""
    notices = []
    for journal in session.journals():
        if not any(entry.state == "pending" for entry in journal.transactions()):
            continue
        with journal.lock():
            journal.sweep()
            pending = [entry for entry in journal.transactions() if entry.state == "pending"]
            notices += [_recover(session.machine, journal, entry) for entry in pending]
    return tuple(notices)


def _recover(machine: Machine, journal: Journal, entry: Transaction) -> Notice:
    clients = {}
    if machine.root is None:
        for name in {file.target for file in entry.files}:
            if client := converse(TARGETS[name].inspect(machine), machine):
                clients[name] = client
    try:
        _roll_back(machine, journal, entry.id, entry.files, clients)
    except MirrorctlError as error:
        return Notice(code="recover", message=error.message, hint=error.hint, subject=entry.id)
    return Notice(
        code="recovered",
        message=_("an interrupted change of {at} was rolled back", at=f"{entry.at:%Y-%m-%d %H:%M} UTC"),
        subject=entry.id,
    )
