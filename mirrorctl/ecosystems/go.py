"""Proxies of Go modules: the GOPROXY protocol (Go Modules Reference, "Module proxies").

The walk is that of `go mod download`: what is known of a version, its go.mod, which has to name the module, and the zip of a
large module for measuring. Whether a zip is the one that everybody else has is checked by go, against the checksum database.
"""

from __future__ import annotations

import json
import re
from urllib.parse import quote

from mirrorctl.ecosystems.artefacts import seen_artefact
from mirrorctl.ecosystems.base import (
    Artefact,
    Asking,
    Canaries,
    Finding,
    Rejected,
    Reply,
    Request,
    Walk,
    check_no_portal,
    check_status,
    host_of,
)
from mirrorctl.model import Mirror, Workload
from mirrorctl.text import _

NAME = "go"
WORKLOAD = Workload(requests=20, bytes=30_000_000)  # a dozen modules: info, go.mod and zip of each
FALLBACK_S = 0.3  # net.Dialer.FallbackDelay of Go

TEXT_LIMIT_BYTES = 64 * 1024
ZIP = rb"PK\x03\x04"


def walk(mirror: Mirror, canaries: Canaries) -> Walk:
    base = mirror.url.rstrip("/")
    for module, version in _versions(canaries.get("small_modules", ())):
        info = Request(url=_address(base, module, version, "info"), limit_bytes=TEXT_LIMIT_BYTES, on_site=True)
        reply = yield info
        if reply.status in (404, 410):  # what the protocol answers for a module that is not there
            continue
        _check_info(reply, version)
        yield from _check_mod(base, module, version)
        return Finding(artefact=(yield from _large_zip(base, canaries.get("large_modules", ()))), again=info)
    raise Rejected("not-a-proxy", _("{host} has none of the modules that every proxy has.", host=host_of(base)))


def _versions(names: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(module, version) for module, _at, version in (name.rpartition("@") for name in names) if module]


def _address(base: str, module: str, version: str, what: str) -> str:
    """Capital letters are written as ! and the small letter, for file systems that do not tell them apart."""
    escaped = (re.sub(r"[A-Z]", lambda letter: f"!{letter[0].lower()}", part) for part in (module, version))
    path, name = (quote(part, safe="/!") for part in escaped)
    return f"{base}/{path}/@v/{name}.{what}"


def _check_info(reply: Reply, version: str) -> None:
    check_status(reply)
    check_no_portal(reply, _("what is known of a module"))
    try:
        found = json.loads(reply.body)["Version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        found = None
    if found != version:
        raise Rejected(
            "not-a-proxy", _("What {host} answered is not what a proxy of Go modules answers.", host=host_of(reply.url))
        )


def _check_mod(base: str, module: str, version: str) -> Asking[None]:
    reply = yield Request(url=_address(base, module, version, "mod"), limit_bytes=TEXT_LIMIT_BYTES, on_site=True)
    check_status(reply)
    named = re.search(rb'^module[ \t]+"?([^\s"]+)', reply.body, re.MULTILINE)
    if named is None or named[1] != module.encode():
        raise Rejected("hash-mismatch", _("{host} serves the go.mod of another module.", host=host_of(base)))


def _large_zip(base: str, modules: tuple[str, ...]) -> Asking[Artefact | None]:
    for module, version in _versions(modules):
        url = _address(base, module, version, "zip")
        artefact = yield from seen_artefact(url, f"{module}@{version}", signature=ZIP)
        if artefact:
            return artefact
    return None
