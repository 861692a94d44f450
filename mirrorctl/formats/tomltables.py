"""Whole tables of a TOML document, moved about as pieces of text: what is kept stays as it is written.

    [[registry]]                       ("registry", 0)
    [[registry.mirror]]                ("registry", 0, "mirror", 0)
    [host."https://mirror.example"]    ("host", "https://mirror.example")

Spans are offsets into the text without its byte order mark; `apply` puts the mark back. Whether an edit says what it
should is for the caller to see, by a parser.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from mirrorctl.errors import FormatError
from mirrorctl.formats import line_end
from mirrorctl.formats.tomlscan import Path, Scanner
from mirrorctl.text import _

_BOM = "\ufeff"


def load(text: str) -> dict[str, Any]:
    """The document as tomllib has it, whatever its size: for comparison, after a scanner has accepted the text."""
    try:
        return tomllib.loads(text.removeprefix(_BOM), parse_float=str)
    except (ValueError, RecursionError) as error:
        raise FormatError(_("This is not TOML: {reason}.", reason=error), line=1) from error


class Span(NamedTuple):
    start: int
    end: int


class Edit(NamedTuple):
    """`new` stands where `start` to `end` stood."""

    start: int
    end: int
    new: str


@lru_cache(maxsize=4)
def scan(text: str) -> Scanner:
    """The places of a document that a parser has accepted. Kept for the next question about the same text."""
    return Scanner(text.removeprefix(_BOM))


def span_of(text: str, path: Path) -> Span | None:
    """The lines of the table with that header and of its sub-tables; None where there is none, or another is between."""
    spans: list[Span] = []
    was_inside = False
    for table in scan(text).tables:
        is_inside = table.path[: len(path)] == path
        if is_inside and was_inside:
            spans[-1] = Span(spans[-1].start, table.end)
        elif is_inside:
            spans.append(Span(table.start, table.end))
        was_inside = is_inside
    return spans[0] if len(spans) == 1 else None


def header_of(text: str, path: Path) -> Span | None:
    """The lines from a header to the last key below it, without sub-tables."""
    return next((Span(table.start, table.end) for table in scan(text).tables if table.path == path), None)


def piece(text: str, span: Span) -> str:
    return text.removeprefix(_BOM)[span.start : span.end]


def apply(text: str, edits: Iterable[Edit]) -> str:
    mark = _BOM if text.startswith(_BOM) else ""
    result = text.removeprefix(_BOM)
    for edit in sorted(edits, reverse=True):
        result = result[: edit.start] + edit.new + result[edit.end :]
    return mark + result


def removal(text: str, span: Span) -> Edit:
    """Takes a table out, with one blank line next to it."""
    bare, gap = text.removeprefix(_BOM), line_end(text)
    start, end = span
    if bare.startswith(gap, end) and (start == 0 or bare.endswith(gap + gap, 0, start)):
        return Edit(start, end + len(gap), "")
    if bare.endswith(gap + gap, 0, start) and end == len(bare):
        return Edit(start - len(gap), end, "")
    return Edit(start, end, "")


def with_comment(text: str, span: Span) -> Span:
    """A table with the lines of comment that stand directly above it."""
    bare, at = text.removeprefix(_BOM), span.start
    while at and bare[bare.rfind("\n", 0, at - 1) + 1 : at].lstrip(" \t").startswith("#"):
        at = bare.rfind("\n", 0, at - 1) + 1
    return Span(at, span.end)


def before(text: str, span: Span, tables: Sequence[str]) -> Edit:
    """Puts tables before the one at `span`, and before the comment that belongs to it."""
    at, gap = with_comment(text, span).start, line_end(text)
    return Edit(at, at, "".join(_closed(table, gap) + gap for table in tables))


def after(text: str, at: int, tables: Sequence[str]) -> Edit:
    """Puts tables behind what ends at `at`."""
    bare, gap = text.removeprefix(_BOM), line_end(text)
    lead = gap if at and not bare.endswith("\n", 0, at) else ""
    return Edit(
        at, at, lead + "".join((gap if at or number else "") + _closed(t, gap) for number, t in enumerate(tables))
    )


def after_line(text: str, at: int, line: str) -> Edit:
    """Puts a line behind the one that ends at `at`."""
    gap = line_end(text)
    lead = "" if text.removeprefix(_BOM).endswith("\n", 0, at) else gap
    return Edit(at, at, lead + line + ("" if lead else gap))


def _closed(table: str, gap: str) -> str:
    return table if table.endswith("\n") else table + gap


def kept(current: Sequence[str], wanted: Sequence[str]) -> dict[int, int]:
    """Which items can stay where they are: the longest end of `wanted` that is in `current` in this order.

    By place in `wanted`, the place in `current`. What is new goes first, so this is what was there before, mostly.
    """
    places: dict[int, int] = {}
    end = len(current)
    for index in range(len(wanted) - 1, -1, -1):
        at = next((at for at in range(end - 1, -1, -1) if current[at] == wanted[index]), None)
        if at is None:
            break
        places[index] = end = at
    return places
