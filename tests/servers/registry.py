"""A read-only container registry (OCI distribution), with the token dance and blobs behind a redirect."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import platform
import random
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from servers.web import Answer, Application, Hit

DOCKER = "application/vnd.docker"
MANIFEST = f"{DOCKER}.distribution.manifest.v2+json"
MANIFEST_LIST = f"{DOCKER}.distribution.manifest.list.v2+json"
CONFIG = f"{DOCKER}.container.image.v1+json"
LAYER = f"{DOCKER}.image.rootfs.diff.tar.gzip"
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
MIB = 1024 * 1024


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Image:
    """An image with one layer. `index` names `manifest`, which names the blobs."""

    index: bytes
    manifest: bytes
    blobs: Mapping[str, bytes]


@cache
def image(size_bytes: int) -> Image:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        member = tarfile.TarInfo("data")
        member.size = size_bytes
        tar.addfile(member, io.BytesIO(random.Random(size_bytes).randbytes(size_bytes)))
    layer = gzip.compress(archive.getvalue(), compresslevel=1, mtime=0)
    config = _json(
        {
            "architecture": ARCHITECTURE,
            "os": "linux",
            "config": {"Cmd": ["/data"]},
            "rootfs": {"type": "layers", "diff_ids": [digest(archive.getvalue())]},
            "history": [{"created": "2024-01-02T03:04:05Z", "created_by": "tests"}],
        }
    )
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": _descriptor(CONFIG, config),
            "layers": [_descriptor(LAYER, layer)],
        }
    )
    entry = {**_descriptor(MANIFEST, manifest), "platform": {"architecture": ARCHITECTURE, "os": "linux"}}
    index = _json({"schemaVersion": 2, "mediaType": MANIFEST_LIST, "manifests": [entry]})
    return Image(index, manifest, {digest(layer): layer, digest(config): config})


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _descriptor(media_type: str, data: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "size": len(data), "digest": digest(data)}


IMAGES = {
    "library/hello-world": 2048,
    "library/busybox": 2 * MIB,
    "library/alpine": 3 * MIB,
    "library/python": 3 * MIB,
    "library/debian": 3 * MIB,
}


def registry(*, token: bool = True, redirect: bool = True, images: Mapping[str, int] = IMAGES) -> Application:
    """Images of these sizes, with any tag. With `token`, a Bearer token has to be fetched first, anonymously."""

    def application(hit: Hit) -> Answer:
        path = hit.path.partition("?")[0]
        if path == "/token":
            return Answer(body=_json({"token": "anonymous", "access_token": "anonymous"}), type="application/json")
        if path.startswith("/storage/"):
            return _blob(path.removeprefix("/storage/"), images)
        if not path.startswith("/v2/"):
            return _unknown()
        if token and hit.authorization != "Bearer anonymous":
            return _challenge(hit, path)
        return _content(path.removeprefix("/v2/"), images, redirect=redirect)

    return application


def _content(path: str, images: Mapping[str, int], *, redirect: bool) -> Answer:
    if not path:
        return Answer(body=b"{}", type="application/json")
    name, kind, reference = [*path.rsplit("/", 2), "", ""][:3]
    if name not in images:
        return _unknown()
    found = image(images[name])
    if kind == "manifests":
        by_digest = {
            digest(found.index): (found.index, MANIFEST_LIST),
            digest(found.manifest): (found.manifest, MANIFEST),
        }
        fallback = None if reference.startswith("sha256:") else (found.index, MANIFEST_LIST)
        content = by_digest.get(reference, fallback)
        return _manifest(*content) if content else _unknown()
    if kind == "blobs" and reference in found.blobs:
        return (
            Answer(status=307, headers=(("Location", f"/storage/{reference}"),))
            if redirect
            else _blob(reference, images)
        )
    return _unknown()


def _manifest(body: bytes, media_type: str) -> Answer:
    return Answer(body=body, type=media_type, headers=(("Docker-Content-Digest", digest(body)),))


def _blob(reference: str, images: Mapping[str, int]) -> Answer:
    for size_bytes in set(images.values()):
        if data := image(size_bytes).blobs.get(reference):
            return Answer(body=data, headers=(("Accept-Ranges", "bytes"), ("Docker-Content-Digest", reference)))
    return _unknown()


def _challenge(hit: Hit, path: str) -> Answer:
    parts = path.removeprefix("/v2/").rsplit("/", 2)
    scope = f',scope="repository:{parts[0]}:pull"' if len(parts) == 3 else ""
    challenge = f'Bearer realm="https://{hit.headers["host"]}/token",service="tests"{scope}'
    body = _json({"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]})
    headers = (("WWW-Authenticate", challenge), ("Docker-Distribution-Api-Version", "registry/2.0"))
    return Answer(status=401, body=body, type="application/json", headers=headers)


def _unknown() -> Answer:
    body = _json({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]})
    return Answer(status=404, body=body, type="application/json")
