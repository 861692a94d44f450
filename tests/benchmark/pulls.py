"""Runs for the tests of what is computed from them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from mirrorctl.benchmark import Run
from mirrorctl.benchmark.statistics import Pick
from mirrorctl.text import Text

AT = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
LIMIT_S = 60.0


def pick(seed: int = 1) -> Pick:
    return random.Random(seed).randrange


def run(via: str, number: int, outcome: float | str, bytes_: int | None = 1000) -> Run:
    """A pull that took so many seconds; "failed" (after one second) or "late" (cut off at LIMIT_S)."""
    ok = not isinstance(outcome, str)
    seconds = outcome if not isinstance(outcome, str) else LIMIT_S if outcome == "late" else 1.0
    return Run(
        via=via,
        round=number,
        started_at=AT,
        seconds=seconds,
        first_byte_s=seconds / 10 if ok else None,
        bytes=bytes_ if ok else None,
        payload_bytes=None,
        ok=ok,
        timed_out=outcome == "late",
        error=None if ok else Text("it did not work"),
    )


def runs(outcomes: Mapping[str, Sequence[float | str]]) -> tuple[Run, ...]:
    """Round by round, each `via` once: what came of its first pull, its second …"""
    rounds = max(map(len, outcomes.values()))
    return tuple(
        run(via, number + 1, found[number])
        for number in range(rounds)
        for via, found in outcomes.items()
        if number < len(found)
    )
