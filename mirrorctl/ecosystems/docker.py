"""Container registries that mirror Docker Hub: the pull API of the OCI distribution specification.

The walk is that of a pull: `/v2/`, the token if one is asked for, the manifest of a tag, the manifest of a platform,
the configuration blob compared with its digest, and a layer, which most registries redirect to a store elsewhere.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any, TypeAlias
from urllib.parse import urlencode, urlsplit

from mirrorctl.ecosystems.base import (
    Artefact,
    Asking,
    Canaries,
    Finding,
    Markers,
    Rejected,
    Reply,
    Request,
    Walk,
    check_digest,
    check_no_portal,
    check_status,
    content_range_size,
    host_of,
)
from mirrorctl.model import Mirror, Workload
from mirrorctl.text import _

NAME = "docker"

# An image of a few layers: token, manifests, configuration, three large blobs.
WORKLOAD = Workload(requests=8, bytes=60_000_000)
FALLBACK_S = 0.3  # net.Dialer.FallbackDelay of Go

MANIFEST_LIMIT_BYTES = 256 * 1024
CONFIG_LIMIT_BYTES = 512 * 1024
LARGE_BYTES = 6_000_000  # a smaller layer is over before many a throttle begins
INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFEST_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
ACCEPT = {"Accept": ", ".join((*INDEX_TYPES, *MANIFEST_TYPES))}
HEAD_BYTES = 1024
GZIP_MAGIC = b"\x1f\x8b"

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')

Manifest: TypeAlias = dict[str, Any]


def walk(mirror: Mirror, canaries: Canaries) -> Walk:
    """`/v2/`, then the first known image through to a range of its largest layer."""
    base = mirror.url.rstrip("/")
    images = canaries.get("images", ())
    challenge = yield from greet(base)
    for named in images:
        image, _colon, label = named.partition(":")
        headers = (yield from token_for(challenge, image)) if challenge else {}
        tag = manifest_request(base, image, label or "latest", headers)
        reply = yield tag
        if reply.status == 401 and not headers:  # open at the door, a token for each room
            headers = yield from token_for(challenge_of(reply), image)
            tag = manifest_request(base, image, label or "latest", headers)
            reply = yield tag
        if reply.status == 404:
            continue
        artefact, markers = yield from _pull(base, image, headers, reply)
        for larger in canaries.get("large_images", ()) if (artefact.size_bytes or 0) < LARGE_BYTES else ():
            artefact = (yield from _large_layer(base, challenge, larger)) or artefact
        return Finding(artefact=artefact, again=tag, markers=markers)
    raise Rejected(
        "not-a-registry",
        _(
            "{host} has none of the images that every mirror has: {images}.",
            host=host_of(base),
            images=", ".join(images),
        ),
    )


def _large_layer(base: str, challenge: str, image: str) -> Asking[Artefact | None]:
    """The largest layer of an image that not every mirror lets everybody have; None when it is not to be had."""
    try:
        headers = (yield from token_for(challenge, image)) if challenge else {}
        reply = yield manifest_request(base, image, "latest", headers)
        check_status(reply)
        _config, layer = _descriptors((yield from _for_platform(base, image, headers, json_of(reply))))
        artefact = yield from _check_layer(f"{base}/v2/{image}/blobs/{layer}", layer, headers)
    except Rejected:
        return None
    return artefact if (artefact.size_bytes or 0) >= LARGE_BYTES else None


def manifest_request(base: str, image: str, reference: str, headers: dict[str, str]) -> Request:
    return Request(
        url=f"{base}/v2/{image}/manifests/{reference}",
        headers=ACCEPT | headers,
        limit_bytes=MANIFEST_LIMIT_BYTES,
        on_site=True,
    )


def greet(base: str) -> Asking[str]:
    """The challenge of a registry that wants a token, or an empty string."""
    reply = yield Request(url=f"{base}/v2/", on_site=True)
    check_no_portal(reply, _("the registry API"))
    if reply.status == 401:
        return challenge_of(reply)
    check_status(reply)
    return ""


def challenge_of(reply: Reply) -> str:
    challenge = reply.headers.get("www-authenticate", "")
    if challenge.lower().startswith("bearer "):
        return challenge
    raise Rejected("login-required", _("{host} wants a login.", host=host_of(reply.url)))


def token_for(challenge: str, image: str) -> Asking[dict[str, str]]:
    """An anonymous token (distribution: token authentication). The realm may be any host: no credential goes there."""
    parameters = dict(_PARAMETER.findall(challenge))
    realm = parameters.get("realm", "")
    try:
        sound = urlsplit(realm).scheme in ("https", "http") and bool(urlsplit(realm).hostname)
    except ValueError:
        sound = False
    if not sound:
        raise Rejected("token", _("The registry names no usable place to get a token from."))
    query = {"scope": f"repository:{image}:pull"}
    if "service" in parameters:
        query["service"] = parameters["service"]
    reply = yield Request(url=f"{realm}{'&' if '?' in realm else '?'}{urlencode(query)}", limit_bytes=64 * 1024)
    if reply.status in (401, 403):
        raise Rejected("login-required", _("{host} gives no token without a login.", host=host_of(realm)))
    check_status(reply)
    data = json_of(reply)
    token = data.get("token") or data.get("access_token")
    if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]+", token):
        raise Rejected("token", _("{host} answered without a token.", host=host_of(realm)))
    return {"Authorization": f"Bearer {token}"}


def _pull(base: str, image: str, headers: dict[str, str], reply: Reply) -> Asking[tuple[Artefact, Markers]]:
    check_status(reply)
    tag_digest = reply.headers.get("docker-content-digest", "")
    if _DIGEST.fullmatch(tag_digest):
        check_digest(reply.body, "sha256", tag_digest.removeprefix("sha256:"), f"{image}:latest")
    config, layer = _descriptors((yield from _for_platform(base, image, headers, json_of(reply))))
    reply = yield Request(url=f"{base}/v2/{image}/blobs/{config}", headers=headers, limit_bytes=CONFIG_LIMIT_BYTES)
    check_status(reply)
    check_digest(reply.body, "sha256", config.removeprefix("sha256:"), f"{image}@{config}")
    artefact = yield from _check_layer(f"{base}/v2/{image}/blobs/{layer}", layer, headers)
    return artefact, {f"object:{image}": config} | _published(image, reply)


def _for_platform(base: str, image: str, headers: dict[str, str], manifest: Manifest) -> Asking[Manifest]:
    """The manifest itself, or that for a platform if it is an index."""
    if "manifests" not in manifest:
        return manifest
    digest = platform_digest(manifest)
    reply = yield manifest_request(base, image, digest, headers)
    check_status(reply)
    check_digest(reply.body, "sha256", digest.removeprefix("sha256:"), f"{image}@{digest}")
    return json_of(reply)


def _published(image: str, config: Reply) -> dict[str, float]:
    """When the image was built (OCI image configuration: `created`)."""
    try:
        return {f"published:{image}": datetime.fromisoformat(json.loads(config.body)["created"]).timestamp()}
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return {}


def platform_digest(index: Manifest) -> str:
    """The manifest for amd64, or the first one that is for a platform at all."""
    try:
        entries = [entry for entry in index["manifests"] if entry["platform"]["architecture"] != "unknown"]
        entries.sort(
            key=lambda entry: (entry["platform"]["architecture"] != "amd64", entry["platform"]["os"] != "linux")
        )
        return sound_digest(entries[0]["digest"])
    except (KeyError, TypeError, IndexError) as error:
        raise Rejected("not-a-registry", _("The index of the image names no manifest for a platform.")) from error


def _descriptors(manifest: Manifest) -> tuple[str, str]:
    """The digests of the configuration and of the largest layer."""
    try:
        layer = max(manifest["layers"], key=lambda entry: int(entry["size"]))
        return sound_digest(manifest["config"]["digest"]), sound_digest(layer["digest"])
    except (KeyError, TypeError, ValueError) as error:
        raise Rejected("not-a-registry", _("The manifest of the image names no layers.")) from error


def sound_digest(digest: object) -> str:
    if isinstance(digest, str) and _DIGEST.fullmatch(digest):
        return digest
    raise Rejected("not-a-registry", _("A digest of the image is not one of SHA-256."))


def _check_layer(url: str, digest: str, headers: dict[str, str]) -> Asking[Artefact]:
    wanted = headers | {"Range": f"bytes=0-{HEAD_BYTES - 1}"}
    reply = yield Request(url=url, headers=wanted, limit_bytes=HEAD_BYTES, whole=False)
    check_status(reply, 200, 206)
    check_no_portal(reply, _("a layer"))
    ranged = reply.status == 206
    length = reply.headers.get("content-length", "")
    size = content_range_size(reply) if ranged else int(length) if length.isdecimal() else None
    signature = re.escape(GZIP_MAGIC) if reply.body.startswith(GZIP_MAGIC) else b""
    return Artefact(url=url, name=digest, headers=headers, size_bytes=size, ranged=ranged, signature=signature)


def json_of(reply: Reply) -> Manifest:
    check_no_portal(reply, _("a manifest"))
    try:
        data = json.loads(reply.body)
    except (ValueError, RecursionError):
        data = None
    if isinstance(data, dict):
        return data
    raise Rejected("not-a-registry", _("What {host} answered is not what a registry answers.", host=host_of(reply.url)))
