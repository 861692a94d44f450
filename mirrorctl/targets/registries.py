"""What podman, containerd and BuildKit have in common: mirrors of several registries, each in an order of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from mirrorctl.errors import ConflictError
from mirrorctl.model import REGISTRIES, Mirror, Notice, Trust, Value
from mirrorctl.redaction import redact
from mirrorctl.targets.common import address, is_loopback
from mirrorctl.text import _

HUB = "docker.io"
# What each registry certainly has, small, and with the tag `latest` if no other is named.
CANARIES = {
    HUB: "library/hello-world",
    "ghcr.io": "k3d-io/k3d-tools",
    "quay.io": "prometheus/busybox",
    "gcr.io": "distroless/static",
    "registry.k8s.io": "pause:3.9",
}
_URL = re.compile(r"https?://([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?/?", re.IGNORECASE)


# A lens value: [address, registry] for each mirror, by registry, then in the order in which they are asked.


def grouped(value: Value) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for url, registry in (row for row in value or [] if isinstance(row, list)):
        found.setdefault(registry, []).append(url)
    return found


def rows(mirrors: Mapping[str, Sequence[str]]) -> list[list[str]]:
    return [[url, registry] for registry in sorted(mirrors) for url in mirrors[registry]]


def changes(before: Value, after: Value) -> Iterator[tuple[str, list[str]]]:
    """The registries whose mirrors differ, with what they are to have."""
    current, wanted = grouped(before), grouped(after)
    for registry in sorted(wanted.keys() | current.keys()):
        if wanted.get(registry, []) != current.get(registry, []):
            yield registry, wanted.get(registry, [])


def secured(current: Sequence[str], wanted: Sequence[str]) -> dict[int, str]:
    """By place in `current`, the https address that takes the place of the same without TLS: whose table may stay."""
    twins = {at: f"https{url[4:]}" for at, url in enumerate(current) if url.startswith("http:") and url not in wanted}
    return {at: twin for at, twin in twins.items() if twin in wanted and twin not in current}


# Choices


def registry_of(mirror: Mirror) -> str:
    return mirror.registry or REGISTRIES.get(mirror.ecosystem, HUB)


def chosen(mirrors: Iterable[Mirror], client: str) -> dict[str, list[str]]:
    """The addresses for each registry, most preferred first. Raises ConflictError for one that cannot be used."""
    found: dict[str, list[str]] = {}
    for mirror in mirrors:
        check_url(mirror.url, client)
        found.setdefault(registry_of(mirror), []).append(mirror.url.rstrip("/"))
    return found


def check_url(url: str, client: str) -> None:
    if not _URL.fullmatch(url):
        raise ConflictError(
            _("{url} cannot be a mirror for {client}", url=redact(url), client=client),
            hint=_("a mirror of a registry is http(s)://host[:port], without path, query, name or password"),
            subject=client,
        )
    if url.lower().startswith("http:") and not is_loopback(url):
        raise ConflictError(
            _("{url} is not https: whoever is on the way can give you other images", url=redact(url)),
            hint=_("without https, only a mirror on this machine is written"),
            subject=client,
        )


def merged(current: Sequence[str], wanted: Sequence[str], ours: Iterable[str]) -> list[str]:
    """Our mirrors, first to last, then what the user has there. An address keeps the spelling it has."""
    spelled = {address(url): url for url in reversed(current)}
    first = {address(url): url for url in wanted}
    gone = {address(url) for url in ours} | first.keys()
    return [*(spelled.get(key, url) for key, url in first.items()), *(u for u in current if address(u) not in gone)]


def without(current: Sequence[str], public: Iterable[str], *, force: bool) -> list[str]:
    """What is left for upstream: the mirrors that are neither ours nor known; none with `force`."""
    gone = {address(url) for url in public}
    return [] if force else [url for url in current if address(url) not in gone]


def left(subject: str, urls: Sequence[str], *, removable: bool = True) -> tuple[Notice, ...]:
    """That mirrors stay which are not ours to take out."""
    if not urls:
        return ()
    return (
        Notice(
            code="kept",
            message=_(
                "{path} keeps {mirrors}, which mirrorctl did not write", path=subject, mirrors=redact(", ".join(urls))
            ),
            hint=_("--replace-private takes them out too") if removable else _("that file is yours to change"),
            subject=subject,
        ),
    )


def strangers(mirrors: Iterable[Mirror]) -> tuple[Mirror, ...]:
    return tuple(mirror for mirror in mirrors if mirror.trust in {Trust.COMMUNITY, Trust.COMPANY})
