"""Programs that serve in the background. Ended by their own process id, and never by name."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE_S = 120.0
STEP_S = 0.05


def until(ready: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Waits until `ready` says so; fails when it does not."""
    end = time.monotonic() + patience_s
    while not ready():
        assert time.monotonic() < end, f"{what}: not within {patience_s} s"
        time.sleep(STEP_S)


@contextmanager
def background(
    argv: Sequence[str], log: Path, *, environ: Mapping[str, str], ready: Callable[[], bool]
) -> Iterator[subprocess.Popen[bytes]]:
    """A running program whose output is appended to `log`; asked to end, then made to."""
    with log.open("ab") as sink:
        process = subprocess.Popen(argv, env=environ, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT)
    try:
        until(lambda: process.poll() is not None or ready(), argv[0])
        assert process.poll() is None, f"{argv[0]} ended\n{log.read_text(errors='replace')[-4000:]}"
        yield process
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def processes_with(variable: str) -> list[str]:
    """The command lines of the programs that have `variable` in their environment."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if variable.encode() in (place / "environ").read_bytes().split(b"\0"):
                found.append((place / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found
