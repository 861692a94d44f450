"""One mirror in the race: its wire, what has been learnt of it, and the transfers it was put through."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Callable, Mapping

from mirrorctl.ecosystems.base import (
    Artefact,
    Canaries,
    Ecosystem,
    Finding,
    Rejected,
    Reply,
    Request,
    check_status,
    host_of,
    rate_limit_text,
)
from mirrorctl.model import Mirror, Probe, Reason, Way
from mirrorctl.probing.failures import rejection_of
from mirrorctl.probing.families import Road
from mirrorctl.probing.goodput import LEAST_BYTES, Goodput, Transfer, estimate, merge
from mirrorctl.probing.loop import loop_s
from mirrorctl.probing.reading import Reading
from mirrorctl.probing.timing import Timing
from mirrorctl.probing.wire import Wire
from mirrorctl.probing.wording import headers_of
from mirrorctl.text import _
from mirrorctl.values import dataclass, replace

SIGNATURE_BYTES = 4096
PATIENCE_S = 1.0
LATE_S = 0.05  # a limit that is enforced so late was missed by us
STALL_S = 0.5  # a transfer that carries nothing for so long is over
TOO_MANY_REQUESTS = 429
SLOWNESS = ("late", "silent", "slow")


@dataclass(slots=True)
class Lane:
    """A mirror on its way through the race."""

    ecosystem: Ecosystem
    mirror: Mirror
    wire: Wire
    finding: Finding | None = None
    rejection: Rejected | None = None
    goodput: Goodput | None = None
    confirmed: bool = False  # the goodput is that of a long transfer
    blurred: bool = False  # the last transfer was not seen well from here
    offset: int = 0
    wasted_bytes: int = 0  # sent to us after we stopped reading
    lag_s: float | None = None
    lag_basis: str | None = None
    spared_s: float = 0.0  # what every mirror makes a client wait tells nothing about this one
    aside: Way | None = None  # the way that is not taken

    @property
    def passed(self) -> bool:
        return self.finding is not None and self.rejection is None

    @property
    def connected(self) -> bool:
        """Whether its host has been reached; never known behind a proxy."""
        junction = self.wire.junction
        return junction is not None and junction.taken is not None

    async def walk(self, canaries: Canaries, agents: Mapping[str, str]) -> None:
        """Walks the client's path, as ourselves and then as each of `agents`; ends with a finding or a rejection."""
        try:
            finding = await self._walk(canaries)
            if self.mirror.features.get("user_agent"):
                await asyncio.gather(*(self._ask_as(client, words, finding) for client, words in agents.items()))
            self.finding = finding
        except Rejected as rejected:
            self.rejection = rejected

    async def _walk(self, canaries: Canaries) -> Finding:
        walk = self.ecosystem.walk(self.mirror, canaries)
        try:
            request = next(walk)
            while True:
                try:
                    reply = await self.wire.ask(request)
                except Rejected as rejected:
                    request = walk.throw(rejected)
                else:
                    self._obey(reply)
                    request = walk.send(reply)
        except StopIteration as end:
            finding: Finding = end.value
            return finding

    def _obey(self, reply: Reply) -> None:
        """A mirror that asks us to stop is asked nothing more, even if the answer was not essential."""
        if reply.status == TOO_MANY_REQUESTS and host_of(reply.url) == host_of(self.mirror.url):
            raise Rejected("rate-limited", rate_limit_text(reply))

    async def _ask_as(self, client: str, words: str, finding: Finding) -> None:
        """Asks for a page and the beginning of a file as a client does; raises Rejected."""
        try:
            if finding.again:
                check_status(await self.wire.ask(_under(words, finding.again)))
            if finding.artefact:
                part = replace(self._part(finding.artefact, SIGNATURE_BYTES), limit_bytes=SIGNATURE_BYTES, whole=False)
                reply = await self.wire.ask(_under(words, part))
                check_status(reply, 200, 206)
                self._check_signature(finding.artefact, reply.body)
        except Rejected as rejected:
            if rejected.code in SLOWNESS:  # which is no answer to the question
                return
            raise Rejected(
                "user-agent",
                _(
                    "{host} answers us, but not {client}: {reason}",
                    host=host_of(self.mirror.url),
                    client=client,
                    reason=rejected.detail,
                ),
            ) from rejected

    def _check_signature(self, artefact: Artefact, head: bytes) -> None:
        if not re.match(artefact.signature, head):
            raise Rejected(
                "hash-mismatch", _("{host} serves other bytes than the file has.", host=host_of(self.mirror.url))
            )

    async def look_aside(self) -> None:
        """Asks once over the family of addresses that is not taken, where the host has both."""
        again, junction = self.finding.again if self.finding else None, self.wire.junction
        road = next((road for road in junction.roads if road is not junction.taken), None) if junction else None
        if again is None or road is None:
            return
        wire, error = self.wire.fresh(road.family), None
        try:
            check_status(await wire.ask(replace(again, limit_bytes=1, whole=False, patience_s=PATIENCE_S)))
        except Rejected as rejected:
            error = rejected.code
        except asyncio.CancelledError:
            error = wire.overdue().code
            raise
        finally:
            self.wasted_bytes += wire.timing.read_bytes
            self.aside = _way(road, wire.timing, used=False, error=error)
            await wire.close()

    async def check_again(self) -> None:
        """Asks over a new connection for what the mirror has already answered; failing now is a rejection."""
        again = self.finding.again if self.finding else None
        if again is None or self.rejection:
            return
        wire = self.wire.fresh()
        try:
            check_status(await wire.ask(replace(again, patience_s=PATIENCE_S)))
        except Rejected as rejected:
            self.rejection = Rejected(
                "unsteady", _("It worked at first and then no longer: {reason}", reason=rejected.detail)
            )
        finally:
            self.wire.timing.absorb(wire.timing)
            await wire.close()

    async def transfer(self, limit_bytes: int, window_s: float, enough: Callable[[Transfer], bool]) -> None:
        """Reads the artefact until a limit or until `enough`, and estimates the goodput; failing now is a rejection.

        The window opens with the first byte. A mirror that has answered so far gets PATIENCE_S for that byte. What a
        standstill of ours has cut short goes on over a new connection, once.
        """
        left_bytes = await self._transfer(limit_bytes, window_s, enough)
        if left_bytes > LEAST_BYTES:
            await self._transfer(left_bytes, window_s, enough)

    async def _transfer(self, limit_bytes: int, window_s: float, enough: Callable[[Transfer], bool]) -> int:
        """Returns how many bytes are still to be read, where it was not the mirror that kept us waiting; else 0."""
        artefact = self.finding.artefact if self.finding else None
        if artefact is None:
            return 0
        reading = Reading(limit_bytes=limit_bytes, window_s=window_s, enough=enough, rtt_s=self.rtt_s)
        bound = asyncio.timeout(PATIENCE_S)
        try:
            async with bound:
                await self._read(artefact, reading, bound)
        except TimeoutError:
            reading.interrupted = loop_s() - (bound.when() or 0.0) > LATE_S
            if reading.bytes < min(LEAST_BYTES, limit_bytes) and not reading.interrupted:
                self.rejection = self.wire.overdue()
                return 0
        except Rejected as rejected:
            self.rejection = rejected
            return 0
        finally:
            self.wasted_bytes += reading.abandoned_bytes
        found = estimate(reading.transfer())
        self.blurred = found is None or found.blurred
        self.goodput = merge(self.goodput, found)
        return limit_bytes - reading.bytes if reading.interrupted else 0

    async def _read(self, artefact: Artefact, reading: Reading, bound: asyncio.Timeout) -> None:
        head = b""
        async with self.wire.open(self._part(artefact, reading.limit_bytes)) as (response, url):
            check_status(Reply(status=response.status, headers=headers_of(response), body=b"", url=url), 200, 206)
            async for chunk in self.wire.chunks(response):
                bound.reschedule(loop_s() + min(STALL_S, reading.left_s))
                if self.offset == 0 and len(head) < SIGNATURE_BYTES:
                    head += chunk[:SIGNATURE_BYTES]
                if reading.take(len(chunk)) and not (artefact.ranged and reading.complete):
                    break
        if self.offset == 0:
            self._check_signature(artefact, head)
        if artefact.ranged:
            self.offset += reading.limit_bytes

    def _part(self, artefact: Artefact, limit_bytes: int) -> Request:
        """The next part of the artefact, from the start again when it is used up."""
        headers = dict(artefact.headers)
        if artefact.ranged:
            if artefact.size_bytes is not None and self.offset + limit_bytes > artefact.size_bytes:
                self.offset = 0
            headers["Range"] = f"bytes={self.offset}-{self.offset + limit_bytes - 1}"
        return Request(url=artefact.url, method=artefact.method, headers=headers, content=artefact.content)

    @property
    def spent_bytes(self) -> int:
        return self.wire.timing.read_bytes + self.wasted_bytes

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts that a transfer would burden."""
        artefact = self.finding.artefact if self.finding else None
        own = {host_of(self.mirror.url), host_of(artefact.url if artefact else self.mirror.url)}
        return frozenset(own | self.wire.timing.file_hosts)

    @property
    def ways(self) -> tuple[Way, ...]:
        """Both ways to the mirror's host, or the only one there is."""
        junction, timing = self.wire.junction, self.wire.timing
        found = []
        for road in junction.roads if junction else ():
            used = road is (junction.taken if junction else None)
            way = _way(road, timing, used=True) if used else self.aside
            error = rejection_of(road.failed, self.mirror.url, "connect_tcp").code if road.failed else None
            found.append(way or Way(family=road.family, connect_s=road.connect_s, error=error))
        return tuple(found)

    @property
    def rtt_s(self) -> float:
        timing = self.wire.timing
        return min((s for s in (timing.connect_s, self.ttfb_s) if s), default=0.05)

    @property
    def ttfb_s(self) -> float | None:
        """The mean of the quickest index answer and the quickest file answer."""
        timing = self.wire.timing
        quickest = [min(times) for times in (timing.index_s, timing.file_s) if times]
        return sum(quickest) / len(quickest) if quickest else None

    def probe(self) -> Probe:
        timing, goodput = self.wire.timing, self.goodput
        rejection = self.rejection
        return Probe(
            mirror=self.mirror,
            connect_s=timing.connect_s,
            tls_s=timing.tls_s,
            ttfb_s=self.ttfb_s,
            setup_s=sum(timing.setup_s.values()) if timing.setup_s else None,
            wait_s=self.wire.wait_s,
            bandwidth_bytes_per_s=goodput.likely if goodput else None,
            bandwidth_low_bytes_per_s=goodput.low if goodput else None,
            bandwidth_high_bytes_per_s=goodput.high if goodput and goodput.high < math.inf else None,
            confirmed=self.confirmed,
            lag_s=self.lag_s,
            lag_basis=self.lag_basis,
            proxy=self.wire.proxy,
            ways=self.ways,
            read_bytes=self.spent_bytes,
            reason=Reason(code=rejection.code, detail=rejection.detail) if rejection else None,
        )


def _way(road: Road, timing: Timing, *, used: bool, error: str | None = None) -> Way:
    return Way(
        family=road.family,
        used=used,
        connect_s=timing.connect_s if timing.connect_s is not None else road.connect_s,
        tls_s=timing.tls_s,
        ttfb_s=min(timing.index_s, default=None),
        error=error,
    )


def _under(words: str, request: Request) -> Request:
    """The request under another User-Agent; how long it takes is of no interest."""
    headers = {**request.headers, "User-Agent": words}
    return replace(request, headers=headers, timed=False, patience_s=PATIENCE_S)
