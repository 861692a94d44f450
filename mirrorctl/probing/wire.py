"""HTTP/1.1 with one mirror: bounded in time and bytes, timed at each step, redirects followed by our own rules.

httpcore is the engine of httpx: what it leaves out (cookies, credentials of .netrc, redirects, decompression) would
have to be switched off here.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpcore

from mirrorctl.ecosystems.base import Rejected, Reply, Request, host_of
from mirrorctl.probing.failures import FAILURES, rejection_of
from mirrorctl.probing.families import Dialler, Junction
from mirrorctl.probing.lines import HEAD_LIMIT_BYTES, Ration, RationedBackend, open_pool
from mirrorctl.probing.loop import absent_s, loop_s
from mirrorctl.probing.redirects import check_hop
from mirrorctl.probing.surroundings import proxy_for
from mirrorctl.probing.timing import Clock, Timing
from mirrorctl.probing.wording import headers_for, headers_of, origin_of, url_of
from mirrorctl.text import _
from mirrorctl.values import dataclass

MAX_REDIRECTS = 4
LATE_S = 0.7  # a mirror that answered so short a time ago is not dead
DRAIN_LIMIT_BYTES = 16 * 1024
TIMEOUTS = {"connect": 30.0, "read": 30.0, "write": 30.0, "pool": 30.0}  # the real bound is the deadline of the race


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all wires have in common: whom to trust, which proxies there are, and the network itself."""

    context: ssl.SSLContext
    environ: Mapping[str, str]
    backend: httpcore.AsyncNetworkBackend


class Wire:
    """The connections to one mirror and to wherever it redirects.

    `patience_s` is what a client gives an address before it tries one of the other family, `only` the family to use.
    """

    def __init__(
        self,
        site: str,
        surroundings: Surroundings,
        patience_s: float,
        only: str | None = None,
        junctions: dict[str, Junction] | None = None,
    ) -> None:
        parts = urlsplit(site)
        self._host = parts.hostname or ""
        found = proxy_for(parts.scheme, self._host, surroundings.environ)
        self.proxy = found.url if found else None  # on the way to the mirror, without its login
        self.site = site
        self.timing = Timing()
        self._surroundings = surroundings
        self._patience_s = patience_s
        self._ration = Ration()
        self._dialler = Dialler(surroundings.backend, patience_s, only, junctions)
        self._pools: dict[str | None, httpcore.AsyncConnectionPool] = {}

    def fresh(self, only: str | None = None) -> Wire:
        """Another wire to the same mirror, without connections yet."""
        return Wire(self.site, self._surroundings, self._patience_s, only, self._dialler.junctions)

    @property
    def junction(self) -> Junction | None:
        """What is known of the ways to the mirror's own host."""
        return self._dialler.junctions.get(self._host)

    @property
    def wait_s(self) -> float:
        """What a client loses on addresses that do not answer, at all hosts that a pull needs."""
        return sum(junction.wait_s(self._patience_s) for junction in self._dialler.junctions.values())

    @property
    def is_moving(self) -> bool:
        """Whether anything came to its end a moment ago."""
        return loop_s() - self.timing.moved_at_s < LATE_S

    async def ask(self, request: Request) -> Reply:
        """The reply to one request, its body read up to the limit; raises Rejected.

        Where its patience was used up while we stood still ourselves, it is asked once more.
        """
        began_s = loop_s()
        try:
            return await self._ask(request)
        except TimeoutError as error:
            if request.patience_s is None:
                raise
            failure = error
        if absent_s(began_s) > request.patience_s / 4:
            with suppress(TimeoutError):
                return await self._ask(request)
        raise self.overdue() from failure

    async def _ask(self, request: Request) -> Reply:
        async with asyncio.timeout(request.patience_s), self.open(request) as (response, url):
            body = await self._body(response, request)
            self.timing.moved_at_s = loop_s()
            return Reply(status=response.status, headers=headers_of(response), body=body, url=url)

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
                    self._time(request, url, waited_s)
                    yield response, url
                    return
                await self._drain(response)
            finally:
                await response.aclose()
            url = self._next_hop(request, url, location, seen)

    def _time(self, request: Request, url: str, waited_s: float) -> None:
        if not request.timed:
            return
        if request.on_site:
            self.timing.index_s.append(waited_s)
        else:
            self.timing.file_s.append(waited_s)
            self.timing.file_hosts.add(host_of(url))

    def overdue(self, *, beaten: bool = False) -> Rejected:
        """What to say of a mirror that was cut off where it stands now; `beaten`: because it could not win any more."""
        host = host_of(self.timing.url or self.site)
        if self.is_moving and self.timing.phase != "receive_response_body":
            if beaten:
                detail = _(
                    "{host} works as far as it was asked; others were faster before it could be measured.", host=host
                )
                return Rejected("cannot-win", detail)
            return Rejected(
                "late", _("{host} answers, but the time was up before it had answered everything.", host=host)
            )
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
        await self._dialler.aclose()
        for pool in self._pools.values():
            await pool.aclose()

    async def _send(self, request: Request, url: str, clock: Clock) -> httpcore.Response:
        self.timing.url, self.timing.phase = url, "start"

        async def trace(event: str, info: Mapping[str, Any]) -> None:  # noqa: ARG001  httpcore's interface
            clock.note(event)
            self.timing.phase = clock.phase
            if event.endswith(".complete"):
                self.timing.moved_at_s = loop_s()
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
        connect_s -= self._dialler.lost_s(urlsplit(origin).hostname or "")
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
        proxy = proxy_for(parts.scheme, parts.hostname or "", self._surroundings.environ)
        key = proxy.url if proxy else None
        if key not in self._pools:
            try:
                backend = self._surroundings.backend if proxy else self._dialler
                self._pools[key] = open_pool(self._surroundings.context, proxy, RationedBackend(self._ration, backend))
            except (ValueError, ImportError) as error:
                raise Rejected("proxy", _("The proxy that the environment names cannot be used.")) from error
        return self._pools[key]
