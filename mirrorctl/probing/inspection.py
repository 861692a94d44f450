"""Asks mirrors and upstream for the same samples, then for bytes, and judges what they serve.

All sources are asked at once. What upstream says has to be known before it can be said which bytes are worth fetching,
so there are two rounds, and a third question to upstream where a tag or a HEAD differs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

import httpcore

from mirrorctl.ecosystems.base import Rejected
from mirrorctl.ecosystems.surveyors import SURVEYORS
from mirrorctl.model import Mirror, Probe, Reason
from mirrorctl.probing.events import Event, Stage
from mirrorctl.probing.loop import PatientLoop, loop_s
from mirrorctl.probing.sources import Source
from mirrorctl.probing.surroundings import tls_context
from mirrorctl.probing.wire import Surroundings, Wire
from mirrorctl.text import _
from mirrorctl.values import dataclass, replace
from mirrorctl.verdicts import (
    Judgement,
    Reference,
    Verdict,
    compare,
    doubts,
    reference_among,
    reference_of,
    settle,
)

# Shares of the time: by then all have to have said what they have, and so have those who are asked instead of upstream.
SURVEY_SHARE, WITNESS_SHARE = 0.45, 0.7
FAMILY_PATIENCE_S = 0.25  # for an address, before one of the other family is tried (RFC 8305)
DOUBTS = 4  # questions to upstream for each mirror


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is to be compared in one ecosystem. `witnesses` are asked, and not judged, when upstream cannot be."""

    ecosystem: str
    upstream: Mirror | None
    mirrors: tuple[Mirror, ...]
    witnesses: tuple[Mirror, ...]
    samples: tuple[str, ...]
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What an inspection may cost; `count` is how many files of each sample are fetched from each mirror."""

    deadline_s: float
    budget_bytes: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was found at one mirror. `reason` says why nothing, or not enough, could be compared."""

    mirror: Mirror
    judgement: Judgement
    reason: Reason | None
    read_bytes: int
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One ecosystem. `failure`: why upstream did not serve as the reference."""

    ecosystem: str
    reference: Reference
    failure: Reason | None
    outcomes: tuple[Outcome, ...]
    samples: tuple[str, ...]
    read_bytes: int
    elapsed_s: float


class Inspection:
    """One comparison of all cases."""

    def __init__(
        self,
        cases: Sequence[Case],
        environ: Mapping[str, str],
        bounds: Bounds,
        on_event: Callable[[Event], None] | None = None,
        backend: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._cases = cases
        self._bounds = bounds
        self._on_event = on_event
        self._around = Surroundings(
            context=tls_context(environ), environ=environ, backend=backend or httpcore.AnyIOBackend()
        )
        self._sources: list[Source] = []
        self._started_s = 0.0

    def run(self, loop_factory: Callable[[], asyncio.AbstractEventLoop] = PatientLoop) -> tuple[Report, ...]:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            return runner.run(self._main())

    async def _main(self) -> tuple[Report, ...]:
        self._started_s = loop_s()
        try:
            return tuple(await asyncio.gather(*(self._inspect(case) for case in self._cases)))
        finally:
            await asyncio.gather(*(source.wire.close() for source in self._sources), return_exceptions=True)
            await asyncio.sleep(0)  # transports let go of their sockets one turn after they are closed

    async def _inspect(self, case: Case) -> Report:
        upstream = self._source(case, case.upstream) if case.upstream else None
        sources = [self._source(case, mirror) for mirror in case.mirrors]
        asked = [*sources, *([upstream] if upstream else [])]
        await asyncio.gather(
            *(self._survey(source, SURVEY_SHARE) for source in sources),
            *([self._survey(upstream, SURVEY_SHARE, then=Stage.DONE)] if upstream else []),
        )
        reference, witnesses = await self._reference(case, upstream, sources)
        await self._fetch(sources, [*asked, *witnesses], reference)
        judgements = [compare(source.found, reference) for source in sources]
        if upstream and reference.upstream:
            judgements = [await self._settle(upstream, judgement) for judgement in judgements]
        outcomes = [_outcome(*pair, reference) for pair in zip(sources, judgements, strict=True)]
        for outcome in outcomes:
            self._tell(outcome.mirror, Stage.REJECTED if outcome.reason else Stage.DONE, outcome.reason)
        return Report(
            ecosystem=case.ecosystem,
            reference=reference,
            failure=_why_no_upstream(upstream) if upstream and not reference.upstream else None,
            outcomes=tuple(outcomes),
            samples=tuple(dict.fromkeys(sample for source in asked for sample in source.samples)),
            read_bytes=sum(source.wire.timing.read_bytes for source in (*asked, *witnesses)),
            elapsed_s=loop_s() - self._started_s,
        )

    def _source(self, case: Case, mirror: Mirror) -> Source:
        surveyor = SURVEYORS[case.ecosystem]
        # Upstream is asked for whatever any of the mirrors is asked for.
        asked = case.mirrors if mirror is case.upstream else (mirror,)
        samples = (surveyor.samples_for(other, case.samples, chosen=case.chosen) for other in asked)
        source = Source(
            mirror=mirror,
            surveyor=surveyor,
            wire=Wire(mirror.url, self._around, FAMILY_PATIENCE_S),
            samples=tuple(dict.fromkeys(sample for found in samples for sample in found)),
            allow=self._check_budget,
        )
        self._sources.append(source)
        return source

    def _until_s(self, share: float) -> float:
        return self._started_s + share * self._bounds.deadline_s

    def _check_budget(self) -> None:
        if sum(source.wire.timing.read_bytes for source in self._sources) >= self._bounds.budget_bytes:
            raise Rejected("budget", _("As many bytes had been read as may be: --budget allows more."))

    async def _survey(self, source: Source, share: float, then: Stage = Stage.WAITING) -> None:
        self._tell(source.mirror, Stage.GATE)
        await source.survey(self._until_s(share))
        self._tell(source.mirror, then)

    async def _reference(
        self, case: Case, upstream: Source | None, sources: Sequence[Source]
    ) -> tuple[Reference, list[Source]]:
        """What to compare with, and who was asked for it in place of upstream."""
        if upstream and upstream.found.observations:
            return reference_of(upstream.found, upstream.mirror.url), []
        witnesses = [self._source(case, mirror) for mirror in case.witnesses]
        await asyncio.gather(*(self._survey(witness, WITNESS_SHARE, then=Stage.DONE) for witness in witnesses))
        found = [(source.mirror.domain, source.found) for source in (*sources, *witnesses)]
        return reference_among(found), witnesses

    async def _fetch(self, sources: Sequence[Source], all_sources: Sequence[Source], reference: Reference) -> None:
        sizes = {
            place.subject: place.size_bytes
            for source in all_sources  # upstream comes after the mirrors, so that its word counts
            for place in source.found.places
            if place.size_bytes is not None
        }
        fetching = []
        for source in sources:
            self._tell(source.mirror, Stage.TRANSFER)
            fetching.append(source.fetch(reference, sizes, self._bounds.count, self._until_s(1.0)))
        await asyncio.gather(*fetching)

    async def _settle(self, upstream: Source, judgement: Judgement) -> Judgement:
        asked = {(item.sample, item.got or "") for item in doubts(judgement)[:DOUBTS]}
        answers = {about: await upstream.knows(*about, self._until_s(1.0)) for about in asked}
        return settle(judgement, answers)

    def _tell(self, mirror: Mirror, stage: Stage, reason: Reason | None = None) -> None:
        if self._on_event:
            probe = Probe(mirror=mirror, reason=reason)
            self._on_event(Event(ecosystem=mirror.ecosystem, mirror=mirror.id, stage=stage, probe=probe))


def _outcome(source: Source, judgement: Judgement, reference: Reference) -> Outcome:
    """Where bytes were to be fetched and none came, nothing is proved."""
    if source.fetched == 0 and judgement.verdict in {Verdict.SAME, Verdict.BEHIND}:
        judgement = replace(judgement, verdict=Verdict.UNVERIFIABLE)
    judgement = replace(judgement, samples=judgement.samples - source.found.trouble.keys())
    reason = None
    if judgement.verdict is Verdict.UNVERIFIABLE:
        reason = _first_reason(source) or _why_nothing(source, reference)
    return Outcome(
        mirror=source.mirror,
        judgement=judgement,
        reason=reason,
        read_bytes=source.wire.timing.read_bytes,
        elapsed_s=source.elapsed_s,
    )


def _first_reason(source: Source) -> Reason | None:
    if source.rejections:
        return Reason(code=source.rejections[0].code, detail=source.rejections[0].detail)
    return None


def _why_no_upstream(upstream: Source) -> Reason:
    nothing = Rejected("no-sample", _("It has none of what was to be compared."))
    return _first_reason(upstream) or Reason(code=nothing.code, detail=nothing.detail)


def _why_nothing(source: Source, reference: Reference) -> Reason:
    if not source.samples:
        found = Rejected("no-sample", _("It serves none of what was to be compared."))
    elif not reference.values:
        found = Rejected(
            "no-reference", _("There is nothing to compare it with: neither upstream nor two others that agree.")
        )
    elif not source.found.observations:
        found = Rejected("no-sample", _("It has none of what was to be compared."))
    else:
        found = Rejected("disputed", _("What it says and what others say differ, and there is no majority."))
    return Reason(code=found.code, detail=found.detail)
