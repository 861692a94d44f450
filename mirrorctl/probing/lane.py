"""One mirror in the race: its wire, what has been learnt of it, and the transfers it was put through."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field

from mirrorctl.ecosystems.base import Artefact, Canaries, Ecosystem, Finding, Rejected, Request, host_of
from mirrorctl.model import Mirror, Probe, Reason
from mirrorctl.probing.goodput import Goodput, Transfer, estimate
from mirrorctl.probing.wire import Wire
from mirrorctl.text import _

SIGNATURE_BYTES = 4096


@dataclass(slots=True, eq=False)
class Lane:
    """A mirror on its way through the race."""

    ecosystem: Ecosystem
    mirror: Mirror
    wire: Wire
    finding: Finding | None = None
    rejection: Rejected | None = None
    transfers: list[Transfer] = field(default_factory=list)
    goodput: Goodput | None = None
    offset: int = 0
    lag_s: float | None = None
    lag_basis: str | None = None

    @property
    def passed(self) -> bool:
        return self.finding is not None and self.rejection is None

    async def walk(self, canaries: Canaries) -> None:
        """Walks the client's path; ends with a finding or a rejection."""
        walk = self.ecosystem.walk(self.mirror, canaries)
        try:
            request = next(walk)
            while True:
                try:
                    reply = await self.wire.ask(request)
                except Rejected as rejected:
                    request = walk.throw(rejected)
                else:
                    request = walk.send(reply)
        except StopIteration as end:
            self.finding = end.value
        except Rejected as rejected:
            self.rejection = rejected

    async def transfer(self, limit_bytes: int, window_s: float) -> None:
        """Reads the artefact for a while and estimates the goodput; failing now is a rejection as well."""
        artefact = self.finding.artefact if self.finding else None
        if artefact is None:
            return
        marks: list[tuple[float, int]] = []
        started_s = time.perf_counter()
        try:
            async with asyncio.timeout(window_s):
                await self._read(artefact, limit_bytes, started_s, marks)
        except TimeoutError:
            if not marks:
                self.rejection = self.wire.overdue()
                return
        except Rejected as rejected:
            self.rejection = rejected
            return
        ended_s = time.perf_counter() - started_s
        done = Transfer(marks=tuple(marks), ended_s=ended_s, rtt_s=self.rtt_s)
        self.transfers.append(done)
        self.goodput = estimate(done) or self.goodput

    async def _read(
        self, artefact: Artefact, limit_bytes: int, started_s: float, marks: list[tuple[float, int]]
    ) -> None:
        request = self._part(artefact, limit_bytes)
        total, head = 0, b""
        async with self.wire.open(request) as (response, _url):
            if response.status_code not in (200, 206):
                raise Rejected(
                    "http-status",
                    _(
                        "{host} answered HTTP status {status} to a request of the client.",
                        host=host_of(self.mirror.url),
                        status=response.status_code,
                    ),
                )
            async for chunk in self.wire.chunks(response):
                total += len(chunk)
                marks.append((time.perf_counter() - started_s, total))
                if self.offset == 0 and len(head) < SIGNATURE_BYTES:
                    head += chunk[:SIGNATURE_BYTES]
                if total >= limit_bytes:
                    break
        if self.offset == 0 and not re.match(artefact.signature, head):
            raise Rejected(
                "hash-mismatch", _("{host} serves other bytes than the file has.", host=host_of(self.mirror.url))
            )
        if artefact.ranged:
            self.offset += total

    def _part(self, artefact: Artefact, limit_bytes: int) -> Request:
        """The next part of the artefact, from the start again when it is used up."""
        headers = dict(artefact.headers)
        if artefact.ranged:
            if artefact.size_bytes is not None and self.offset + limit_bytes > artefact.size_bytes:
                self.offset = 0
            headers["Range"] = f"bytes={self.offset}-{self.offset + limit_bytes - 1}"
        return Request(url=artefact.url, method=artefact.method, headers=headers, content=artefact.content)

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
            bandwidth_bytes_per_s=goodput.likely if goodput else None,
            bandwidth_low_bytes_per_s=goodput.low if goodput else None,
            bandwidth_high_bytes_per_s=goodput.high if goodput else None,
            lag_s=self.lag_s,
            lag_basis=self.lag_basis,
            read_bytes=timing.read_bytes,
            reason=Reason(code=rejection.code, detail=rejection.detail) if rejection else None,
        )
