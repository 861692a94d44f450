"""One mirror in the race: its wire, what has been learnt of it, and the transfers it was put through."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Callable

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
)
from mirrorctl.model import Mirror, Probe, Reason
from mirrorctl.probing.goodput import LEAST_BYTES, Goodput, Transfer, estimate, merge
from mirrorctl.probing.wire import Wire, loop_s
from mirrorctl.probing.wording import headers_of
from mirrorctl.text import _
from mirrorctl.values import dataclass, field, replace

SIGNATURE_BYTES = 4096
PATIENCE_S = 1.0
STALL_S = 0.5  # a transfer that carries nothing for so long is over
CHECK_S = 0.015


@dataclass(slots=True, kw_only=True)
class Reading:
    """A transfer under way. `enough` is asked every CHECK_S whether to go on."""

    limit_bytes: int
    window_s: float
    rtt_s: float
    enough: Callable[[Transfer], bool]
    started_s: float = field(default_factory=loop_s)
    marks: list[tuple[float, int]] = field(default_factory=list)
    checked_s: float = 0.0

    @property
    def complete(self) -> bool:
        return bool(self.marks) and self.marks[-1][1] >= self.limit_bytes

    @property
    def left_s(self) -> float:
        """What is left of the window, which opens with the first byte."""
        if not self.marks:
            return self.window_s
        return max(0.0, self.marks[0][0] + self.window_s - (loop_s() - self.started_s))

    @property
    def abandoned_bytes(self) -> int:
        """What was probably on its way when the reading stopped early: a round trip's worth."""
        if len(self.marks) < 2 or self.complete:
            return 0
        rate = self.marks[-1][1] / max(self.marks[-1][0] - self.marks[0][0], self.rtt_s)
        return min(self.limit_bytes - self.marks[-1][1], int(2 * rate * self.rtt_s))

    def transfer(self) -> Transfer:
        return Transfer(marks=self.marks, ended_s=loop_s() - self.started_s, rtt_s=self.rtt_s)

    def take(self, count: int) -> bool:
        """Notes the arrival of `count` bytes; true when that is all that is wanted."""
        now_s = loop_s() - self.started_s
        self.marks.append((now_s, count + (self.marks[-1][1] if self.marks else 0)))
        if self.complete:
            return True
        if now_s - self.checked_s < CHECK_S:
            return False
        self.checked_s = now_s
        return self.enough(self.transfer())


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
    offset: int = 0
    wasted_bytes: int = 0  # sent to us after we stopped reading
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

        The window opens with the first byte. A mirror that has answered so far gets PATIENCE_S for that byte.
        """
        artefact = self.finding.artefact if self.finding else None
        if artefact is None:
            return
        reading = Reading(limit_bytes=limit_bytes, window_s=window_s, enough=enough, rtt_s=self.rtt_s)
        try:
            async with asyncio.timeout(PATIENCE_S) as bound:
                await self._read(artefact, reading, bound)
        except TimeoutError:
            if not reading.marks or reading.marks[-1][1] < min(LEAST_BYTES, limit_bytes):
                self.rejection = self.wire.overdue()
                return
        except Rejected as rejected:
            self.rejection = rejected
            return
        finally:
            self.wasted_bytes += reading.abandoned_bytes
        self.goodput = merge(self.goodput, estimate(reading.transfer()))

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
        if self.offset == 0 and not re.match(artefact.signature, head):
            raise Rejected(
                "hash-mismatch", _("{host} serves other bytes than the file has.", host=host_of(self.mirror.url))
            )
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
            bandwidth_high_bytes_per_s=goodput.high if goodput and goodput.high < math.inf else None,
            confirmed=self.confirmed,
            lag_s=self.lag_s,
            lag_basis=self.lag_basis,
            read_bytes=self.spent_bytes,
            reason=Reason(code=rejection.code, detail=rejection.detail) if rejection else None,
        )
