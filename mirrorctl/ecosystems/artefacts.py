"""What several ecosystems need: answers in JSON, and a large file to measure with, seen to be served."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from mirrorctl.ecosystems.base import (
    Artefact,
    Asking,
    Rejected,
    Reply,
    Request,
    check_no_portal,
    check_status,
    content_range_size,
    visible,
)
from mirrorctl.text import Text, _

HEAD_BYTES = 1024
LARGE_BYTES = 4_000_000  # below that a file says little about bandwidth


def json_object(reply: Reply, what: Text) -> dict[str, Any] | None:
    """The object that was answered; None for anything else. Raises Rejected for an error or a login page."""
    check_status(reply)
    check_no_portal(reply, what)
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else None


def seen_artefact(
    url: str, name: str, *, signature: bytes, headers: Mapping[str, str] | None = None
) -> Asking[Artefact | None]:
    """The file at `url` after its first bytes were looked at; None when it is too small to measure with.

    Raises Rejected for a file that does not begin with `signature`, a regular expression.
    """
    wanted = {**(headers or {}), "Range": f"bytes=0-{HEAD_BYTES - 1}"}
    reply = yield Request(url=url, headers=wanted, limit_bytes=HEAD_BYTES, whole=False)
    check_status(reply, 200, 206)
    ranged = reply.status == 206
    length = reply.headers.get("content-length", "")
    size = content_range_size(reply) if ranged else int(length) if length.isdecimal() and len(length) < 16 else None
    if not re.match(signature, reply.body):
        check_no_portal(reply, _("the file {name}", name=visible(name)))
        raise Rejected("hash-mismatch", _("{name} is not the file that its name says.", name=visible(name)))
    if size is not None and size < LARGE_BYTES:
        return None
    return Artefact(url=url, name=name, headers=headers or {}, size_bytes=size, ranged=ranged, signature=signature)
