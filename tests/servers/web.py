"""A threaded HTTP(S) server on loopback: an application answers, every request is kept, faults can be switched on."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Self, TypeAlias

CHUNK_BYTES = 16 * 1024
PORTAL = (
    b"<!DOCTYPE html><html><head><title>Login</title></head><body><form>Welcome to this network</form></body></html>"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A request as it came in. Header names are in lower case."""

    method: str
    path: str  # with the query
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def authorization(self) -> str | None:
        return self.headers.get("authorization")

    @property
    def agent(self) -> str:
        return self.headers.get("user-agent", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int = 200
    body: bytes = b""
    type: str = "application/octet-stream"
    headers: tuple[tuple[str, str], ...] = ()


Application: TypeAlias = Callable[[Hit], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What goes wrong, for requests whose path contains `only` and whose User-Agent contains `agent`.

    status: answered to everything. portal: a login page with status 200. truncate: the body ends half way.
    corrupt: the second half of the body has other bytes, as many. silent: the request is never answered.
    """

    only: str = ""
    agent: str = ""
    status: int | None = None
    portal: bool = False
    truncate: bool = False
    corrupt: bool = False
    silent: bool = False
    delay_s: float = 0.0
    rate_bytes_per_s: float | None = None

    def concern(self, hit: Hit) -> bool:
        return self.only in hit.path and self.agent in hit.agent

    def spoil(self, answer: Answer) -> Answer:
        """The answer with the faults that change its content."""
        if self.status is not None:
            return Answer(status=self.status, body=b"fault\n", type="text/plain")
        if self.portal:
            return Answer(body=PORTAL, type="text/html; charset=utf-8")
        if self.corrupt:
            half = len(answer.body) // 2
            return replace(answer, body=answer.body[:half] + bytes(byte ^ 0x55 for byte in answer.body[half:]))
        return answer


HEALTHY = Faults()


def ranged(hit: Hit, answer: Answer) -> Answer:
    """The part that a `Range: bytes=` header asks for (RFC 9110, section 14; one range)."""
    unit, _, span = hit.headers.get("range", "").partition("=")
    if unit != "bytes" or "," in span or answer.status != 200:
        return answer
    size = len(answer.body)
    first, _, last = span.partition("-")
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end:
        return Answer(status=416, headers=(("Content-Range", f"bytes */{size}"),))
    headers = (*answer.headers, ("Content-Range", f"bytes {start}-{end}/{size}"))
    return replace(answer, status=206, body=answer.body[start : end + 1], headers=headers)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128  # connections that nobody has had the time to accept

    def __init__(self, address: str, server: Server) -> None:
        self.server = server
        super().__init__((address, 0), _Handler)

    def server_bind(self) -> None:
        """Without asking the name servers of this machine for the address, as the base class does."""
        TCPServer.server_bind(self)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up, or does not trust the certificate, is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Listener

    def setup(self) -> None:
        # The handshake belongs to the connection's own thread: a slow client must not hold up the others.
        if tls := self.server.server.tls:
            self.request = tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        with suppress(OSError, ValueError):
            super().finish()
        with suppress(OSError):
            self.request.close()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name that the base class has
        pass

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _serve(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        hit = Hit(method=self.command, path=self.path, headers=headers, body=self._body())
        server = self.server.server
        server.hits.append(hit)
        faults = server.faults if server.faults.concern(hit) else HEALTHY
        if faults.silent:
            server.stopping.wait()
            self.close_connection = True
            return
        if faults.delay_s:
            server.stopping.wait(faults.delay_s)
        self._send(ranged(hit, faults.spoil(server.application(hit))), faults)

    def _send(self, answer: Answer, faults: Faults) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        body = answer.body[: len(answer.body) // 2] if faults.truncate else answer.body
        if faults.rate_bytes_per_s is None:
            self.wfile.write(body)
        else:
            self._trickle(body, faults.rate_bytes_per_s)
        self.close_connection |= faults.truncate

    def _trickle(self, body: bytes, rate_bytes_per_s: float) -> None:
        for start in range(0, len(body), CHUNK_BYTES):
            piece = body[start : start + CHUNK_BYTES]
            self.wfile.write(piece)
            self.server.server.stopping.wait(len(piece) / rate_bytes_per_s)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815  names that the base class looks up


@dataclass(slots=True, kw_only=True)
class Server:
    """One origin. Started by `with`; every request is in `hits`, oldest first."""

    application: Application
    tls: ssl.SSLContext | None = None
    faults: Faults = HEALTHY
    address: str = "127.0.0.1"
    host: str = ""  # the name in URLs, when it is not the address
    hits: list[Hit] = field(default_factory=list)
    port: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)
    _listener: _Listener | None = None

    def __enter__(self) -> Self:
        self._listener = _Listener(self.address, self)
        self.port = self._listener.server_address[1]
        threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stopping.set()
        if self._listener:
            self._listener.shutdown()
            self._listener.server_close()

    @property
    def url(self) -> str:
        """Scheme, host and port, without a slash at the end."""
        # pip 24.2 to 26.0 fails at an address by TLS, before it looks at the certificate.
        by_name = "localhost" if self.tls and self.address == "127.0.0.1" else self.address
        return f"http{'s' if self.tls else ''}://{self.host or by_name}:{self.port}"

    def asked(self, part: str, *, agent: str = "") -> list[Hit]:
        """The requests whose path contains `part` and whose User-Agent contains `agent`."""
        return [hit for hit in self.hits if part in hit.path and agent in hit.agent]

    @contextmanager
    def failing(self, faults: Faults) -> Iterator[Self]:
        before, self.faults = self.faults, faults
        try:
            yield self
        finally:
            self.faults = before
