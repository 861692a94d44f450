"""Fields of mirrors made by chance, and how well one has chosen among them."""

from __future__ import annotations

import random
from collections.abc import Sequence

from probing.simulation import Arm

MBIT = 1e6 / 8
LINE = 500 * MBIT  # the client's own
PULL_BYTES, PULL_REQUESTS = 30e6, 12
MAX_AGE_H = 24


def field_of(seed: int, size: int = 14) -> list[Arm]:
    """Latency and bandwidth are independent; a tenth is dead, some throttle, a quarter is stale."""
    chance = random.Random(seed)
    return [
        Arm(
            name=f"m{n:02}",
            rtt_s=min(0.15, chance.lognormvariate(-3.5, 0.6)),
            rate=min(400 * MBIT, chance.lognormvariate(15.9, 1.0)),
            think_s=chance.uniform(0.003, 0.03),
            dead=chance.random() < 0.1,
            burst_bytes=2e6 if chance.random() < 0.08 else float("inf"),
            age_h=chance.choice([0.5, 3.0, 10.0, 80.0]),
        )
        for n in range(size)
    ]


def pull_s(arm: Arm) -> float:
    """The seconds that the pull really takes through the mirror; infinite through a dead one."""
    if arm.dead:
        return float("inf")
    fast = min(PULL_BYTES, arm.burst_bytes)
    seconds = fast / min(arm.rate, LINE) + (PULL_BYTES - fast) / min(arm.throttle, LINE)
    return PULL_REQUESTS * (arm.rtt_s + arm.think_s) + 6 * arm.rtt_s + seconds


def is_usable(arm: Arm) -> bool:
    return not arm.dead and arm.age_h is not None and arm.age_h <= MAX_AGE_H


def regret_of(chosen: str | None, arms: Sequence[Arm]) -> float:
    """Seconds through the chosen one by seconds through the best usable one; infinite for one that is not usable."""
    best_s = min(pull_s(arm) for arm in arms if is_usable(arm))
    return next((pull_s(arm) / best_s for arm in arms if arm.name == chosen and is_usable(arm)), float("inf"))
