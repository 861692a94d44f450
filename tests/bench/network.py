"""A network of namespaces on this machine, in which mirrors are near and far, and some are bad.

It is made by a program of its own, which has to understand `up SCENARIO`, `exec -- CMD…` and `down`, and to leave the
plan of what is up in `run/plan.json` beside itself: `mirrors[]` with `names` (of hosts), `stale_h` and `redirect`, and
`acceptable_stale_h`. Scenarios are TOML with a `seed` and a list `mirror` of tables, which may have a `fault`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import tomlkit  # noqa: TID253  a benchmark may

INSIDE = Path(__file__).resolve().with_name("inside.py")
CUT_OFF = {
    "status": None,
    "seconds": float("inf"),
    "bytes": 0,
    "rss_bytes": 0,
    "output": "",
    "load": 0.0,
    "stolen": 0.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a program in the network did; `status` is None where it was cut off."""

    status: int | None
    seconds: float
    bytes: int
    rss_bytes: int
    output: str
    load: float
    stolen: float


@dataclass(frozen=True, slots=True)
class Network:
    program: Path

    def run(self, *argv: str, limit_s: float = 180.0, environ: Sequence[str] = ()) -> Ran:
        command = [*self._program("exec", "--"), sys.executable, str(INSIDE), str(limit_s), "env", *environ, *argv]
        told = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip().splitlines()
        return Ran(**(json.loads(told[-1]) if told else CUT_OFF))

    @contextmanager
    def up(self, scenario: Path, seed: int, *, all_bad: bool = False) -> Iterator[None]:
        """The scenario with another seed for its chances; with `all_bad`, nobody has anything to give."""
        document: Any = tomlkit.parse(scenario.read_text(encoding="utf-8"))
        document["seed"] = seed
        for mirror in document["mirror"] if all_bad else ():
            mirror["fault"] = {"kind": "status", "code": 503}
        with TemporaryDirectory() as folder:
            path = Path(folder, scenario.name)
            path.write_text(tomlkit.dumps(document), encoding="utf-8")
            try:
                subprocess.run(self._program("up", str(path)), check=True, stdout=subprocess.DEVNULL)
                yield
            finally:
                subprocess.run(self._program("down"), check=False, stdout=subprocess.DEVNULL)

    def find(self, scenario: str) -> Path:
        """A scenario by its path, or by its name beside this file or beside the program."""
        places = [
            Path(scenario),
            *(root / "scenarios" / f"{scenario}.toml" for root in (INSIDE.parent, self.program.parent)),
        ]
        return next(path for path in places if path.is_file())

    def has(self, url: str) -> bool:
        """Whether there is such a host at all."""
        return any(urlsplit(url).hostname in mirror["names"] for mirror in self._plan()["mirrors"])

    def is_stale(self, url: str) -> bool:
        """Whether what is served there is older than it may be, wherever a redirect leads."""
        plan = self._plan()
        host: str | None = urlsplit(url).hostname
        for _hop in range(3):
            mirror = next((mirror for mirror in plan["mirrors"] if host in mirror["names"]), None)
            if mirror is None or not mirror["redirect"]:
                return mirror is not None and mirror["stale_h"] > plan["acceptable_stale_h"]
            host = mirror["redirect"]
        return False

    def _plan(self) -> Any:
        return json.loads((self.program.parent / "run" / "plan.json").read_text(encoding="utf-8"))

    def _program(self, *words: str) -> list[str]:
        return [sys.executable, str(self.program), *words]
