"""One top-level key of a JSON object (RFC 8259), as in dockerd's daemon.json.

Refused is what any supported dockerd refuses, and what could not be edited with certainty: another value than an
object at the top, a key that is there twice, comments, trailing commas, text after the object, NaN and Infinity,
bytes that are not UTF-8, a byte order mark (dockerd 20.10), and nesting deeper than Python's own reader goes.
A blank text is an object that has yet to be written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, NoReturn, TypeVar

from mirrorctl.errors import FormatError
from mirrorctl.formats import line_end, position
from mirrorctl.reasons import at_bracket, translatable
from mirrorctl.text import Text, _

INDENT = "    "

# Bounds time and memory; no file that people write comes near.
MOST_ITEMS = 10_000

_BLANKS = " \t\r\n"
_SKIP = re.compile(f"[{_BLANKS}]*")
_LINE = re.compile(r"(?:\r\n?|\n)[ \t]*\Z")


class _Member(NamedTuple):
    """A `"key": value` of the object, in offsets, without the blanks around it."""

    key: str
    start: int
    key_end: int
    value_start: int
    end: int


class _Element(NamedTuple):
    """An element of an array: its value and its offsets."""

    value: object
    start: int
    end: int


_Item = TypeVar("_Item", _Member, _Element)


def get(text: str, key: str) -> object:
    """The value of `key`: None when the key is absent, an empty list for null. Numbers come as floats."""
    member = _find(_members(text), key)
    if member is None:
        return None
    value = _value(text, member.value_start).value
    return [] if value is None else value


def put(text: str, key: str, value: Sequence[str] | None) -> str:
    """The text with `key` set to a list of strings, or without the key for None.

    Order, indentation, line ends and every other value stay as written, and so do elements that stay in the list.
    """
    members = _members(text)
    wanted = None if value is None else list(value)
    if wanted == get(text, key):
        return text
    member = _find(members, key)
    if wanted is None:
        result = _removed(text, members, member) if member else text
    elif member:
        array = _array(wanted, _elements(text, member.value_start), text, _lead(text, member.start))
        result = text[: member.value_start] + array + text[member.end :]
    elif members:
        result = _appended(text, members, key, wanted)
    else:
        result = _filled(text, key, wanted)
    _check_result((text, members), (result, _members(result)), key, wanted)
    return result


def _find(members: Sequence[_Member], key: str) -> _Member | None:
    return next((member for member in members if member.key == key), None)


# Reading


def _members(text: str) -> list[_Member]:
    if not text.strip(_BLANKS):
        return []
    _check_encoding(text)
    members, end = _items(text, _expect(text, _skip(text, 0), "{"), "}", _member)
    if _skip(text, end) < len(text):
        _refuse(_("There is text after the end of the object."), text, _skip(text, end))
    seen: set[str] = set()
    for member in members:
        if member.key in seen:
            _refuse(_("The key “{key}” is here for the second time.", key=member.key), text, member.start)
        seen.add(member.key)
    return members


def _items(text: str, at: int, close: str, read: Callable[[str, int], _Item]) -> tuple[list[_Item], int]:
    """What stands from `at` to the closing bracket, separated by commas, and the offset after the bracket."""
    items: list[_Item] = []
    at = _skip(text, at)
    while not text.startswith(close, at):
        if items:
            at = _skip(text, _expect(text, at, ","))
        item = read(text, at)
        items.append(item)
        if len(items) > MOST_ITEMS:
            _refuse(_("More than {count} keys or elements stand here.", count=MOST_ITEMS), text, at)
        at = _skip(text, item.end)
    return items, at + 1


def _member(text: str, at: int) -> _Member:
    _expect(text, at, '"')
    key = _value(text, at)
    value_start = _skip(text, _expect(text, _skip(text, key.end), ":"))
    return _Member(str(key.value), at, key.end, value_start, _value(text, value_start).end)


def _value(text: str, at: int) -> _Element:
    try:
        value, end = _DECODER.raw_decode(text, at)
    except ValueError as error:
        _refuse_json(error, text, at)
    except RecursionError:
        _refuse(_("This is nested too deeply."), text, at)
    return _Element(value, at, end)


def _elements(text: str, at: int) -> list[_Element]:
    return _items(text, at + 1, "]", _value)[0] if text.startswith("[", at) else []


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


# Numbers are never written, and the limit on the digits of an int is none of JSON.
_DECODER = json.JSONDecoder(parse_int=float, parse_constant=_no_constant)


def _skip(text: str, at: int) -> int:
    blanks = _SKIP.match(text, at)
    return blanks.end() if blanks else at


def _expect(text: str, at: int, what: str) -> int:
    if not text.startswith(what, at):
        _refuse(_("“{what}” is expected here.", what=what), text, at)
    return at + 1


# Writing


def _removed(text: str, members: list[_Member], member: _Member) -> str:
    index = members.index(member)
    if index:
        return text[: members[index - 1].end] + text[member.end :]
    if len(members) > 1:
        return text[: member.start] + text[members[1].start :]
    return text[: text.index("{") + 1] + text[member.end :]


def _appended(text: str, members: list[_Member], key: str, value: list[str]) -> str:
    last = members[-1]
    colon = text[last.key_end : last.value_start]
    lead = _lead(text, last.start)
    if len(members) == 1 and not _has_line_end(lead):
        lead = colon.partition(":")[2]
    return text[: last.end] + "," + _written(text, lead, key, colon, value) + text[last.end :]


def _filled(text: str, key: str, value: list[str]) -> str:
    """Puts the first member into an empty object. Its blanks stay behind the member, as taking it out expects."""
    if not text.strip(_BLANKS):
        end = line_end(text)
        text = f"{{{end}}}{end}"
    at = text.index("{") + 1
    blanks = text[at : text.index("}")]
    lead = line_end(text) + INDENT if _has_line_end(blanks) else blanks
    return text[:at] + _written(text, lead, key, ": ", value) + text[at:]


def _written(text: str, lead: str, key: str, colon: str, value: list[str]) -> str:
    return lead + json.dumps(key) + (": " if _has_line_end(colon) else colon) + _array(value, [], text, lead)


def _array(value: list[str], old: list[_Element], text: str, lead: str) -> str:
    """The list in the layout of the old one, or one element a line if its key is on a line of its own."""
    if not value:
        return "[]"
    if old:
        opening = _blanks_before(text, old[0].start)
        closing = text[old[-1].end : _skip(text, old[-1].end)]
    else:
        opening = lead + (lead.lstrip("\r\n") or INDENT) if _has_line_end(lead) else ""
        closing = lead if opening else ""
    comma = text[old[0].end : old[1].start] if len(old) > 1 else "," + (opening or " ")
    written = {item.value: text[item.start : item.end] for item in old if isinstance(item.value, str)}
    return "[" + opening + comma.join(written.get(item, json.dumps(item)) for item in value) + closing + "]"


def _lead(text: str, at: int) -> str:
    """The line end and the indentation before `at`, or the blanks if there is something else on the line."""
    blanks = _blanks_before(text, at)
    line = _LINE.search(blanks)
    return line.group() if line else blanks


def _blanks_before(text: str, at: int) -> str:
    return text[len(text[:at].rstrip(_BLANKS)) : at]


def _has_line_end(blanks: str) -> bool:
    return "\n" in blanks or "\r" in blanks


# Refusing


def _check_encoding(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        _refuse(_("This is not UTF-8."), text, error.start)


def _check_result(
    before: tuple[str, list[_Member]], after: tuple[str, list[_Member]], key: str, value: list[str] | None
) -> None:
    def others(text: str, members: list[_Member]) -> list[str]:
        return [text[member.start : member.end] for member in members if member.key != key]

    if get(after[0], key) != value or others(*before) != others(*after):
        _refuse(_("The list cannot be written here so that it is read back."), after[0], 0)


def _refuse_json(error: ValueError, text: str, at: int) -> NoReturn:
    if isinstance(error, json.JSONDecodeError):
        error = at_bracket(error)
        _refuse(_("This is not JSON: {reason}.", reason=translatable(error.msg)), text, error.pos)
    _refuse(_("“{value}” is no JSON value.", value=error), text, at)


def _refuse(reason: Text, text: str, at: int) -> NoReturn:
    line, column = position(text, at)
    raise FormatError(reason, line=line, column=column) from None
