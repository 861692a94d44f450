"""Where things stand in a TOML document (TOML 1.0): the offsets that `tomldoc` edits at.

The scanner takes any valid document apart, without recursion and in linear time, and need not notice what is wrong
with an invalid one: whether a document is valid is for tomllib to say, which may only be asked about texts that stay
within the bounds set here. (tomllib is quadratic in the parts of a name, and recursive in nesting.)
"""

from __future__ import annotations

import re
import tomllib
from typing import NamedTuple, NoReturn, TypeAlias

from mirrorctl.errors import FormatError
from mirrorctl.formats import position
from mirrorctl.text import Text, _

Path: TypeAlias = tuple[str | int, ...]

MOST_LEVELS = 200  # of arrays and inline tables, and parts of a name
MOST_PARTS = 100_000  # of the paths of all headers and values together, each counted as three more
MOST_SIGNS = 50_000  # line ends and backslashes
LONGEST_NUMBER = 1000

_GAP = re.compile(r"[ \t\r\n]+|#[^\n]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_END = re.compile(r"(?:#[^\n]*)?(?:\r?\n|\Z)")
_SCALAR = re.compile(r"[^\s,\[\]{}#\"'=]+(?: [0-9][^\s,\[\]{}#\"'=]*)?")
_CLOSING = {
    '"': re.compile(r'\\.|"', re.DOTALL),
    "'": re.compile(r"'"),
    '"""': re.compile(r'\\.|"{3,5}', re.DOTALL),
    "'''": re.compile(r"'{3,5}"),
}


class Node(NamedTuple):
    """A value. `start` is where its key starts, or the value itself; `nested` in an array or an inline table."""

    path: Path
    start: int
    value_start: int
    end: int
    nested: bool


class Table(NamedTuple):
    """A header and the whole lines from it to its last key."""

    path: Path
    start: int
    end: int


class _Item(NamedTuple):
    """A value that is about to be read, and where it or its key starts."""

    path: Path
    start: int


class _Open(NamedTuple):
    """An array or an inline table that is being read, the bracket that closes it, and the items so far."""

    item: _Item
    value_start: int
    close: str
    length: int = 0


class Scanner:
    """Takes one document apart while it is made; then `nodes` and `tables` are there, in the order of the text."""

    def __init__(self, text: str) -> None:
        self.nodes: list[Node] = []
        self.tables: list[Table] = []
        self._text = text
        self._at = 0
        self._parts = 0
        self._lengths: dict[Path, int] = {}
        if text.count("\n") + text.count("\\") > MOST_SIGNS:
            self._refuse(_("This document is too large to be edited."))
        base: Path = ()
        while self._gap() < len(text):
            if text[self._at] == "[":
                base = self._header()
            else:
                self._pair(base)

    # Statements

    def _header(self) -> Path:
        start = self._at
        brackets = 2 if self._text.startswith("[[", start) else 1
        self._at += brackets
        path = self._resolve(self._name(), is_array=brackets == 2)
        self._expect("]" * brackets)
        self._weigh(path)
        self.tables.append(Table(path, self._text.rfind("\n", 0, start) + 1, self._end_line()))
        return path

    def _resolve(self, name: Path, *, is_array: bool) -> Path:
        """The path that a header names. A part that is an array of tables means its last one."""
        path: Path = ()
        for part in name[:-1]:
            path += (part,)
            if path in self._lengths:
                path += (self._lengths[path] - 1,)
        path += name[-1:]
        if is_array:
            index = self._lengths.get(path, 0)
            self._lengths[path] = index + 1
            path += (index,)
        return path

    def _pair(self, base: Path) -> None:
        start = self._at
        self._value(_Item(base + self._key(), start))
        end = self._end_line()
        if self.tables:
            self.tables[-1] = self.tables[-1]._replace(end=end)

    def _key(self) -> Path:
        name = self._name()
        self._expect("=")
        return name

    def _name(self) -> Path:
        parts = [self._part()]
        while self._text.startswith(".", self._at):
            self._at += 1
            parts.append(self._part())
            if len(parts) > MOST_LEVELS:
                self._refuse(_("This name has more than {count} parts.", count=MOST_LEVELS))
        return tuple(parts)

    def _part(self) -> str:
        self._blanks()
        start = self._at
        if bare := _BARE.match(self._text, start):
            self._at = bare.end()
            part = bare.group()
        elif self._text.startswith(("'", '"'), start):
            self._string()
            part = _string_value(self._text[start : self._at])
        else:
            self._refuse(_("A name is expected here."))
        self._blanks()
        return part

    # Values

    def _value(self, first: _Item) -> None:
        """Reads a value and all that is in it. The path of an item is that of its array or table, and one part more."""
        opened: list[_Open] = []
        item: _Item | None = first
        while item:
            self._blanks()
            start = self._at
            close = {"[": "]", "{": "}"}.get(self._text[start : start + 1])
            if close:
                opened.append(_Open(item, start, close))
                self._at += 1
            else:
                self._scalar()
                self._add(item, start, nested=bool(opened))
            if len(opened) > MOST_LEVELS:
                self._refuse(_("This is nested more than {count} levels deep.", count=MOST_LEVELS))
            item = self._next_item(opened, may_start=bool(close))

    def _next_item(self, opened: list[_Open], *, may_start: bool) -> _Item | None:
        """Closes what is closed here, then reads up to the next item; None behind the outermost bracket."""
        while opened:
            self._gap()
            if self._text.startswith(opened[-1].close, self._at):
                self._at += 1
                done = opened.pop()
                self._add(done.item, done.value_start, nested=bool(opened))
                may_start = False
            elif may_start:
                return self._item(opened)
            else:
                self._expect(",")
                may_start = True
        return None

    def _item(self, opened: list[_Open]) -> _Item:
        inside = opened[-1]
        start = self._at
        if inside.close == "}":
            return _Item(inside.item.path + self._key(), start)
        opened[-1] = inside._replace(length=inside.length + 1)
        return _Item((*inside.item.path, inside.length), start)

    def _scalar(self) -> None:
        if self._text.startswith(("'", '"'), self._at):
            self._string()
        elif scalar := _SCALAR.match(self._text, self._at):
            if len(scalar.group()) > LONGEST_NUMBER:
                self._refuse(_("This value is too long."))
            self._at = scalar.end()
        else:
            self._refuse(_("A value is expected here."))

    def _string(self) -> None:
        quote = self._text[self._at]
        quotes = quote * 3 if self._text.startswith(quote * 3, self._at) else quote
        for found in _CLOSING[quotes].finditer(self._text, self._at + len(quotes)):
            if not found.group().startswith("\\"):
                self._at = found.end()
                return
        self._refuse(_("This string does not end."))

    def _add(self, item: _Item, value_start: int, *, nested: bool) -> None:
        self._weigh(item.path)
        self.nodes.append(Node(item.path, item.start, value_start, self._at, nested))

    def _weigh(self, path: Path) -> None:
        self._parts += len(path) + 3
        if self._parts > MOST_PARTS:
            self._refuse(_("This document is too large to be edited."))

    # Characters

    def _gap(self) -> int:
        """Skips blanks, line ends and comments."""
        self._at = skip(self._text, self._at)
        return self._at

    def _blanks(self) -> None:
        while self._text.startswith((" ", "\t"), self._at):
            self._at += 1

    def _expect(self, what: str) -> None:
        if not self._text.startswith(what, self._at):
            self._refuse(_("“{what}” is expected here.", what=what))
        self._at += len(what)

    def _end_line(self) -> int:
        self._blanks()
        rest = _END.match(self._text, self._at)
        if not rest:
            self._refuse(_("The line is expected to end here."))
        self._at = rest.end()
        return self._at

    def _refuse(self, reason: Text) -> NoReturn:
        line, column = position(self._text, self._at)
        raise FormatError(reason, line=line, column=column)


def skip(text: str, at: int) -> int:
    """The offset behind the blanks, line ends and comments at `at`."""
    while gap := _GAP.match(text, at):
        at = gap.end()
    return at


def _string_value(raw: str) -> str:
    try:
        return str(tomllib.loads(f"value = {raw}")["value"]) if "\\" in raw else raw[1:-1]
    except tomllib.TOMLDecodeError:
        return raw
