"""The mirrors of one registries.conf, or of a drop-in, as a lens: [address, registry] for each, by registry.

[[registry]]                       the first table of a prefix is the one that counts in a file
location = "docker.io"

[[registry.mirror]]
location = "mirror.example"        https://mirror.example; with `insecure = true`, http://mirror.example

Source: containers-registries.conf(5).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mirrorctl.errors import FormatError
from mirrorctl.formats import line_end, position, tomldoc, tomltables
from mirrorctl.formats.tomltables import Span
from mirrorctl.model import Value
from mirrorctl.targets.registries import changes, rows, secured
from mirrorctl.text import Text, _

_PLAIN = {"prefix", "location", "mirror"}


def read(text: str, path: Path) -> Value:  # noqa: ARG001
    return rows({prefix: _urls(table) for prefix, _index, table in checked(text)}) or None


def write(text: str, path: Path, value: Value) -> str:
    result = text
    for registry, urls in changes(read(text, path), value):
        result = _set(result, registry, urls)
    if read(result, path) != value or frame(result, path) != frame(text, path):
        raise FormatError(_("This document cannot take the change as it is written."), line=1)
    return result


def frame(text: str, path: Path) -> object:  # noqa: ARG001
    """Everything but the mirrors. A table that says no more than its own name says nothing."""
    document = tomltables.load(text)
    seen: set[str] = set()
    others = []
    for table in document.pop("registry", []):
        prefix = prefix_of(table)
        if prefix not in seen:
            table.pop("mirror", None)
            if is_plain(table):
                continue
        seen.add(prefix)
        others.append(table)
    return document, others


def tables(text: str) -> list[dict[str, Any]]:
    """The registries of a file, the first of each prefix, in whatever form they are written."""
    first: dict[str, dict[str, Any]] = {}
    document = tomldoc.parse(text)
    for table in (*_listed(document), *_of_version_1(document)):
        first.setdefault(prefix_of(table), table)
    return list(first.values())


def _of_version_1(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What the clients make of the lists of version 1."""
    lists = document.get("registries")
    for name, key in (("block", "blocked"), ("insecure", "insecure")):
        found = lists.get(name) if isinstance(lists, dict) else None
        listed = found.get("registries") if isinstance(found, dict) else None
        yield from ({"location": str(each), key: True} for each in (listed if isinstance(listed, list) else []))


def _listed(document: dict[str, Any]) -> list[dict[str, Any]]:
    found = document.get("registry", [])
    if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
        raise FormatError(_("“{name}” is no array of tables.", name="registry"), line=1)
    return found


def prefix_of(table: dict[str, Any]) -> str:
    return str(table.get("prefix") or table.get("location") or "").rstrip("/")


def is_plain(table: dict[str, Any]) -> bool:
    """Whether a registry's table leaves it where it is: no other location, nothing blocked, nothing insecure."""
    location = str(table.get("location", "")).rstrip("/")
    return table.keys() <= _PLAIN and location == prefix_of(table)


def url_of(endpoint: dict[str, Any]) -> str:
    return f"{'http' if endpoint.get('insecure') is True else 'https'}://{endpoint['location']}"


def checked(text: str) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """The first table of each prefix with its index. Raises FormatError for forms that cannot be edited by tables."""
    document = tomldoc.parse(text)
    if isinstance(document.get("registries"), dict) and any(document["registries"].values()):
        raise FormatError(_("This is version 1 of the format, which has no mirrors and cannot be mixed."), line=1)
    scanner = tomltables.scan(text)
    headers = {table.path for table in scanner.tables}
    seen: set[str] = set()
    for index, table in enumerate(_listed(document)):
        mirrors = table.get("mirror", [])
        if not isinstance(mirrors, list) or not all(_is_endpoint(mirror) for mirror in mirrors):
            raise _refused(text, index, _("A mirror has to be a table with a location."))
        places = [("registry", index), *(("registry", index, "mirror", number) for number in range(len(mirrors)))]
        if not headers.issuperset(places):
            raise _refused(text, index, _("Mirrors are expected as tables, [[registry.mirror]]."))
        if (prefix := prefix_of(table)) not in seen:
            seen.add(prefix)
            yield prefix, index, table


def _is_endpoint(mirror: object) -> bool:
    return isinstance(mirror, dict) and isinstance(mirror.get("location"), str) and "://" not in mirror["location"]


def _refused(text: str, index: int, reason: Text) -> FormatError:
    header = tomltables.header_of(text, ("registry", index))
    return FormatError(reason, line=position(text, header.start)[0] if header else 1)


def _urls(table: dict[str, Any]) -> list[str]:
    return [url_of(mirror) for mirror in table.get("mirror", [])]


def _set(text: str, registry: str, urls: list[str]) -> str:
    """The text with these mirrors of one registry, in this order."""
    found = next((entry for entry in checked(text) if entry[0] == registry), None)
    if found is None:
        return tomltables.apply(
            text, [tomltables.after(text, _length(text), [_registry(text, registry), *_made(text, urls)])]
        )
    _prefix, index, table = found
    current = _urls(table)
    for at, url in secured(current, urls).items():
        text, current[at] = tomldoc.remove(text, ("registry", index, "mirror", at, "insecure")), url
    spans = [_span(text, ("registry", index, "mirror", number)) for number in range(len(current))]
    places = tomltables.kept(current, urls)
    edits = [tomltables.removal(text, span) for at, span in enumerate(spans) if at not in places.values()]
    fresh = [
        tomltables.piece(text, spans[current.index(url)]) if url in current else _mirror(text, url)
        for at, url in enumerate(urls)
        if at not in places
    ]
    own = _span(text, ("registry", index), alone=True)
    if fresh and places:
        edits.append(tomltables.before(text, spans[min(places.values())], fresh))
    elif fresh:
        edits.append(tomltables.after(text, own.end, fresh))
    elif not urls and _says_nothing(text, registry, table, own):
        edits.append(tomltables.removal(text, own))
    return tomltables.apply(text, edits)


def _says_nothing(text: str, registry: str, table: dict[str, Any], span: Span) -> bool:
    """Whether a table without its mirrors can go: no comment belongs to it, and no second one would take its place."""
    found = tomldoc.parse(text)["registry"]
    alone = sum(prefix_of(other) == registry for other in found) == 1
    return alone and is_plain(table) and "#" not in tomltables.piece(text, tomltables.with_comment(text, span))


def _span(text: str, path: tuple[str | int, ...], *, alone: bool = False) -> Span:
    span = tomltables.header_of(text, path) if alone else tomltables.span_of(text, path)
    if span is None:
        raise FormatError(_("This document cannot take the change as it is written."), line=1)
    return span


def _length(text: str) -> int:
    return len(text.removeprefix("\ufeff"))


def _registry(text: str, registry: str) -> str:
    return line_end(text).join(("[[registry]]", f"location = {json.dumps(registry)}", ""))


def _made(text: str, urls: list[str]) -> list[str]:
    return [_mirror(text, url) for url in urls]


def _mirror(text: str, url: str) -> str:
    scheme, _colons, location = url.partition("://")
    insecure = ("insecure = true",) if scheme == "http" else ()
    return line_end(text).join(("[[registry.mirror]]", f"location = {json.dumps(location)}", *insecure, ""))
