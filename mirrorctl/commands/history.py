"""`history`, `undo` and `recover`: what was changed, and the way back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from mirrorctl import files, process
from mirrorctl.commands import transaction
from mirrorctl.commands.outcome import EditView
from mirrorctl.commands.result import Result
from mirrorctl.commands.session import Session
from mirrorctl.commands.transaction import Change, Switches
from mirrorctl.errors import UsageError
from mirrorctl.model import Client, Notice, Plan, SavedFile, Transaction
from mirrorctl.places import rules_for
from mirrorctl.planning import diff, revert, setting_of
from mirrorctl.targets import TARGETS
from mirrorctl.text import _


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionView:
    id: str
    at: datetime
    command: str
    state: str
    undoes: str | None
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryData:
    transactions: tuple[TransactionView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoData:
    """`transaction` is the new one that took `undone` back; None when nothing had to be written."""

    undone: str
    transaction: str | None
    changed: bool
    edits: tuple[EditView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverData:
    recovered: tuple[str, ...]


def history(session: Session) -> Result[HistoryData]:
    views = tuple(
        TransactionView(
            id=entry.id,
            at=entry.at,
            command=entry.command,
            state=entry.state,
            undoes=entry.undoes,
            files=tuple(str(file.path) for file in entry.files),
        )
        for entry in session.transactions()
    )
    return Result(command="history", data=HistoryData(transactions=views))


def undo(
    session: Session,
    identifier: str | None,
    *,
    dry_run: bool = False,
    force: bool = False,
    switches: Switches,
) -> Result[UndoData]:
    """Takes one change back, the latest one if none is named: our settings, and nobody else's."""
    warnings = () if dry_run else transaction.recover(session)
    entry = _find(session, identifier)
    plans = tuple(_plan(session, file, force=force) for file in reversed(entry.files))
    edits = tuple(edit for plan in plans for edit in plan.edits if edit.changed)
    done = None
    if edits and not dry_run:
        clients = _clients(session, entry)
        changes = tuple(
            Change(target=TARGETS[plan.target], client=clients.get(plan.target, Client(target=plan.target)), plan=plan)
            for plan in plans
        )
        quiet = {plan.target for plan in plans if plan.target not in clients}
        done = transaction.commit(
            session,
            changes,
            command=f"undo {entry.id}",
            switches=replace(switches, verify=False, activate=switches.activate and not quiet),
            undoes=entry.id,
        )
    data = UndoData(
        undone=entry.id,
        transaction=done,
        changed=bool(edits),
        edits=tuple(EditView(path=str(edit.path), diff=diff(edit)) for edit in edits),
    )
    return Result(command="undo", data=data, warnings=warnings)


def recover(session: Session) -> Result[RecoverData]:
    notices = transaction.recover(session)
    done = tuple(notice.subject or "" for notice in notices if notice.code == "recovered")
    failed: tuple[Notice, ...] = tuple(notice for notice in notices if notice.code != "recovered")
    return Result(command="recover", data=RecoverData(recovered=done), warnings=failed)


def _find(session: Session, identifier: str | None) -> Transaction:
    for entry in session.transactions():
        if identifier is None and (entry.undoes or entry.state != "applied"):
            continue
        if identifier in (None, entry.id):
            _refuse_done(entry)
            return entry
    if identifier is None:
        raise UsageError(_("there is nothing to undo"), hint=_("mirrorctl history lists the changes"))
    raise UsageError(
        _("there is no change {id}", id=identifier), hint=_("mirrorctl history lists the changes"), subject=identifier
    )


def _refuse_done(entry: Transaction) -> None:
    if entry.state != "applied":
        raise UsageError(
            _("change {id} was already taken back", id=entry.id),
            hint=_("mirrorctl history lists the changes"),
            subject=entry.id,
        )


def _plan(session: Session, file: SavedFile, *, force: bool) -> Plan:
    target = TARGETS[file.target]
    edit = revert(target, file, files.read(file.path), force=force)
    files.check(file.path, rules_for(session.machine, file.scope), session.disk)
    return Plan(target=file.target, scope=file.scope, mirrors=(), urls=setting_of(file.value_before), edits=(edit,))


def _clients(session: Session, entry: Transaction) -> dict[str, Client]:
    if session.machine.root is not None:
        return {}
    found = {}
    for name in {file.target for file in entry.files}:
        if client := process.converse(TARGETS[name].inspect(session.machine), session.machine):
            found[name] = client
    return found
