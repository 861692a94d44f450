"""`doctor`: what is wrong on this machine, each with its remedy, and the repair of what is safe to repair."""

from __future__ import annotations

from collections.abc import Callable

from mirrorctl.commands import checkup, repairs
from mirrorctl.commands.change import Switches
from mirrorctl.commands.outcome import EditView, undo_command
from mirrorctl.commands.repairs import Treatment
from mirrorctl.commands.result import Result, notice_of
from mirrorctl.commands.session import Options, Session
from mirrorctl.diagnosis.case import Case
from mirrorctl.diagnosis.finding import Code, Finding, Severity, rank
from mirrorctl.errors import ExitCode, MirrorctlError
from mirrorctl.model import Notice
from mirrorctl.planning import diff
from mirrorctl.text import Text, _
from mirrorctl.values import dataclass, field, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """`fixable`: --fix can mend it; `fixed`: it has."""

    code: str
    severity: str
    target: str | None
    subject: str | None
    message: Text
    remedy: Text
    fixable: bool
    fixed: bool
    path: str | None
    line: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorData:
    """`transaction` is the change that mended things, `edits` what it changed, or would; `undo` takes it back."""

    findings: tuple[FindingView, ...]
    transaction: str | None = None
    edits: tuple[EditView, ...] = ()
    undo: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What the user asked for."""

    targets: tuple[str, ...] = ()
    offline: bool = False
    fix: bool = False
    dry_run: bool = False
    check: bool = False


@dataclass(slots=True)
class _Room:
    """What was found so far. The only thing here that grows."""

    session: Session
    cases: list[Case] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    warnings: list[Notice] = field(default_factory=list)
    recovered: frozenset[str] = frozenset()


def doctor(
    options: Options,
    visit: Visit,
    *,
    switches: Switches,
    confirm: Callable[[DoctorData], bool],
) -> Result[DoctorData]:
    """Examines the machine. With `fix`, mends what is safe to mend as one change, after `confirm` has agreed to it."""
    room = _enter(options)
    if visit.fix and not visit.dry_run:
        _recover(room)
    _examine(room, visit)
    findings = rank(room.findings)
    treatment = repairs.treat(room.session, room.cases, findings)
    preview = _view(room, findings, treatment, shown=visit.fix)
    if not visit.fix or visit.dry_run or not treatment.changes:
        return _result(preview, room, visit)
    try:
        if not confirm(preview):
            room.warnings.append(Notice(code="declined", message=_("nothing was changed")))
            return _result(preview, room, visit)
        identifier = _carry_out(room, findings, treatment, switches)
    except MirrorctlError as error:
        return _result(preview, room, visit, error)
    done = _view(room, findings, treatment, shown=True, identifier=identifier)
    return _result(_with_what_is_left(done, options, visit), room, visit)


def _enter(options: Options) -> _Room:
    session, early = checkup.open_session(options)
    return _Room(session=session, findings=[*early, *checkup.find_interrupted(session)])


def _with_what_is_left(done: DoctorData, options: Options, visit: Visit) -> DoctorData:
    """What was mended, then what a fresh look finds: lines have moved, and where one setting has gone another wins."""
    room = _enter(options)
    _examine(room, visit)
    left = rank(room.findings)
    seen = _view(room, left, repairs.treat(room.session, room.cases, left), shown=False)
    return replace(done, findings=(*(each for each in done.findings if each.fixed), *seen.findings))


def _recover(room: _Room) -> None:
    from mirrorctl.commands import transaction  # noqa: PLC0415  start-up time: looking alone does without

    room.warnings += transaction.recover(room.session)
    left = {finding.subject for finding in checkup.find_interrupted(room.session)}
    room.recovered = frozenset(
        finding.subject
        for finding in room.findings
        if finding.code is Code.INTERRUPTED and finding.subject and finding.subject not in left
    )


def _examine(room: _Room, visit: Visit) -> None:
    for found in checkup.open_cases(room.session, visit.targets):
        if isinstance(found, Finding):
            room.findings.append(found)
        else:
            room.cases.append(found)
    for case in room.cases:
        room.findings += checkup.diagnose_case(room.session, case)
    if not visit.targets:
        room.findings += checkup.diagnose_surroundings(room.session, room.cases)
    if not visit.offline and room.session.machine.root is None:
        from mirrorctl.commands import contact  # noqa: PLC0415  start-up time: httpx is behind it

        room.findings += contact.check_mirrors(room.session, room.cases)


def _carry_out(room: _Room, findings: tuple[Finding, ...], treatment: Treatment, switches: Switches) -> str | None:
    from mirrorctl.commands import transaction  # noqa: PLC0415

    return transaction.commit(
        room.session,
        treatment.changes,
        command="doctor --fix",
        switches=replace(switches, verify=False),
        again=lambda: repairs.treat(room.session, room.cases, findings).changes,
    )


def _view(
    room: _Room,
    findings: tuple[Finding, ...],
    treatment: Treatment,
    *,
    shown: bool,
    identifier: str | None = None,
) -> DoctorData:
    edits = tuple(edit for change in treatment.changes for edit in change.plan.edits) if shown else ()
    return DoctorData(
        findings=tuple(_view_finding(room, finding, treatment, done=identifier is not None) for finding in findings),
        transaction=identifier,
        edits=tuple(EditView(path=str(edit.path), diff=diff(edit)) for edit in edits),
        undo=undo_command(room.session.machine) if identifier else None,
    )


def _view_finding(room: _Room, finding: Finding, treatment: Treatment, *, done: bool) -> FindingView:
    hopeless = repairs.without_hope(finding, treatment.hindered)
    mends = finding.repair is not None and hopeless is None
    interrupted = finding.code is Code.INTERRUPTED
    return FindingView(
        code=finding.code.value,
        severity=finding.severity.value,
        target=finding.target,
        subject=finding.subject,
        message=finding.message,
        remedy=hopeless or finding.remedy,
        fixable=mends or interrupted,
        fixed=(mends and done) or (interrupted and finding.subject in room.recovered),
        path=str(finding.path) if finding.path else None,
        line=finding.line,
    )


def _result(data: DoctorData, room: _Room, visit: Visit, error: MirrorctlError | None = None) -> Result[DoctorData]:
    """Finding something is no failure, unless --check asks whether all is well."""
    bad = any(not each.fixed and each.severity != Severity.NOTE.value for each in data.findings)
    code = ExitCode.WOULD_CHANGE if visit.check and bad else ExitCode.OK
    return Result(
        command="doctor",
        data=data,
        warnings=tuple(room.warnings),
        errors=(notice_of(error),) if error else (),
        exit_code=error.exit_code if error else code,
    )
