"""Certificates that the clients trust, or must not."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme

NAMES = ("localhost", "127.0.0.1", "127.0.0.2", "127.0.0.3", "::1", "github.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """An authority and a certificate of its own for every name of the tests. `pem` is what clients are given."""

    tls: ssl.SSLContext
    pem: Path

    @property
    def environ(self) -> dict[str, str]:
        """The variables by which the clients, and the program, learn whom to trust."""
        return dict.fromkeys(("SSL_CERT_FILE", "PIP_CERT", "GIT_SSL_CAINFO"), str(self.pem))


def authority(directory: Path) -> Authority:
    ca = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*NAMES).configure_cert(tls)
    pem = directory / "authority.pem"
    ca.cert_pem.write_to_path(str(pem))
    return Authority(tls=tls, pem=pem)
