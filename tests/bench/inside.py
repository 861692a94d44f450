"""Runs a program and tells on stdout what it took, as JSON: to be run where its network is.

    python inside.py SECONDS CMD...

`bytes` are those that the interfaces of this network namespace have received, loopback left out, `rss_bytes` the most
memory that the program held.
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


def main(limit_s: float, argv: list[str]) -> int:
    before, began_s = received_bytes(), time.monotonic()
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    try:
        output, status = process.communicate(timeout=limit_s)[0], process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        output, status = process.communicate()[0], None
    seconds = time.monotonic() - began_s
    time.sleep(0.3)  # what is on its way still counts
    told = {
        "status": status,
        "seconds": seconds,
        "bytes": received_bytes() - before,
        "rss_bytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024,
        "output": output.decode("utf-8", "replace")[-OUTPUT:],
        "load": os.getloadavg()[0],
    }
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
