"""What hostile servers do, by name, with the code of the rejection that each has to end in."""

from __future__ import annotations

import gzip
import socket
import struct
import zlib

from probing.hostile import LARGE_PAGE, SMALL, SMALL_PAGE, Behaviour, Query, Server, healthy, large_part

PORTAL = b"<!DOCTYPE html><html><head><title>Login</title></head><body><form action='/login'></form></body></html>"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
SMALL_FILE = "/files/six-1.0-py3-none-any.whl"
LARGE_FILE = "/files/big-1.0-py3-none-any.whl"


def always(status: str, body: bytes = b"sorry", extra: str = "") -> Behaviour:
    def behave(server: Server, query: Query) -> None:
        query.answer(body, status=status, extra=extra)

    return behave


def at(path: str, behave: Behaviour) -> Behaviour:
    """Misbehaves for one path alone."""

    def choose(server: Server, query: Query) -> None:
        (behave if query.path == path else healthy)(server, query)

    return choose


def redirecting(location: str) -> Behaviour:
    return always("302 Found", b"", f"Location: {location}\r\n")


def raw(data: bytes, *, close: bool = True) -> Behaviour:
    """Sends these bytes as they are."""

    def behave(server: Server, query: Query) -> None:
        query.send(data)
        if close:
            raise OSError("hang up")
        server.stopping.wait()

    return behave


def dripping(data: bytes, *, interval_s: float = 0.2) -> Behaviour:
    def behave(server: Server, query: Query) -> None:
        for byte in data:
            query.send(bytes([byte]))
            if not server.wait(interval_s):
                return

    return behave


def endless(head: bytes, piece: bytes) -> Behaviour:
    def behave(server: Server, query: Query) -> None:
        query.send(head)
        while not server.stopping.is_set():
            query.send(piece)

    return behave


def silent(server: Server, query: Query) -> None:
    server.stopping.wait()


def hang_up(server: Server, query: Query) -> None:
    raise OSError("hang up")


def reset(server: Server, query: Query) -> None:
    query.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise OSError("reset")


def chain(server: Server, query: Query) -> None:
    """Each hop leads to another one."""
    query.answer(b"", status="302 Found", extra=f"Location: /simple/{query.count}/\r\n")


def broken_later(server: Server, query: Query) -> None:
    """Sound at first, unavailable as soon as the walk is over."""
    asked_before = [old for old in server.queries[:-1] if old.path == query.path and old.method == "GET"]
    if query.path == "/simple/six/" and asked_before and query.method == "GET":
        query.answer(b"down", status="503 Service Unavailable")
    else:
        healthy(server, query)


def other_bytes_later(server: Server, query: Query) -> None:
    """Serves the beginning of the large file rightly when little is asked for, and junk when more is."""
    if query.path == LARGE_FILE and query.headers.get("range") != "bytes=0-1023":
        query.answer(b"junk" * 100_000, status="206 Partial Content")
    else:
        healthy(server, query)


def other_range(server: Server, query: Query) -> None:
    """Sends bytes from the middle, and says so."""
    query.answer(bytes(1024), status="206 Partial Content", extra="Content-Range: bytes 4096-5119/8000000\r\n")


def claiming(extra: str) -> Behaviour:
    """Sound, but for what the root of the index says of its age."""

    def behave(server: Server, query: Query) -> None:
        if query.path == "/simple/":
            query.answer(b"<html></html>", extra=extra)
        else:
            healthy(server, query)

    return behave


def claiming_size(total: str) -> Behaviour:
    """Sound, but for the size that it says the large file has."""

    def behave(server: Server, query: Query) -> None:
        if query.path == LARGE_FILE:
            part = large_part(0, 1024)
            query.answer(part, status="206 Partial Content", extra=f"Content-Range: bytes 0-1023/{total}\r\n")
        else:
            healthy(server, query)

    return behave


def stalling(server: Server, query: Query) -> None:
    """Begins a large answer, and never goes on."""
    if query.path == LARGE_FILE and query.headers.get("range") != "bytes=0-1023":
        query.answer(b"PK\x03\x04" + bytes(200), status="206 Partial Content", length=1_000_000)
        server.stopping.wait()
    else:
        healthy(server, query)


def chunked(*chunks: bytes) -> bytes:
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(chunks)


GZIPPED = gzip.compress(SMALL_PAGE)
BOMB = zlib.compress(bytes(10_000_000))
ESCAPE = "\x1b]8;;https://evil.example\x07"

BEHAVIOURS: dict[str, tuple[Behaviour, str]] = {
    # the status says no
    "404 for everything": (always("404 Not Found"), "not-an-index"),
    "403 for everything": (always("403 Forbidden"), "http-status"),
    "500 for everything": (always("500 Internal Server Error"), "http-status"),
    "503 with Retry-After": (always("503 Service Unavailable", extra="Retry-After: 30\r\n"), "http-status"),
    "429 with Retry-After": (always("429 Too Many Requests", extra="Retry-After: 30\r\n"), "rate-limited"),
    "204 for everything": (always("204 No Content", b""), "http-status"),
    "511 login required": (always("511 Network Authentication Required", PORTAL), "http-status"),
    "304 for everything": (always("304 Not Modified", b""), "http-status"),
    "416 for everything": (always("416 Range Not Satisfiable"), "http-status"),
    "999 for everything": (always("999 Request Denied"), "http-status"),
    "control characters in the reason": (always(f"500 {ESCAPE}"), "http-status"),
    # the status says yes
    "login page for everything": (always("200 OK", PORTAL, "Content-Type: text/html\r\n"), "captive-portal"),
    "nothing for everything": (always("200 OK", b""), "not-an-index"),
    "plain text": (always("200 OK", b"It works!"), "not-an-index"),
    "JSON of another kind": (always("200 OK", b'{"error": "no"}'), "not-an-index"),
    "deep JSON": (always("200 OK", b'{"a":' + b"[" * 200_000), "not-an-index"),
    "a page without files": (always("200 OK", b"<html><h1>Links for six</h1></html>"), "no-files"),
    "links without digests": (always("200 OK", b'<html><a href="/six-1.0.whl">x</a></html>'), "no-digests"),
    # redirects
    "to a login page elsewhere": (redirecting("http://login.example/"), "off-site-redirect"),
    "to itself": (redirecting("/simple/six/"), "redirect-loop"),
    "ever further": (chain, "redirect-loop"),
    "to a file": (redirecting("file:///etc/passwd"), "bad-redirect"),
    "to another protocol": (redirecting("ftp://127.0.0.1/"), "bad-redirect"),
    "to the addresses of a cloud": (redirecting("http://169.254.169.254/latest/"), "bad-redirect"),
    "with a password": (redirecting("http://user:secret@127.0.0.1/"), "bad-redirect"),
    "to no address": (redirecting("http://[::1"), "bad-redirect"),
    "to control characters": (redirecting(f"http://127.0.0.1/{ESCAPE}"), "bad-redirect"),
    "to nowhere": (always("302 Found", b""), "http-status"),
    "to a closed port": (redirecting("https://127.0.0.1:1/"), "connect-refused"),
    # encodings and lengths
    "gzip unasked": (always("200 OK", GZIPPED, "Content-Encoding: gzip\r\n"), "compressed"),
    "a compression bomb": (always("200 OK", BOMB, "Content-Encoding: deflate\r\n"), "compressed"),
    "encodings stacked": (always("200 OK", GZIPPED, "Content-Encoding: gzip, gzip\r\n"), "compressed"),
    "a body without end": (endless(HEAD + b"\r\n", SMALL_PAGE * 100), "too-large"),
    "chunks without end": (endless(chunked(), b"400\r\n" + b"x" * 1024 + b"\r\n"), "too-large"),
    "an exabyte announced": (raw(HEAD + b"Content-Length: 1000000000000000000\r\n\r\nx", close=False), "too-large"),
    "a huge chunk announced": (raw(chunked(b"fffffffff\r\nx"), close=False), "slow"),
    "two lengths": (raw(HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx"), "not-http"),
    "a negative length": (raw(HEAD + b"Content-Length: -1\r\n\r\nx"), "not-http"),
    "a transfer encoding of its own": (raw(HEAD + b"Transfer-Encoding: gzip\r\n\r\n" + GZIPPED), "not-http"),
    "a chunk extension without end": (endless(chunked(b"5;x="), b"y" * 4096), "truncated"),
    "trailers without end": (endless(chunked(b"1\r\nx\r\n0\r\n"), b"X: y\r\n" * 500), "truncated"),
    "a negative chunk": (raw(chunked(b"-5\r\nhello\r\n0\r\n\r\n")), "truncated"),
    "a length that is no number": (raw(HEAD + b"Content-Length: many\r\n\r\nx"), "not-http"),
    "a chunk size that is no number": (raw(chunked(b"many\r\nx")), "truncated"),
    "half a page": (raw(HEAD + b"Content-Length: 9999\r\n\r\n" + SMALL_PAGE), "truncated"),
    "half a chunk": (raw(chunked(b"ff\r\nhalf")), "truncated"),
    # not HTTP
    "another protocol": (raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), "not-http"),
    "headers without end": (endless(HEAD, b"X: y\r\n" * 100), "not-http"),
    "a header without a colon": (raw(b"HTTP/1.1 200 OK\r\nwhat is this\r\n\r\n"), "not-http"),
    "a zero byte in a header": (raw(b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n"), "not-http"),
    "a version to come": (raw(b"HTTP/9.9 200 OK\r\n\r\n"), "not-an-index"),
    "nothing but a body": (raw(SMALL_PAGE), "disconnected"),
    "one huge header": (raw(HEAD + b"X: " + b"y" * 300_000 + b"\r\n\r\n"), "not-http"),
    # time
    "hangs up": (hang_up, "disconnected"),
    "resets": (reset, "disconnected"),
    "takes the request and is silent": (silent, "silent"),
    "headers byte by byte": (dripping(HEAD), "silent"),
    "body byte by byte": (dripping(b"HTTP/1.1 200 OK\r\n\r\n" + SMALL_PAGE, interval_s=0.05), "slow"),
    "100 Continue without end": (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), "not-http"),
    # the page is fine, the file is not
    "file not found": (at(SMALL_FILE, always("404 Not Found")), "http-status"),
    "file tampered with": (at(SMALL_FILE, always("200 OK", b"X" + SMALL[1:])), "hash-mismatch"),
    "file cut off": (at(SMALL_FILE, raw(HEAD + b"Content-Length: 504\r\n\r\n" + SMALL[:100])), "truncated"),
    "file is a login page": (at(SMALL_FILE, always("200 OK", PORTAL)), "hash-mismatch"),
    "file never comes": (at(SMALL_FILE, silent), "silent"),
    "large file not found": (at(LARGE_FILE, always("404 Not Found")), "http-status"),
    "large file is a login page": (at(LARGE_FILE, always("200 OK", PORTAL)), "captive-portal"),
    "large file in another range": (at(LARGE_FILE, other_range), "hash-mismatch"),
    "large file gzipped": (
        at(LARGE_FILE, always("206 Partial Content", GZIPPED, "Content-Encoding: gzip\r\n")),
        "compressed",
    ),
    "large file has no range": (at(LARGE_FILE, always("416 Range Not Satisfiable")), "http-status"),
    "large file is junk": (at(LARGE_FILE, always("200 OK", b"junk" * 1000)), "hash-mismatch"),
    "second page is broken": (at("/simple/big/", always("502 Bad Gateway")), "http-status"),
    "second page is endless": (at("/simple/big/", endless(HEAD + b"\r\n", LARGE_PAGE * 100)), "too-large"),
    # first this, then that
    "stalls in the middle of a file": (stalling, "slow"),
    "junk once it is measured": (other_bytes_later, "hash-mismatch"),
}

# What a client can live with, and so do we.
TOLERABLE: dict[str, Behaviour] = {
    "sound": healthy,
    "ignores ranges": at(
        LARGE_FILE, endless(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nPK\x03\x04", bytes(65536))
    ),
    "a serial beyond all numbers": claiming(f"X-PyPI-Last-Serial: {'9' * 300}\r\n"),
    "a negative serial": claiming("X-PyPI-Last-Serial: -5\r\n"),
    "a serial in other digits": claiming("X-PyPI-Last-Serial: \xb2\xb3\r\n"),
    "a date in a thousand years": claiming("Last-Modified: Fri, 01 Jan 3026 00:00:00 GMT\r\n"),
    "a date that is none": claiming("Last-Modified: Thu, 99 Foo 9999 99:99:99 GMT\r\n"),
    "a size beyond all numbers": claiming_size("9" * 300),
    "a size that is not known": claiming_size("*"),
    "refuses HEAD": lambda server, query: (
        query.answer(b"", status="405 Method Not Allowed") if query.method == "HEAD" else healthy(server, query)
    ),
    "sets cookies": lambda server, query: (
        query.answer(SMALL_PAGE, extra="Set-Cookie: a=b\r\n")
        if query.path.endswith("/six/")
        else healthy(server, query)
    ),
}
