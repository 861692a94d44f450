"""What the catalog knows of an address that stands in somebody's configuration."""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

from mirrorctl.catalog import Catalog, is_usable
from mirrorctl.model import Mirror, Status
from mirrorctl.targets.common import host_of
from mirrorctl.text import Text, _


class Gone(NamedTuple):
    """A mirror that no longer is where the configuration says. `successor` serves the same and works."""

    name: str
    since: str | None
    successor: Mirror | None

    @property
    def when(self) -> Text:
        return _("since {since}", since=self.since) if self.since else _("for a long time")


def find_dead(catalog: Catalog, url: str, ecosystem: str) -> Gone | None:
    """The dead mirror that `url` belongs to: by its address, or by its host where nothing else lives on that."""
    mirror = mirror_of(catalog, url, ecosystem)
    if mirror is not None:
        return _gone(catalog, mirror) if mirror.status is Status.DEAD else None
    host = host_of(url)
    if not host:
        return None
    if ecosystem == "docker" and host in catalog.dead_docker_hosts:
        return Gone(host, None, None)
    neighbours = [mirror for mirror in catalog.of(ecosystem) if host_of(mirror.url) == host]
    if neighbours and all(mirror.status is Status.DEAD for mirror in neighbours):
        return _gone(catalog, neighbours[0])
    return None


def find_renamed(catalog: Catalog, url: str, ecosystem: str) -> Gone | None:
    """The mirror that `url` was the address of, where the catalog names another one in its place."""
    mirror = mirror_of(catalog, url, ecosystem)
    if mirror is None or mirror.status is not Status.REDIRECTS:
        return None
    found = _gone(catalog, mirror)
    return found if found.successor else None


def _gone(catalog: Catalog, mirror: Mirror) -> Gone:
    follower = next((each for each in catalog.mirrors if each.id == mirror.replaced_by), None)
    usable = follower is not None and follower.status is Status.ACTIVE and is_usable(follower)
    return Gone(mirror.id, mirror.status_since, follower if usable else None)


def mirror_of(catalog: Catalog, url: str, ecosystem: str) -> Mirror | None:
    """The mirror whose address `url` is; in git, where addresses are prefixes, also what lies below it."""
    found = catalog.by_url(url, ecosystem)
    if found or ecosystem != "git":
        return found
    below = [
        (len(address), mirror)
        for mirror in catalog.of(ecosystem)
        for address in (mirror.url, *mirror.aliases)
        if address.endswith("/") and url.startswith(address)
    ]
    return max(below, key=lambda pair: pair[0])[1] if below else None


def secure_twin(catalog: Catalog, url: str, ecosystem: str) -> str | None:
    """The https address of the very mirror that `url` reaches over http."""
    scheme, separator, rest = url.strip().partition("://")
    secure = f"https{separator}{rest}" if scheme.lower() == "http" else ""
    if secure and (renamed := find_renamed(catalog, secure, ecosystem)) and renamed.successor:
        return renamed.successor.url
    mirror = catalog.by_url(secure, ecosystem)
    if mirror is None or mirror.status is not Status.ACTIVE:
        return None
    return mirror.url if mirror.url.startswith("https://") else None


def is_public(catalog: Catalog, host: str, ecosystem: str) -> bool:
    """Whether a mirror of the catalog is on that host: its certificate is one that everybody can check."""
    return any(
        host == host_of(address)
        for mirror in catalog.of(ecosystem)
        for address in (mirror.url, *mirror.aliases)
        if mirror.origin == "bundled" and address.startswith("https://")
    )


def is_inside(host: str) -> bool:
    """Whether the host is on this machine or in a private network."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".lan", ".localhost"))
    return address.is_loopback or address.is_private
