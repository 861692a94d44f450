"""How a client is made to pull against the clock: the optional half of a target, for `bench`.

A client that can be measured has a module with the names of `Puller` (`pip_pull` for pip) and a line in `PULLERS`,
where mypy checks it. One that has none is left out of benchmarks. All of it is pure: pulls are dialogues.

Every pull is cold, changes nothing of the user's, and goes by one way only: `mirror`, or for None the client's own
upstream. What the user has configured about sources is kept out of it; what it takes to reach any server (proxies,
certificates) is carried over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from mirrorctl.dialogue import Dialogue, Measured
from mirrorctl.model import Client, Machine, Mirror
from mirrorctl.targets.base import Contents
from mirrorctl.text import Text, _
from mirrorctl.values import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What all pulls of one client have in common.

    `command` is the command line as the report shows it; `cold`, `first_byte` and `bytes` say what was done and what
    the figures mean. `facts` is whatever the puller has to remember.
    """

    command: str
    cold: Text
    first_byte: Text
    bytes: Text
    environ: Mapping[str, str | None] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """How one pull went. `error` is None when it succeeded; the rest is as in `dialogue.Measured`."""

    seconds: float
    first_byte_s: float | None = None
    wire_bytes: int | None = None
    payload_bytes: int | None = None
    timed_out: bool = False
    error: Text | None = None


class Puller(Protocol):
    """What makes a client pull. Implemented by a module `mirrorctl.targets.NAME_pull`."""

    # why an item of a workload cannot be pulled, or None; `folder` is where its paths start, `read` reads a file
    def check(self, item: str, folder: Path, read: Callable[[Path], bytes | None]) -> Text | None: ...

    # whether the mirror has what is to be pulled at all
    def serves(self, mirror: Mirror, items: tuple[str, ...]) -> bool: ...

    # where pulls without a mirror go to, for the report
    def upstream(self, client: Client, items: tuple[str, ...]) -> str | None: ...

    # once before all pulls; `alone`: no daemon is to be used
    def prepare(self, machine: Machine, client: Client, contents: Contents, *, alone: bool) -> Dialogue[Setup]: ...

    # one pull of all items, in an empty place that is deleted after it
    def pull(
        self,
        setup: Setup,
        client: Client,
        items: tuple[str, ...],
        folder: Path,
        mirror: Mirror | None,
        timeout_s: float,
    ) -> Dialogue[Pulled]: ...

    # once after all pulls, however they ended: takes away what a pull that was broken off has left
    def tidy(
        self, setup: Setup, client: Client, items: tuple[str, ...], mirrors: tuple[Mirror, ...]
    ) -> Dialogue[None]: ...


def _pip() -> Puller:
    from mirrorctl.targets import pip_pull  # noqa: PLC0415

    return pip_pull


def _uv() -> Puller:
    from mirrorctl.targets import uv_pull  # noqa: PLC0415

    return uv_pull


def _docker() -> Puller:
    from mirrorctl.targets import docker_pull  # noqa: PLC0415

    return docker_pull


def _git() -> Puller:
    from mirrorctl.targets import git_pull  # noqa: PLC0415

    return git_pull


PULLERS: dict[str, Callable[[], Puller]] = {"pip": _pip, "uv": _uv, "docker": _docker, "git": _git}


# What several of them need.


def leave_nothing(
    setup: Setup,  # noqa: ARG001
    client: Client,  # noqa: ARG001
    items: tuple[str, ...],  # noqa: ARG001
    mirrors: tuple[Mirror, ...],  # noqa: ARG001
) -> Dialogue[None]:
    """`tidy` for clients whose pulls go into a scratch directory and nowhere else."""
    yield from ()


def result_of(measured: Measured, why: Text) -> Pulled:
    """A pull of one command; `why` is what to say if it failed."""
    error = None if measured.output.ok else why
    if measured.timed_out:
        error = _("cut off at the time limit of {limit} s", limit=round(measured.seconds))
    return Pulled(
        seconds=measured.seconds,
        first_byte_s=measured.first_byte_s,
        wire_bytes=measured.wire_bytes,
        payload_bytes=measured.payload_bytes,
        timed_out=measured.timed_out,
        error=error,
    )


def join(parts: list[Pulled]) -> Pulled:
    """One pull of several commands, one after the other; the first byte is that of the first."""
    return Pulled(
        seconds=sum(part.seconds for part in parts),
        first_byte_s=parts[0].first_byte_s,
        wire_bytes=_sum([part.wire_bytes for part in parts]),
        payload_bytes=_sum([part.payload_bytes for part in parts]),
        timed_out=parts[-1].timed_out,
        error=parts[-1].error,
    )


def _sum(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
