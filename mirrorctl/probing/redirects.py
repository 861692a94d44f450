"""Where a mirror may send us. Pure."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from mirrorctl.ecosystems.base import Rejected, host_of, visible
from mirrorctl.text import _

# Second-level names below which sites are registered, under a country's domain: edu.cn, com.cn, ac.uk …
SECOND_LEVELS = frozenset({"ac", "co", "com", "edu", "gov", "net", "org"})


def site_of(host: str) -> str:
    """The registrable part of a host name, near enough: its last two labels, or three as in tsinghua.edu.cn."""
    if is_address(host):
        return host
    labels = host.lower().rstrip(".").split(".")
    deep = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in SECOND_LEVELS
    return ".".join(labels[-3:] if deep else labels[-2:])


def is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def check_hop(source: str, target: str, *, site: str | None) -> None:
    """Rejects a redirect that no client should follow.

    `site`: the mirror's own URL where only the mirror itself may answer, because nothing else vouches for the bytes.
    """
    old, new = urlsplit(source), urlsplit(target)
    if new.scheme not in ("http", "https") or not new.hostname or new.username or _has_controls(target):
        raise Rejected("bad-redirect", _("{host} redirects to {target}.", host=host_of(source), target=visible(target)))
    if old.scheme == "https" and new.scheme == "http":
        raise Rejected(
            "insecure-redirect",
            _("{host} redirects from https to http, to {target}.", host=host_of(source), target=host_of(target)),
        )
    if (is_address(new.hostname) or new.hostname == "localhost") and new.hostname != old.hostname:
        raise Rejected(
            "bad-redirect",
            _("{host} redirects to an address without a name, {target}.", host=host_of(source), target=host_of(target)),
        )
    if site is not None and site_of(new.hostname) != site_of(urlsplit(site).hostname or ""):
        raise Rejected(
            "off-site-redirect",
            _(
                "{host} leaves the answer to another site, {target}; that one can be chosen itself.",
                host=host_of(source),
                target=host_of(target),
            ),
        )


def _has_controls(text: str) -> bool:
    return any(ord(character) <= 0x20 or ord(character) == 0x7F for character in text)
