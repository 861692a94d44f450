"""A mirror, or upstream, while it is asked what it says and serves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import TypeVar

from mirrorctl.ecosystems.base import Asking, Rejected, check_no_portal, check_status, visible
from mirrorctl.ecosystems.survey import (
    ADDRESSED,
    METADATA_BYTES,
    Observation,
    Place,
    Survey,
    Surveyor,
    digest_of,
    joined,
)
from mirrorctl.model import Mirror
from mirrorctl.probing.loop import loop_s
from mirrorctl.probing.wire import Wire
from mirrorctl.text import _
from mirrorctl.values import dataclass, field, replace
from mirrorctl.verdicts import STATED_BY, Reference, alike

T = TypeVar("T")

SAMPLE_LIMIT_BYTES = 1024 * 1024  # of a file or blob that is fetched whole
TRIES = 2  # how many more are tried where one cannot be had


@dataclass(slots=True, kw_only=True)
class Source:
    """`allow` raises Rejected when nothing more may be asked. `fetched` is None where there was nothing to fetch."""

    mirror: Mirror
    surveyor: Surveyor
    wire: Wire
    samples: tuple[str, ...]
    allow: Callable[[], None]
    surveys: list[Survey] = field(default_factory=list)
    rejections: list[Rejected] = field(default_factory=list)
    fetched: int | None = None
    elapsed_s: float = 0.0

    @property
    def found(self) -> Survey:
        return joined(self.surveys)

    @property
    def sent_away(self) -> bool:
        """Who asks for less is asked nothing more."""
        return any(rejected.code == "rate-limited" for rejected in self.rejections)

    async def survey(self, until_s: float) -> None:
        """Asks what there is of each sample, until `until_s` by the clock of the loop."""
        for sample in self.samples:
            found = await self._bounded(self._walk(self.surveyor.survey(self.mirror, sample)), until_s)
            if found is not None:
                self.surveys.append(found)
                self._note_trouble(found)
            if self.sent_away or loop_s() >= until_s:
                return

    def _note_trouble(self, found: Survey) -> None:
        """What could be seen in part is proved no more than what could not be fetched."""
        if found.trouble:
            self.rejections.extend(found.trouble.values())
            self.fetched = self.fetched or 0

    async def knows(self, sample: str, value: str, until_s: float) -> bool | None:
        return await self._bounded(self._walk(self.surveyor.knows(self.mirror, sample, value)), until_s)

    async def fetch(self, reference: Reference, sizes: Mapping[str, int], count: int, until_s: float) -> None:
        """Fetches some of what there is, `count` of a kind and sample, and notes what it is."""
        observations = []
        for places in grouped(self.found, reference, sizes):
            wanted = 1 if places[0].kind == METADATA_BYTES else count
            for place in places[: wanted + TRIES]:
                if wanted == 0 or self.sent_away:
                    break
                seen = await self._bounded(self._fetch(place, reference), until_s)
                if place.kind != METADATA_BYTES:  # a mirror need not have that, whatever its page says
                    self.fetched = (self.fetched or 0) + (seen is not None)
                if seen is not None:
                    observations.append(seen)
                    wanted -= 1
        self.surveys.append(Survey(observations=tuple(observations)))

    async def _fetch(self, place: Place, reference: Reference) -> Observation:
        self.allow()
        reply = await self.wire.ask(replace(place.request, limit_bytes=SAMPLE_LIMIT_BYTES))
        check_status(reply)
        check_no_portal(reply, _("the file {name}", name=visible(place.subject)))
        return Observation(
            sample=place.sample,
            subject=place.subject,
            kind=place.kind,
            got=digest_of(reply.body, like=expected(place, reference) or place.stated),
            stated=place.stated,
        )

    async def _walk(self, walk: Asking[T]) -> T:
        """What a walk ends with; raises Rejected."""
        try:
            request = next(walk)
            while True:
                try:
                    self.allow()
                    reply = await self.wire.ask(request)
                except Rejected as rejected:
                    request = walk.throw(rejected)
                else:
                    request = walk.send(reply)
        except StopIteration as end:
            found: T = end.value
            return found

    async def _bounded(self, work: Coroutine[object, object, T], until_s: float) -> T | None:
        """What comes of `work`; None, and a rejection more, when nothing does."""
        started_s = loop_s()
        task = asyncio.create_task(work)
        try:
            await asyncio.wait({task}, timeout=max(0.0, until_s - started_s))
            if task.done():
                return task.result()
            self.rejections.append(self.wire.overdue())  # where it stands now, before it is cut off
        except Rejected as rejected:
            self.rejections.append(rejected)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self.elapsed_s += loop_s() - started_s
        return None


def grouped(survey: Survey, reference: Reference, sizes: Mapping[str, int]) -> Iterator[list[Place]]:
    """Places to fetch from, by sample and kind: those that can be compared and that are not known to be large."""
    groups: dict[tuple[str, str], list[Place]] = {}
    for place in survey.places:
        size = sizes.get(place.subject, place.size_bytes or 0)  # a mirror's own word would let it out of being checked
        comparable = place.kind in ADDRESSED or expected(place, reference)
        if comparable and (size <= SAMPLE_LIMIT_BYTES or place.kind == METADATA_BYTES):
            groups.setdefault((place.sample, place.kind), []).append(place)
    for places in groups.values():
        # First where bytes alone can tell: what a page states in other terms has not been compared.
        yield sorted(places, key=lambda place: bool(place.stated) and alike(place.stated, expected(place, reference)))


def expected(place: Place, reference: Reference) -> str:
    """The digest that the reference has for a place; empty where it has none."""
    key = (place.sample, place.subject, STATED_BY.get(place.kind, place.kind))
    return next(iter(reference.values.get(key, ())), "")
