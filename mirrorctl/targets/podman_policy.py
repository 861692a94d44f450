"""What a registries.conf may say that a mirror would undo, or that would keep it from being asked.

Source: containers-registries.conf(5). Mirrors of a blocked registry are asked all the same, and of a registry that is
blocked by a wildcard (`*.io`) a table of its own takes the place, for the longest prefix wins.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from mirrorctl.errors import ConflictError
from mirrorctl.redaction import redact
from mirrorctl.targets.common import is_private
from mirrorctl.targets.podman_files import Found
from mirrorctl.text import Text, _

# What may stand for a host in the name of an image (distribution/reference, "domain").
_HOST = re.compile(r"https?://[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:\d+)?/?", re.IGNORECASE)
_NUMERIC = re.compile(r"https?://\[")
FIRST_WITH_NUMERIC = (5,)  # containers/image 5.30


def check_url(url: str, version: tuple[int, ...]) -> None:
    """Raises ConflictError for a mirror whose host cannot stand in a name: podman would pull nothing any more."""
    if _HOST.fullmatch(url) or (_NUMERIC.match(url) and version >= FIRST_WITH_NUMERIC):
        return
    raise ConflictError(
        _("{url} cannot be a mirror for {client}", url=redact(url), client="podman"),
        hint=_(
            "the host of a mirror has to be one that the name of an image could begin with: letters, digits, dots, -"
        ),
        subject="podman",
    )


def refuse(registry: str, found: Mapping[str, Found], *, public: frozenset[str]) -> None:
    """Raises ConflictError where mirrors of the registry would go against what the user has laid down."""
    by = found.get(registry)
    if by is None:
        _refuse_below_wildcard(registry, found)
    elif by.table.get("blocked") is True and (not by.urls or _any_private(by, public)):
        raise _conflict(
            by,
            _(
                "{path} blocks {registry}, and podman would pull from its mirrors all the same",
                path=by.path,
                registry=registry,
            ),
        )
    elif by.table.get("mirror-by-digest-only") is True:
        raise _conflict(
            by,
            _(
                "{path} lets the mirrors of {registry} serve digests alone: what is pulled by a tag would not come from them",
                path=by.path,
                registry=registry,
            ),
        )


def _any_private(by: Found, public: frozenset[str]) -> bool:
    return any(is_private(url, public=public, ours=frozenset()) for url in by.urls)


def _refuse_below_wildcard(registry: str, found: Mapping[str, Found]) -> None:
    for prefix, by in found.items():
        if prefix.startswith("*.") and registry.endswith(prefix[1:]):
            raise _conflict(
                by,
                _(
                    "{path} says how {prefix} is pulled, and a table for {registry} would take its place",
                    path=by.path,
                    prefix=prefix,
                    registry=registry,
                ),
            )


def _conflict(by: Found, message: Text) -> ConflictError:
    hint = _("change that file if it is not meant any more; --replace-private writes the mirror all the same")
    return ConflictError(message, hint=hint, subject=str(by.path))
