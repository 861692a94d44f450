"""Texts without end for the lenses.

    python tests/fuzz [ini] [gitconfig] [json] [toml] [--inputs N] [--jobs N] [--seed N]

So many inputs for each format (1 000 000, unless told otherwise). Prints how many were accepted, how many failed, and
the first that did; exits with 1 if any did. Real files are among them where the corpus is (MIRRORCTL_CORPUS).
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1])]

from fuzz.inputs import KINDS, real
from fuzz.trial import judge_texts

CHUNK = 2000
SHOWN = 10


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("formats", nargs="*", metavar="FORMAT")
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    found = parser.parse_args()
    if unknown := [name for name in found.formats if name not in KINDS]:
        parser.error(f"no such format: {', '.join(unknown)}; there are: {', '.join(KINDS)}")
    return found


def main() -> int:
    args = arguments()
    inputs = args.inputs
    bad = 0
    with ProcessPoolExecutor(args.jobs) as pool:
        for name in args.formats or list(KINDS):
            start_s = time.monotonic()
            chunks = [min(CHUNK, inputs - done) for done in range(0, inputs, CHUNK)]
            seeds = range(args.seed, args.seed + len(chunks))
            outcomes = list(pool.map(partial(judge_texts, name), seeds, chunks))
            took_s = time.monotonic() - start_s
            accepted = sum(outcome.accepted for outcome in outcomes)
            failed = [line for outcome in outcomes for line in outcome.failed]
            print(
                f"{name:<10} {inputs} inputs, {accepted} accepted, {len(failed)} failed,"
                f" {len(real(name))} real files, {took_s:.0f} s, {inputs / took_s:.0f} inputs/s",
                flush=True,
            )
            print("".join(f"    {line[:600]}\n" for line in failed[:SHOWN]), end="", flush=True)
            bad += len(failed)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
