"""The way out of the machine: a CONNECT proxy that leads known names to loopback and refuses everything else.

Every client honours `https_proxy`. So a test can have a `github.com` of its own, and no test can reach the real one.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Self


class _Listener(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, outside: Outside) -> None:
        self.outside = outside
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news."""


class _Handler(BaseRequestHandler):
    server: _Listener
    request: socket.socket

    def handle(self) -> None:
        head = b""
        while b"\r\n\r\n" not in head and (piece := self.request.recv(4096)):
            head += piece
        method, target, *_ = (*head.decode("latin-1").split("\r\n")[0].split(" "), "", "")
        port = self.server.outside.names.get(target) if method == "CONNECT" else None
        if port is None:
            self.server.outside.refused.append(f"{method} {target}")
            self.request.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", port)) as upstream:
            self.request.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=_copy, args=(upstream, self.request), daemon=True)
            back.start()
            _copy(self.request, upstream)
            back.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@dataclass(slots=True)
class Outside:
    """`names` maps `host:port` to a port of 127.0.0.1; `refused` lists what else was asked for."""

    names: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    _listener: _Listener | None = None

    def __enter__(self) -> Self:
        self._listener = _Listener(self)
        threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._listener:
            self._listener.shutdown()
            self._listener.server_close()

    @property
    def environ(self) -> dict[str, str]:
        """Proxy variables in the spelling that curl, Go and Python all read."""
        if self._listener is None:
            return {}
        url = f"http://127.0.0.1:{self._listener.server_address[1]}"
        return {"https_proxy": url, "http_proxy": url, "no_proxy": "localhost,127.0.0.1,127.0.0.2,127.0.0.3,::1"}
