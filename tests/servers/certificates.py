"""Certificates that the clients trust, or must not."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme

NAMES = ("localhost", "127.0.0.1", "127.0.0.2", "127.0.0.3", "::1", "github.com", "registry-1.docker.io")


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """An authority, and a certificate of it for every name of the tests. `pem` is what clients are given."""

    tls: ssl.SSLContext
    pem: Path
    certificate: Path
    key: Path
    _ca: trustme.CA

    @property
    def environ(self) -> dict[str, str]:
        """The variables by which the clients, and the program, learn whom to trust."""
        return dict.fromkeys(("SSL_CERT_FILE", "PIP_CERT", "GIT_SSL_CAINFO"), str(self.pem))

    def tls_for(self, name: str) -> ssl.SSLContext:
        """What a server needs that is reached by another name than those of NAMES."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(name).configure_cert(context)
        return context


def authority(directory: Path) -> Authority:
    ca = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued = ca.issue_cert(*NAMES)
    issued.configure_cert(tls)
    found = Authority(
        tls=tls,
        pem=directory / "authority.pem",
        certificate=directory / "certificate.pem",
        key=directory / "key.pem",
        _ca=ca,
    )
    ca.cert_pem.write_to_path(str(found.pem))
    for part in issued.cert_chain_pems:
        part.write_to_path(str(found.certificate), append=True)
    issued.private_key_pem.write_to_path(str(found.key))
    return found
