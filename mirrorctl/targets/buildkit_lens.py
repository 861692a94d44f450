"""The mirrors in a buildkitd.toml as a lens: [address, registry] for each, by registry.

[registry."docker.io"]
  mirrors = ["mirror.example"]       without a scheme: https, but http for this machine and where the mirror's own
                                     table says `http = true`

Source: BuildKit, docs/buildkitd.toml.md and util/resolver.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from mirrorctl.errors import FormatError
from mirrorctl.formats import line_end, tomldoc, tomltables
from mirrorctl.formats.tomltables import Edit
from mirrorctl.model import Value
from mirrorctl.targets.common import is_loopback
from mirrorctl.targets.registries import changes, rows
from mirrorctl.text import _

KEY = "mirrors"


def read(text: str, path: Path) -> Value:  # noqa: ARG001
    tables = _registries(text)
    return rows({name: [_url(tables, raw) for raw in table.get(KEY, [])] for name, table in tables.items()}) or None


def write(text: str, path: Path, value: Value) -> str:
    result = text
    for registry, urls in changes(read(text, path), value):
        result = _set(result, registry, urls)
    if read(result, path) != value or frame(result, path) != frame(text, path):
        raise FormatError(_("This document cannot take the change as it is written."), line=1)
    return result


def frame(text: str, path: Path) -> object:  # noqa: ARG001
    """Everything but the mirrors. What is empty is as good as not there."""
    document = tomltables.load(text)
    registries = document.pop("registry", {})
    if isinstance(registries, dict):
        for table in registries.values():
            if isinstance(table, dict):
                table.pop(KEY, None)
        registries = {name: table for name, table in registries.items() if table != {}}
    return document, registries


def asked(text: str, url: str) -> str:
    """The address that BuildKit would go to for a mirror that is written without its scheme, as it is here."""
    return _url(_registries(text), url.partition("://")[2])


def _registries(text: str) -> dict[str, dict[str, Any]]:
    """The tables of the registries by name. Raises FormatError for forms that cannot be edited."""
    found = tomldoc.parse(text).get("registry", {})
    if not isinstance(found, dict):
        raise FormatError(_("“{name}” has to be a table.", name="registry"), line=1)
    for name, table in found.items():
        if tomltables.header_of(text, ("registry", name)) is None:
            raise FormatError(_("Registries are expected as tables: [registry.…]."), line=1)
        mirrors = table.get(KEY, [])
        if not isinstance(mirrors, list) or not all(isinstance(mirror, str) for mirror in mirrors):
            raise FormatError(_("“{name}” is no list of names.", name=f"registry.{name}.{KEY}"), line=1)
    return found


def _url(tables: dict[str, dict[str, Any]], raw: str) -> str:
    if "://" in raw:
        return raw
    stated = tables.get(raw.partition("/")[0], {}).get("http")
    plain = stated is True or (stated is None and is_loopback(f"http://{raw}"))
    return f"{'http' if plain else 'https'}://{raw}"


def _set(text: str, registry: str, urls: list[str]) -> str:
    tables = _registries(text)
    if registry not in tables:
        block = (f"[registry.{json.dumps(registry)}]", f"  {KEY} = [{_items(urls)}]", "")
        end = len(text.removeprefix("\ufeff"))
        return tomltables.apply(text, [tomltables.after(text, end, [line_end(text).join(block)])])
    place = ("registry", registry, KEY)
    raws = tables[registry].get(KEY)
    if raws is None:
        header = re.compile(r"[^\n]*\n?").match(text.removeprefix("\ufeff"), _header(text, registry).start)
        at = header.end() if header else 0
        return tomltables.apply(text, [tomltables.after_line(text, at, f"  {KEY} = [{_items(urls)}]")])
    current = [_url(tables, raw) for raw in raws]
    if not urls:
        result = tomldoc.remove(text, place)
        span = _header(result, registry) if registry in tomldoc.get(result, ("registry",)) else None
        bare = span and tomldoc.get(result, ("registry", registry)) == {} and "#" not in tomltables.piece(result, span)
        return tomltables.apply(result, [tomltables.removal(result, span)]) if span and bare else result
    places = tomltables.kept(current, urls)
    for at in range(len(current) - 1, -1, -1):
        if at not in places.values():
            text = tomldoc.remove(text, (*place, at))
    return _prepend(text, place, [url for at, url in enumerate(urls) if at not in places])


def _header(text: str, registry: str) -> tomltables.Span:
    span = tomltables.header_of(text, ("registry", registry))
    if span is None:
        raise FormatError(_("Registries are expected as tables: [registry.…]."), line=1)
    return span


def _prepend(text: str, place: tuple[str | int, ...], urls: list[str]) -> str:
    """Puts names first in an array, each on a line of its own where the others are."""
    if not urls:
        return text
    nodes = tomltables.scan(text).nodes
    bare = text.removeprefix("\ufeff")
    array = next(node for node in nodes if node.path == place)
    first = next((node for node in nodes if node.path == (*place, 0)), None)
    if first is None:
        return tomltables.apply(text, [Edit(array.value_start + 1, array.value_start + 1, _items(urls))])
    line = bare.rfind("\n", 0, first.start) + 1
    if line > array.value_start and not bare[line : first.start].strip():
        indent, gap = bare[line : first.start], line_end(text)
        return tomltables.apply(text, [Edit(line, line, "".join(f"{indent}{_item(url)},{gap}" for url in urls))])
    return tomltables.apply(text, [Edit(first.start, first.start, f"{_items(urls)}, ")])


def _items(urls: list[str]) -> str:
    return ", ".join(map(_item, urls))


def _item(url: str) -> str:
    return json.dumps(url.partition("://")[2])
