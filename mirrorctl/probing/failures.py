"""From exceptions of sockets, TLS and HTTP to a rejection: a code and a sentence."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import httpcore

from mirrorctl.ecosystems.base import Rejected, host_of, visible
from mirrorctl.reasons import reason_of
from mirrorctl.text import Text, _

FAILURES = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
    httpcore.ConnectionNotAvailable,
    OSError,
)

# X509_V_ERR_* (openssl x509_vfy.h)
EXPIRED, NOT_YET_VALID, WRONG_NAME, WRONG_ADDRESS = 10, 9, 62, 64


def causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and all that stand behind it."""
    waiting, seen = [error], set()
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if isinstance(current, BaseExceptionGroup):
            waiting.extend(current.exceptions)
        waiting.extend(cause for cause in (current.__cause__, current.__context__) if cause)


def rejection_of(error: BaseException, url: str, phase: str) -> Rejected:
    """The rejection for whatever went wrong with `url` in `phase` of the exchange."""
    host = host_of(url)
    for cause in causes(error):
        found = _known(cause, host)
        if found:
            return Rejected(*found)
    if isinstance(error, httpcore.ProxyError):
        return Rejected(
            "proxy", _("The proxy did not connect to {host}: {error}.", host=host, error=visible(str(error)))
        )
    if isinstance(error, httpcore.UnsupportedProtocol | httpcore.LocalProtocolError | ValueError | TypeError):
        return Rejected("bad-redirect", _("{host} has an address that cannot be used.", host=host))
    if phase == "receive_response_body":
        return Rejected("truncated", _("{host} broke off in the middle of an answer.", host=host))
    if isinstance(error, httpcore.RemoteProtocolError) and "without sending a response" not in str(error):
        return Rejected("not-http", _("What {host} sends is not HTTP: {error}.", host=host, error=visible(str(error))))
    return Rejected("disconnected", _("{host} closed the connection without an answer.", host=host))


def _known(cause: BaseException, host: str) -> tuple[str, Text] | None:
    if isinstance(cause, socket.gaierror):
        return "dns", _("The name {host} cannot be resolved.", host=host)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _certificate(cause, host)
    if isinstance(cause, ssl.SSLError):
        return "tls", _("TLS with {host} failed: {error}.", host=host, error=visible(cause.reason or str(cause)))
    if isinstance(cause, ConnectionRefusedError):
        return "connect-refused", _("{host} refuses connections.", host=host)
    if isinstance(cause, OSError) and cause.errno in _UNREACHABLE:
        return "unreachable", _("There is no way to {host}: {error}.", host=host, error=reason_of(cause))
    return None


def _certificate(error: ssl.SSLCertVerificationError, host: str) -> tuple[str, Text]:
    if error.verify_code in (WRONG_NAME, WRONG_ADDRESS):
        return "tls-name", _("The certificate of {host} is for another name.", host=host)
    if error.verify_code in (EXPIRED, NOT_YET_VALID):
        return "tls-expired", _("The certificate of {host} is out of its time.", host=host)
    return "tls-untrusted", _(
        "The certificate of {host} is not trusted: {error}.", host=host, error=visible(error.verify_message)
    )


def _errno(*names: str) -> frozenset[int]:
    import errno  # noqa: PLC0415

    return frozenset(getattr(errno, name) for name in names if hasattr(errno, name))


_UNREACHABLE = _errno("ENETUNREACH", "EHOSTUNREACH", "ENETDOWN", "EHOSTDOWN", "EADDRNOTAVAIL", "EACCES", "EPERM")
