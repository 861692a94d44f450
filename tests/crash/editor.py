"""Somebody who edits a file over and over: `editor.py FILE STYLE COUNT PAUSE_S`, one line each time.

The pauses are up to twice as long as said, by chance.

append   opens the file and adds to its end, as `>>` does
rename   writes the whole file anew beside it and puts it in its place, as vi and most programs do
hold     opens the file, waits a moment, and only then adds to it
git      lets git add a variable, with git's own lock; where that is taken, tries again
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

LINE = "# kept {number}\n"
HOLD_S = 0.002


def append(path: Path, number: int, hold_s: float = 0.0) -> None:
    with path.open("ab", buffering=0) as file:
        time.sleep(hold_s)
        file.write(LINE.format(number=number).encode())


def hold(path: Path, number: int) -> None:
    append(path, number, HOLD_S)


def rename(path: Path, number: int) -> None:
    beside = path.with_name(f"{path.name}~")
    beside.write_bytes(path.read_bytes() + LINE.format(number=number).encode())
    beside.replace(path)


def git(path: Path, number: int) -> None:
    command = ["git", "config", "--file", str(path), "--add", "kept.line", LINE.format(number=number).strip()]
    while subprocess.run(command, capture_output=True, check=False).returncode:
        time.sleep(0.001)


STYLES = {"append": append, "rename": rename, "hold": hold, "git": git}


def main(path: str, style: str, count: str, pause_s: str) -> None:
    for number in range(int(count)):
        STYLES[style](Path(path), number)
        time.sleep(random.uniform(0, 2 * float(pause_s)))


if __name__ == "__main__":
    main(*sys.argv[1:])
