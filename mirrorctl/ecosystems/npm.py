"""npm registries: package documents and tarballs (npm registry API, "Package Metadata", `dist.integrity`).

The walk is that of `npm install`: the document of a small package, its tarball compared with the digest that the document
states, and a large tarball for measuring.
"""

from __future__ import annotations

import base64
from typing import Any, TypeAlias
from urllib.parse import quote, urlsplit

from mirrorctl.ecosystems.artefacts import json_object, seen_artefact
from mirrorctl.ecosystems.base import (
    Artefact,
    Asking,
    Canaries,
    Finding,
    Rejected,
    Reply,
    Request,
    Walk,
    check_digest,
    check_status,
    host_of,
)
from mirrorctl.model import Mirror, Workload
from mirrorctl.text import _

NAME = "npm"
WORKLOAD = Workload(requests=30, bytes=20_000_000)  # a small application: many documents, many small tarballs
FALLBACK_S = 0.25  # autoSelectFamilyAttemptTimeout of Node.js

# What npm asks for: the short form, which names tarballs and digests.
DOCUMENT = {"Accept": "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*"}
DOCUMENT_LIMIT_BYTES = 512 * 1024
TARBALL_LIMIT_BYTES = 256 * 1024
GZIP = rb"\x1f\x8b"

Dist: TypeAlias = dict[str, Any]


def walk(mirror: Mirror, canaries: Canaries) -> Walk:
    base = mirror.url.rstrip("/")
    asked, dist = yield from _first_document(base, canaries.get("small_packages", ()))
    yield from _check_tarball(dist)
    artefact = yield from _large_tarball(base, canaries.get("large_packages", ()))
    return Finding(artefact=artefact, again=asked)


def _first_document(base: str, packages: tuple[str, ...]) -> Asking[tuple[Request, Dist]]:
    for package in packages:
        request = Request(
            url=f"{base}/{_path(package)}", headers=DOCUMENT, limit_bytes=DOCUMENT_LIMIT_BYTES, on_site=True
        )
        reply = yield request
        if reply.status == 404:
            continue
        document = _json(reply)
        try:
            latest = document["dist-tags"]["latest"]
            return request, _dist(document["versions"][latest], reply)
        except (KeyError, TypeError) as error:
            raise _strange(reply) from error
    raise Rejected(
        "not-a-registry",
        _(
            "{host} has none of the packages that every registry has: {packages}.",
            host=host_of(base),
            packages=", ".join(packages),
        ),
    )


def _path(package: str) -> str:
    return quote(package, safe="@")


def _json(reply: Reply) -> Dist:
    document = json_object(reply, _("the document of a package"))
    if document is None:
        raise _strange(reply)
    return document


def _strange(reply: Reply) -> Rejected:
    text = _("What {host} answered is not the document of a package.", host=host_of(reply.url))
    return Rejected("not-a-registry", text)


def _dist(version: object, reply: Reply) -> Dist:
    """The part of a version that says where its tarball is, and what digest it has."""
    dist = version.get("dist") if isinstance(version, dict) else None
    url = dist.get("tarball") if isinstance(dist, dict) else None
    try:
        sound = isinstance(url, str) and urlsplit(url).scheme in {"https", "http"}
    except ValueError:
        sound = False
    if isinstance(dist, dict) and sound:
        return dist
    raise _strange(reply)


def _check_tarball(dist: Dist) -> Asking[None]:
    url = str(dist["tarball"])
    algorithm, digest = _digest(dist)
    reply = yield Request(url=url, limit_bytes=TARBALL_LIMIT_BYTES)
    check_status(reply)
    check_digest(reply.body, algorithm, digest, url.rpartition("/")[2])


def _digest(dist: Dist) -> tuple[str, str]:
    """Algorithm and hexadecimal digest: the integrity (Subresource Integrity), or the older shasum."""
    algorithm, _dash, encoded = str(dist.get("integrity", "")).partition(" ")[0].partition("-")
    if algorithm in {"sha512", "sha384", "sha256"}:
        try:
            return algorithm, base64.b64decode(encoded, validate=True).hex()
        except ValueError:
            pass
    algorithm = "sha1"
    if shasum := dist.get("shasum"):
        return algorithm, str(shasum)
    raise Rejected("no-digests", _("The mirror states no digests, so that what it serves cannot be checked."))


def _large_tarball(base: str, packages: tuple[str, ...]) -> Asking[Artefact | None]:
    """Documents of large packages are long; that of one version is short."""
    for package in packages:
        url = f"{base}/{_path(package)}/latest"
        reply = yield Request(url=url, limit_bytes=DOCUMENT_LIMIT_BYTES, on_site=True)
        if reply.status == 404:
            continue
        dist = _dist(_json(reply), reply)
        artefact = yield from seen_artefact(
            str(dist["tarball"]), str(dist.get("integrity", dist["tarball"])), signature=GZIP
        )
        if artefact:
            return artefact
    return None
