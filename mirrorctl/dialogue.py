"""What the pure core asks of the machine, as data.

Targets never run a program or open a file. A target that has to know something, or wants something done, is written
as a generator that yields questions and is sent the answers; `process.converse` holds the other end. So every
target can be tested with literal answers, and there is one place where programs are run.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import TypeAlias, TypeVar

from mirrorctl.values import dataclass, field

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Run a program and wait. `argv[0]` is looked up on PATH; answered by `Output`.

    With `interpreter`, the program run is the Python that the script `argv[0]` runs in, so that a question can be
    put to exactly the installation that the user calls.
    With `remember`, the program may be spared the question when it has answered it before: for what it says of
    itself, never for what it says of its configuration.
    `scratch` names an empty directory made for this run and deleted after it; "{scratch}" in argv and environ
    stands for it.
    """

    argv: tuple[str, ...]
    environ: Mapping[str, str | None] = field(default_factory=dict)  # None removes a variable
    stdin: bytes = b""
    timeout_s: float = 20.0
    interpreter: bool = False
    scratch: bool = False
    remember: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a program said. `status` is None when it could not be run or was cut off."""

    status: int | None
    stdout: str = ""
    stderr: str = ""

    @property
    def ok(self) -> bool:
        return self.status == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Read a file; answered by its bytes, or None when there is none or it may not be read."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Which process listens on a Unix socket (SO_PEERCRED, unix(7)); answered by its id, or None."""

    socket: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """GET `url_path` over HTTP on a Unix socket; answered by `Output` with the HTTP status and body."""

    socket: Path
    url_path: str
    timeout_s: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hangup:
    """Send SIGHUP to a process; answered by True when it was delivered."""

    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Let time pass; answered by None."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """Run a program against the clock; answered by `Measured`.

    `sign` is a regular expression for the first thing the program says (of either output) once a server has answered
    it. `weigh` is what the files of the pull are, as a pattern below the scratch directory (`Path.glob`).
    """

    run: Run
    sign: bytes = b""
    weigh: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """Pull images from the registry at a URL as dockerd does, and keep nothing; answered by `Measured`."""

    registry: str
    images: tuple[str, ...]
    timeout_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a pull took. None is what could not be measured.

    `wire_bytes` is all that came in over the network meanwhile, `payload_bytes` what the files of the pull weigh.
    """

    output: Output
    seconds: float
    timed_out: bool = False
    first_byte_s: float | None = None
    wire_bytes: int | None = None
    payload_bytes: int | None = None


Question: TypeAlias = Run | Read | Peer | Call | Hangup | Wait | Timed | Fetch
Answer: TypeAlias = Output | Measured | bytes | int | bool | None
Dialogue: TypeAlias = Generator[Question, Answer, T]


# The questions with the type of their answer. Use as `output = yield from run("git", "--version")`.


def run(
    *argv: str,
    environ: Mapping[str, str | None] | None = None,
    stdin: bytes = b"",
    timeout_s: float = 20.0,
    interpreter: bool = False,
    scratch: bool = False,
    remember: bool = False,
) -> Dialogue[Output]:
    answer = yield Run(
        argv=argv,
        environ=environ or {},
        stdin=stdin,
        timeout_s=timeout_s,
        interpreter=interpreter,
        scratch=scratch,
        remember=remember,
    )
    assert isinstance(answer, Output)  # noqa: S101  what `converse` promises
    return answer


def read(path: Path) -> Dialogue[bytes | None]:
    answer = yield Read(path=path)
    return answer if isinstance(answer, bytes) else None


def peer(socket: Path) -> Dialogue[int | None]:
    answer = yield Peer(socket=socket)
    return answer if isinstance(answer, int) else None


def call(socket: Path, url_path: str, *, timeout_s: float = 20.0) -> Dialogue[Output]:
    answer = yield Call(socket=socket, url_path=url_path, timeout_s=timeout_s)
    assert isinstance(answer, Output)  # noqa: S101  what `converse` promises
    return answer


def hangup(pid: int) -> Dialogue[bool]:
    return bool((yield Hangup(pid=pid)))


def wait(seconds: float) -> Dialogue[None]:
    yield Wait(seconds=seconds)


def measure(question: Timed | Fetch) -> Dialogue[Measured]:
    answer = yield question
    assert isinstance(answer, Measured)  # noqa: S101  what `converse` promises
    return answer
