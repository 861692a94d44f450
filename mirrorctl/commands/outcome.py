"""What a changing command shows of its targets, before and after."""

from __future__ import annotations

from collections.abc import Sequence

from mirrorctl.commands.change import Change
from mirrorctl.commands.rankings import Decision, Rankings
from mirrorctl.commands.session import Session
from mirrorctl.model import Machine, Plan, Ranking
from mirrorctl.planning import diff
from mirrorctl.text import Text
from mirrorctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorRef:
    id: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EditView:
    path: str
    diff: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetView:
    """What happened, or would happen, to one target. `verified` is None when nothing was tried."""

    target: str
    scope: str
    mirror: MirrorRef | None
    mirrors: tuple[MirrorRef, ...]
    changed: bool
    edits: tuple[EditView, ...]
    verified: bool | None = None
    next_steps: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UseData:
    """`decisions` say of when the rankings are; `undo` is the command that takes the change back."""

    transaction: str | None
    targets: tuple[TargetView, ...]
    ecosystems: tuple[Ranking, ...] = ()
    decisions: tuple[Decision, ...] = ()
    undo: str | None = None


def view(
    session: Session,
    changes: Sequence[Change],
    rankings: Rankings,
    *,
    identifier: str | None = None,
    verified: bool = False,
) -> UseData:
    return UseData(
        transaction=identifier,
        targets=tuple(_view_change(session, change, verified=verified) for change in changes),
        ecosystems=tuple(rankings.values()),
        decisions=tuple(rankings.decisions),
        undo=undo_command(session.machine) if identifier else None,
    )


def undo_command(machine: Machine) -> str:
    """The journal of a change is that of the user who made it, or of the image."""
    sudo = "sudo " if machine.euid == 0 and machine.environ.get("SUDO_USER") else ""
    root = f" --root {machine.root}" if machine.root else ""
    return f"{sudo}mirrorctl undo{root}"


def _view_change(session: Session, change: Change, *, verified: bool) -> TargetView:
    plan: Plan = change.plan
    refs = tuple(MirrorRef(id=mirror.id, url=mirror.url) for mirror in plan.mirrors)
    steps = change.target.next_steps(session.machine, change.client, plan.mirrors) if plan.changed else ()
    return TargetView(
        target=plan.target,
        scope=plan.scope.value,
        mirror=refs[0] if refs else None,
        mirrors=refs,
        changed=plan.changed,
        edits=tuple(EditView(path=str(edit.path), diff=diff(edit)) for edit in plan.edits if edit.changed),
        verified=True if verified and plan.changed and refs and change.client.running else None,
        next_steps=tuple(notice.message for notice in steps),
    )
