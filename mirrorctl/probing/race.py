"""The staged race: all gates at once, then transfers one after another, best hopes first."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mirrorctl.ecosystems import ECOSYSTEMS
from mirrorctl.ecosystems.base import Canaries, Rejected
from mirrorctl.ecosystems.freshness import Signs, lags
from mirrorctl.model import Mirror, Ranking
from mirrorctl.probing.events import Event, Stage
from mirrorctl.probing.lane import Lane
from mirrorctl.probing.names import patient_loop
from mirrorctl.probing.surroundings import tls_context
from mirrorctl.probing.wire import Wire
from mirrorctl.ranking import predict, rank
from mirrorctl.text import _

GATE_LIMIT_S = 3.0
QUIET_S = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What bounds and governs a race."""

    deadline_s: float
    budget_bytes: int
    max_lag_s: float | None
    latency_only: bool
    now: datetime


class Race:
    """One measurement of the candidates of several ecosystems."""

    def __init__(
        self,
        candidates: Mapping[str, Sequence[Mirror]],
        canaries: Mapping[str, Canaries],
        environ: Mapping[str, str],
        terms: Terms,
        on_event: Callable[[Event], None] | None,
    ) -> None:
        self._terms = terms
        self._canaries = canaries
        self._on_event = on_event
        context = tls_context(environ)
        self._lanes = {
            name: [Lane(ECOSYSTEMS[name], mirror, Wire(mirror.url, context, environ)) for mirror in mirrors]
            for name, mirrors in candidates.items()
        }
        self._started_s = 0.0

    def run(self) -> tuple[Ranking, ...]:
        with asyncio.Runner(loop_factory=patient_loop) as runner:
            return runner.run(self._main())

    @property
    def _elapsed_s(self) -> float:
        return time.perf_counter() - self._started_s

    async def _main(self) -> tuple[Ranking, ...]:
        self._started_s = time.perf_counter()
        everyone = [lane for lanes in self._lanes.values() for lane in lanes]
        gates = {asyncio.create_task(self._gate(lane)): lane for lane in everyone}
        try:
            await self._quorum(set(gates))
            if not self._terms.latency_only:
                for lanes in self._lanes.values():
                    await self._transfers(lanes)
            await self._stragglers(gates)
        finally:
            for task in gates:
                task.cancel()
            await asyncio.gather(*gates, return_exceptions=True)
            await asyncio.gather(*(lane.wire.close() for lane in everyone), return_exceptions=True)
        return tuple(self._rank(name, lanes) for name, lanes in self._lanes.items())

    async def _gate(self, lane: Lane) -> None:
        self._tell(lane, Stage.GATE)
        await lane.walk(self._canaries.get(lane.ecosystem.NAME, {}))
        self._tell(lane, Stage.REJECTED if lane.rejection else Stage.WAITING)

    async def _quorum(self, tasks: set[asyncio.Task[None]]) -> None:
        """Waits for the gates until nothing more has come for about as long as it took so far."""
        pending, last_s = tasks, 0.0
        while pending and self._elapsed_s < GATE_LIMIT_S:
            limit_s = max(QUIET_S, last_s) + last_s if last_s else GATE_LIMIT_S
            done, pending = await asyncio.wait(
                pending, timeout=max(0.0, limit_s - self._elapsed_s), return_when=asyncio.FIRST_COMPLETED
            )
            if not done and last_s:
                return
            if any(lane.passed for lanes in self._lanes.values() for lane in lanes):
                last_s = self._elapsed_s

    async def _stragglers(self, gates: Mapping[asyncio.Task[None], Lane]) -> None:
        pending = [task for task in gates if not task.done()]
        if pending:
            await asyncio.wait(pending, timeout=max(0.0, min(GATE_LIMIT_S, self._terms.deadline_s) - self._elapsed_s))
        for task, lane in gates.items():
            if not task.done():
                lane.rejection = lane.wire.overdue()
                self._tell(lane, Stage.REJECTED)

    async def _transfers(self, lanes: Sequence[Lane]) -> None:
        field = sorted((lane for lane in lanes if lane.passed), key=self._hope)
        for limit_bytes, window_s, width in ((1_000_000, 0.5, 99), (3_000_000, 0.6, 3), (6_000_000, 1.2, 1)):
            for lane in field[:width]:
                if lane.passed:
                    await self._transfer(lane, limit_bytes, window_s)
            field = sorted((lane for lane in field if lane.passed), key=self._hope)

    def _hope(self, lane: Lane) -> float:
        probe = lane.probe()
        return predict(lane.ecosystem.WORKLOAD, probe, probe.bandwidth_high_bytes_per_s)

    async def _transfer(self, lane: Lane, limit_bytes: int, window_s: float) -> None:
        left_s = self._terms.deadline_s - self._elapsed_s
        if left_s < window_s or self._read_bytes() + limit_bytes > self._terms.budget_bytes:
            return
        self._tell(lane, Stage.TRANSFER)
        await lane.transfer(limit_bytes, window_s)
        self._tell(lane, Stage.REJECTED if lane.rejection else Stage.DONE)

    def _read_bytes(self) -> int:
        return sum(lane.wire.timing.read_bytes for lanes in self._lanes.values() for lane in lanes)

    def _rank(self, name: str, lanes: Sequence[Lane]) -> Ranking:
        signs = {
            lane.mirror.id: Signs(lineage=lane.mirror.domain, markers=lane.finding.markers)
            for lane in lanes
            if lane.finding
        }
        known = lags(signs, self._terms.now)
        for lane in lanes:
            lag = known.get(lane.mirror.id)
            if lag:
                lane.lag_s, lane.lag_basis = lag.lag_s, lag.basis
                if self._terms.max_lag_s is not None and lag.lag_s > self._terms.max_lag_s and lane.passed:
                    lane.rejection = Rejected(
                        "stale",
                        _("Its content is {hours:.0f} hours old.", hours=lag.lag_s / 3600),
                    )
        return rank(
            name,
            ECOSYSTEMS[name].WORKLOAD,
            [lane.probe() for lane in lanes],
            elapsed_s=self._elapsed_s,
            read_bytes=sum(lane.wire.timing.read_bytes for lane in lanes),
        )

    def _tell(self, lane: Lane, stage: Stage) -> None:
        if self._on_event:
            self._on_event(Event(ecosystem=lane.ecosystem.NAME, mirror=lane.mirror.id, stage=stage, probe=lane.probe()))
