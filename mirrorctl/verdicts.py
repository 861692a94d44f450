"""What observations of several sources say when they are laid side by side. Pure.

The reference is what upstream says; where upstream cannot be asked, what most of the operators say that do not copy one
another. A name whose content never changes and that has other content is a mismatch. A name that moves, and points
elsewhere, may have been read before it moved: that is said, and only taken for more when upstream has never had it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import TypeAlias

from mirrorctl.ecosystems.survey import (
    ADDRESSED,
    BYTES,
    HASH,
    METADATA_BYTES,
    METADATA_HASH,
    MOVING,
    REF,
    SAMPLE,
    TAG,
    Observation,
    Survey,
)
from mirrorctl.text import Text, _
from mirrorctl.values import dataclass, field, replace

# Where the digest of what is fetched was stated.
STATED_BY = {BYTES: HASH, METADATA_BYTES: METADATA_HASH}
LISTED = MOVING - {"yanked"} | {HASH}  # what a list of names is made of
OWN = _("what it says itself")

Key: TypeAlias = tuple[str, str, str]  # sample, subject, kind


class Verdict(StrEnum):
    SAME = "same"
    BEHIND = "behind"
    MISMATCH = "mismatch"
    UNVERIFIABLE = "unverifiable"


class Kind(StrEnum):
    """What a difference means."""

    MISMATCH = "mismatch"
    OLDER = "older"  # upstream has had it
    MISSING = "missing"
    EXTRA = "extra"  # upstream does not list it: removed there, or added here
    DIFFERS = "differs"  # may be older
    DISPUTED = "disputed"  # there is no upstream, and no majority


_WEIGHT = {kind: place for place, kind in enumerate((Kind.MISMATCH, Kind.DISPUTED, Kind.DIFFERS, Kind.EXTRA))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One difference. `basis` says where `expected` was seen; None is for what is not there."""

    finding: Kind
    sample: str
    subject: str
    kind: str
    expected: str | None
    got: str | None
    basis: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What is expected. `disputed`: what sources do not agree on; `listed`: the names of each sample that is known whole."""

    basis: Text
    upstream: bool
    operators: int
    values: Mapping[Key, tuple[str, ...]] = field(default_factory=dict)
    disputed: frozenset[Key] = frozenset()
    parts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    listed: Mapping[str, frozenset[tuple[str, str]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What was compared, and where it differs. `samples` are those that were compared with the reference."""

    verdict: Verdict
    compared: int
    evidence: tuple[Evidence, ...]
    samples: frozenset[str]


def reference_of(upstream: Survey, address: str) -> Reference:
    values: dict[Key, tuple[str, ...]] = {}
    for seen in upstream.observations:
        if seen.got and seen.kind not in ADDRESSED:
            key = (seen.sample, seen.subject, seen.kind)
            values[key] = (*values.get(key, ()), seen.got)
    return Reference(
        basis=Text("{url}", {"url": address}),
        upstream=True,
        operators=1,
        values=values,
        parts={seen.sample: frozenset(seen.parts) for seen in upstream.observations if seen.kind == TAG},
        listed={sample: names_of(upstream, sample) for sample in upstream.whole},
    )


def names_of(survey: Survey, sample: str) -> frozenset[tuple[str, str]]:
    return frozenset(
        (seen.subject, seen.kind) for seen in survey.observations if seen.sample == sample and seen.kind in LISTED
    )


def reference_among(surveys: Sequence[tuple[str, Survey]]) -> Reference:
    """What at least two lineages say, and more of them than say anything else. `surveys` come with their lineages."""
    votes: dict[Key, dict[str, set[str]]] = {}
    for lineage, survey in surveys:
        for seen in survey.observations:
            if seen.got and seen.kind not in ADDRESSED:
                votes.setdefault((seen.sample, seen.subject, seen.kind), {}).setdefault(seen.got, set()).add(lineage)
    agreed = {key: value for key, found in votes.items() if (value := _majority(found))}
    answering = {lineage for lineage, survey in surveys if survey.observations}
    return Reference(
        basis=_("consensus of {count} operators", count=len(answering)),
        upstream=False,
        operators=len(answering),
        values={key: (value,) for key, value in agreed.items()},
        disputed=frozenset(key for key, found in votes.items() if len(found) > 1 and key not in agreed),
        listed={
            sample: frozenset((subject, kind) for at, subject, kind in agreed if at == sample and kind in LISTED)
            for sample, _subject, _kind in agreed
        },
    )


def _majority(votes: Mapping[str, set[str]]) -> str | None:
    ordered = sorted(votes, key=lambda value: len(votes[value]), reverse=True)
    most = len(votes[ordered[0]])
    second = len(votes[ordered[1]]) if len(ordered) > 1 else 0
    return ordered[0] if most > 1 and most > second else None


def compare(survey: Survey, reference: Reference) -> Judgement:
    """What one source has served against the reference."""
    evidence: list[Evidence] = []
    compared = 0
    samples: set[str] = set()
    for seen in survey.observations:
        expected = _expected(seen, reference)
        if expected or (seen.stated and seen.kind in ADDRESSED):
            compared += 1
        if expected or is_pinned(seen):  # that it is true to itself proves nothing
            samples.add(seen.sample)
        if found := _difference(seen, expected, reference):
            evidence.append(found)
    evidence += [*_missing(survey, reference), *_extra(survey, reference), *_unproved(survey, reference, samples)]
    return judged(evidence, compared, samples)


def judged(evidence: Iterable[Evidence], compared: int, samples: AbstractSet[str]) -> Judgement:
    found = tuple(sorted(evidence, key=lambda item: _WEIGHT.get(item.finding, len(_WEIGHT))))
    findings = {item.finding for item in found}
    if Kind.MISMATCH in findings:
        verdict = Verdict.MISMATCH
    elif Kind.DISPUTED in findings or not (samples or findings):
        verdict = Verdict.UNVERIFIABLE
    else:
        verdict = Verdict.BEHIND if findings else Verdict.SAME
    return Judgement(verdict=verdict, compared=compared, evidence=found, samples=frozenset(samples))


def is_pinned(seen: Observation) -> bool:
    """Whether the digest is the one that was asked for, and not one that the source has named."""
    return seen.kind in ADDRESSED and seen.subject == seen.sample and seen.sample.endswith(f"@{seen.stated}")


def _expected(seen: Observation, reference: Reference) -> tuple[str, ...]:
    """What the reference has for it that can be compared."""
    if not seen.got or seen.kind in ADDRESSED:
        return ()
    key = (seen.sample, seen.subject, STATED_BY.get(seen.kind, seen.kind))
    return tuple(value for value in reference.values.get(key, ()) if alike(value, seen.got))


def _difference(seen: Observation, expected: tuple[str, ...], reference: Reference) -> Evidence | None:
    if expected:
        same = seen.got in expected or seen.got in reference.parts.get(seen.sample, ())
        kind = Kind.DIFFERS if seen.kind in MOVING else Kind.MISMATCH
        return None if same else _evidence(kind, seen, expected[0], reference.basis)
    if seen.stated and alike(seen.stated, seen.got):
        return _evidence(Kind.MISMATCH, seen, seen.stated, OWN) if seen.got != seen.stated else None
    if (seen.sample, seen.subject, seen.kind) in reference.disputed and seen.kind not in MOVING:
        return _evidence(Kind.DISPUTED, seen, None, reference.basis)
    return None


def alike(one: str, other: str) -> bool:
    """Digests of two algorithms cannot be compared."""
    return one.partition(":")[0] == other.partition(":")[0] if ":" in one and ":" in other else True


def _evidence(finding: Kind, seen: Observation, expected: str | None, basis: Text) -> Evidence:
    return Evidence(
        finding=finding,
        sample=seen.sample,
        subject=seen.subject,
        kind=seen.kind,
        expected=expected,
        got=seen.got,
        basis=basis,
    )


def _missing(survey: Survey, reference: Reference) -> Iterator[Evidence]:
    for sample, listed in reference.listed.items():
        if sample in survey.absent and listed:
            yield _gap(Kind.MISSING, sample, (sample, SAMPLE), reference)
        if sample in survey.whole:
            for name in sorted(listed - names_of(survey, sample)):
                yield _gap(Kind.MISSING, sample, name, reference)


def _extra(survey: Survey, reference: Reference) -> Iterator[Evidence]:
    """Names that upstream does not have. Of other operators, one may simply be ahead."""
    for sample in survey.whole if reference.upstream else ():
        if sample in reference.listed:
            for name in sorted(names_of(survey, sample) - reference.listed[sample]):
                yield _gap(Kind.EXTRA, sample, name, reference)


def _unproved(survey: Survey, reference: Reference, samples: AbstractSet[str]) -> Iterator[Evidence]:
    """Files whose digest is stated in other terms than the reference's, or not while those of others are.

    Whoever wants to serve another file would have it look like that. Where its bytes were fetched, they have been compared.
    """
    hashes = [seen for seen in survey.observations if seen.kind == HASH]
    fetched = {(seen.sample, seen.subject) for seen in survey.observations if seen.kind == BYTES}
    stating = {seen.sample for seen in hashes if seen.got} & samples
    for seen in hashes:
        known = reference.values.get((seen.sample, seen.subject, HASH), ())
        compared = _expected(seen, reference) or (seen.sample, seen.subject) in fetched
        if known and not compared and seen.sample in stating:
            yield replace(_evidence(Kind.DIFFERS, seen, known[0], reference.basis), got=seen.got or None)


def _gap(finding: Kind, sample: str, name: tuple[str, str], reference: Reference) -> Evidence:
    there, gone = (None, "listed") if finding is Kind.EXTRA else ("listed", None)
    return Evidence(
        finding=finding,
        sample=sample,
        subject=name[0],
        kind=name[1],
        expected=there,
        got=gone,
        basis=reference.basis,
    )


def doubts(judgement: Judgement) -> tuple[Evidence, ...]:
    """What upstream should be asked about: whether it has, or had, what the mirror says of a tag or of HEAD."""
    found = (item for item in judgement.evidence if item.finding is Kind.DIFFERS and item.kind in {TAG, REF})
    return tuple(sorted(found, key=lambda item: not item.subject.endswith(" HEAD")))


def settle(judgement: Judgement, answers: Mapping[tuple[str, str], bool | None]) -> Judgement:
    """The judgement with upstream's answers to the doubts, by sample and by what the mirror has.

    Of a tag, what upstream has under that digest somebody has pushed there who may. A commit that is there may have
    come from a fork, so it says nothing (GitHub keeps the objects of all forks together).
    """
    evidence = [
        replace(item, finding=_settled(item, answers.get((item.sample, item.got or "")))) for item in judgement.evidence
    ]
    return judged(evidence, judgement.compared, judgement.samples)


def _settled(item: Evidence, known: bool | None) -> Kind:
    if item.finding is not Kind.DIFFERS or item.kind not in {TAG, REF}:
        return item.finding
    if known is False:
        return Kind.MISMATCH
    return Kind.OLDER if known and item.kind == TAG else item.finding
