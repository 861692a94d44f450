"""Measures pulls: the clock, the bytes that come in, the files that are left. The program itself runs undisturbed.

Bytes are those of the network interface that took in most while the program ran (proc_net_dev(5)), headers included,
and so also what other programs received meanwhile. The busiest one alone: behind a VPN or a bridge the same bytes
pass two. Loopback counts where hardly anything came from elsewhere. A proxy in between would have counted the
program's own bytes, but it would have been measured too.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path

from mirrorctl import process
from mirrorctl.dialogue import Measured, Output, Timed
from mirrorctl.model import Machine
from mirrorctl.process import Watch

COUNTERS = Path("/proc/net/dev")
LOOPBACK = "lo"
_KEPT_BYTES = 4096  # of what the program has said, for a sign that comes in two parts


class Meter(Watch):
    """Looks on while one pull is made."""

    def __init__(self, question: Timed) -> None:
        self._sign = re.compile(question.sign) if question.sign else None
        self._weigh = question.weigh
        self._said = b""
        self._began_s = self._ended_s = 0.0
        self._before = self._after = read_counters()
        self.first_byte_s: float | None = None
        self.payload_bytes: int | None = None

    @property
    def seconds(self) -> float:
        return max(self._ended_s - self._began_s, 0.0)

    def begin(self) -> None:
        self._before = read_counters()
        self._began_s = time.monotonic()

    def hear(self, part: bytes) -> None:
        if self._sign is None or self.first_byte_s is not None:
            return
        self._said = self._said[-_KEPT_BYTES:] + part
        if self._sign.search(self._said):
            self.first_byte_s = time.monotonic() - self._began_s

    def end(self) -> None:
        self._ended_s = time.monotonic()
        self._after = read_counters()

    def leave(self, scratch: Path) -> None:
        if self._weigh:
            self.payload_bytes = sum(path.stat().st_size for path in scratch.glob(self._weigh) if path.is_file())

    @property
    def wire_bytes(self) -> int | None:
        return received(self._before, self._after, self.payload_bytes)


def measure(question: Timed, machine: Machine) -> Measured:
    """Runs the program of `question` to its end or its time limit."""
    meter = Meter(question)
    output = process.run(question.run, machine, meter)
    return Measured(
        output=output,
        seconds=meter.seconds,
        timed_out=_was_cut_off(output, meter.seconds, question.run.timeout_s),
        first_byte_s=meter.first_byte_s,
        wire_bytes=meter.wire_bytes,
        payload_bytes=meter.payload_bytes if output.ok else None,
    )


def _was_cut_off(output: Output, seconds: float, timeout_s: float) -> bool:
    return output.status is None and seconds >= timeout_s


def read_counters(path: Path = COUNTERS) -> Mapping[str, int]:
    """Bytes received by each interface since it came up; none where the system does not tell."""
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()[2:]
    except OSError:
        return {}
    return {name.strip(): int(rest.split()[0]) for name, _colon, rest in (line.partition(":") for line in lines)}


def received(before: Mapping[str, int], after: Mapping[str, int], payload_bytes: int | None) -> int | None:
    """What came in between two readings, from outside if there was anything to speak of; None where it is not told."""
    grown = {name: count - before[name] for name, count in after.items() if count >= before.get(name, count + 1)}
    if not grown:
        return None
    inner = grown.pop(LOOPBACK, 0)
    outer = max(grown.values(), default=0)
    return outer if outer >= max(payload_bytes or 0, inner / 2) else inner
