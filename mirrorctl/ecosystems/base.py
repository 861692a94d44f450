"""What an ecosystem is: what to ask a mirror, and how to read the answer.

An ecosystem is a module that has the names of `Ecosystem`. It knows the protocol and no sockets: `walk` is a
generator that yields requests and is sent replies, as the client itself would ask, and ends with what it has found.
A reply that a client could not use is a `Rejected` with a code. `mirrorctl.probing` holds the other end: it
measures, bounds time and bytes, and follows redirects. What goes wrong there is thrown into the walk at its `yield`,
so that a walk can do without an answer that is not essential.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Generator, Mapping
from typing import Protocol, TypeAlias, TypeVar
from urllib.parse import urlsplit

from mirrorctl.model import Mirror, Workload
from mirrorctl.text import Text, _
from mirrorctl.values import dataclass, field

# What is known to exist upstream and is safe to ask for, by purpose (catalog: `canaries`).
Canaries: TypeAlias = Mapping[str, tuple[str, ...]]

# What tells how fresh the content is, by the name of the sign. Times are seconds since the epoch, UTC.
Markers: TypeAlias = Mapping[str, str | int | float]


class Rejected(Exception):  # noqa: N818  a verdict, not an error
    """A mirror that a client could not use. `code` is stable (docs/reference/rejections.md)."""

    def __init__(self, code: str, detail: Text) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request. The body of the reply is read up to `limit_bytes`, and no further.

    `whole`: the reply is of no use when it is longer than the limit. `on_site`: what is asked for is not protected by
    a digest, so only the mirror itself may answer. `patience_s`: give up after that long, the answer is not essential.
    `timed`: how long the first byte takes is typical of the client's own requests.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    limit_bytes: int = 256 * 1024
    whole: bool = True
    on_site: bool = False
    patience_s: float | None = None
    timed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back. Header names are in lower case; `url` is the last one after redirects."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """A large answer that the mirror's own index names, for measuring bandwidth.

    `ranged`: any part of it can be asked for with a Range header. `name` is the same for the same bytes at every
    mirror. `signature` is a regular expression for its first bytes.
    """

    url: str
    name: str = ""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    size_bytes: int | None = None
    ranged: bool = True
    signature: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a walk has shown: the mirror works. `again` asks, at the end, whether it still does."""

    artefact: Artefact | None
    again: Request | None = None
    markers: Markers = field(default_factory=dict)


T = TypeVar("T")
Asking: TypeAlias = Generator[Request, Reply, T]
Walk: TypeAlias = Asking[Finding]


class Ecosystem(Protocol):
    """One kind of mirror. Implemented by a module of `mirrorctl.ecosystems`."""

    @property
    def NAME(self) -> str: ...

    # the pull that a ranking predicts
    @property
    def WORKLOAD(self) -> Workload: ...

    # what its clients give an address before they try one of the other family
    @property
    def FALLBACK_S(self) -> float: ...

    # the client's own path through `mirror`; raises Rejected
    def walk(self, mirror: Mirror, canaries: Canaries) -> Walk: ...


def visible(text: str, limit: int = 100) -> str:
    """Text of a server as it can be shown: control, format and surrogate characters escaped, length cut.

    Unicode categories C* hold the terminal's control characters and the bidirectional overrides (UAX #9).
    """
    shown = "".join(
        character if not unicodedata.category(character).startswith("C") else f"\\u{ord(character):04x}"
        for character in text[:limit]
    )
    return shown + "…" if len(text) > limit else shown


def host_of(url: str) -> str:
    """The host of a URL for a message, or the URL when it has none."""
    try:
        return visible(urlsplit(url).hostname or url)
    except ValueError:
        return visible(url)


def check_status(reply: Reply, *expected: int) -> None:
    """Rejects what is not one of the expected statuses (default 200)."""
    if reply.status in (expected or (200,)):
        return
    if reply.status == 429:
        raise Rejected("rate-limited", rate_limit_text(reply))
    raise Rejected(
        "http-status",
        _(
            "{host} answered HTTP status {status} to a request of the client.",
            host=host_of(reply.url),
            status=reply.status,
        ),
    )


def rate_limit_text(reply: Reply) -> Text:
    after = reply.headers.get("retry-after")
    if after is None:
        return _("{host} says that it gets too many requests (HTTP status 429).", host=host_of(reply.url))
    return _(
        "{host} says that it gets too many requests (HTTP status 429) and asks to wait: {after}.",
        host=host_of(reply.url),
        after=visible(after, 40),
    )


def check_digest(body: bytes, algorithm: str, expected: str, what: str) -> None:
    """Rejects bytes that do not have the digest that the mirror's own index states."""
    if hashlib.new(algorithm, body).hexdigest() != expected.lower():
        raise Rejected(
            "hash-mismatch",
            _(
                "{what} does not have the {algorithm} digest that the mirror states.",
                what=visible(what),
                algorithm=algorithm,
            ),
        )


def is_html(reply: Reply) -> bool:
    start = reply.body[:512].lstrip().lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<meta"))


def check_no_portal(reply: Reply, what: Text) -> None:
    """Rejects a web page that stands where the protocol has something else."""
    if is_html(reply):
        raise Rejected(
            "captive-portal",
            _(
                "{host} answered with a web page instead of {what}: a login page or a site for people.",
                host=host_of(reply.url),
                what=what,
            ),
        )


def ask_gently(request: Request) -> Asking[Reply | None]:
    """Asks for what is good to know but not essential: None when it cannot be had."""
    try:
        reply = yield request
    except Rejected:
        return None
    return reply


def content_range_size(reply: Reply) -> int | None:
    """The whole size of what a 206 is a part of (RFC 9110, 14.4); None when it is not stated."""
    total = reply.headers.get("content-range", "").rpartition("/")[2]
    return int(total) if total.isascii() and total.isdecimal() and len(total) < 16 else None
