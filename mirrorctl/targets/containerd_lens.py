"""The hosts that one hosts.toml of containerd puts before its registry, as a lens: their addresses, first to last.

server = "https://registry-1.docker.io"

[host."https://mirror.example"]
  capabilities = ["pull", "resolve"]      with "pull" alone, tags would be asked of the registry itself

Source: containerd, docs/hosts.md. A file that containerd cannot read it ignores, with a line in its log.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from mirrorctl.errors import FormatError
from mirrorctl.formats import line_end, tomldoc, tomltables
from mirrorctl.model import Value
from mirrorctl.targets.registries import secured
from mirrorctl.text import _


def read(text: str, path: Path) -> Value:  # noqa: ARG001
    return list(_hosts(text)) or None


def write(text: str, path: Path, value: Value) -> str:
    wanted = [str(url) for url in value or []]
    current = list(_hosts(text))
    if wanted == current:
        return text
    for at, url in secured(current, wanted).items():
        text, current[at] = _renamed(text, current[at], url)
    spans = {url: tomltables.span_of(text, ("host", url)) for url in current}
    places = tomltables.kept(current, wanted)
    stay = {current[at] for at in places.values()}
    edits = [tomltables.removal(text, span) for url, span in spans.items() if span and url not in stay]
    fresh = [_moved(text, spans[url]) if url in spans else _host(text, url) for url in wanted if url not in stay]
    first = spans[current[min(places.values())]] if places else None
    if fresh and first:
        edits.append(tomltables.before(text, first, fresh))
    elif fresh:
        edits.append(tomltables.after(text, len(text.removeprefix("\ufeff")), fresh))
    result = tomltables.apply(text, edits)
    if list(_hosts(result)) != wanted or frame(result, path) != frame(text, path):
        raise FormatError(_("This document cannot take the change as it is written."), line=1)
    return result


def frame(text: str, path: Path) -> object:  # noqa: ARG001
    """Everything but the hosts."""
    document = tomltables.load(text)
    document.pop("host", None)
    return document


def hosts(data: bytes | None) -> list[str]:
    """The hosts of a file as containerd takes it: none of one that is broken."""
    try:
        found = tomldoc.parse((data or b"").decode()).get("host")
    except (FormatError, UnicodeDecodeError):
        return []
    return list(found) if isinstance(found, dict) else []


def deaf(data: bytes | None) -> list[str]:
    """The hosts that do not pull, or do not resolve tags, by their own capabilities; without any named, they do all."""
    try:
        found = tomldoc.parse((data or b"").decode()).get("host")
    except (FormatError, UnicodeDecodeError):
        return []
    named = {url: table.get("capabilities") for url, table in found.items()} if isinstance(found, dict) else {}
    return [
        url
        for url, words in named.items()
        if isinstance(words, list) and not {"pull", "resolve"} <= set(map(str, words))
    ]


def _hosts(text: str) -> dict[str, Any]:
    """The tables of the hosts by address. Raises FormatError for forms that cannot be edited by tables."""
    found = tomldoc.parse(text).get("host", {})
    if not isinstance(found, dict) or not all(isinstance(table, dict) for table in found.values()):
        raise FormatError(_("“{name}” has to be a table.", name="host"), line=1)
    for url in found:
        if tomltables.span_of(text, ("host", url)) is None or tomltables.header_of(text, ("host", url)) is None:
            raise FormatError(_("Hosts are expected as tables, each in one piece: [host.…]."), line=1)
    return found


def _renamed(text: str, old: str, new: str) -> tuple[str, str]:
    """The text with another address in the headers of a host, and the address that it has then."""
    edits = []
    bare = text.removeprefix("\ufeff")
    for table in tomltables.scan(text).tables:
        if table.path[:2] == ("host", old):
            name = re.compile(rf"[ \t]*\[[ \t]*host[ \t]*\.[ \t]*([\"']{re.escape(old)}[\"'])").match(bare, table.start)
            if name is None:
                return text, old
            edits.append(tomltables.Edit(*name.span(1), json.dumps(new)))
    return tomltables.apply(text, edits), new


def _moved(text: str, span: tomltables.Span | None) -> str:
    return tomltables.piece(text, span) if span else ""


def _host(text: str, url: str) -> str:
    return line_end(text).join((f"[host.{json.dumps(url)}]", '  capabilities = ["pull", "resolve"]', ""))
