"""Which mirrors a target gets, for what the user asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mirrorctl.commands import gate, selection
from mirrorctl.commands.fallback import Fallback
from mirrorctl.commands.rankings import Rankings
from mirrorctl.commands.selection import FASTEST, UPSTREAM, Policy
from mirrorctl.commands.session import Present, Session
from mirrorctl.errors import NoMirrorError, UsageError
from mirrorctl.model import Mirror, Notice, Ranked, Ranking, Scope, Trust
from mirrorctl.targets import TARGETS
from mirrorctl.text import Text, _
from mirrorctl.values import dataclass, field

OFFLINE = {"dns", "connect-timeout", "unreachable", "proxy"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked for. `max_age_s`: how old the measurement may be that `fastest` is decided by.

    `each` has what a profile states for one target after another; all of it is done, or nothing. `label` is how the
    history calls the change, where that is not the command line, and `repeat` what has to be typed for it.
    """

    which: str
    targets: tuple[str, ...] = ()
    scope: Scope | None = None
    policy: Policy = field(default_factory=Policy)
    dry_run: bool = False
    check: bool = False
    replace_private: bool = False
    fallback: Fallback = Fallback.FAIL
    max_age_s: float | None = None
    each: Mapping[str, Request] = field(default_factory=dict)
    label: str = ""
    repeat: str = ""

    def of(self, target: str) -> Request:
        """What is asked for one target."""
        return self.each.get(target, self)


def check_terms(request: Request) -> None:
    """Raises UsageError for options that say nothing of a mirror that is named, and so is not measured."""
    if request.which == FASTEST:
        return
    if request.max_age_s is not None:
        raise UsageError(
            _("--max-age is about fastest alone"), hint=_("it says how old the measurement may be that decides")
        )
    if request.fallback is not Fallback.FAIL:
        raise UsageError(
            _("--fallback is about fastest alone"), hint=_("a mirror that is named is used without being measured")
        )


def pick(session: Session, request: Request, found: Present, rankings: Rankings) -> tuple[Mirror, ...]:
    """The mirrors of everything that the target has mirrors of. What has none now stays as it is, if others have."""
    chosen: list[Mirror] = []
    lacks: list[NoMirrorError] = []
    for ecosystem in () if request.which == UPSTREAM else selection.meant(session, request.which, found.target.NAME):
        try:
            chosen += _pick_of(session, request, found, rankings, ecosystem)
        except NoMirrorError as error:
            lacks.append(error)
    if lacks and not chosen:
        raise lacks[0]
    return tuple(chosen)


def _pick_of(
    session: Session, request: Request, found: Present, rankings: Rankings, ecosystem: str
) -> tuple[Mirror, ...]:
    target = found.target
    asking = Asking(name=target.NAME, ecosystem=ecosystem, capacity=target.CAPACITY)
    if request.which != FASTEST:
        return named_of(session, request, asking)
    current = target.state(session.machine, found.client, found.contents, found.scope).urls
    if len(TARGETS.ecosystems(target.NAME)) > 1:
        current = tuple(url for url in current if session.catalog.by_url(url, ecosystem))
    return fastest_of(session, request, asking, rankings.get(ecosystem), current, rankings.stays(ecosystem))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A client that is to get mirrors, at most `capacity` of one upstream."""

    name: str
    ecosystem: str
    capacity: int = 1


def named_of(session: Session, request: Request, asking: Asking) -> tuple[Mirror, ...]:
    """The mirrors that the id, operator or address in `request` means for one client."""
    mirrors = selection.look_up(session, request.which, asking.ecosystem, request.policy)
    if not request.targets:
        # An operator's single repositories are a rule each: nobody wants a dozen of them who has not asked for git.
        mirrors = tuple(mirror for mirror in mirrors if selection.is_whole(mirror) or mirror.id == request.which)
    if not mirrors:
        raise NoMirrorError(
            _("{name} has no mirror for {target}", name=request.which, target=asking.name),
            hint=_("it was left alone; mirrorctl list -t {target} shows who has", target=asking.name),
            subject=asking.name,
        )
    chosen = mirrors if asking.ecosystem == "git" else mirrors[: asking.capacity]
    if not request.policy.force:
        gate.refuse(session, chosen)
    return chosen


def fastest_of(
    session: Session,
    request: Request,
    asking: Asking,
    ranking: Ranking | None,
    current: tuple[str, ...] = (),
    stays: Callable[[Ranked, Ranked], bool] | None = None,
) -> tuple[Mirror, ...]:
    """The mirrors that the ranking gives one client; `stays` says whether what is `current` is kept."""
    if ranking is None:
        only = selection.left_out(session, asking.ecosystem, request.policy)
        raise NoMirrorError(
            _("no mirror for {target} is run by a university or a company", target=asking.name)
            if request.policy.trust is Trust.COMPANY
            else _("no mirror for {target} is trusted at this level", target=asking.name),
            hint=only.hint if only else _("mirrorctl list --all shows every mirror known"),
            subject=asking.name,
        )
    from mirrorctl.ranking import choose, is_tie  # noqa: PLC0415  start-up time: only a race needs it

    chosen = choose(ranking, current=current, capacity=asking.capacity, stays=stays or is_tie)
    if not chosen:
        raise NoMirrorError(
            _(
                "no mirror for {target} can be used now; tried: {count}",
                target=asking.name,
                count=len(ranking.rejected),
            ),
            hint=_why_none(ranking, asking.name),
            subject=asking.name,
        )
    return chosen


def fallen_back(request: Request, error: NoMirrorError, target: str, *, measured: bool) -> Notice | None:
    """What to tell instead of failing; None where it is a failure.

    Where nobody was even measured, a target that was not asked for is left alone.
    """
    if request.which != FASTEST or request.fallback is Fallback.FAIL or not (measured or request.targets):
        return None
    done = _("{target} goes back to upstream", target=target)
    if request.fallback is Fallback.KEEP:
        done = _("{target} was left as it is", target=target)
    return Notice(
        code="fallback",
        message=_("{problem}; {done}", problem=error.message, done=done),
        hint=error.hint,
        subject=target,
    )


def _why_none(ranking: Ranking, name: str) -> Text:
    """Nothing was reached at all where the fault is on this side."""
    if {probe.reason.code for probe in ranking.rejected if probe.reason} <= OFFLINE:
        return _("not one of them was reached: check the network of this machine, its DNS and its proxy")
    return _(
        "its configuration was left as it is; mirrorctl probe -t {target} says what is wrong with each", target=name
    )
