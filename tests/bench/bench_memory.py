"""How much memory a race takes, hostile servers included.

    python tests/bench/bench_memory.py

Every misbehaviour of tests/probing/behaviours.py has a server in this process; another process races all of them and
some sound ones at once, and tells the most that it ever held (getrusage(2)). Exit code 1 above the limit.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

from probing.behaviours import BEHAVIOURS, TOLERABLE
from probing.hostile import Server

LIMIT_BYTES = 80_000_000

RACE = """
import json, resource, sys
sys.path[:0] = json.loads(sys.argv[1])
from probing.racing import race
found = race(json.loads(sys.stdin.read()), deadline_s=8.0)
rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps([rss, found.elapsed_s, found.read_bytes, len(found.ranked), len(found.rejected)]))
"""


def main() -> int:
    with ExitStack() as stack:
        every = {name: behave for name, (behave, _code) in BEHAVIOURS.items()} | TOLERABLE
        urls = {name: stack.enter_context(Server(behave)).url for name, behave in every.items()}
        told = subprocess.run(
            (sys.executable, "-c", RACE, json.dumps(sys.path[:2])),
            input=json.dumps(urls),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    rss_bytes, elapsed_s, read_bytes, ranked, rejected = json.loads(told)
    print(
        f"{len(urls)} servers, {ranked} eligible, {rejected} rejected: {rss_bytes / 1e6:.0f} MB of memory at most, "
        f"{elapsed_s:.1f} s, {read_bytes / 1e6:.1f} MB read (limit {LIMIT_BYTES / 1e6:.0f} MB of memory)"
    )
    return int(rss_bytes > LIMIT_BYTES)


if __name__ == "__main__":
    sys.exit(main())
