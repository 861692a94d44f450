"""Runs a program and tells on stdout what it took, as JSON: to be run where its network is.

    python inside.py SECONDS CMD...

`bytes` are those that the interfaces of this network namespace have received, loopback left out, `rss_bytes` the most
memory that the program held, `stolen` the share of the processors' time that the host of a virtual machine kept for others.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

OUTPUT = 200_000


def received_bytes() -> int:
    lines = Path("/proc/net/dev").read_text(encoding="ascii").splitlines()[2:]
    return sum(int(line.split(":")[1].split()[0]) for line in lines if not line.strip().startswith("lo:"))


def processor_times() -> tuple[int, int]:
    """Of all processors so far, in ticks: the time in which somebody wanted them, and what of it they were not given."""
    ticks = [int(word) for word in Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]]
    idle, iowait, steal = ticks[3], ticks[4], ticks[7]
    return sum(ticks) - idle - iowait, steal


def main(limit_s: float, argv: list[str]) -> int:
    before, began_s, (wanted, stolen) = received_bytes(), time.monotonic(), processor_times()
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    try:
        output, status = process.communicate(timeout=limit_s)[0], process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        output, status = process.communicate()[0], None
    seconds = time.monotonic() - began_s
    wanted_later, stolen_later = processor_times()
    time.sleep(0.3)  # what is on its way still counts
    told = {
        "status": status,
        "seconds": seconds,
        "bytes": received_bytes() - before,
        "rss_bytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024,
        "output": output.decode("utf-8", "replace")[-OUTPUT:],
        "load": os.getloadavg()[0],
        "stolen": (stolen_later - stolen) / max(1, wanted_later - wanted),
    }
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
