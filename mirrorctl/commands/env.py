"""`env` and `exec`: what has to stand in the environment for clients to use a mirror. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from mirrorctl.commands import selection
from mirrorctl.commands.choice import Asking, Request, check_terms, fallen_back, fastest_of, named_of
from mirrorctl.commands.env_clients import concerned_names, find_speakers, is_certain
from mirrorctl.commands.fallback import Fallback
from mirrorctl.commands.outcome import MirrorRef
from mirrorctl.commands.rankings import Rankings
from mirrorctl.commands.result import Result, notice_of
from mirrorctl.commands.selection import FASTEST, UPSTREAM
from mirrorctl.commands.session import Present, Session, pick_scope, read_files
from mirrorctl.errors import ConflictError, ExitCode, MirrorctlError, NoMirrorError, UsageError
from mirrorctl.formats.assignments import Assignment
from mirrorctl.model import Client, Machine, Mirror, Notice, Ranking
from mirrorctl.probing.events import Event
from mirrorctl.redaction import has_userinfo, redact
from mirrorctl.targets import TARGETS
from mirrorctl.targets.common import same_url
from mirrorctl.text import _
from mirrorctl.values import dataclass, field, replace
from mirrorctl.variables import SPEAKERS
from mirrorctl.variables.base import Assigned, Speaker


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableView:
    """`value` is None where the variable is to be taken out of the environment."""

    name: str
    value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenView:
    """What one client is told."""

    target: str
    mirror: MirrorRef | None
    variables: tuple[VariableView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvData:
    targets: tuple[SpokenView, ...]
    ecosystems: tuple[Ranking, ...] = ()

    @property
    def assignments(self) -> tuple[Assignment, ...]:
        return tuple((each.name, each.value) for target in self.targets for each in target.variables)


@dataclass(slots=True)
class Findings:
    """What comes together on the way."""

    views: list[SpokenView] = field(default_factory=list)
    warnings: list[Notice] = field(default_factory=list)
    errors: list[MirrorctlError] = field(default_factory=list)


def env(
    session: Session,
    request: Request,
    *,
    command: Sequence[str] = (),
    elsewhere: bool = False,
    on_event: Callable[[Event], None] | None = None,
) -> Result[EnvData]:
    """The variables for the clients named, or for those that `command` runs, or for all that are here.

    `elsewhere`: they are for another machine, of which nothing is known.
    """
    check_terms(request)
    request, login = _without_login(request)
    speakers = tuple(SPEAKERS[name] for name in concerned_names(session, request, command))
    clients = find_speakers(session.machine, speakers, named=bool(request.targets), elsewhere=elsewhere)
    if not clients and is_certain(session, request.which):
        clients = find_speakers(session.machine, speakers, named=True, elsewhere=elsewhere)
    if not clients:
        raise UsageError(
            _("none of the clients that listen to variables is on this machine"),
            hint=_("-t NAME says which one it is for; there are: {names}", names=", ".join(SPEAKERS)),
        )
    machine = replace(session.machine, environ={}) if elsewhere else session.machine
    rankings = _measure(session, request, clients, on_event)
    found = Findings()
    for name, client in clients.items():
        try:
            mirrors = _choose(session, request, SPEAKERS[name], rankings, found)
            if mirrors is not None:
                mirrors = tuple(replace(mirror, url=login or mirror.url) for mirror in mirrors)
                _tell(session, machine, SPEAKERS[name], client, mirrors, found)
        except (NoMirrorError, ConflictError) as error:
            found.errors.append(error)
    found.warnings += [*rankings.notices, *_flags(speakers, command)]
    return _result(found, rankings, strict=bool(request.targets), login=bool(login))


def _result(found: Findings, rankings: Rankings, *, strict: bool, login: bool) -> Result[EnvData]:
    """What was asked for has to be there; of what is there anyway, some of it."""
    settled = found.views or any(notice.code == "fallback" for notice in found.warnings)
    failed = found.errors if strict or not settled else []
    if login and found.views:
        message = _("the values hold a password: keep the output out of logs and files that others can read")
        hint = _("~/.netrc is the better place for it")
        found.warnings.append(Notice(code="credentials", message=message, hint=hint))
    return Result(
        command="env",
        data=EnvData(targets=() if failed else tuple(found.views), ecosystems=tuple(rankings.values())),
        warnings=(*found.warnings, *(() if failed else map(notice_of, found.errors))),
        errors=tuple(map(notice_of, failed)),
        exit_code=failed[0].exit_code if failed else ExitCode.OK,
    )


def _without_login(request: Request) -> tuple[Request, str]:
    """The request with a plain address, and the address with its login, if it has one.

    Nothing is written here, so a password may be part of an address that somebody else has already to deal with.
    """
    if "://" not in request.which or not has_userinfo(request.which):
        return request, ""
    parts = urlsplit(request.which)
    plain = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return replace(request, which=plain), request.which


# Which mirrors


def _measure(
    session: Session, request: Request, clients: dict[str, Client], on_event: Callable[[Event], None] | None
) -> Rankings:
    if request.which != FASTEST:
        return Rankings()
    ecosystems = dict.fromkeys(SPEAKERS.ecosystem(name) for name in clients)
    racing: dict[str, Sequence[Mirror]] = {
        name: selection.candidates(session, name, request.policy) for name in ecosystems if selection.can_race(name)
    }
    from mirrorctl.commands import remembering  # noqa: PLC0415  start-up time: only `fastest` needs it

    return remembering.measure(session, racing, request.policy, on_event, max_age_s=request.max_age_s)


def _choose(
    session: Session, request: Request, speaker: Speaker, rankings: Rankings, found: Findings
) -> tuple[Mirror, ...] | None:
    """The mirrors; None where the environment is left as it is."""
    if request.which == UPSTREAM:
        return ()
    asking = Asking(name=speaker.NAME, ecosystem=speaker.ECOSYSTEM)
    try:
        if request.which != FASTEST:
            return named_of(session, request, asking)
        if not selection.can_race(speaker.ECOSYSTEM):
            raise selection.unmeasured(speaker.NAME)
        return fastest_of(session, request, asking, rankings.get(speaker.ECOSYSTEM))
    except NoMirrorError as error:
        notice = fallen_back(request, error, speaker.NAME, measured=speaker.ECOSYSTEM in rankings)
        if notice is None:
            raise
        found.warnings.append(notice)
        return () if request.fallback is Fallback.UPSTREAM else None


# What they are told


def _tell(
    session: Session, machine: Machine, speaker: Speaker, client: Client, mirrors: tuple[Mirror, ...], found: Findings
) -> None:
    offered = tuple(mirror for mirror in session.catalog.mirrors if mirrors and mirror.operator == mirrors[0].operator)
    assigned = speaker.assign(machine, client, mirrors, offered)
    found.warnings += [*selection.strangers(mirrors), *assigned.notices]
    if machine is session.machine and machine.root is None:
        found.warnings += _outdone(machine, speaker, client, assigned, mirrors)
    refs = [MirrorRef(id=mirror.id, url=redact(mirror.url)) for mirror in mirrors]
    variables = tuple(VariableView(name=name, value=value) for name, value in assigned.variables)
    found.views.append(SpokenView(target=speaker.NAME, mirror=refs[0] if refs else None, variables=variables))


def _outdone(
    machine: Machine, speaker: Speaker, client: Client, assigned: Assigned, mirrors: tuple[Mirror, ...]
) -> Iterator[Notice]:
    """What the client's files say that variables do not undo, by the model that the client's target has of it."""
    if speaker.NAME not in TARGETS or speaker.NAME == "git" or not client.version:
        return
    after = replace(machine, environ=merged(machine.environ, assigned.variables))
    target = TARGETS[speaker.NAME]
    try:
        present: Present = read_files(after, target, client, pick_scope(after, target, client, None))
        state = target.state(after, client, present.contents, present.scope)
    except MirrorctlError as error:
        yield notice_of(error)
        return
    yield from state.notices
    wanted = mirrors[0].url if mirrors else client.default_url
    if not same_url(state.effective_url, wanted):
        yield Notice(
            code="not-effective",
            message=_(
                "{target} will not use {wanted} all the same: its configuration leads to {used}",
                target=speaker.NAME,
                wanted=redact(wanted or "?"),
                used=redact(state.effective_url) if state.effective_url else _("no index at all"),
            ),
            hint=_("mirrorctl status -t {target} shows who says so", target=speaker.NAME),
            subject=speaker.NAME,
        )


def merged(environ: Mapping[str, str], variables: Iterable[Assignment]) -> dict[str, str]:
    """The environment with the assignments made in it."""
    found = dict(environ)
    for name, value in variables:
        if value is None:
            found.pop(name, None)
        else:
            found[name] = value
    return found


def _flags(speakers: Sequence[Speaker], command: Sequence[str]) -> Iterator[Notice]:
    """Options of the command that win over every variable."""
    for speaker in speakers:
        for word in command[1:]:
            flag = word.partition("=")[0]
            if flag in speaker.FLAGS:
                yield Notice(
                    code="flag",
                    message=_(
                        "{flag} on the command line wins over the variables for {target}",
                        flag=flag,
                        target=speaker.NAME,
                    ),
                    hint=_("leave it out to use the mirror"),
                    subject=speaker.NAME,
                )
