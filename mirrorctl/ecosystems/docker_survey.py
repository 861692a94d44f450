"""What a registry says of an image: the digest that a tag stands for, and whether what it sends has its digest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mirrorctl.ecosystems.base import Asking, Canaries, Rejected, Reply, Request, check_status, host_of
from mirrorctl.ecosystems.docker import (
    Manifest,
    challenge_of,
    greet,
    json_of,
    manifest_request,
    platform_digest,
    sound_digest,
    token_for,
)
from mirrorctl.ecosystems.survey import (
    BLOB,
    HEADER,
    MANIFEST,
    TAG,
    UPSTREAM,
    Observation,
    Place,
    Survey,
    all_samples,
    digest_of,
    joined,
)
from mirrorctl.model import Mirror
from mirrorctl.text import _
from mirrorctl.values import replace

# Reference grammar of distribution: a name of lower-case components, then a tag or a digest.
_PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?:docker\.io/)?(?P<name>{_PART}(?:/{_PART})*)(?P<reference>:[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}}|@sha256:[0-9a-f]{{64}})?"
)

samples_for = all_samples


def sample_of(text: str) -> str:
    """NAME:TAG or NAME@DIGEST, as dockerd understands what a person writes."""
    found = _REFERENCE.fullmatch(text) if len(text) < 400 else None
    if found is None:
        raise ValueError(text)
    name = found["name"] if "/" in found["name"] else f"library/{found['name']}"
    return name + (found["reference"] or ":latest")


def usual_samples(canaries: Canaries) -> tuple[str, ...]:
    return tuple(map(sample_of, canaries.get("images", ())))


def survey(mirror: Mirror, sample: str) -> Asking[Survey]:
    image, reference = _split(sample)
    base = mirror.url.rstrip("/")
    headers, reply = yield from _ask(base, image, reference, method="GET")
    if reply.status == 404:
        return Survey(absent=frozenset({sample}))
    check_status(reply)
    manifest = _manifest(reply)
    observed = Survey(observations=tuple(_observations(sample, reference, reply, manifest)), whole=frozenset({sample}))
    if mirror.kind == UPSTREAM:  # pulls are counted there, and its digest says it all
        return observed
    try:
        return joined([observed, (yield from _content(sample, base, headers, manifest))])
    except Rejected as rejected:  # which does not undo what has been seen
        return replace(observed, trouble={sample: rejected})


def _content(sample: str, base: str, headers: dict[str, str], manifest: Manifest) -> Asking[Survey]:
    """The manifest for a platform, if there are several, and where its configuration and layers are."""
    observations = []
    if "manifests" in manifest:
        image, digest = _split(sample)[0], platform_digest(manifest)
        reply = yield manifest_request(base, image, digest, headers)
        check_status(reply)
        manifest = _manifest(reply)
        subject, got = f"{image}@{digest}", digest_of(reply.body)
        observations.append(Observation(sample=sample, subject=subject, kind=MANIFEST, got=got, stated=digest))
    return Survey(observations=tuple(observations), places=tuple(_blobs(sample, base, headers, manifest)))


def knows(mirror: Mirror, sample: str, value: str) -> Asking[bool | None]:
    """Whether the registry has that manifest in the same repository: only who may push there can have put it there."""
    _headers, reply = yield from _ask(mirror.url.rstrip("/"), _split(sample)[0], value, method="HEAD")
    return {200: True, 404: False}.get(reply.status)


def _split(sample: str) -> tuple[str, str]:
    name, at, digest = sample.partition("@")
    if at:
        return name, digest
    name, _colon, tag = sample.rpartition(":")
    return name, tag


def _ask(base: str, image: str, reference: str, *, method: str) -> Asking[tuple[dict[str, str], Reply]]:
    """The answer for a manifest, with the token that it takes, if it takes one."""
    challenge = yield from greet(base)
    headers = (yield from token_for(challenge, image)) if challenge else {}
    reply = yield replace(manifest_request(base, image, reference, headers), method=method)
    if reply.status == 401 and not headers:
        headers = yield from token_for(challenge_of(reply), image)
        reply = yield replace(manifest_request(base, image, reference, headers), method=method)
    return headers, reply


def _manifest(reply: Reply) -> Manifest:
    found = json_of(reply)
    if found.keys() & {"manifests", "layers", "fsLayers"}:
        return found
    raise Rejected("not-a-registry", _("What {host} answered is no manifest.", host=host_of(reply.url)))


def _observations(sample: str, reference: str, reply: Reply, manifest: Manifest) -> Iterator[Observation]:
    got = digest_of(reply.body)
    pinned = reference if reference.startswith("sha256:") else ""
    yield Observation(
        sample=sample,
        subject=sample,
        kind=MANIFEST if pinned else TAG,
        got=got,
        stated=pinned,
        parts=tuple(_platforms(manifest)),
    )
    stated = reply.headers.get("docker-content-digest", "")
    if stated.startswith("sha256:"):
        yield Observation(sample=sample, subject=sample, kind=HEADER, got=got, stated=stated)


def _platforms(manifest: Manifest) -> Iterator[str]:
    entries = manifest.get("manifests")
    for entry in entries if isinstance(entries, list) else ():
        digest = entry.get("digest") if isinstance(entry, dict) else None
        if isinstance(digest, str):
            yield digest


def _blobs(sample: str, base: str, headers: dict[str, str], manifest: Manifest) -> Iterator[Place]:
    """The configuration, then the layers, the smallest first."""
    image = _split(sample)[0]
    layers = manifest.get("layers")
    descriptors = [manifest.get("config"), *(sorted(layers, key=_size) if isinstance(layers, list) else ())]
    for entry in descriptors:
        if not isinstance(entry, dict):
            continue
        digest = sound_digest(entry.get("digest"))
        yield Place(
            sample=sample,
            subject=f"{image}@{digest}",
            kind=BLOB,
            request=Request(url=f"{base}/v2/{image}/blobs/{digest}", headers=headers),
            stated=digest,
            size_bytes=_size(entry),
        )


def _size(entry: object) -> int:
    size = entry.get("size") if isinstance(entry, dict) else None
    return size if isinstance(size, int) else 0
