"""TOML documents (TOML 1.0), as uv.toml and pyproject.toml: strings, keys and tables, each named by its path.

    index-url = "https://…"            ("index-url",)
    [[index]]                          ("index", 0)
    url = "https://…"                  ("index", 0, "url")
    [tool.uv]
    index = [{ url = "https://…" }]    ("tool", "uv", "index", 0, "url")

tomllib says what a document means, before an edit and after it. What is edited is the text, by spans: a document
taken apart and put together again has its comments and blank lines in other places. Refused is what tomllib refuses,
bytes that are not UTF-8, and what is beyond the bounds of `tomlscan`. A byte order mark stays; uv reads past it.

A text without a final line end stays without, so that removing an appended table gives back the same bytes.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from mirrorctl.errors import FormatError
from mirrorctl.formats import line_end, position
from mirrorctl.formats.tomlscan import Node, Path, Scanner, skip
from mirrorctl.reasons import translatable
from mirrorctl.text import Text, _

_BOM = "\ufeff"
_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")
_TO_LINE_END = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\r?\n|\Z)")
_BLANKS = " \t"
_LITERAL = re.compile(r"[ -&(-~]*")  # what may stand between apostrophes: printable, and no apostrophe


def parse(text: str) -> dict[str, Any]:
    """What the document says."""
    return _Document(text, float).value


def get(text: str, path: Path) -> Any:
    """The value at `path`, None if it is not there."""
    return _walk(parse(text), path)


def tables(text: str, path: Path) -> tuple[dict[str, Any], ...]:
    """The tables of the array at `path`, however it is written; none if it is not there."""
    found = get(text, path)
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
        raise FormatError(_("“{name}” is no array of tables.", name=_dotted(path)), line=1)
    return tuple(found)


def set_string(text: str, path: Path, value: str) -> str:
    """The text with another value for a string that is there. It stays between the quotes it has, if it can."""
    document = _Document(text)
    node = document.find(path)
    old = document.text[node.value_start : node.end] if node else ""
    if not node or old[0] not in "\"'":
        raise FormatError(_("There is no string “{name}” to replace.", name=_dotted(path)), line=1)
    if _walk(document.value, path) == value:
        return text
    literal = old[0] == "'" and not old.startswith("'''") and _LITERAL.fullmatch(value)
    new = f"'{value}'" if literal else _string(value)
    _walk(document.value, path[:-1])[path[-1]] = value
    return document.result(document.text[: node.value_start] + new + document.text[node.end :])


def append_table(text: str, path: Path, entries: Mapping[str, str | bool]) -> str:
    """The text with one more table at the end of the array at `path`: inside its brackets, or at the document's end."""
    document = _Document(text)
    array = document.find(path)
    pairs = [
        f"{key} = {_string(value) if isinstance(value, str) else str(value).lower()}" for key, value in entries.items()
    ]
    if array:
        after = _with_element(document, array, "{ " + ", ".join(pairs) + " }")
    else:
        after = _with_lines(document.text, [f"[[{_dotted(path)}]]", *pairs])
    _array(document.value, path).append(dict(entries))
    return document.result(after)


def remove(text: str, path: Path) -> str:
    """The text without the key, or the table of an array, at `path`.

    What has lines of its own goes with them: a key with the comment behind it, a table with all from its header to
    its last key. An appended table takes the blank line above it along.
    """
    document = _Document(text)
    node = document.find(path)
    if not node:
        spans = _table_spans(document, path)
    elif node.nested:
        spans = _item_spans(document, node)
    else:
        spans = [_own_lines(document.text, node.start, node.end) or (node.start, node.end)]
    if not spans:
        return text
    after = _cut(document.text, spans)
    _forget(document.value, path, _load(after, str))
    return document.result(after)


class _Document:
    """A text without its byte order mark, what it means, and where that stands."""

    def __init__(self, text: str, parse_float: Callable[[str], Any] = str) -> None:
        # Floats are compared as they are written: not a number is not even equal to itself.
        self.mark = _BOM if text.startswith(_BOM) else ""
        self.text = text.removeprefix(_BOM)
        _check_encoding(self.text)
        scanner = Scanner(self.text)
        self.nodes, self.tables = scanner.nodes, scanner.tables
        self.value = _load(self.text, parse_float)

    def find(self, path: Path) -> Node | None:
        return next((node for node in self.nodes if node.path == path), None)

    def result(self, text: str) -> str:
        """The edited text, if it means what `value` has been made to say. Nothing else is handed out."""
        _check_encoding(text)
        try:
            is_meant = _load(text, str) == self.value
        except (FormatError, RecursionError):
            is_meant = False
        if not is_meant:
            raise FormatError(_("This document cannot take the change as it is written."), line=1)
        return self.mark + text


def _load(text: str, parse_float: Callable[[str], Any]) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=parse_float)
    except RecursionError:
        raise FormatError(_("This is nested too deeply."), line=1) from None
    except ValueError as error:
        place = _PLACE.search(str(error))
        line, column = (int(place[1]), int(place[2])) if place else position(text, len(text))
        reason = _("This is not TOML: {reason}.", reason=translatable(str(error).partition(" (at ")[0]))
        raise FormatError(reason, line=line, column=column) from None


def _walk(value: Any, path: Path) -> Any:
    for key in path:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value


def _array(value: Any, path: Path) -> list[Any]:
    """The array at `path`, made with all that leads to it if it is not there."""
    for key in path[:-1]:
        value = value.setdefault(key, {}) if isinstance(value, dict) else None
    array = value.setdefault(path[-1], []) if isinstance(value, dict) else None
    if not isinstance(array, list):
        raise FormatError(_("“{name}” is no array of tables.", name=_dotted(path)), line=1)
    return array


def _forget(value: dict[str, Any], path: Path, after: dict[str, Any]) -> None:
    """Takes `path` out of `value`, and what is empty then, as far as it is gone in `after` too."""
    del _walk(value, path[:-1])[path[-1]]
    for length in range(len(path) - 1, 0, -1):
        if not _walk(value, path[:length]) and _walk(after, path[:length]) is None:
            del _walk(value, path[: length - 1])[path[length - 1]]


# Spans and pieces of text


def _table_spans(document: _Document, path: Path) -> list[tuple[int, int]]:
    """The lines of a table of an array and of its sub-tables, in one piece where no other table is between them."""
    spans: list[tuple[int, int]] = []
    was_ours = False
    for table in document.tables:
        is_ours = isinstance(path[-1], int) and table.path[: len(path)] == path
        if is_ours:
            spans.append((spans.pop()[0] if was_ours else table.start, table.end))
        was_ours = is_ours
    if spans and spans[-1][1] == len(document.text):
        start, end = spans.pop()
        gap = line_end(document.text)
        spans.append((start - len(gap) if document.text.endswith("\n" + gap, 0, start) else start, end))
    return spans


def _item_spans(document: _Document, node: Node) -> list[tuple[int, int]]:
    """What stands between brackets, with one comma: the one behind it, or else the one before it."""
    text = document.text
    outer = max(
        other.value_start for other in document.nodes if other.value_start < node.start and other.end > node.end
    )
    before = max(
        (other.end for other in document.nodes if outer < other.start and other.end <= node.start), default=None
    )
    comma = skip(text, node.end)
    has_comma = text.startswith(",", comma)
    if has_comma and "#" in text[node.end : comma]:
        _refuse(_("A comment stands between this value and its comma."), text, node.end)
    start, end = node.start, comma + 1 if has_comma else node.end
    spans = [(skip(text, before), skip(text, before) + 1)] if before is not None and not has_comma else []
    if lines := _own_lines(text, start, end):
        return [*spans, lines]
    if before is None and has_comma:
        return [(start, end + len(text[end:]) - len(text[end:].lstrip(_BLANKS)))]
    return [*spans, (len(text[:start].rstrip(_BLANKS)), end)]


def _own_lines(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The whole lines from `start` to `end`, if nothing else but a comment is on them."""
    line_start = text.rfind("\n", 0, start) + 1
    rest = _TO_LINE_END.match(text, end)
    return (line_start, rest.end()) if rest and not text[line_start:start].strip(_BLANKS) else None


def _cut(text: str, spans: list[tuple[int, int]]) -> str:
    starts = [*(start for start, _end in spans), len(text)]
    ends = [0, *(end for _start, end in spans)]
    result = "".join(text[start:end] for start, end in zip(ends, starts, strict=True))
    at_end = spans[-1][1] == len(text) and not text.endswith("\n")
    return result.removesuffix("\n").removesuffix("\r") if at_end else result


def _with_lines(text: str, lines: list[str]) -> str:
    end = line_end(text)
    block = end.join(lines)
    if not text or text.endswith("\n"):
        return text + (end if text else "") + block + end
    return text + end + end + block


def _with_element(document: _Document, array: Node, element: str) -> str:
    text = document.text
    items = [node for node in document.nodes if node.path[:-1] == array.path and isinstance(node.path[-1], int)]
    if not items:
        at = array.value_start + 1
        return text[:at] + element + text[at:]
    last = items[-1]
    comma = skip(text, last.end)
    has_comma = text.startswith(",", comma)
    between, behind = ("", ",") if has_comma else (",", "")
    end = comma + 1 if has_comma else last.end
    lines = _own_lines(text, last.start, end)
    if not lines:
        return f"{text[:end]}{between} {element}{behind}{text[end:]}"
    indent = text[lines[0] : last.start]
    middle = text[last.end : lines[1]]
    return f"{text[: last.end]}{between}{middle}{indent}{element}{behind}{line_end(text)}{text[lines[1] :]}"


def _string(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _dotted(path: Path) -> str:
    return ".".join(part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else _string(part) for part in map(str, path))


def _check_encoding(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        _refuse(_("This is not UTF-8."), text, error.start)


def _refuse(reason: Text, text: str, at: int) -> NoReturn:
    line, column = position(text, at)
    raise FormatError(reason, line=line, column=column)
