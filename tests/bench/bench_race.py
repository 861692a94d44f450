"""How well, how fast and how cheaply a mirror is chosen, beside the strategies of other programs.

    python tests/bench/bench_race.py [FIELDS]

Fields of fourteen mirrors are made by chance and raced in a simulated network (tests/probing/simulation.py), so the
numbers are the same on every machine. Regret is the seconds of a pull of 12 requests and 30 MB through the chosen
mirror, by those through the best one that is neither dead nor stale. A choice that is dead or stale is counted apart.
"""

from __future__ import annotations

import math
import random
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

from bench.rivals import RIVALS, choose  # noqa: E402
from probing.fields import LINE, field_of, regret_of  # noqa: E402
from probing.simulation import Arm, run  # noqa: E402

FIELDS = 20


@dataclass(slots=True)
class Tally:
    regrets: list[float] = field(default_factory=list)
    bad: int = 0
    seconds: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)

    def add(self, chosen: str | None, arms: Sequence[Arm], seconds: float, sent_bytes: int) -> None:
        regret = regret_of(chosen, arms)
        if math.isinf(regret):
            self.bad += 1
        else:
            self.regrets.append(regret)
        self.seconds.append(seconds)
        self.megabytes.append(sent_bytes / 1e6)


def interval(values: Sequence[float]) -> str:
    """The mean, and a 95 % interval of it by the bootstrap."""
    chance = random.Random(1)
    means = sorted(statistics.fmean(chance.choices(values, k=len(values))) for _ in range(1000))
    return f"{statistics.fmean(values):.2f} ({means[25]:.2f} to {means[975]:.2f})"


def ours(arms: Sequence[Arm]) -> tuple[str | None, float, int]:
    found = run(*arms, line=LINE)
    return found.names[0] if found.names else None, found.ranking.elapsed_s, found.sent_bytes


def main(argv: Sequence[str]) -> int:
    fields = [field_of(seed) for seed in range(int(argv[0]) if argv else FIELDS)]
    ways: dict[str, Callable[[Sequence[Arm]], tuple[str | None, float, int]]] = {"mirrorctl": ours}
    ways |= {name: partial(choose, strategy, line=LINE) for name, strategy in RIVALS.items()}
    print(f"{len(fields)} fields of {len(fields[0])} mirrors\n")
    print("| | regret, mean | worst | within 1.1 | dead or stale | seconds | MB |")
    print("|---|---|---|---|---|---|---|")
    for name, way in ways.items():
        tally = Tally()
        for arms in fields:
            chosen, seconds, sent_bytes = way(arms)
            tally.add(chosen, arms, seconds, sent_bytes)
        near = sum(regret <= 1.1 for regret in tally.regrets) / len(fields)
        print(
            f"| {name} | {interval(tally.regrets)} | {max(tally.regrets):.2f} | {near:.0%} | {tally.bad} "
            f"| {statistics.fmean(tally.seconds):.1f} | {statistics.fmean(tally.megabytes):.1f} |",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
