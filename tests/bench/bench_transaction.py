"""How long a transaction over three files takes, without the start of the interpreter; and what a long history costs.

    python tests/bench/bench_transaction.py [ROUNDS] [--history N]

Real files on the file system of the temporary directory (TMPDIR), every fsync included. With --history, so many
transactions are made first, and the size of the state directory is told.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, cast

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from mirrorctl.catalog import Catalog
from mirrorctl.commands import history, transaction
from mirrorctl.commands.change import Change, Switches
from mirrorctl.commands.session import Session
from mirrorctl.disk import Disk
from mirrorctl.model import Client, Machine, Plan, Scope, Value
from mirrorctl.planning import make_edit
from mirrorctl.targets import TARGETS
from mirrorctl.targets.base import Setting

FILES = {
    "pip": (".config/pip/pip.conf", b"# mine\n[global]\ntimeout = 60\n"),
    "uv": (".config/uv/uv.toml", b"# mine\nnative-tls = true\n"),
    "git": (".gitconfig", b"[user]\n\tname = A\n"),
}
GOAL_MS = 25.0


class Counting(Disk):
    """The real disk, with a count of its fsyncs."""

    def __init__(self) -> None:
        self.fsyncs = 0

    def fsync(self, file: int) -> None:
        self.fsyncs += 1
        super().fsync(file)


def begin(home: Path, disk: Disk) -> Session:
    machine = Machine(
        environ={"MIRRORCTL_STATE_DIR": str(home / "state")},
        home=home,
        cwd=home,
        platform="linux",
        euid=os.geteuid(),
    )
    return Session(machine=machine, catalog=cast("Catalog", None), disk=disk)


def changes(home: Path, number: int) -> tuple[Change, ...]:
    url = f"https://m{number}.example/simple"
    values: dict[str, Value] = {"pip": url, "uv": url, "git": [[f"{url}/", "insteadof", "https://github.com/"]]}
    found = []
    for name, (path, _old) in FILES.items():
        edit = make_edit(TARGETS[name], Setting(path=home / path, value=values[name]), (home / path).read_bytes())
        plan = Plan(target=name, scope=Scope.USER, mirrors=(), urls=(), edits=(edit,))
        found.append(Change(target=TARGETS[name], client=Client(target=name), plan=plan))
    return tuple(found)


def main(words: list[str]) -> int:
    numbers = [int(word) for word in words if word.isdigit()]
    past = numbers.pop() if "--history" in words else 0
    rounds = numbers[0] if numbers else 50
    with tempfile.TemporaryDirectory() as name:
        home, disk = Path(name), Counting()
        for path, old in FILES.values():
            (home / path).parent.mkdir(parents=True, exist_ok=True)
            (home / path).write_bytes(old)
        taken: dict[str, list[float]] = {"plan": [], "commit": [], "history": [], "undo": []}
        fsyncs: Counter[int] = Counter()
        for number in range(past + rounds):
            measured = _round(home, disk, number)
            for what, seconds in measured.items():
                taken[what] += [seconds * 1000] if number >= past else []
            fsyncs[disk.fsyncs] += 1
        state = sum(path.stat().st_blocks * 512 for path in (home / "state").rglob("*"))
    print(f"{rounds} rounds after {past}; 3 files; {fsyncs.most_common(1)[0][0]} fsyncs for a change and its undo")
    for what, times in taken.items():
        print(f"{what:<8} median {statistics.median(times):6.1f} ms   worst {max(times):6.1f} ms")
    print(f"state directory: {state / 2**20:.1f} MiB")
    return 1 if "--check" in words and statistics.median(taken["commit"]) > GOAL_MS else 0


def _round(home: Path, disk: Counting, number: int) -> dict[str, float]:
    disk.fsyncs = 0
    session = begin(home, disk)
    plan_s, planned = _timed(lambda: changes(home, number))
    commit_s, _done = _timed(lambda: transaction.commit(session, planned, command=f"use {number}", switches=Switches()))
    history_s, _listed = _timed(lambda: history.history(session))
    undo_s, _undone = _timed(lambda: history.undo(session, None, switches=Switches()))
    return {"plan": plan_s, "commit": commit_s, "history": history_s, "undo": undo_s}


def _timed(act: Any) -> tuple[float, Any]:
    start_s = time.perf_counter()
    result = act()
    return time.perf_counter() - start_s, result


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
