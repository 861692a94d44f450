"""Servers of Rust toolchains: what rustup asks RUSTUP_DIST_SERVER and RUSTUP_UPDATE_ROOT for.

The walk reads which rustup is current, looks at the beginning of the manifest of a channel, which tells how old it is, and
measures with rustup itself, whose digest stands beside it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from mirrorctl.ecosystems.artefacts import seen_artefact
from mirrorctl.ecosystems.base import (
    Artefact,
    Asking,
    Canaries,
    Finding,
    Markers,
    Rejected,
    Request,
    Walk,
    check_no_portal,
    check_status,
    host_of,
)
from mirrorctl.model import Mirror, Workload
from mirrorctl.text import _

NAME = "rustup"
WORKLOAD = Workload(requests=12, bytes=150_000_000)  # a toolchain of the profile "minimal", and its manifest
FALLBACK_S = 0.2  # CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS of libcurl

TEXT_LIMIT_BYTES = 16 * 1024
HEAD_BYTES = 1024
ELF = rb"\x7fELF|MZ|\xcf\xfa\xed\xfe"


def walk(mirror: Mirror, canaries: Canaries) -> Walk:
    base = mirror.url.rstrip("/")
    markers: dict[str, str | int | float] = {}
    for channel in canaries.get("channels", ()):
        markers |= yield from _channel(base, channel)
    release = Request(url=f"{base}/rustup/release-stable.toml", limit_bytes=TEXT_LIMIT_BYTES, on_site=True)
    artefact = yield from _program(base, release, canaries.get("triples", ()))
    return Finding(artefact=artefact, again=release, markers=markers)


def _channel(base: str, channel: str) -> Asking[Markers]:
    """The date of the manifest, which is that of the release."""
    url = f"{base}/dist/channel-rust-{channel}.toml"
    headers = {"Range": f"bytes=0-{HEAD_BYTES - 1}"}
    reply = yield Request(url=url, headers=headers, limit_bytes=HEAD_BYTES, whole=False, on_site=True)
    check_status(reply, 200, 206)
    check_no_portal(reply, _("the manifest of a channel"))
    found = re.search(rb'^date = "(\d{4}-\d\d-\d\d)"', reply.body, re.MULTILINE)
    try:
        at = datetime.fromisoformat(found[1].decode()).replace(tzinfo=UTC).timestamp() if found else None
    except ValueError:
        at = None
    if found is None or at is None or b"manifest-version" not in reply.body:
        raise _strange(base)
    return {f"object:rust-{channel}": found[1].decode(), f"published:rust-{channel}": at}


def _program(base: str, release: Request, triples: tuple[str, ...]) -> Asking[Artefact | None]:
    reply = yield release
    check_status(reply)
    check_no_portal(reply, _("the current version of rustup"))
    version = re.search(rb"""^version = ["'](\d[\w.-]*)["']""", reply.body, re.MULTILINE)
    if version is None:
        raise _strange(base)
    for triple in triples:
        url = f"{base}/rustup/archive/{version[1].decode()}/{triple}/rustup-init"
        artefact = yield from seen_artefact(url, f"rustup-init {version[1].decode()} {triple}", signature=ELF)
        if artefact:
            return artefact
    return None


def _strange(base: str) -> Rejected:
    return Rejected("not-a-server", _("What {host} answered is not for rustup.", host=host_of(base)))
