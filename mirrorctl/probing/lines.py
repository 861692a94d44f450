"""Connections whose reading can be rationed: what a server sends before its answer is bounded as well as the answer.

An HTTP library reads on for as long as interim answers (1xx, RFC 9110, 15.2) or header lines come. A server that
sends them without end would keep the event loop from everybody else.
"""

from __future__ import annotations

import importlib.util
import ssl
import sys
from collections.abc import Iterable
from typing import Any

import httpcore

from mirrorctl.probing.surroundings import Proxy
from mirrorctl.values import dataclass

# httpcore looks for sniffio each time it takes a lock. Where it is not installed, each look costs 0.3 ms, hundreds of
# times in a race, between the moments that are measured. This entry says at once that it is not there.
if importlib.util.find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]

HEAD_LIMIT_BYTES = 64 * 1024
READ_BYTES = 16 * 1024  # a TLS record; small, so that all lanes get their turn


class FloodError(httpcore.RemoteProtocolError):
    """More came before an answer than any answer has for a head."""


@dataclass(slots=True)
class Ration:
    """How many bytes may still be read; None for any number."""

    left_bytes: int | None = None


class RationedStream(httpcore.AsyncNetworkStream):
    def __init__(self, inner: httpcore.AsyncNetworkStream, ration: Ration) -> None:
        self._inner = inner
        self._ration = ration

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  httpcore's interface
        data = await self._inner.read(min(max_bytes, READ_BYTES), timeout)
        if self._ration.left_bytes is not None:
            self._ration.left_bytes -= len(data)
            if self._ration.left_bytes < 0:
                raise FloodError("too much before the answer")
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        try:
            secured = await self._inner.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            await self._inner.aclose()  # httpcore closes it after an error, not when it is cancelled
            raise
        return RationedStream(secured, self._ration)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class RationedBackend(httpcore.AsyncNetworkBackend):
    def __init__(self, ration: Ration, inner: httpcore.AsyncNetworkBackend) -> None:
        self._inner = inner
        self._ration = ration

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        stream = await self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        return RationedStream(stream, self._ration)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


def open_pool(
    context: ssl.SSLContext, proxy: Proxy | None, backend: httpcore.AsyncNetworkBackend
) -> httpcore.AsyncConnectionPool:
    """A pool for one mirror, HTTP/1.1 only. Raises ValueError or ImportError for a proxy that cannot be used."""
    options: dict[str, Any] = {
        "ssl_context": context,
        "max_connections": 4,
        "keepalive_expiry": 30.0,
        "network_backend": backend,
    }
    if proxy is None:
        return httpcore.AsyncConnectionPool(**options)
    if proxy.url.startswith(("socks5://", "socks5h://")):
        return httpcore.AsyncSOCKSProxy(proxy_url=proxy.url, proxy_auth=proxy.auth, **options)
    if proxy.url.startswith(("http://", "https://")):
        return httpcore.AsyncHTTPProxy(proxy_url=proxy.url, proxy_auth=proxy.auth, **options)
    raise ValueError(proxy.url)
