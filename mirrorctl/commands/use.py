"""`use`: plan, show, write, activate, verify, record."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mirrorctl import files
from mirrorctl.commands import selection
from mirrorctl.commands.change import Change, Switches
from mirrorctl.commands.choice import Request, check_terms, fallen_back, pick
from mirrorctl.commands.fallback import Fallback
from mirrorctl.commands.outcome import UseData, view
from mirrorctl.commands.rankings import Rankings
from mirrorctl.commands.result import Result, notice_of
from mirrorctl.commands.selection import FASTEST
from mirrorctl.commands.session import Present, Session, find_clients, pick_scope, read_files
from mirrorctl.errors import ClientError, ExitCode, MirrorctlError, NoMirrorError, UsageError, WriteError
from mirrorctl.model import Client, Mirror, Notice
from mirrorctl.places import rules_for
from mirrorctl.planning import make_plan
from mirrorctl.probing.events import Event
from mirrorctl.redaction import redact
from mirrorctl.targets import TARGETS
from mirrorctl.text import _
from mirrorctl.values import dataclass, field, replace


@dataclass(slots=True)
class Talk:
    """What was noticed on the way. The only thing here that grows."""

    warnings: list[Notice] = field(default_factory=list)
    errors: list[Notice] = field(default_factory=list)
    exit_code: ExitCode = ExitCode.OK

    def fail(self, error: MirrorctlError, subject: str) -> None:
        found = notice_of(error)
        self.errors.append(
            Notice(code=found.code, message=found.message, hint=found.hint, subject=found.subject or subject)
        )
        self.exit_code = self.exit_code or error.exit_code


class Strict(Talk):
    """Lets nothing pass."""

    def fail(self, error: MirrorctlError, subject: str) -> None:  # noqa: ARG002
        raise error


def use(
    session: Session,
    request: Request,
    *,
    switches: Switches,
    confirm: Callable[[UseData], bool],
    on_event: Callable[[Event], None] | None = None,
) -> Result[UseData]:
    """Brings the targets to the mirrors asked for. `confirm` is asked with the plan before anything is written."""
    _refuse_vague(session, request)
    talk = Talk()
    if not (request.dry_run or request.check):
        from mirrorctl.commands import transaction  # noqa: PLC0415  start-up time: a dry run changes nothing

        talk.warnings += transaction.recover(session)
    clients, missing = _find(session, request)
    talk.warnings += missing
    present = _read(session, request, clients, talk)
    rankings = _measure(session, request, present, talk, on_event)
    changes = _plan(session, request, present, rankings, talk)
    preview = view(session, changes, rankings)
    pending = tuple(change for change in changes if change.plan.changed)
    if not present and not talk.errors:
        raise _nobody(request)
    if talk.errors and (not changes or _is_one(request, talk)):
        return _result(view(session, (), rankings), talk)
    if request.check:
        talk.exit_code = talk.exit_code or (ExitCode.WOULD_CHANGE if pending else ExitCode.OK)
    if request.check or request.dry_run or not pending:
        return _result(preview, talk)
    try:
        agreed = confirm(preview)
    except UsageError as error:  # what was noticed so far is still worth telling
        talk.fail(error, "-y")
        return replace(_result(preview, talk), partial=False)
    if not agreed:
        talk.warnings.append(Notice(code="declined", message=_("nothing was changed")))
        return _result(preview, talk)
    from mirrorctl.commands import transaction  # noqa: PLC0415

    with rankings.on_trial():
        identifier = transaction.commit(
            session,
            pending,
            command=_command(request),
            switches=switches,
            again=lambda: _plan_again(session, request, clients, rankings),
        )
    verified = switches.verify and session.machine.root is None
    return _result(view(session, changes, rankings, identifier=identifier, verified=verified), talk)


def _nobody(request: Request) -> UsageError:
    if not request.each:
        return UsageError(_("no client is present on this machine"), hint=_("-t NAME says which one to prepare"))
    return UsageError(
        _("no client of the profile is on this machine: {names}", names=", ".join(request.targets)),
        hint=_("install one and run the command again; --root prepares an image without it"),
    )


def _is_one(request: Request, talk: Talk) -> bool:
    """Whether nothing is to be done because a file stands in the way: what was named is done together or not at all."""
    in_the_way = any(error.code in {"config", "conflict", "write"} for error in talk.errors)
    return bool(request.each) or (bool(request.targets) and in_the_way)


def _plan_again(
    session: Session, request: Request, clients: dict[str, Client], rankings: Rankings
) -> tuple[Change, ...]:
    """The changes as they are needed now that another run has changed a file. Raises what stands in the way."""
    talk = Strict()
    changes = _plan(session, request, _read(session, request, clients, talk), rankings, talk)
    return tuple(change for change in changes if change.plan.changed)


def _find(session: Session, request: Request) -> tuple[dict[str, Client], list[Notice]]:
    """The clients. One that only a profile names may be missing, except in an image, which is to have it."""
    if request.each:
        return find_clients(session, request.targets if session.machine.root else (), request.targets)
    return find_clients(session, request.targets, selection.concerned(session, request.which))


def _refuse_vague(session: Session, request: Request) -> None:
    """An address that the catalog does not know says nothing of what it serves; a mirror that is named is not measured."""
    check_terms(request)
    if "://" not in request.which or request.targets:
        return
    if not any(session.catalog.by_url(request.which, ecosystem) for ecosystem in session.catalog.canaries):
        raise UsageError(
            _("{url} is not in the catalog", url=redact(request.which)),
            hint=_("say what it is a mirror for: mirrorctl use {url} -t pip", url=redact(request.which)),
        )


def _command(request: Request) -> str:
    return request.label or " ".join(["use", redact(request.which), *(f"-t {name}" for name in request.targets)])


def _result(data: UseData, talk: Talk) -> Result[UseData]:
    done = bool(data.targets)
    return Result(
        command="use",
        data=data,
        warnings=tuple(talk.warnings),
        errors=tuple(talk.errors),
        exit_code=talk.exit_code,
        partial=done and bool(talk.errors or any(notice.code == "no-mirror" for notice in talk.warnings)),
    )


def _read(session: Session, request: Request, clients: dict[str, Client], talk: Talk) -> list[Present]:
    found = []
    for name, client in clients.items():
        target = TARGETS[name]
        try:
            scope = pick_scope(session.machine, target, client, request.of(name).scope)
            found.append(read_files(session.machine, target, client, scope))
        except UsageError as error:
            if request.targets:
                raise
            talk.warnings.append(notice_of(error))
        except MirrorctlError as error:
            talk.fail(error, name)
    return found


def _measure(
    session: Session,
    request: Request,
    present: list[Present],
    talk: Talk,
    on_event: Callable[[Event], None] | None,
) -> Rankings:
    asked = [found.target for found in present if request.of(found.target.NAME).which == FASTEST]
    if not asked:
        return Rankings()
    names = [TARGETS.ecosystems(target.NAME) for target in asked]
    # What each is mainly about goes first: that has the most mirrors, and time may run out.
    ecosystems = dict.fromkeys([first for first, *_further in names] + [name for each in names for name in each])
    racing: dict[str, Sequence[Mirror]] = {
        ecosystem: selection.candidates(session, ecosystem, request.policy) for ecosystem in ecosystems
    }
    for ecosystem in ecosystems:
        if notice := selection.left_out(session, ecosystem, request.policy):
            talk.warnings.append(notice)
    from mirrorctl.commands import remembering  # noqa: PLC0415  start-up time: only `fastest` needs it

    keep = not (request.dry_run or request.check)
    rankings = remembering.measure(session, racing, request.policy, on_event, keep=keep, max_age_s=request.max_age_s)
    talk.warnings += rankings.notices
    return rankings


def _plan(session: Session, request: Request, present: list[Present], rankings: Rankings, talk: Talk) -> list[Change]:
    changes = []
    lacking: list[tuple[MirrorctlError, str]] = []
    for found in present:
        name = found.target.NAME
        try:
            mirrors = _choose(session, request.of(name), found, rankings, talk)
            if mirrors is not None:
                changes.append(_change(session, request.of(name), found, mirrors))
        except UsageError:
            raise
        except WriteError as error:
            lacking.append((_with_sudo(request, error, name), name))
        except (NoMirrorError, ClientError) as error:
            lacking.append((error, name))
        except MirrorctlError as error:
            talk.fail(error, name)
    settled = changes or any(notice.code == "fallback" for notice in talk.warnings)
    for lack, name in lacking:
        _take_leave(lack, name, talk, strict=bool(request.targets) or not settled)
    for change in changes:
        talk.warnings += [
            *change.plan.notices,
            *selection.strangers(change.plan.mirrors if change.plan.changed else ()),
        ]
    return changes


def _choose(
    session: Session, request: Request, found: Present, rankings: Rankings, talk: Talk
) -> tuple[Mirror, ...] | None:
    """The mirrors; None where the target is left as it is."""
    try:
        return pick(session, request, found, rankings)
    except NoMirrorError as error:
        measured = found.target.ECOSYSTEM in rankings
        notice = fallen_back(request, error, found.target.NAME, measured=measured)
        if notice is None:
            raise
        talk.warnings.append(notice)
        return () if request.fallback is Fallback.UPSTREAM else None


def _take_leave(lack: MirrorctlError, name: str, talk: Talk, *, strict: bool) -> None:
    """Asked for whatever is here, a target that cannot be helped is no failure while another one can."""
    if strict:
        talk.fail(lack, name)
    else:
        talk.warnings.append(notice_of(lack))


def _with_sudo(request: Request, error: WriteError, name: str) -> WriteError:
    """The error with the command that would work, where a lack of permission is all that is in the way."""
    if not isinstance(error, files.DeniedError):
        return error
    scope = f" --scope {request.scope.value}" if request.scope else ""
    command = f"sudo mirrorctl {request.repeat or f'use {redact(request.which)} -t {name}{scope}'}"
    return WriteError(error.message, hint=_("run: {command}", command=command), subject=error.subject)


def _change(session: Session, request: Request, found: Present, mirrors: tuple[Mirror, ...]) -> Change:
    target, machine = found.target, session.machine
    decision = target.decide(
        machine,
        found.client,
        found.contents,
        found.scope,
        mirrors,
        known=frozenset().union(*(selection.known_urls(session, name) for name in TARGETS.ecosystems(target.NAME))),
        ours=session.written(target.NAME),
        force=request.replace_private,
    )
    plan = make_plan(target, found.scope, mirrors, decision, found.contents)
    for edit in plan.edits:
        if edit.changed:
            files.check(edit.path, rules_for(machine, found.scope), session.disk)
    return Change(target=target, client=found.client, plan=plan)
