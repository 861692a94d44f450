"""Keeps mirrors that were found to serve other bytes than upstream from being chosen (`verify` finds them)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from mirrorctl import mismatches
from mirrorctl.commands.session import Session
from mirrorctl.errors import MismatchError
from mirrorctl.mismatches import Mismatch
from mirrorctl.model import Mirror, Probe, Ranking, Reason
from mirrorctl.text import Text, _
from mirrorctl.values import replace


def held_back(session: Session, mirrors: Iterable[Mirror]) -> dict[str, Probe]:
    """Of `mirrors`, those that are not to be measured: a rejected probe by the id of each."""
    known = mismatches.load(session.machine, datetime.now(UTC))
    found = {mirror.id: (mirror, mismatches.find(known, mirror)) for mirror in mirrors} if known else {}
    return {name: Probe(mirror=mirror, reason=_reason(entry)) for name, (mirror, entry) in found.items() if entry}


def with_held_back(
    rankings: Sequence[Ranking], mirrors: Mapping[str, Sequence[Mirror]], held: Mapping[str, Probe]
) -> tuple[Ranking, ...]:
    """The rankings with what was held back among the rejected, also where nothing else was left."""
    if not held:
        return tuple(rankings)
    from mirrorctl.ecosystems import ECOSYSTEMS  # noqa: PLC0415  start-up time: only where something is wrong

    measured = {ranking.ecosystem: ranking for ranking in rankings}
    found = []
    for ecosystem, candidates in mirrors.items():
        empty = Ranking(ecosystem=ecosystem, workload=ECOSYSTEMS[ecosystem].WORKLOAD, ranked=(), rejected=())
        ranking = measured.get(ecosystem, empty)
        rejected = tuple(held[mirror.id] for mirror in candidates if mirror.id in held)
        if rejected or ecosystem in measured:
            found.append(replace(ranking, rejected=(*ranking.rejected, *rejected)))
    return tuple(found)


def refuse(session: Session, mirrors: Sequence[Mirror]) -> None:
    """Raises MismatchError if one of `mirrors` was found to serve other bytes."""
    known = mismatches.load(session.machine, datetime.now(UTC)) if mirrors else ()
    for mirror in mirrors:
        if entry := mismatches.find(known, mirror):
            raise MismatchError(
                _("{id} was found to serve other bytes: {detail}", id=mirror.id, detail=_detail(entry)),
                hint=_(
                    "mirrorctl verify --via {id} looks again and forgets it if all is well; --force uses it all the same",
                    id=mirror.id,
                ),
                subject=mirror.id,
            )


def _reason(entry: Mismatch) -> Reason:
    from mirrorctl.ecosystems.base import Rejected  # noqa: PLC0415

    rejected = Rejected("mismatch", _("It was found to serve other bytes: {detail}.", detail=_detail(entry)))
    return Reason(code=rejected.code, detail=rejected.detail)


def _detail(entry: Mismatch) -> Text:
    subject = entry.evidence[0].get("subject", "") if entry.evidence else ", ".join(entry.samples)
    return _("on {date:%Y-%m-%d} {subject} was not what it should be", date=entry.at, subject=subject)
