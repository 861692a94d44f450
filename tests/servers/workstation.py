"""A person's machine: a home, a PATH with the real clients, trust in the test authority, and the program."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin")
CLIENTS = ("pip", "uv", "git")
PROGRAM = (sys.executable, "-m", "mirrorctl")
TIMEOUT_S = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a program ended and what it said."""

    argv: tuple[str, ...]
    status: int
    stdout: str
    stderr: str

    @property
    def envelope(self) -> dict[str, Any]:
        """The one JSON object that stands on stdout."""
        value = json.loads(self.stdout, parse_constant=_refuse)  # RFC 8259 knows no Infinity and no NaN
        assert isinstance(value, dict)
        return value

    @property
    def data(self) -> dict[str, Any]:
        value = self.envelope["data"]
        assert isinstance(value, dict)
        return value

    def ended(self, status: int) -> Ran:
        """Itself, when the exit status is this one."""
        assert self.status == status, f"{' '.join(self.argv)} ended with {self.status}\n{self.stdout}\n{self.stderr}"
        return self


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def search_path() -> str:
    """Where programs are found: beside this Python (pip, uv), then the system's directories."""
    beside = [str(Path(sys.executable).parent)]
    elsewhere = [str(Path(found).parent) for name in CLIENTS if (found := shutil.which(name))]
    return os.pathsep.join(dict.fromkeys([*beside, *SYSTEM_PATH, *elsewhere]))


@dataclass(slots=True)
class Terminal:
    """What a person sees of a running program, and types."""

    process: subprocess.Popen[bytes]
    _side: int
    seen: str = ""

    def read_until(self, text: str) -> None:
        """Reads on until `text` is on the screen; fails when the program ends before."""
        while text not in self.seen:
            assert self._read(), f"{text!r} was never shown:\n{self.seen}"

    def type(self, text: str) -> None:
        os.write(self._side, text.encode())

    def end(self) -> int:
        """Reads to the end and gives the exit status."""
        while self._read():
            pass
        return self.process.wait(TIMEOUT_S)

    def hang_up(self) -> int:
        """Closes the window, as the kernel tells the program that runs in it, and gives the exit status."""
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, self._side)
        os.close(nothing)
        self.process.send_signal(signal.SIGHUP)
        return self.process.wait(TIMEOUT_S)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._side], [], [], TIMEOUT_S)
        try:
            piece = os.read(self._side, 65536) if ready else b""
        except OSError:  # EIO: the program has closed its side
            piece = b""
        self.seen += piece.decode(errors="replace")
        return bool(piece)


@dataclass(slots=True, kw_only=True)
class Workstation:
    """`environ` is all that programs see. No output may ever hold one of `secrets`.

    Runs of the program are given the `catalog`.
    """

    home: Path
    environ: dict[str, str]
    catalog: Path | None = None
    secrets: list[str] = field(default_factory=list)

    @classmethod
    def new(cls, home: Path, *extra: Mapping[str, str]) -> Workstation:
        """A machine with this home; the environment is the test's own plus `extra`."""
        environ = dict(os.environ) | {"PATH": search_path(), "GIT_TERMINAL_PROMPT": "0"}
        for more in extra:
            environ |= more
        return cls(home=home, environ=environ)

    def run(self, *argv: str, environ: Mapping[str, str] | None = None, cwd: Path | None = None) -> Ran:
        """Run a program to its end, without a terminal."""
        done = subprocess.run(
            argv,
            env=self.environ | dict(environ or {}),
            cwd=cwd or self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        return Ran(argv=argv, status=done.returncode, stdout=done.stdout, stderr=done.stderr)

    def _options(self) -> tuple[str, ...]:
        return ("--catalog", str(self.catalog)) if self.catalog else ()

    @property
    def state(self) -> Path:
        return Path(self.environ["MIRRORCTL_STATE_DIR"])

    def know(self, text: str) -> None:
        """Lets the program have this catalog from now on."""
        self.catalog = self.home.parent / "mirrors.toml"
        self.catalog.write_text(text, encoding="utf-8")

    def mirrorctl(
        self,
        *args: str,
        environ: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        prefix: tuple[str, ...] = (),
    ) -> Ran:
        """Run the program, behind `prefix` if there is one (`nice`, `setpriv`)."""
        named = self._options()
        ran = self.run(*prefix, *PROGRAM, *args, *named, environ=environ, cwd=cwd)
        for secret in self.secrets:
            assert secret not in ran.stdout + ran.stderr, f"{' '.join(args)} shows a secret"
        return ran

    @contextmanager
    def terminal(self, *args: str) -> Iterator[Terminal]:
        """The program on a terminal of its own, still running."""
        mine, its = pty.openpty()
        environ = self.environ | {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40"}
        heard = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup(1) the program would not hear it either
        try:
            process = subprocess.Popen(
                [*PROGRAM, *args, *self._options()], env=environ, cwd=self.home, stdin=its, stdout=its, stderr=its
            )
        finally:
            signal.signal(signal.SIGHUP, heard)
            os.close(its)
        with process:
            try:
                yield Terminal(process, mine)
            finally:
                process.kill()
                os.close(mine)

    def write(self, path: str, content: str | bytes, mode: int = 0o644) -> Path:
        """A file below the home."""
        file = self.home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        file.chmod(mode)
        return file


def tree(*places: Path, except_for: Iterable[str] = (".cache", "chronicle.db")) -> dict[str, tuple[int, int, bytes]]:
    """Inode, time of change and content of every file below `places`: equal means nothing was written.

    Left out is what the program remembers for itself: what clients have answered, and what was measured.
    """
    return {
        str(path): (path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes())
        for place in places
        for path in sorted(place.rglob("*"))
        if path.is_file() and not set(path.relative_to(place).parts) & set(except_for)
    }
