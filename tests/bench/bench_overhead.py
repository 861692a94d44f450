"""What `bench` adds to the pulls that it times, and whether its speed-ups are those of pulls made by hand.

    python tests/bench/bench_overhead.py TARGET ITEM --via ID --direct COMMAND --mirror COMMAND [--rounds N] [BENCH'S OPTIONS]

Run it where the network is. In each round, in random order: COMMAND for the direct way, COMMAND for the mirror ({scratch}
in them is an empty directory; `sh -c` runs them), and `mirrorctl bench` with one pull of ITEM by each way. So whatever
the line and the machine do hits all alike. Prints medians, how many times the time of the bare pull is reported, how much
longer the pulls take on the wall than the sum of their times, and both speed-ups, with 95 % intervals of the bootstrap.

    … pip lab-small --via ID --direct 'pip download --no-cache-dir -d {scratch} lab-small' --mirror '… -i URL …'
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[number]) for number in (1, 2)]

from bench.inside import processor_times

from mirrorctl.benchmark.statistics import Round, Span, draw_rounds, interval, median, median_span, ratio, times_of
from mirrorctl.benchmark.summary import CONFIDENCE, RESAMPLES
from mirrorctl.targets import TARGETS

WAYS = ("direct", "mirror")
# What leads to the servers of a network that was made for it, and to a daemon in it.
CARRIED = ("_BUNDLE", "_CERT", "_CERT_FILE", "_CAINFO", "DOCKER_HOST")


def environment(home: Path) -> dict[str, str]:
    carried = {name: value for name, value in os.environ.items() if name.endswith(CARRIED)}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return carried | {"HOME": str(home), "PATH": path, "LC_ALL": "C.UTF-8"}


def pull_bare(command: str, env: dict[str, str]) -> float:
    """Seconds by the clock of whoever started it."""
    with tempfile.TemporaryDirectory() as scratch:
        argv = ["sh", "-c", command.replace("{scratch}", scratch)]
        start_s = time.perf_counter()
        subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=True)
        return time.perf_counter() - start_s


def pull_benched(argv: Sequence[str], env: dict[str, str]) -> dict[str, float]:
    """Seconds by way as `bench` reports them, and `wall`: of both pulls together, with all that is around them."""
    done = subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    report: Any = json.loads(done.stdout)["data"]
    runs = {run["via"]: run for run in report["workloads"][0]["runs"]}
    if len(runs) != len(WAYS) or not all(run["ok"] for run in runs.values()):
        sys.exit(f"a pull failed: {runs}")
    direct = runs.pop("direct")["seconds"]
    return {"direct": direct, "mirror": runs.popitem()[1]["seconds"], "wall": report["elapsed_s"]}


def make_round(commands: dict[str, str], benched: Sequence[str], env: dict[str, str]) -> dict[str, float]:
    found: dict[str, float] = {}

    def bench() -> None:
        found.update({f"bench {name}": seconds for name, seconds in pull_benched(benched, env).items()})

    def bare(way: str) -> None:
        found[f"bare {way}"] = pull_bare(commands[way], env)

    turns: list[Callable[[], None]] = [bench, *(partial(bare, way) for way in WAYS)]
    random.shuffle(turns)
    for turn in turns:
        turn()
    found["bench pulls"] = sum(found[f"bench {way}"] for way in WAYS)
    return found


def tell(rounds: Sequence[dict[str, float]]) -> None:
    spans: list[Round] = [{name: Span(value, value) for name, value in each.items()} for each in rounds]
    drawn = list(draw_rounds(spans, random.Random(0).randrange, RESAMPLES))

    def share(what: str, over: str, under: str) -> None:
        def of(some: Sequence[Round]) -> float:
            return ratio(median_span(times_of(over, some)), median_span(times_of(under, some))).low

        ends = interval([Span(value, value) for value in map(of, drawn)], CONFIDENCE)
        print(f"{what:<40} {of(spans):7.3f}  ({ends.low:.3f} to {ends.high:.3f})")

    for name in sorted(rounds[0]):
        times = [each[name] for each in rounds]
        print(f"{name:<13} median {median(times):8.3f} s  least {min(times):8.3f}  most {max(times):8.3f}")
    for way in WAYS:
        share(f"reported over bare, {way}", f"bench {way}", f"bare {way}")
    share("wall of the pulls over their sum", "bench wall", "bench pulls")
    share("speed-up, bare", "bare direct", "bare mirror")
    share("speed-up, bench", "bench direct", "bench mirror")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target")
    parser.add_argument("item")
    for name in ("--via", "--direct", "--mirror"):
        parser.add_argument(name, required=True)
    parser.add_argument("--rounds", type=int, default=10)
    args, options = parser.parse_known_args()
    wanted_before, stolen_before = processor_times()
    rounds = []
    with tempfile.TemporaryDirectory() as home:
        workload = Path(home, "workload.toml")
        workload.write_text(f"[bare]\n{TARGETS.ecosystem(args.target)} = {json.dumps([args.item])}\n", encoding="utf-8")
        benched = [sys.executable, "-m", "mirrorctl", "bench", "-t", args.target, "--via", args.via, *options]
        benched += ["--workload", str(workload), "--rounds", "1", "--json"]
        for _each in range(args.rounds):
            commands = {"direct": args.direct, "mirror": args.mirror}
            rounds.append(make_round(commands, benched, environment(Path(home))))
            print(".", end="", file=sys.stderr, flush=True)
    wanted, stolen = processor_times()
    share = (stolen - stolen_before) / max(1, wanted - wanted_before)
    print(
        f"\n{len(rounds)} rounds, {args.target} {args.item} by {args.via}; {share:.0%} of the processors' time stolen"
    )
    tell(rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
