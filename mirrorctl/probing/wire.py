"""HTTP/1.1 with one mirror: bounded in time and bytes, timed at each step, redirects followed by our own rules.

httpcore is the engine of httpx: what it leaves out (cookies, credentials of .netrc, redirects, decompression) would
have to be switched off here.
"""

from __future__ import annotations

import asyncio
import math
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpcore

from mirrorctl.ecosystems.base import Rejected, Reply, Request, host_of
from mirrorctl.probing.failures import FAILURES, rejection_of
from mirrorctl.probing.lines import HEAD_LIMIT_BYTES, Ration, RationedBackend, open_pool
from mirrorctl.probing.redirects import check_hop
from mirrorctl.probing.surroundings import proxy_for
from mirrorctl.probing.wording import headers_for, headers_of, origin_of, url_of
from mirrorctl.text import _
from mirrorctl.values import dataclass, field

MAX_REDIRECTS = 4
LATE_S = 0.7  # a mirror that answered so short a time ago is not dead
DRAIN_LIMIT_BYTES = 16 * 1024
TIMEOUTS = {"connect": 30.0, "read": 30.0, "write": 30.0, "pool": 30.0}  # the real bound is the deadline of the race


def loop_s() -> float:
    """The time of the event loop, which is all the time there is here."""
    return asyncio.get_running_loop().time()


@dataclass(slots=True)
class Clock:
    """The phases of one HTTP exchange, filled in by httpcore's trace hook (httpcore, docs/extensions)."""

    phase: str = "start"
    started: dict[str, float] = field(default_factory=dict)
    taken_s: dict[str, float] = field(default_factory=dict)

    def note(self, event: str) -> None:
        name, _dot, state = event.rpartition(".")
        now = loop_s()
        name = name.rpartition(".")[2]
        if state == "started":
            self.phase = self.phase if name == "response_closed" else name  # closing is our doing, not the server's
            self.started[name] = now
        elif state == "complete" and name in self.started:
            self.taken_s[name] = now - self.started[name]

    @property
    def first_byte_s(self) -> float | None:
        """From sending the request to the headers of the reply."""
        ended = self.taken_s.get("receive_response_headers")
        if ended is None:
            return None
        return self.started["receive_response_headers"] + ended - self.started["send_request_headers"]


@dataclass(slots=True)
class Timing:
    """What is known of the connections to one mirror so far. Lists are in the order of time."""

    connect_s: float | None = None
    tls_s: float | None = None
    setup_s: dict[str, float] = field(default_factory=dict)  # by origin, least seen
    index_s: list[float] = field(default_factory=list)  # request to first byte, connections being ready
    file_s: list[float] = field(default_factory=list)
    read_bytes: int = 0
    url: str = ""  # what is being asked for
    answered_at_s: float = -math.inf  # when the last whole answer had come, by the clock of the loop
    phase: str = "start"  # and how far that has come, in the words of the trace hook

    def absorb(self, other: Timing) -> None:
        """Takes over what another set of connections to the same mirror has shown."""
        self.read_bytes += other.read_bytes
        for origin, setup_s in other.setup_s.items():
            self.setup_s[origin] = min(setup_s, self.setup_s.get(origin, setup_s))


class Wire:
    """The connections to one mirror and to wherever it redirects."""

    def __init__(
        self,
        site: str,
        context: ssl.SSLContext,
        environ: Mapping[str, str],
        backend: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self.site = site
        self.timing = Timing()
        self._context = context
        self._environ = environ
        self._backend = backend
        self._ration = Ration()
        self._pools: dict[str | None, httpcore.AsyncConnectionPool] = {}

    def fresh(self) -> Wire:
        """Another wire to the same mirror, without connections yet."""
        return Wire(self.site, self._context, self._environ, self._backend)

    async def ask(self, request: Request) -> Reply:
        """The reply to one request, its body read up to the limit; raises Rejected."""
        try:
            async with asyncio.timeout(request.patience_s), self.open(request) as (response, url):
                body = await self._body(response, request)
                self.timing.answered_at_s = loop_s()
                return Reply(status=response.status, headers=headers_of(response), body=body, url=url)
        except TimeoutError as error:
            if request.patience_s is None:
                raise
            raise self.overdue() from error

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[tuple[httpcore.Response, str]]:
        """The response to one request after redirects, its body unread, and its URL."""
        url, waited_s, seen = request.url, 0.0, {request.url}
        while True:
            clock = Clock()
            response = await self._send(request, url, clock)
            try:
                waited_s += clock.first_byte_s or 0.0
                location = headers_of(response).get("location")
                if response.status not in (301, 302, 303, 307, 308) or location is None:
                    times = self.timing.index_s if request.on_site else self.timing.file_s
                    if request.timed:
                        times.append(waited_s)
                    yield response, url
                    return
                await self._drain(response)
            finally:
                await response.aclose()
            url = self._next_hop(request, url, location, seen)

    def overdue(self) -> Rejected:
        """What to say of a mirror that was cut off where it stands now."""
        host = host_of(self.timing.url or self.site)
        if loop_s() - self.timing.answered_at_s < LATE_S and self.timing.phase != "receive_response_body":
            return Rejected("late", _("{host} answers, but the others had long been done by then.", host=host))
        match self.timing.phase:
            case "start" | "connect_tcp":
                return Rejected("connect-timeout", _("{host} did not accept a connection in time.", host=host))
            case "start_tls":
                return Rejected("tls-timeout", _("{host} accepted a connection and did not complete TLS.", host=host))
            case "receive_response_body":
                return Rejected("slow", _("{host} sends so slowly that it was cut off.", host=host))
            case _:
                return Rejected("silent", _("{host} took a request and did not answer in time.", host=host))

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()

    async def _send(self, request: Request, url: str, clock: Clock) -> httpcore.Response:
        self.timing.url, self.timing.phase = url, "start"

        async def trace(event: str, info: Mapping[str, Any]) -> None:  # noqa: ARG001  httpcore's interface
            clock.note(event)
            self.timing.phase = clock.phase
            waiting = clock.phase in ("start_tls", "receive_response_headers")
            self._ration.left_bytes = HEAD_LIMIT_BYTES if waiting else None

        try:
            message = httpcore.Request(
                request.method,
                url_of(url),
                headers=list(headers_for(request, url).items()),
                content=request.content or None,
                extensions={"trace": trace, "timeout": TIMEOUTS},
            )
            response = await self._pool(url).handle_async_request(message)
        except (*FAILURES, ValueError, TypeError) as error:
            raise rejection_of(error, url, clock.phase) from error
        self._note(origin_of(url), clock)
        return response

    def _note(self, origin: str, clock: Clock) -> None:
        connect_s, tls_s = clock.taken_s.get("connect_tcp"), clock.taken_s.get("start_tls")
        if connect_s is None:
            return
        if self.timing.connect_s is None:
            self.timing.connect_s, self.timing.tls_s = connect_s, tls_s
        setup_s = connect_s + (tls_s or 0.0)
        self.timing.setup_s[origin] = min(setup_s, self.timing.setup_s.get(origin, setup_s))

    async def _body(self, response: httpcore.Response, request: Request) -> bytes:
        headers = headers_of(response)
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise Rejected(
                "compressed", _("{host} sends compressed data that was not asked for.", host=host_of(self.site))
            )
        if request.method == "HEAD":
            return b""
        length = headers.get("content-length", "")
        if request.whole and length.isdecimal() and int(length) > request.limit_bytes:
            raise self._too_large(request)
        body = bytearray()
        async for chunk in self.chunks(response):
            body += chunk
            if len(body) > request.limit_bytes and request.whole:
                raise self._too_large(request)
            if len(body) > request.limit_bytes:
                break
        return bytes(body[: request.limit_bytes])

    async def _drain(self, response: httpcore.Response) -> None:
        """Reads a small body that nobody wants, so that the connection can be used again."""
        length = headers_of(response).get("content-length", "")
        if length.isdecimal() and int(length) <= DRAIN_LIMIT_BYTES:
            async for _chunk in self.chunks(response):
                pass

    async def chunks(self, response: httpcore.Response) -> AsyncIterator[bytes]:
        """The body as it comes, counted; raises Rejected when it breaks off."""
        try:
            async for chunk in response.aiter_stream():
                self.timing.read_bytes += len(chunk)
                yield chunk
        except FAILURES as error:
            raise rejection_of(error, self.site, "receive_response_body") from error

    def _too_large(self, request: Request) -> Rejected:
        return Rejected(
            "too-large",
            _(
                "{host} answered with more than the {limit} bytes that are read of such an answer.",
                host=host_of(self.site),
                limit=request.limit_bytes,
            ),
        )

    def _next_hop(self, request: Request, url: str, location: str, seen: set[str]) -> str:
        try:
            target = urljoin(url, location)
            urlsplit(target)
        except ValueError as error:
            raise Rejected("bad-redirect", _("{host} redirects to what is no address.", host=host_of(url))) from error
        check_hop(url, target, site=self.site if request.on_site else None)
        if target in seen or len(seen) > MAX_REDIRECTS:
            raise Rejected(
                "redirect-loop", _("{host} redirects in circles, or too many times.", host=host_of(self.site))
            )
        seen.add(target)
        return target

    def _pool(self, url: str) -> httpcore.AsyncConnectionPool:
        parts = urlsplit(url)
        proxy = proxy_for(parts.scheme, parts.hostname or "", self._environ)
        key = proxy.url if proxy else None
        if key not in self._pools:
            try:
                self._pools[key] = open_pool(self._context, proxy, RationedBackend(self._ration, self._backend))
            except (ValueError, ImportError) as error:
                raise Rejected("proxy", _("The proxy that the environment names cannot be used.")) from error
        return self._pools[key]
