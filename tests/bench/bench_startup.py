"""How long the program takes to start, in multiples of the interpreter's own start.

    python tests/bench/bench_startup.py [ROUNDS] [--check]

Every command runs once a round, in turn, so that whatever else the machine does meets all of them alike; the median
of all rounds counts. With --check the exit code is 1 when a limit is exceeded.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# The command, and how many times `python -c pass` it may take.
COMMANDS: dict[str, float | None] = {
    "--version": 6,
    "--help": 6,
    "use tuna --dry-run": 12,
    "use tuna -t pip --dry-run": 12,
    "status": 12,
    "status -t git": 12,
    "list": None,
    "history": None,
}
ROUNDS = 15


def environment(home: str) -> dict[str, str]:
    """A home without any configuration; nothing is written outside of it."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {"HOME": home, "PATH": path, "LC_ALL": "C.UTF-8", "MIRRORCTL_STATE_DIR": f"{home}/state"}


def time_s(argv: list[str], env: dict[str, str]) -> float:
    start = time.perf_counter()
    done = subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False, cwd=env["HOME"])
    elapsed_s = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{' '.join(argv)} ended with {done.returncode}\n{done.stderr.decode()}")
    return elapsed_s


def measure(rounds: int) -> dict[str, list[float]]:
    """Seconds by command; the interpreter itself is the empty command."""
    program = {command: [sys.executable, "-m", "mirrorctl", *command.split()] for command in COMMANDS}
    taken: dict[str, list[float]] = {command: [] for command in ("", *COMMANDS)}
    with tempfile.TemporaryDirectory() as home:
        env = environment(home)
        for argv in program.values():
            time_s(argv, env)  # the first run may have to compile
        for _ in range(rounds):
            taken[""].append(time_s([sys.executable, "-c", "pass"], env))
            for command, argv in program.items():
                taken[command].append(time_s(argv, env))
    return taken


def main(args: list[str]) -> int:
    rounds = next((int(word) for word in args if word.isdigit()), ROUNDS)
    taken = measure(rounds)
    base_s = statistics.median(taken.pop(""))
    print(f"median of {rounds} rounds; `python -c pass` takes {base_s * 1000:.1f} ms\n")
    print(f"{'command':<28}{'ms':>8}{'ratio':>8}{'limit':>8}")
    exceeded = False
    for command, seconds in taken.items():
        limit = COMMANDS[command]
        ratio = statistics.median(seconds) / base_s
        over = limit is not None and ratio > limit
        exceeded |= over
        print(f"{command:<28}{ratio * base_s * 1000:>8.1f}{ratio:>8.1f}{limit or '-':>8}{'  over' if over else ''}")
    return 1 if exceeded and "--check" in args else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
