"""`probe`: measure and rank; change nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mirrorctl.commands import remembering, selection
from mirrorctl.commands.result import Result
from mirrorctl.commands.selection import Policy
from mirrorctl.commands.session import Session, served_ecosystems
from mirrorctl.errors import ExitCode, UsageError
from mirrorctl.model import Mirror, Notice, Ranking
from mirrorctl.probing.events import Event
from mirrorctl.text import _
from mirrorctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeData:
    ecosystems: tuple[Ranking, ...]


def probe(
    session: Session,
    *,
    targets: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
    urls: tuple[str, ...] = (),
    policy: Policy,
    on_event: Callable[[Event], None] | None = None,
) -> Result[ProbeData]:
    """Ranks the mirrors of the targets' ecosystems: the eligible ones, or those named by `only` and `urls`."""
    ecosystems = served_ecosystems(targets)
    if urls and len(targets) == 1:
        ecosystems = ecosystems[:1]
    if urls and len(ecosystems) > 1:
        raise UsageError(_("--url says nothing of what it serves"), hint=_("name one target with -t"))
    warnings: list[Notice] = []
    for name in ecosystems:
        if not selection.can_race(name):
            raise selection.unmeasured(name)
    racing: dict[str, Sequence[Mirror]] = {}
    for ecosystem in ecosystems:
        racing[ecosystem] = _racing(session, ecosystem, only, urls, policy)
        notice = None if only or urls else selection.left_out(session, ecosystem, policy)
        if notice:
            warnings.append(notice)
    found = remembering.measure(session, racing, policy, on_event)
    rankings = tuple(found.values())
    return Result(
        command="probe",
        data=ProbeData(ecosystems=rankings),
        warnings=(*warnings, *found.notices),
        exit_code=ExitCode.OK if any(ranking.ranked for ranking in rankings) else ExitCode.NO_MIRROR,
        partial=any(ranking.ranked for ranking in rankings) and not all(ranking.ranked for ranking in rankings),
        errors=() if any(ranking.ranked for ranking in rankings) else (_nothing(),),
    )


def _racing(
    session: Session, ecosystem: str, only: tuple[str, ...], urls: tuple[str, ...], policy: Policy
) -> tuple[Mirror, ...]:
    if not only and not urls:
        return selection.candidates(session, ecosystem, policy)
    found = [mirror for which in (*only, *urls) for mirror in selection.named(session, which, ecosystem)]
    return tuple({mirror.id: mirror for mirror in found}.values())


def _nothing() -> Notice:
    return Notice(
        code="no-mirror",
        message=_("no mirror can be used now"),
        hint=_("the reasons are in the table; mirrorctl probe --trust community tries more"),
    )
