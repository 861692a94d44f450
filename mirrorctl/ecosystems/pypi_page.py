"""Project pages of Python package indexes: PEP 503 (HTML), PEP 691 (JSON), with what PEP 592, 658 and 700 add."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from mirrorctl.ecosystems.base import Rejected, Reply, host_of
from mirrorctl.text import _
from mirrorctl.values import dataclass

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
ALGORITHMS = ("sha256", "sha384", "sha512")

_ANCHOR = re.compile(r"<a\s([^>]*)>", re.IGNORECASE)
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\bdata-([a-z-]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?""")
SERIAL = re.compile(r"<!--\s*SERIAL\s+(\d{1,12})\s*-->")
# What pip and uv take for an archive (pip, utils/filetypes.py; uv, uv-distribution-filename).
_FILE = re.compile(r"\.(?:whl|zip|tar(?:\.(?:gz|bz2|xz|lz|lzma|zst))?|tgz|tbz|txz|tlz)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that a project page links to. The digest is one that hashlib knows, or empty.

    `metadata` is the same for the file's metadata as ALGORITHM:DIGEST (PEP 658), empty where the page has none.
    """

    name: str
    url: str
    algorithm: str = ""
    digest: str = ""
    metadata: str = ""
    yanked: bool = False
    size_bytes: int | None = None
    uploaded: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A project page as parsed."""

    url: str
    files: tuple[File, ...]
    serial: int | None = None


def parse_page(reply: Reply) -> Page:
    """A project page in either form; raises Rejected when it is neither."""
    if JSON_TYPE in reply.headers.get("content-type", "") or reply.body[:1] == b"{":
        return _parse_json(reply)
    text = reply.body.decode("utf-8", "replace")
    serials = SERIAL.findall(text)
    return Page(url=reply.url, files=tuple(_anchors(text, reply.url)), serial=int(serials[-1]) if serials else None)


def _anchors(text: str, base: str) -> Iterator[File]:
    for anchor in _ANCHOR.finditer(text):
        href = _HREF.search(anchor[1])
        if not href:
            continue
        url, fragment = _split_link(base, html.unescape(href[1] or href[2] or href[3] or ""))
        name = unquote(urlsplit(url).path.rpartition("/")[2]) if url else ""
        if not _FILE.search(name):
            continue
        algorithm, digest = _digest(fragment)
        attributes = dict(_ATTRIBUTE.findall(anchor[1]))
        metadata = attributes.get("core-metadata") or attributes.get("dist-info-metadata") or ""
        yield File(
            name=name,
            url=url,
            algorithm=algorithm,
            digest=digest,
            metadata=":".join(filter(None, _digest(metadata.strip("\"'")))),
            yanked="yanked" in attributes,
        )


def _digest(statement: str) -> tuple[str, str]:
    """Algorithm and digest of `sha256=…`; empty when it is none that hashlib has."""
    algorithm, _sign, digest = statement.partition("=")
    return (algorithm, digest) if algorithm in ALGORITHMS else ("", "")


def _split_link(base: str, href: str) -> tuple[str, str]:
    """Absolute URL and fragment; empty when the link is not one of http."""
    try:
        url, fragment = urldefrag(urljoin(base, href))
        return (url, fragment) if urlsplit(url).scheme in ("http", "https") else ("", "")
    except ValueError:
        return "", ""


def _parse_json(reply: Reply) -> Page:
    try:
        data = json.loads(reply.body)
        meta, entries = data.get("meta", {}), data["files"]
        files = tuple(file for entry in entries if (file := _json_file(entry, reply.url)))
        serial = meta.get("_last-serial")
        return Page(url=reply.url, files=files, serial=int(serial) if str(serial).isdecimal() else None)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Rejected(
            "not-an-index",
            _("{host} answered with JSON that is not a project page (PEP 691).", host=host_of(reply.url)),
        ) from error


def _json_file(entry: dict[str, object], base: str) -> File | None:
    name, hashes, size = str(entry["filename"]), entry.get("hashes"), entry.get("size")
    url, _fragment = _split_link(base, str(entry["url"]))
    if not url or not _FILE.search(name):
        return None
    digest = str(hashes.get("sha256", "")) if isinstance(hashes, dict) else ""
    uploaded = entry.get("upload-time")
    metadata = entry.get("core-metadata", entry.get("dist-info-metadata"))
    metadata = metadata.get("sha256") if isinstance(metadata, dict) else None
    return File(
        name=name,
        url=url,
        algorithm="sha256" if digest else "",
        digest=digest,
        metadata=f"sha256:{metadata}" if isinstance(metadata, str) else "",
        yanked=bool(entry.get("yanked", False)),
        size_bytes=size if isinstance(size, int) and not isinstance(size, bool) else None,
        uploaded=uploaded if isinstance(uploaded, str) else None,
    )
