"""What an ecosystem is: what to ask a mirror, and how to read the answer.

An ecosystem is a module that has the names of `Ecosystem`. It knows the protocol and no sockets: `walk` is a
generator that yields requests and is sent replies, as the client itself would ask, and ends with what it has found.
A reply that a client could not use is a `Rejected` with a code. `mirrorctl.probing` holds the other end: it
measures, bounds time and bytes, and follows redirects.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from mirrorctl.model import Mirror, Workload
from mirrorctl.text import Text


class Rejected(Exception):  # noqa: N818  a verdict, not an error
    """A mirror that a client could not use. `code` is stable (docs/reference/rejections.md)."""

    def __init__(self, code: str, detail: Text) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request. The body of the reply is read up to `limit_bytes`, and no further.

    `whole`: the reply is of no use when it is longer than the limit or ends early.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    limit_bytes: int = 256 * 1024
    whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back. Header names are in lower case; `url` is the last one after redirects."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """A large file that the mirror's own index names, for measuring bandwidth."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a walk has shown: the mirror works. Markers are whatever tells how fresh its content is."""

    artefact: Artefact | None
    markers: Mapping[str, str | int] = field(default_factory=dict)


Walk: TypeAlias = Generator[Request, Reply, Finding]


class Ecosystem(Protocol):
    """One kind of mirror. Implemented by a module of `mirrorctl.ecosystems`."""

    @property
    def NAME(self) -> str: ...

    # the pull that a ranking predicts
    @property
    def WORKLOAD(self) -> Workload: ...

    # the client's own path through `mirror`; raises Rejected
    def walk(self, mirror: Mirror) -> Walk: ...
