"""Where the variables of a git configuration file stand (`gitconfig` says what is read, and what is refused)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, NoReturn, TypeAlias

from mirrorctl.errors import FormatError
from mirrorctl.formats import position
from mirrorctl.text import Text, _
from mirrorctl.values import dataclass

# Line ends, brackets, quotes and backslashes: bounds time and memory; no file that people write comes near.
MOST_SIGNS = 20_000

BLANKS = " \t\r"
_GAP = re.compile(r"[ \t\r\n]+|[#;][^\n]*")
_HEADER = re.compile(r'\[([A-Za-z0-9.-]*)(?:[ \t\r]+(")|\])')
_SUBSECTION = re.compile(r'[^"\\\n]+|\\([^\n])')
_NAME = re.compile(r"([A-Za-z][A-Za-z0-9-]*)[ \t]*(=|(?=\r?\n)|\Z)")
_PLAIN = re.compile(r'([^"\\#;\n]+)|\\(?:([tbn"\\])|\r?\n|\Z)|"')
_QUOTED = re.compile(r'([^"\\\n]+)|\\(?:([tbn"\\])|\r?\n|\Z)|"')
_LEADING = re.compile(r"[ \t\r]*")
_REST = re.compile(r"[ \t\r]*(?:\n|\Z)")
_ESCAPES = {"t": "\t", "b": "\b", "n": "\n"}


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable as git sees it: section and name in lower case, value None where there is no `=`.

    `start` and `end` span what `remove` takes: whole lines with the line end and the comment behind the value, or
    what stands behind the header on its line. `value_start` and `value_end` span the value as written.
    """

    section: str
    subsection: str | None
    name: str
    value: str | None
    start: int
    end: int
    line: int
    value_start: int
    value_end: int

    @property
    def setting(self) -> Setting:
        return self.section, self.subsection, self.name, self.value


Setting: TypeAlias = tuple[str, str | None, str, str | None]


class Header(NamedTuple):
    """A section header from `start` to `end`. What stands before the first one has an empty one of its own."""

    section: str
    subsection: str | None
    start: int
    end: int


class Block(NamedTuple):
    """A header, its variables, and the offset where the next header starts or the text ends."""

    header: Header
    variables: list[Variable]
    end: int


def scan(text: str) -> list[Block]:
    if "\0" in text:
        refuse(_("There is a NUL in this file."), text, text.index("\0"))
    if sum(map(text.count, '\n["\\')) > MOST_SIGNS:
        refuse(_("This file is too large to be edited."), text, 0)
    blocks: list[Block] = []
    at = len("\ufeff") if text.startswith("\ufeff") else 0
    header, found = Header("", None, at, at), list[Variable]()
    line, counted = 1, 0
    while (at := _skip(text, at)) < len(text):
        line, counted = line + text.count("\n", counted, at), at
        if text[at] == "[":
            blocks.append(Block(header, found, at))
            header, found = _read_header(text, at), []
            at = header.end
        else:
            variable, at = _read_variable(text, at, header, line)
            found.append(variable)
    return [*blocks, Block(header, found, len(text))]


def flat(blocks: Iterable[Block]) -> Iterator[Variable]:
    return (variable for block in blocks for variable in block.variables)


def _skip(text: str, at: int) -> int:
    while gap := _GAP.match(text, at):
        at = gap.end()
    return at


def _read_header(text: str, start: int) -> Header:
    opening = _HEADER.match(text, start)
    if not opening or opening.group() == "[]":
        refuse(_('This is no section header: [section] or [section "subsection"] is expected.'), text, start)
    name, at = opening[1].lower(), opening.end()
    if opening[2]:
        parts: list[str] = []
        while part := _SUBSECTION.match(text, at):
            parts.append(part[1] or part[0])
            at = part.end()
        if not text.startswith('"]', at):
            refuse(_('This section header does not end with “"]”.'), text, start)
        name, at = f"{name}.{''.join(parts)}", at + 2
    section, dot, subsection = name.partition(".")
    return Header(section, subsection if dot else None, start, at)


def _read_variable(text: str, start: int, header: Header, line: int) -> tuple[Variable, int]:
    """The variable at `start`, and the offset behind it and its comment, before the line end."""
    name = _NAME.match(text, start)
    if not name:
        refuse(_("This is neither a section, nor a variable, nor a comment."), text, start)
    if name[2]:
        value, value_start, value_end = _read_value(text, name.end())
        end = _line_stop(text, value_end)
    else:
        value, value_start, value_end, end = None, name.end(1), name.end(1), name.end()
    span = own_lines(text, start, end)
    names = header.section, header.subsection, name[1].lower()
    return Variable(*names, value, *span, line, value_start, value_end), end


def _read_value(text: str, at: int) -> tuple[str, int, int]:
    """The value whose text begins at `at`, and its span without the blanks around it.

    Blanks count once something solid follows them, be it an empty pair of quotes or the end of a continued line.
    """
    blanks = _LEADING.match(text, at)
    start = end = at = blanks.end() if blanks else at
    parts: list[str] = []
    held, quoted = "", False
    while at < len(text) and text[at] != "\n" and (quoted or text[at] not in "#;"):
        token = (_QUOTED if quoted else _PLAIN).match(text, at)
        if not token:
            refuse(_("git knows no escape like this."), text, at)
        if parts and held:
            parts.append(held)
        piece, held = token[1] or _ESCAPES.get(token[2], token[2] or ""), ""
        if token[1] and not quoted:
            held = piece[len(piece.rstrip(BLANKS)) :]
            piece = piece.rstrip(BLANKS) if parts else piece.strip(BLANKS)
        if piece:
            parts.append(piece)
        quoted ^= token.group() == '"'
        at = token.end()
        end = at - len(held)
    if quoted:
        refuse(_("The quotes are not closed on this line."), text, start)
    if start == at and text.startswith("\r\n", at - 1):  # no value: the CR is no blank before one
        start = end = at - 1
    return "".join(parts), start, end


def _line_stop(text: str, at: int) -> int:
    """Where the line of `at` stops, before its line end."""
    stop = text.find("\n", at)
    if stop < 0:
        return len(text)
    return stop - text.startswith("\r\n", stop - 1)


def own_lines(text: str, start: int, end: int) -> tuple[int, int]:
    """The whole lines from `start` to `end`, or that span with the blanks before it if it shares its first line."""
    line_start = text.rfind("\n", 0, start) + 1
    before = text[line_start:start].rstrip(BLANKS)
    if before:
        return line_start + len(before), end
    rest = _REST.match(text, end)
    return line_start, rest.end() if rest else end


def refuse(reason: Text, text: str, at: int) -> NoReturn:
    line, column = position(text, at)
    raise FormatError(reason, line=line, column=column)
