"""A server on loopback that misbehaves in many ways, and one that does not.

Raw sockets and threads: most of what is done here no HTTP library would do. One port for each behaviour.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Self, TypeAlias

SMALL = b"PK\x03\x04" + b"small" * 100
LARGE_BYTES = 8_000_000
JUNK = bytes(range(256)) * 256


def large_part(start: int, end: int) -> bytes:
    """Bytes [start, end) of the large wheel, which is a zip by its first bytes and arbitrary after them."""
    head = b"PK\x03\x04" + JUNK
    pieces = [head] if start < len(head) else []
    while sum(map(len, pieces)) < end:
        pieces.append(JUNK)
    return b"".join(pieces)[start:end]


@dataclass(slots=True)
class Query:
    """A request as parsed, and the connection to answer it on."""

    connection: socket.socket
    method: str
    path: str
    headers: dict[str, str]
    count: int  # how many requests this server has had, this one included

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def answer(self, body: bytes, *, status: str = "200 OK", length: int | None = None, extra: str = "") -> None:
        size = len(body) if length is None else length
        self.send(f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\n{extra}\r\n".encode("latin-1"))
        if self.method != "HEAD":
            self.send(body)


Behaviour: TypeAlias = Callable[["Server", Query], None]


def page(project: str, file: str, digest: str) -> bytes:
    return f'<html><h1>Links for {project}</h1><a href="/files/{file}#sha256={digest}">{file}</a></html>'.encode()


SMALL_PAGE = page("six", "six-1.0-py3-none-any.whl", hashlib.sha256(SMALL).hexdigest())
LARGE_PAGE = page("big", "big-1.0-py3-none-any.whl", "00" * 32)


def healthy(server: Server, query: Query) -> None:
    """A sound index with one small and one large project."""
    if query.path == "/simple/six/":
        query.answer(SMALL_PAGE, extra="Content-Type: text/html\r\n")
    elif query.path == "/simple/big/":
        query.answer(LARGE_PAGE, extra="Content-Type: text/html\r\n")
    elif query.path == "/files/six-1.0-py3-none-any.whl":
        query.answer(SMALL)
    elif query.path == "/files/big-1.0-py3-none-any.whl":
        first, _dash, last = query.headers.get("range", "bytes=0-").removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last) + 1 if last else LARGE_BYTES, LARGE_BYTES)
        extra = f"Content-Range: bytes {start}-{end - 1}/{LARGE_BYTES}\r\n"
        query.answer(large_part(start, end), status="206 Partial Content", extra=extra)
    else:
        query.answer(b"not found", status="404 Not Found")


@dataclass(slots=True)
class Server:
    """One port. `behave` answers what is asked, on a thread for each connection; `greet` is called before TLS."""

    behave: Behaviour = healthy
    tls: ssl.SSLContext | None = None
    greet: Callable[[Server, socket.socket], None] | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    queries: list[Query] = field(default_factory=list)
    address: tuple[str, int] = ("127.0.0.1", 0)
    listener: socket.socket | None = None

    def __enter__(self) -> Self:
        family = socket.AF_INET6 if ":" in self.address[0] else socket.AF_INET
        self.listener = socket.create_server(self.address, family=family, backlog=64)
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stopping.set()
        if self.listener:
            with suppress(OSError):  # a thread that still waits in accept(2) would hold it open
                self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()

    @property
    def port(self) -> int:
        assert self.listener is not None
        port = self.listener.getsockname()[1]
        assert isinstance(port, int)
        return port

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}/simple"

    def wait(self, seconds: float) -> bool:
        """True while the server lives."""
        return not self.stopping.wait(seconds)

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _address = listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError, ValueError), connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.greet:
                self.greet(self, connection)
            if self.tls is None:
                self._converse(connection)
            else:
                with self.tls.wrap_socket(connection, server_side=True) as secured:
                    self._converse(secured)

    def _converse(self, connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        while line := stream.readline():
            method, path, _version = line.decode("latin-1").split()
            headers: dict[str, str] = {}
            while (header := stream.readline().decode("latin-1").strip()) != "":
                name, _colon, value = header.partition(":")
                headers[name.lower()] = value.strip()
            query = Query(connection, method, path, headers, len(self.queries) + 1)
            self.queries.append(query)
            self.behave(self, query)


@contextmanager
def full_backlog(address: tuple[str, int] = ("127.0.0.1", 0)) -> Iterator[int]:
    """A port whose queue of connections is full, so that the kernel answers no further SYN (listen(2))."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as listener:
        listener.bind(address)
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = [socket.socket(family) for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            with suppress(BlockingIOError):
                filler.connect((address[0], port))
        try:
            yield port
        finally:
            for filler in fillers:
                filler.close()
