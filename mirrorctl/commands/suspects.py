"""What `verify` keeps of its findings: who serves other bytes, until the same samples are found to be the same again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mirrorctl import mismatches
from mirrorctl.ecosystems.base import visible
from mirrorctl.errors import WriteError
from mirrorctl.mismatches import Mismatch
from mirrorctl.model import Machine, Mirror, Notice
from mirrorctl.reasons import reason_of
from mirrorctl.text import _
from mirrorctl.verdicts import Evidence, Kind, Verdict

if TYPE_CHECKING:
    from mirrorctl.probing.inspection import Outcome

KEPT = 10  # pieces of evidence for each mirror


def now() -> datetime:
    return datetime.now(UTC)


def samples_of(machine: Machine, mirrors: Iterable[Mirror]) -> tuple[str, ...]:
    """What was not right at one of the mirrors, and so has to be looked at again."""
    known = mismatches.load(machine, now())
    found = [entry for mirror in mirrors if (entry := mismatches.find(known, mirror))]
    return tuple(dict.fromkeys(sample for entry in found for sample in entry.samples))


def remember(machine: Machine, outcomes: Sequence[Outcome]) -> list[Notice]:
    """Adds what was found now, and forgets what is refuted."""
    at = now()
    before = mismatches.load(machine, at)
    after, notices = list(before), []
    for outcome in outcomes:
        old = mismatches.find(after, outcome.mirror)
        if outcome.judgement.verdict is Verdict.MISMATCH:
            after = [entry for entry in after if entry is not old]
            after.append(_entry(outcome, at))
        elif old and _refutes(outcome, old):
            after = [entry for entry in after if entry is not old]
            notices.append(_forgotten(outcome.mirror))
    if after != list(before):
        try:
            mismatches.keep(machine, after)
        except (OSError, WriteError) as error:
            notices.append(_not_kept(error))
    return notices


def _refutes(outcome: Outcome, old: Mismatch) -> bool:
    judgement = outcome.judgement
    return judgement.verdict in {Verdict.SAME, Verdict.BEHIND} and set(old.samples) <= judgement.samples


def _entry(outcome: Outcome, at: datetime) -> Mismatch:
    bad = [item for item in outcome.judgement.evidence if item.finding is Kind.MISMATCH]
    return Mismatch(
        at=at,
        ecosystem=outcome.mirror.ecosystem,
        id=outcome.mirror.id,
        url=outcome.mirror.url,
        samples=tuple(dict.fromkeys(item.sample for item in bad)),
        evidence=tuple(map(_kept, bad[:KEPT])),
    )


def _kept(item: Evidence) -> dict[str, str]:
    return {
        "subject": visible(item.subject, 200),
        "kind": item.kind,
        "expected": visible(item.expected or "", 200),
        "got": visible(item.got or "", 200),
        "basis": str(item.basis),
    }


def _forgotten(mirror: Mirror) -> Notice:
    return Notice(
        code="cleared",
        message=_("{id} served other bytes before, and is forgiven", id=mirror.id),
        subject=mirror.id,
    )


def _not_kept(error: OSError | WriteError) -> Notice:
    return Notice(
        code="not-remembered",
        message=_(
            "what was found could not be written down: {reason}",
            reason=reason_of(error) if isinstance(error, OSError) else error.message,
        ),
        hint=_("use fastest may choose a mirror that serves other bytes"),
    )
