"""What hostile configuration files cost the lenses: seconds of CPU and the peak of memory, a mebibyte each.

    python tests/bench/bench_formats.py [ini|json|git|toml]… [--check]

With --check the exit code is 1 when one takes a second or 64 MiB or more.
"""

from __future__ import annotations

import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from formats.hostile import EDITS, MAKERS

from mirrorctl.errors import FormatError

MEBIBYTE = 1 << 20
LIMIT_S = 1.0
LIMIT_BYTES = 64 * MEBIBYTE


def outcome(edit: Callable[[str], str], text: str) -> str:
    try:
        edit(text)
    except FormatError as error:
        return f"refused: {error.reason}"
    return "edited"


def cost(edit: Callable[[str], str], text: str) -> tuple[float, int, str]:
    """Seconds of CPU, then, apart because measuring it takes time too, the peak of what is allocated."""
    start = time.process_time()
    said = outcome(edit, text)
    spent_s = time.process_time() - start
    tracemalloc.start()
    outcome(edit, text)
    _current, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return spent_s, peak_bytes, said


def main(arguments: list[str]) -> int:
    chosen = [argument for argument in arguments if argument in MAKERS] or list(MAKERS)
    is_over = False
    for syntax in chosen:
        for name, make in MAKERS[syntax].items():
            spent_s, peak_bytes, said = cost(EDITS[syntax], make(MEBIBYTE))
            over = spent_s >= LIMIT_S or peak_bytes >= LIMIT_BYTES
            is_over = is_over or over
            mark = "!" if over else " "
            print(f"{mark} {syntax:5} {name:25} {spent_s:6.3f} s {peak_bytes / MEBIBYTE:6.1f} MiB  {said[:60]}")
    return int(is_over and "--check" in arguments)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
