"""`verify`: compare what mirrors serve with upstream, or with one another; remember who serves other bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from mirrorctl.commands import gate, selection, suspects
from mirrorctl.commands.evidence import VerifyData, basis_of, view_of
from mirrorctl.commands.result import Result
from mirrorctl.commands.selection import Policy
from mirrorctl.commands.session import Session, find_clients, named_ecosystems
from mirrorctl.ecosystems.base import visible
from mirrorctl.ecosystems.survey import UPSTREAM
from mirrorctl.ecosystems.surveyors import SURVEYORS
from mirrorctl.errors import ExitCode, NoMirrorError, UsageError
from mirrorctl.model import Mirror, Notice, Status, Trust
from mirrorctl.probing.events import Event
from mirrorctl.targets import TARGETS
from mirrorctl.text import _
from mirrorctl.values import dataclass, field
from mirrorctl.verdicts import Kind, Verdict

if TYPE_CHECKING:
    from mirrorctl.probing.inspection import Case, Outcome, Report

WITNESSES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to compare, whom, with what. `samples` are by ecosystem, as the user wrote them."""

    targets: tuple[str, ...] = ()
    via: tuple[str, ...] = ()
    upstream: str | None = None
    samples: dict[str, tuple[str, ...]] = field(default_factory=dict)
    count: int = 2
    policy: Policy = field(default_factory=Policy)


def verify(
    session: Session, question: Question, *, on_event: Callable[[Event], None] | None = None
) -> Result[VerifyData]:
    """Compares samples. Raises UsageError for what cannot be asked, NoMirrorError where there is nobody to ask."""
    cases = _cases(session, question)
    if not cases:
        raise NoMirrorError(
            _("there is no mirror to compare"),
            hint=_("--trust community lets more take part; --via ID names one"),
        )
    from mirrorctl.probing.inspection import Bounds, Inspection  # noqa: PLC0415  httpx and asyncio load only here

    policy = question.policy
    bounds = Bounds(deadline_s=policy.deadline_s, budget_bytes=policy.budget_bytes, count=question.count)
    reports = Inspection(cases, session.machine.environ, bounds, on_event).run()
    outcomes = [outcome for report in reports for outcome in report.outcomes]
    warnings = [*map(_without_upstream, filter(_is_consensus, reports)), *_oddities(outcomes)]
    warnings += suspects.remember(session.machine, outcomes)
    errors, exit_code = _errors(outcomes)
    return Result(
        command="verify",
        data=VerifyData(ecosystems=tuple(map(basis_of, reports)), mirrors=tuple(map(view_of, outcomes))),
        warnings=(*_left_out(session, question, cases), *warnings),
        errors=tuple(errors),
        exit_code=exit_code,
    )


# What is to be compared


def _cases(session: Session, question: Question) -> list[Case]:
    from mirrorctl.probing.inspection import Case  # noqa: PLC0415

    ecosystems = _ecosystems(question)
    if len(ecosystems) > 1 and (question.upstream or any("://" in which for which in question.via)):
        raise UsageError(_("an address says nothing of what it serves"), hint=_("name one target with -t"))
    found = []
    for ecosystem in ecosystems:
        mirrors = _mirrors(session, question, ecosystem)
        if mirrors:
            chosen = _samples(question, ecosystem)
            remembered = suspects.samples_of(session.machine, mirrors)
            usual = chosen or SURVEYORS[ecosystem].usual_samples(session.catalog.canaries.get(ecosystem, {}))
            case = Case(
                ecosystem=ecosystem,
                upstream=_upstream(session, question, ecosystem),
                mirrors=mirrors,
                witnesses=_witnesses(session, question.policy, mirrors),
                samples=tuple(dict.fromkeys((*usual, *remembered))),
                chosen=bool(chosen),
            )
            found.append(case)
    return found


def _ecosystems(question: Question) -> tuple[str, ...]:
    named = tuple(name for name, samples in question.samples.items() if samples)
    wanted = named_ecosystems(question.targets) if question.targets else named or tuple(SURVEYORS)
    for ecosystem in named:
        if ecosystem not in wanted:
            raise UsageError(
                _("what is named to be compared is of {ecosystem}, not of the target", ecosystem=ecosystem),
                hint=_("leave -t out, or name a target that takes it"),
            )
    able = tuple(ecosystem for ecosystem in wanted if ecosystem in SURVEYORS)
    if not able:
        raise UsageError(_("nothing can be compared for {names}", names=", ".join(question.targets)))
    return able


def _samples(question: Question, ecosystem: str) -> tuple[str, ...]:
    found = []
    for text in question.samples.get(ecosystem, ()):
        try:
            found.append(SURVEYORS[ecosystem].sample_of(text))
        except ValueError as error:
            raise UsageError(
                _("{name} cannot be the name of anything in {ecosystem}", name=repr(text), ecosystem=ecosystem),
                hint=_("as in --package six, --image busybox:latest, --repo octocat/Hello-World"),
            ) from error
    return tuple(dict.fromkeys(found))


def _mirrors(session: Session, question: Question, ecosystem: str) -> tuple[Mirror, ...]:
    if not question.via:
        return selection.candidates(session, ecosystem, question.policy)
    found = [mirror for which in question.via for mirror in selection.named(session, which, ecosystem)]
    return tuple({mirror.id: mirror for mirror in found}.values())


def _upstream(session: Session, question: Question, ecosystem: str) -> Mirror | None:
    """What the client uses when nothing is configured, as it says itself; None where that cannot be learnt."""
    if question.upstream:
        return selection.named(session, question.upstream, ecosystem)[0]
    names = tuple(name for name in TARGETS if TARGETS.ecosystem(name) == ecosystem)
    known = [TARGETS[name].assume(session.machine).default_url for name in names]
    if not any(known):
        known = [client.default_url for client in find_clients(session, (), names)[0].values()]
    url = next(filter(None, known), None)
    return _as_mirror(url, ecosystem) if url else None


def _as_mirror(url: str, ecosystem: str) -> Mirror:
    return Mirror(
        id=UPSTREAM,
        ecosystem=ecosystem,
        operator=UPSTREAM,
        url=url,
        kind=UPSTREAM,
        trust=Trust.PRIVATE,
        status=Status.ACTIVE,
        domain=UPSTREAM,
    )


def _witnesses(session: Session, policy: Policy, mirrors: Sequence[Mirror]) -> tuple[Mirror, ...]:
    """Mirrors of other operators, in case that upstream cannot be reached; none that are known to be wrong."""
    domains = {mirror.domain for mirror in mirrors}
    others: dict[str, Mirror] = {}
    candidates = selection.candidates(session, mirrors[0].ecosystem, policy)
    held = gate.held_back(session, candidates)
    for mirror in candidates:
        if mirror.domain not in domains and mirror.id not in held:
            others.setdefault(mirror.domain, mirror)
    return tuple(others.values())[: max(0, WITNESSES + 1 - len(domains))]


# What was found


def _is_consensus(report: Report) -> bool:
    return not report.reference.upstream


def _without_upstream(report: Report) -> Notice:
    count = report.reference.operators
    why = report.failure.detail if report.failure else _("No client here says what it is.")
    return Notice(
        code="no-upstream",
        message=_("{ecosystem}: upstream is no reference. {why}", ecosystem=report.ecosystem, why=why),
        hint=_(
            "mirrors were compared with one another, those that copy another left out; operators: {count}", count=count
        ),
        subject=report.ecosystem,
    )


def _oddities(outcomes: Iterable[Outcome]) -> list[Notice]:
    """What need not be wrong and should be looked at: files that upstream does not list."""
    found = []
    for outcome in outcomes:
        extra = [item for item in outcome.judgement.evidence if item.finding is Kind.EXTRA and item.kind == "hash"]
        if extra:
            message = _(
                "{id} lists files that upstream does not, such as {subject}; in all: {count}",
                id=outcome.mirror.id,
                count=len(extra),
                subject=visible(extra[0].subject),
            )
            hint = _("they were removed there and not yet here, or they were added here")
            found.append(Notice(code="extra", message=message, hint=hint, subject=outcome.mirror.id))
    return found


def _errors(outcomes: Sequence[Outcome]) -> tuple[list[Notice], ExitCode]:
    bad = [outcome for outcome in outcomes if outcome.judgement.verdict is Verdict.MISMATCH]
    if bad:
        return list(map(_accusation, bad)), ExitCode.MISMATCH
    if all(outcome.judgement.verdict is Verdict.UNVERIFIABLE for outcome in outcomes):
        return [Notice(code="failure", message=_("nothing could be compared"))], ExitCode.FAILURE
    return [], ExitCode.OK


def _accusation(outcome: Outcome) -> Notice:
    first = outcome.judgement.evidence[0]
    return Notice(
        code="mismatch",
        message=_(
            "{id} serves other bytes: {subject} is not what it should be by {basis}",
            id=outcome.mirror.id,
            subject=visible(first.subject),
            basis=first.basis,
        ),
        hint=_("use fastest will not choose it; where it is in use: mirrorctl use fastest"),
        subject=outcome.mirror.id,
    )


def _left_out(session: Session, question: Question, cases: Sequence[Case]) -> list[Notice]:
    if question.via:
        return []
    found = (selection.left_out(session, case.ecosystem, question.policy) for case in cases)
    return [notice for notice in found if notice]
