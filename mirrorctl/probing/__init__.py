"""Measuring mirrors: the only rooms that know of sockets. `measure` is the door."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from mirrorctl.model import Mirror, Ranking
from mirrorctl.probing.events import Event, Stage

__all__ = ["DEFAULT_BUDGET_BYTES", "DEFAULT_DEADLINE_S", "DEFAULT_MAX_LAG_S", "Event", "Stage", "measure"]

DEFAULT_DEADLINE_S = 8.0
DEFAULT_BUDGET_BYTES = 25_000_000
DEFAULT_MAX_LAG_S = 24 * 3600.0


def measure(
    candidates: Mapping[str, Sequence[Mirror]],
    *,
    environ: Mapping[str, str],
    canaries: Mapping[str, Mapping[str, tuple[str, ...]]],
    now: datetime,
    deadline_s: float = DEFAULT_DEADLINE_S,
    budget_bytes: int = DEFAULT_BUDGET_BYTES,
    max_lag_s: float | None = DEFAULT_MAX_LAG_S,
    latency_only: bool = False,
    priors: Mapping[str, float] | None = None,
    agents: Mapping[str, Mapping[str, str]] | None = None,
    on_event: Callable[[Event], None] | None = None,
) -> tuple[Ranking, ...]:
    """Measures the candidates of each ecosystem and ranks them, one ranking for each, in the order given.

    All ecosystems are asked at once, and share `deadline_s` and `budget_bytes` evenly for their transfers, which are made
    one ecosystem after the other. `environ` says which proxy and which certificate
    authorities apply. A mirror whose content is known to be older than `max_lag_s` is rejected. `latency_only`
    leaves out the transfers. `agents` are the User-Agents of the clients of each ecosystem, by name: mirrors that are
    known to look at that are asked under these as well. `on_event` is called as things are learnt, in this thread.
    `priors` are bandwidths that are expected, by id: who is expected to be best is put to a transfer first, and that is all.
    """
    from mirrorctl.probing.race import Race, Terms  # noqa: PLC0415  asyncio and httpx load when they are used

    terms = Terms(
        deadline_s=deadline_s,
        budget_bytes=budget_bytes,
        max_lag_s=max_lag_s,
        latency_only=latency_only,
        now=now,
        agents=agents or {},
    )
    return Race(candidates, canaries, environ, terms, on_event, priors=priors).run()
