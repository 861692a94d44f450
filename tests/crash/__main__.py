"""The trials without leaving any out, and the changes that must not go unnoticed.

    python tests/crash [kill] [kill2] [error] [power] [concurrent] [race] [--every N] [--edits N]

Prints, for each act, how many trials there were and which failed; exits with 1 if any did. `concurrent` has 20 processes
make 50 changes each to a rule of their own, `race` has editors make so many edits (3500 in each style, 500 for git) while we change the same file.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent)]

from collections.abc import Callable, Iterator

from crash.crowd import against, together
from crash.power import cuts
from crash.scene import Scene
from crash.trials import ACTS, Act, Trial, failures, kills, kills_while_recovering, run

from mirrorctl import swap_lock
from mirrorctl.targets import TARGETS

KINDS: dict[str, Callable[[Scene, Act, int], Iterator[Trial]]] = {
    "kill": kills,
    "kill2": kills_while_recovering,
    "error": failures,
    "power": lambda scene, act, every: cuts(scene, act, every, chances=5),
}


CROWDS = ("concurrent", "race")
PROCESSES, ROUNDS = 20, 50
EDITS = {"append": 3500, "rename": 3500, "hold": 3500, "git": 500}


def crowd(scene: Scene, kind: str, edits: int | None) -> list[str]:
    """Runs one of CROWDS and tells of it."""
    if kind == "concurrent":
        start_s = time.monotonic()
        failed = together(scene, PROCESSES, ROUNDS)
        took = f"{time.monotonic() - start_s:.0f} s"
        print(f"concurrent {PROCESSES} x {ROUNDS}, {len(failed)} lost or refused {took:>6}", flush=True)
        return failed
    every: list[str] = []
    for style, count in EDITS.items():
        start_s = time.monotonic()
        ours, failed = against(scene, style, edits or count)
        took = f"{time.monotonic() - start_s:.0f} s"
        said = ", ".join(f"{number} {what}" for what, number in sorted(ours.items()))
        print(f"race {style:<6} {edits or count} edits, {len(failed)} lost; ours: {said} {took:>6}", flush=True)
        every += failed
    return every


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", metavar="KIND")
    parser.add_argument("--every", type=int, default=1, help="take every N-th point")
    parser.add_argument("--edits", type=int)
    found = parser.parse_args()
    if unknown := [kind for kind in found.kinds if kind not in (*KINDS, *CROWDS)]:
        parser.error(f"no such kind: {', '.join(unknown)}; there are: {', '.join((*KINDS, *CROWDS))}")
    return found


def main() -> int:
    args = arguments()
    kinds = args.kinds or [*KINDS, *CROWDS]
    memory = Path("/dev/shm")
    bad = 0
    with tempfile.TemporaryDirectory(prefix="mirrorctl-", dir=memory if memory.is_dir() else None) as place:
        scene = Scene(Path(place) / "scene")
        TARGETS["daemon"] = scene.daemon.target()
        for kind in [kind for kind in kinds if kind in CROWDS]:
            failed = crowd(scene, kind, args.edits)
            print("".join(f"    {line}\n" for line in failed[:20]), end="", flush=True)
            bad += len(failed)
        swap_lock.PATIENCE_S = 0.05
        for kind in [kind for kind in kinds if kind in KINDS]:
            for name, act in ACTS.items():
                start_s = time.monotonic()
                count, failed = run(KINDS[kind](scene, act, args.every))
                took = f"{time.monotonic() - start_s:.0f} s"
                print(f"{kind:<6} {name:<6} {count - len(failed):>6} of {count:<6} {took:>6}", flush=True)
                print("".join(f"    {line}\n" for line in failed[:20]), end="", flush=True)
                bad += len(failed)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
