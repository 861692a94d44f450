"""How well, how fast and how cheaply a mirror is chosen, beside the strategies of other programs.

    python tests/bench/bench_race.py [--fields 20]
    python tests/bench/bench_race.py --network PROGRAM [--scenario NAME]... [--seeds 5] [--chsrc BINARY] [-o FILE]

Without a network, fields of fourteen mirrors are made by chance and raced in a simulated one (tests/probing/simulation.py):
the numbers are the same on every machine. Regret is the seconds of a pull of 12 requests and 30 MB through the chosen
mirror, by those through the best one that is neither dead nor stale. A choice that is dead or stale is counted apart.

With a network of namespaces (network.py; it needs root), the programs run as they are. The truth is a `pip download` of a
small and a large project through every mirror, and regret the seconds of both together. Intervals are 95 %, by the
bootstrap. --service tells of docker and git what is told of pip, and of all three together.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import signal
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

from bench.network import Network
from bench.rivals import RIVALS, choose
from probing.fields import LINE, field_of, regret_of
from probing.simulation import Arm, run

HEAD = "| | regret, mean | worst | within 1.1 | wrong | seconds, mean | most | MB, mean | most | memory MB |"
RULE = "|---|---|---|---|---|---|---|---|---|---|"


@dataclass(slots=True)
class Tally:
    """What one way of choosing has come to. A choice that cannot be used has no regret, and counts as wrong."""

    regrets: list[float] = field(default_factory=list)
    wrong: int = 0
    seconds: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)
    memory: float = math.nan

    def add(self, regret: float, seconds: float, sent_bytes: int) -> None:
        if math.isinf(regret):
            self.wrong += 1
        else:
            self.regrets.append(regret)
        self.seconds.append(seconds)
        self.megabytes.append(sent_bytes / 1e6)

    def row(self, name: str) -> str:
        near = sum(regret <= 1.1 for regret in self.regrets) / len(self.seconds)
        cells = (
            interval(self.regrets),
            f"{max(self.regrets):.2f}" if self.regrets else "–",
            f"{near:.0%}",
            str(self.wrong),
            interval(self.seconds),
            f"{max(self.seconds):.1f}",
            f"{statistics.fmean(self.megabytes):.1f}",
            f"{max(self.megabytes):.1f}",
            "–" if math.isnan(self.memory) else f"{self.memory:.0f}",
        )
        return f"| {name} | {' | '.join(cells)} |"


def interval(values: Sequence[float]) -> str:
    """The mean, and a 95 % interval of it by the bootstrap."""
    if not values:
        return "–"
    chance = random.Random(1)
    means = sorted(statistics.fmean(chance.choices(values, k=len(values))) for _ in range(1000))
    return f"{statistics.fmean(values):.2f} ({means[25]:.2f} to {means[975]:.2f})"


def ours(arms: Sequence[Arm]) -> tuple[str | None, float, int]:
    found = run(*arms, line=LINE)
    return found.names[0] if found.names else None, found.ranking.elapsed_s, found.sent_bytes


def simulate(count: int) -> int:
    fields = [field_of(seed) for seed in range(count)]
    ways: dict[str, Callable[[Sequence[Arm]], tuple[str | None, float, int]]] = {"mirrorctl": ours}
    ways |= {name: partial(choose, strategy, line=LINE) for name, strategy in RIVALS.items()}
    print(f"{len(fields)} fields of {len(fields[0])} mirrors\n\n{HEAD}\n{RULE}")
    for name, way in ways.items():
        tally = Tally()
        for arms in fields:
            chosen, seconds, sent_bytes = way(arms)
            tally.add(regret_of(chosen, arms), seconds, sent_bytes)
        print(tally.row(name), flush=True)
    return 0


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fields", type=int, default=20)
    parser.add_argument("--network", type=Path, default=os.environ.get("MIRRORCTL_NETWORK"))
    parser.add_argument("--scenario", action="append", default=[])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rival-seeds", type=int, default=sys.maxsize, help="so many of the seeds for the others too")
    parser.add_argument("--service", action="append", default=[], choices=("pip", "docker", "git", "all"))
    parser.add_argument("--chsrc", type=Path, help="the chsrc program, to be run beside")
    parser.add_argument("--rivals", choices=("all", "none"), default="all")
    parser.add_argument("--small", default="six", help="a small project that every index has, for pip")
    parser.add_argument("--large", default="opencv-python", help="a large one, with a wheel for this machine")
    parser.add_argument("--image", default="library/busybox", help="an image that every registry has")
    parser.add_argument("--catalog", action="append", default=[], help="an overlay for mirrorctl; may be repeated")
    parser.add_argument("--repository", default="octo/hello", help="a repository that every git mirror has")
    parser.add_argument("-o", "--output", type=Path, help="every single run, as JSON lines")
    options = parser.parse_args(argv)
    if options.network is None:
        return simulate(options.fields)
    from bench.contest import Contest

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the network is taken down
    return Contest(Network(Path(options.network)), options).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
