"""What several targets need."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from mirrorctl.dialogue import Output
from mirrorctl.errors import ConfigError, FormatError
from mirrorctl.model import Reason
from mirrorctl.redaction import has_userinfo, redact
from mirrorctl.text import _

DEFAULT_PORTS = {"http": 80, "https": 443}
EXCERPT_CHARS = 300
TRACEBACK_FOLLOWS = "ERROR: Exception:"  # pip's; what went wrong is in the last line


def address(url: str) -> str:
    """`url` for comparison: without userinfo, default port and final slash, its host in lower case."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return url.strip()
    host = parts.hostname or ""
    place = f"[{host}]" if ":" in host else host
    if port is not None and port != DEFAULT_PORTS.get(parts.scheme):
        place += f":{port}"
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{place}{parts.path.rstrip('/')}{query}"


def same_url(left: str | None, right: str | None) -> bool:
    """Whether both lead to the same place, whoever asks. None is equal to None alone."""
    if left is None or right is None:
        return left is right
    return address(left) == address(right)


def host_of(url: str) -> str:
    """The host of a URL in lower case; "" where there is none, or none that is valid."""
    try:
        return (urlsplit(url.strip()).hostname or "").lower()
    except ValueError:
        return ""


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this machine, for what pip trusts without https: localhost, 127.0.0.0/8, ::1."""
    host = host_of(url)
    return host in {"localhost", "::1"} or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None


def version_of(text: str) -> tuple[int, ...]:
    """The first dotted number in `text`: "pip 23.0.1 from …" is (23, 0, 1)."""
    found = re.search(r"\d+(?:\.\d+)*", text)
    return tuple(int(number) for number in found[0].split(".")) if found else ()


def unreadable(path: Path, error: FormatError) -> ConfigError:
    """The ConfigError for a file that a lens refuses."""
    return ConfigError(
        _(
            "{path}, line {line}, column {column}: {reason}",
            path=path,
            line=error.line,
            column=error.column,
            reason=error.reason,
        ),
        hint=_("the file is untouched; repair the line and run the command again"),
        subject=str(path),
    )


def excerpt(output: Output) -> str:
    """The line in which a program says why it failed: one line, no secrets, no control characters."""
    lines = [line.strip() for line in f"{output.stdout}\n{output.stderr}".splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "fatal")) and line != TRACEBACK_FOLLOWS]
    line = redact((errors or lines or [""])[0 if errors else -1])
    return "".join(filter(str.isprintable, line))[:EXCERPT_CHARS]


def refusal(output: Output, path: Path, program: str) -> Reason:
    """What a program has against the content that a file shall get."""
    detail = _("{program} refuses what {path} would hold: {said}", program=program, path=path, said=excerpt(output))
    return Reason(code="refused", detail=detail)


def is_private(url: str, *, public: frozenset[str], ours: frozenset[str]) -> bool:
    """Whether `url` may serve what nothing else does: it carries a name or a password, or nobody knows it.

    A public mirror without TLS is no other one, as guides had it for years.
    """
    place = address(url)
    if place in map(address, ours):
        return False
    return has_userinfo(url) or {place, re.sub("^http:", "https:", place)}.isdisjoint(map(address, public))
