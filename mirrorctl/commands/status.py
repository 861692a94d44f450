"""`status`: which mirror each client really uses, who says so, and whether it is still what we wrote."""

from __future__ import annotations

from collections.abc import Callable

from mirrorctl import planning
from mirrorctl.commands.past import LastProbe, last_probes
from mirrorctl.commands.result import Result, notice_of
from mirrorctl.commands.session import Present, Session, find_clients, pick_scope, read_files
from mirrorctl.errors import ExitCode, FormatError, MirrorctlError
from mirrorctl.formats import decode
from mirrorctl.model import Notice, Override, SavedFile, Scope, Transaction
from mirrorctl.redaction import redact
from mirrorctl.targets import TARGETS
from mirrorctl.targets.base import State
from mirrorctl.targets.facets import target_of
from mirrorctl.text import _
from mirrorctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetState:
    """`managed`: the file holds, or held, what mirrorctl wrote; `drift`: it says something else by now.

    `last_probe`: what was found when the mirror in use was measured last.
    """

    target: str
    scope: str
    path: str
    urls: tuple[str, ...]
    mirror_id: str | None
    effective_url: str | None
    managed: bool
    drift: bool
    overrides: tuple[Override, ...]
    last_probe: LastProbe | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusData:
    targets: tuple[TargetState, ...]


def status(
    session: Session, *, targets: tuple[str, ...] = (), scope: Scope | None = None, check: bool = False
) -> Result[StatusData]:
    """Looks at every client. With `check`, drift gives exit code 4."""
    clients, missing = find_clients(session, targets)
    history, look = session.transactions(), last_probes(session, missing)
    states, warnings, errors = [], missing, []
    exit_code = ExitCode.OK
    for name, client in clients.items():
        target = TARGETS[name]
        try:
            found = read_files(session.machine, target, client, pick_scope(session.machine, target, client, scope))
            state = target.state(session.machine, client, found.contents, found.scope)
        except MirrorctlError as error:
            errors.append(notice_of(error))
            exit_code = exit_code or error.exit_code
            continue
        states.append(_view(session, found, state, history, look))
        warnings += state.notices
    warnings += [_interrupted(entry) for entry in history if entry.state == "pending"]
    if check and any(state.drift for state in states):
        exit_code = exit_code or ExitCode.WOULD_CHANGE
    return Result(
        command="status",
        data=StatusData(targets=tuple(states)),
        warnings=tuple(warnings),
        errors=tuple(errors),
        exit_code=exit_code,
        partial=bool(states and errors),
    )


def _view(
    session: Session,
    found: Present,
    state: State,
    history: tuple[Transaction, ...],
    look: Callable[[str, str], LastProbe | None],
) -> TargetState:
    saved = last_files(history, found.target.NAME, found.scope)
    used = state.effective_url if state.overrides else next(iter(state.urls), None)
    known = session.catalog.by_url(used, found.target.ECOSYSTEM) if used else None
    return TargetState(
        target=found.target.NAME,
        scope=found.scope.value,
        path=str(state.path),
        urls=tuple(redact(url) for url in state.urls),
        mirror_id=known.id if known else None,
        effective_url=redact(state.effective_url) if state.effective_url else None,
        managed=bool(saved),
        drift=any(is_drifted(found, file) for file in saved),
        overrides=state.overrides,
        last_probe=look(found.target.ECOSYSTEM, known.id if known else redact(used)) if used else None,
    )


def last_written(history: tuple[Transaction, ...], target: str, scope: Scope) -> SavedFile | None:
    """The first of the files that we last wrote for a target."""
    return next(iter(last_files(history, target, scope)), None)


def last_files(history: tuple[Transaction, ...], target: str, scope: Scope) -> tuple[SavedFile, ...]:
    """What we last wrote for a target and have not taken back; nothing also when that was to use upstream."""
    for entry in history:
        if entry.state != "applied" or entry.undoes:
            continue
        found = tuple(
            file
            for file in entry.files
            if target_of(file.target) == target and file.scope is scope and _touches(target, file)
        )
        if found:
            return found if found[0].urls else ()
    return ()


def _touches(target: str, file: SavedFile) -> bool:
    """Whether the setting of the target was changed: a repair may have been about others in the same file."""
    if file.target == target:
        return True
    try:
        before, after = (TARGETS[target].read(decode(data or b""), file.path) for data in (file.before, file.after))
    except FormatError:
        return True
    return before != after


def is_drifted(found: Present, saved: SavedFile) -> bool:
    try:
        value = found.target.read(decode(found.contents.get(saved.path) or b""), saved.path)
    except FormatError:
        return True
    return not planning.still_says(saved, value)


def _interrupted(entry: Transaction) -> Notice:
    return Notice(
        code="interrupted",
        message=_("a change of {at} was interrupted", at=f"{entry.at:%Y-%m-%d %H:%M} UTC"),
        hint=_("mirrorctl recover puts back what stood there before"),
        subject=entry.id,
    )
