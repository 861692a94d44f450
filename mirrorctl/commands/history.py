"""`history`, `undo` and `recover`: what was changed, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from mirrorctl import files
from mirrorctl.commands import transaction
from mirrorctl.commands.change import Change, Switches
from mirrorctl.commands.outcome import EditView
from mirrorctl.commands.result import Result
from mirrorctl.commands.rollback import running_clients
from mirrorctl.commands.session import Session
from mirrorctl.errors import ConflictError, UsageError
from mirrorctl.model import Client, Notice, Plan, SavedFile, Transaction
from mirrorctl.places import rules_for
from mirrorctl.planning import diff, revert, setting_of
from mirrorctl.targets import TARGETS
from mirrorctl.targets.facets import target_of
from mirrorctl.text import _
from mirrorctl.values import dataclass, replace


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
    if not force:
        _refuse_buried(session, entry)
    clients = running_clients(session.machine, entry)
    changes = _changes(session, entry, clients, force=force)
    edits = tuple(edit for change in changes for edit in change.plan.edits if edit.changed)
    done = None
    if edits and not dry_run:
        done = transaction.commit(
            session,
            changes,
            command=f"undo {entry.id}",
            switches=replace(switches, verify=False),
            undoes=entry.id,
            again=lambda: _changes(session, entry, clients, force=force),
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
    if entry.state == "applied":
        return
    states = {
        "undone": _("change {id} was already taken back", id=entry.id),
        "rolled_back": _("change {id} never took effect", id=entry.id),
        "damaged": _("the record of change {id} is damaged", id=entry.id),
    }
    raise UsageError(
        states.get(entry.state, _("change {id} is not finished", id=entry.id)),
        hint=_("mirrorctl history lists the changes"),
        subject=entry.id,
    )


def _refuse_buried(session: Session, entry: Transaction) -> None:
    """A later change of the same setting has to go first."""
    own = _settings_of(entry)
    for later in session.transactions():
        if later.id == entry.id:
            return
        cancelled = later.undoes is not None and later.undoes >= entry.id  # it took back what came after, too
        if later.state == "applied" and not cancelled and own & _settings_of(later):
            raise ConflictError(
                _("change {later} came after {id}, in the same file", later=later.id, id=entry.id),
                hint=_(
                    "mirrorctl undo {later} first; mirrorctl undo {id} --force does without",
                    later=later.id,
                    id=entry.id,
                ),
                subject=later.id,
            )


def _settings_of(entry: Transaction) -> set[tuple[str, Path]]:
    return {(target_of(file.target), file.path) for file in entry.files}


def _changes(session: Session, entry: Transaction, clients: Mapping[str, Client], *, force: bool) -> tuple[Change, ...]:
    """The way back, the last file first."""
    return tuple(_change(session, file, clients, force=force) for file in reversed(entry.files))


def _change(session: Session, file: SavedFile, clients: Mapping[str, Client], *, force: bool) -> Change:
    target = TARGETS[file.target]
    files.check(file.path, rules_for(session.machine, file.scope), session.disk)
    edit = revert(target, file, files.read(file.path), force=force)
    urls = setting_of(edit.value_after)
    plan = Plan(target=file.target, scope=file.scope, mirrors=(), urls=urls, edits=(edit,))
    client = clients.get(file.target)
    return Change(target=target, client=client or Client(target=file.target), plan=plan, live=client is not None)
