"""Certificates are checked, always, and the reason says what is wrong with one."""

from __future__ import annotations

import socket
import ssl
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from probing.behaviours import redirecting
from probing.hostile import Server
from probing.racing import code_of


def context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(tls)
    return tls


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def environ(authority: trustme.CA, tmp_path: Path) -> dict[str, str]:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return {"SSL_CERT_FILE": str(tmp_path / "ca.pem")}


CERTIFICATES: dict[str, tuple[Callable[[trustme.CA], trustme.LeafCert], str | None]] = {
    "sound": (lambda authority: authority.issue_cert("127.0.0.1"), None),
    "wrong name": (lambda authority: authority.issue_cert("mirror.example"), "tls-name"),
    "expired": (
        lambda authority: authority.issue_cert("127.0.0.1", not_after=datetime(2020, 1, 1, tzinfo=UTC)),
        "tls-expired",
    ),
    "not valid yet": (
        lambda authority: authority.issue_cert(
            "127.0.0.1",
            not_before=datetime.now(UTC) + timedelta(days=2),
            not_after=datetime.now(UTC) + timedelta(days=9),
        ),
        "tls-expired",
    ),
    "of an unknown authority": (lambda authority: trustme.CA().issue_cert("127.0.0.1"), "tls-untrusted"),
}


@pytest.mark.parametrize(("issue", "code"), CERTIFICATES.values(), ids=CERTIFICATES)
def test_certificates(
    issue: Callable[[trustme.CA], trustme.LeafCert], code: str | None, authority: trustme.CA, environ: dict[str, str]
) -> None:
    with Server(tls=context(issue(authority))) as server:
        assert code_of(server.url, environ) == code


def test_without_the_variable_the_authority_is_not_trusted(authority: trustme.CA) -> None:
    with Server(tls=context(authority.issue_cert("127.0.0.1"))) as server:
        assert code_of(server.url) == "tls-untrusted"


def test_an_authority_may_be_named_by_a_directory(authority: trustme.CA, tmp_path: Path) -> None:
    """OpenSSL finds a certificate in a directory by the hash of its subject (openssl-rehash(1))."""
    import subprocess

    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    subprocess.run(("openssl", "rehash", str(tmp_path)), check=True)
    with Server(tls=context(authority.issue_cert("127.0.0.1"))) as server:
        assert code_of(server.url, {"SSL_CERT_DIR": str(tmp_path)}) is None


def test_silence_instead_of_a_handshake() -> None:
    def greet(server: Server, connection: socket.socket) -> None:
        server.stopping.wait()

    with Server(tls=context(trustme.CA().issue_cert("127.0.0.1")), greet=greet) as server:
        assert code_of(server.url, deadline_s=3.0) == "tls-timeout"


def test_http_where_tls_is_expected() -> None:
    def greet(server: Server, connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with Server(greet=greet) as server:
        assert code_of(server.url.replace("http:", "https:")) == "tls"


def test_a_connection_that_closes_during_the_handshake() -> None:
    def greet(server: Server, connection: socket.socket) -> None:
        connection.recv(10)
        raise OSError("hang up")

    with Server(tls=context(trustme.CA().issue_cert("127.0.0.1")), greet=greet) as server:
        assert code_of(server.url) in ("tls", "disconnected")


def test_a_way_back_out_of_tls_is_not_gone(authority: trustme.CA, environ: dict[str, str]) -> None:
    with Server() as plain, Server(redirecting(plain.url), tls=context(authority.issue_cert("127.0.0.1"))) as server:
        assert code_of(server.url, environ) == "insecure-redirect"
        assert plain.queries == []


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        pytest.param(b"\x15\x03\x03\x00\x02\x02\x28", ("tls",), id="an alert"),
        pytest.param(bytes(100), ("tls",), id="zeros"),
        pytest.param(b"\x16\x03\x03\xff\xff" + bytes(70_000), ("tls",), id="a record that is too long"),
        pytest.param(b"", ("tls", "disconnected"), id="nothing"),
    ],
)
def test_handshakes_that_are_none(said: bytes, codes: tuple[str, ...]) -> None:
    def greet(server: Server, connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(said)
        raise OSError("hang up")

    with Server(greet=greet) as server:
        assert code_of(server.url.replace("http:", "https:")) in codes


def test_a_protocol_of_yesterday(authority: trustme.CA, environ: dict[str, str]) -> None:
    old = context(authority.issue_cert("127.0.0.1"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.minimum_version = ssl.TLSVersion.TLSv1
    with Server(tls=old) as server:
        assert code_of(server.url, environ) == "tls"


def test_a_handshake_that_drips() -> None:
    def greet(server: Server, connection: socket.socket) -> None:
        connection.sendall(b"\x16\x03\x03\x40\x00")
        while server.wait(0.1):
            connection.sendall(b"\x02")

    with Server(greet=greet) as server:
        assert code_of(server.url.replace("http:", "https:"), deadline_s=3.0) == "tls-timeout"
