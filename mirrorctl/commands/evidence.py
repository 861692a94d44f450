"""What `verify` shows of its findings. What servers have said is escaped and cut to a length that can be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mirrorctl.ecosystems.base import visible
from mirrorctl.model import Reason
from mirrorctl.text import Text
from mirrorctl.values import dataclass
from mirrorctl.verdicts import Evidence, Kind, Verdict

if TYPE_CHECKING:
    from mirrorctl.probing.inspection import Outcome, Report

EVIDENCE = 50  # differences that are listed of one mirror
TEXT_LIMIT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceView:
    """`got` and `expected` are None for what is not there; `basis` says where `expected` was seen."""

    finding: Kind
    sample: str
    subject: str
    kind: str
    expected: str | None
    got: str | None
    basis: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorView:
    """`differences` counts all that differs, `evidence` lists the first of them, mismatches before the rest."""

    id: str
    url: str
    operator: str
    ecosystem: str
    verdict: Verdict
    reason: Reason | None
    compared: int
    differences: int
    evidence: tuple[EvidenceView, ...]
    read_bytes: int
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EcosystemView:
    """`upstream` is None where it was not the reference; `operators` is how many were, that do not copy one another."""

    ecosystem: str
    basis: Text
    upstream: str | None
    operators: int
    samples: tuple[str, ...]
    read_bytes: int
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyData:
    ecosystems: tuple[EcosystemView, ...]
    mirrors: tuple[MirrorView, ...]


def view_of(outcome: Outcome) -> MirrorView:
    mirror, judgement = outcome.mirror, outcome.judgement
    return MirrorView(
        id=mirror.id,
        url=mirror.url,
        operator=mirror.operator,
        ecosystem=mirror.ecosystem,
        verdict=judgement.verdict,
        reason=outcome.reason,
        compared=judgement.compared,
        differences=len(judgement.evidence),
        evidence=tuple(map(_shown, judgement.evidence[:EVIDENCE])),
        read_bytes=outcome.read_bytes,
        elapsed_s=round(outcome.elapsed_s, 3),
    )


def _shown(item: Evidence) -> EvidenceView:
    return EvidenceView(
        finding=item.finding,
        sample=item.sample,
        subject=visible(item.subject, TEXT_LIMIT),
        kind=item.kind,
        expected=None if item.expected is None else visible(item.expected, TEXT_LIMIT),
        got=None if item.got is None else visible(item.got, TEXT_LIMIT),
        basis=item.basis,
    )


def basis_of(report: Report) -> EcosystemView:
    reference = report.reference
    return EcosystemView(
        ecosystem=report.ecosystem,
        basis=reference.basis,
        upstream=str(reference.basis) if reference.upstream else None,
        operators=reference.operators,
        samples=report.samples,
        read_bytes=report.read_bytes,
        elapsed_s=round(report.elapsed_s, 3),
    )
