r"""git's configuration files (git-config(1), "Syntax"; config.c of git 2.39 to 2.53), edited variable by variable.

    [url "https://mirror.example/"]            # a header; the quoted part is the subsection
        insteadOf = https://github.com/        ; a variable, and a comment behind it
        pushInsteadOf = "https://github.com/"
    [core] pager = less \
        -R

A text is what git reads byte by byte: a byte order mark may come first, CRLF is a line end, a lone CR is a blank, and
bytes that are not UTF-8 are kept. Refused is what git refuses, and a NUL, which silently cuts what git reads.

A text without a final line end stays without: what `add` puts at its end has none, and `remove` takes the line end
before it along. So removing what was added gives back the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, NoReturn, TypeAlias

from mirrorctl.errors import FormatError
from mirrorctl.formats import line_end, position
from mirrorctl.text import Text, _

# Bounds memory; no file that people write comes near.
MOST_ITEMS = 50_000
# Git before 2.40.1 misreads longer lines when it renames or removes a section (CVE-2023-29007).
LONGEST_LINE = 1000

_BLANKS = " \t\r"
_GAP = re.compile(r"[ \t\r\n]+|[#;][^\n]*")
_HEADER = re.compile(r'\[([A-Za-z0-9.-]*)(?:[ \t\r]+(")|\])')
_SUBSECTION = re.compile(r'[^"\\\n]+|\\([^\n])')
_NAME = re.compile(r"([A-Za-z][A-Za-z0-9-]*)[ \t]*(=|(?=\r?\n)|\Z)")
_PLAIN = re.compile(r'([^"\\#;\n]+)|\\(?:([tbn"\\])|\r?\n|\Z)|"')
_QUOTED = re.compile(r'([^"\\\n]+)|\\(?:([tbn"\\])|\r?\n|\Z)|"')
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
    def setting(self) -> _Setting:
        return self.section, self.subsection, self.name, self.value


_Setting: TypeAlias = tuple[str, str | None, str, str | None]


class _Header(NamedTuple):
    """A section header from `start` to `end`. What stands before the first one has an empty one of its own."""

    section: str
    subsection: str | None
    start: int
    end: int


class _Block(NamedTuple):
    """A header, its variables, and the offset where the next header starts or the text ends."""

    header: _Header
    variables: list[Variable]
    end: int


def variables(text: str) -> tuple[Variable, ...]:
    """Every variable in the order of the text."""
    return tuple(_flat(_blocks(text)))


def add(text: str, section: str, subsection: str | None, name: str, value: str) -> str:
    """The text with one more variable, behind the others of its section's last block, or in a new block at the end.

    A block without variables is left alone, because it would not outlive the removal of what was added to it.
    """
    blocks = _blocks(text)
    lines = [f"\t{name} = {_quote(value)}"]
    at = _end_of_section(text, blocks, section.lower(), subsection)
    if at is None:
        at = len(text)
        lines.insert(0, _header_line(section, subsection))
    result = _insert(text, at, lines)
    settings = [variable.setting for variable in _flat(blocks)]
    index = sum(variable.start < at for variable in _flat(blocks))
    settings.insert(index, (section.lower(), subsection, name.lower(), value))
    after = _check(result, settings, lines)
    added = list(_flat(after))[index]
    if _without(result, after, {added}) != text:
        _refuse(_("A line added here could not be taken out again without a trace."), text, at)
    return result


def remove(text: str, doomed: Callable[[Variable], bool] | Collection[Variable]) -> str:
    """The text without these variables, and without the headers that then hold neither variable nor comment."""
    blocks = _blocks(text)
    gone = set(filter(doomed, _flat(blocks))) if callable(doomed) else set(doomed)
    result = _without(text, blocks, gone)
    _check(result, [variable.setting for variable in _flat(blocks) if variable not in gone])
    return result


def replace(text: str, variable: Variable, value: str) -> str:
    """The text with another value for this variable of it. The comment behind it stays."""
    before = variables(text)
    written = _quote(value)
    if variable.value is None:
        written = f" = {written}"
    elif text[variable.value_start - 1] == "=" and text[variable.value_start - 2] in _BLANKS:
        written = f" {written}"
    result = text[: variable.value_start] + written + text[variable.value_end :]
    settings = [(*other.setting[:3], value) if other == variable else other.setting for other in before]
    _check(result, settings, [written])
    return result


# Reading


def _blocks(text: str) -> list[_Block]:
    if "\0" in text:
        _refuse(_("There is a NUL in this file."), text, text.index("\0"))
    blocks: list[_Block] = []
    at = len("\ufeff") if text.startswith("\ufeff") else 0
    header, found = _Header("", None, at, at), list[Variable]()
    line, counted, items = 1, 0, 0
    while (at := _skip(text, at)) < len(text):
        line, counted = line + text.count("\n", counted, at), at
        if text[at] == "[":
            blocks.append(_Block(header, found, at))
            header, found = _read_header(text, at), []
            at = header.end
        else:
            variable, at = _read_variable(text, at, header, line)
            found.append(variable)
        items += 1
        if items > MOST_ITEMS:
            _refuse(_("This file has more than {count} sections and variables.", count=MOST_ITEMS), text, at)
    return [*blocks, _Block(header, found, len(text))]


def _flat(blocks: Iterable[_Block]) -> Iterator[Variable]:
    return (variable for block in blocks for variable in block.variables)


def _skip(text: str, at: int) -> int:
    while gap := _GAP.match(text, at):
        at = gap.end()
    return at


def _read_header(text: str, start: int) -> _Header:
    opening = _HEADER.match(text, start)
    if not opening or opening.group() == "[]":
        _refuse(_('This is no section header: [section] or [section "subsection"] is expected.'), text, start)
    name, at = opening[1].lower(), opening.end()
    if opening[2]:
        parts: list[str] = []
        while part := _SUBSECTION.match(text, at):
            parts.append(part[1] or part[0])
            at = part.end()
        if not text.startswith('"]', at):
            _refuse(_('This section header does not end with “"]”.'), text, start)
        name, at = f"{name}.{''.join(parts)}", at + 2
    section, dot, subsection = name.partition(".")
    return _Header(section, subsection if dot else None, start, at)


def _read_variable(text: str, start: int, header: _Header, line: int) -> tuple[Variable, int]:
    """The variable at `start`, and the offset behind it and its comment, before the line end."""
    name = _NAME.match(text, start)
    if not name:
        _refuse(_("This is neither a section, nor a variable, nor a comment."), text, start)
    if name[2]:
        value, value_start, value_end = _read_value(text, name.end())
        end = text.find("\n", value_end)
        end = len(text) if end < 0 else end
    else:
        value, value_start, value_end, end = None, name.end(1), name.end(1), name.end()
    span = _lines(text, start, end)
    names = header.section, header.subsection, name[1].lower()
    return Variable(*names, value, *span, line, value_start, value_end), end


def _read_value(text: str, at: int) -> tuple[str, int, int]:
    """The value whose text begins at `at`, and its span without the blanks around it.

    Blanks count once something solid follows them, be it an empty pair of quotes or the end of a continued line.
    """
    parts: list[str] = []
    start = end = at
    blanks, quoted, solid = "", False, False
    while at < len(text) and text[at] != "\n" and (quoted or text[at] not in "#;"):
        token = (_QUOTED if quoted else _PLAIN).match(text, at)
        if not token:
            _refuse(_("git knows no escape like this."), text, at)
        literal = token[1] or _ESCAPES.get(token[2], token[2] or "")
        bare = bool(token[1]) and not quoted
        core = literal.strip(_BLANKS) if bare else literal
        if core or not bare:
            lead = len(literal) - len(literal.lstrip(_BLANKS)) if bare else 0
            start, solid = (start if solid else at + lead), True
            end = at + lead + len(core) if bare else token.end()
            parts += [part for part in (blanks, literal[:lead] if parts else "", core) if part]
            blanks = ""
        if bare and parts:
            blanks = literal[len(literal.rstrip(_BLANKS)) :] if core else literal
        quoted ^= token.group() == '"'
        at = token.end()
    if quoted:
        _refuse(_("The quotes are not closed on this line."), text, start)
    return "".join(parts), start, end


def _lines(text: str, start: int, end: int) -> tuple[int, int]:
    """The whole lines from `start` to `end`, or that span with the blanks before it if it shares its first line."""
    line_start = text.rfind("\n", 0, start) + 1
    before = text[line_start:start].rstrip(_BLANKS)
    if before:
        return line_start + len(before), end
    rest = _REST.match(text, end)
    return line_start, rest.end() if rest else end


# Writing


def _quote(value: str) -> str:
    """The value as git writes it, quoted if it has a comment sign, or blanks or a CR where they would be lost."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"' if value != value.strip(" ") or not {"#", ";", "\r"}.isdisjoint(value) else escaped


def _header_line(section: str, subsection: str | None) -> str:
    if subsection is None:
        return f"[{section}]"
    escaped = subsection.replace("\\", "\\\\").replace('"', '\\"')
    return f'[{section} "{escaped}"]'


def _end_of_section(text: str, blocks: list[_Block], section: str, subsection: str | None) -> int | None:
    """The offset behind the line of its last variable."""
    same = [block.variables[-1] for block in blocks if block.variables and block.header[:2] == (section, subsection)]
    if not same:
        return None
    end = same[-1].end
    return end if text[end - 1] == "\n" else text.find("\n", end) + 1 or len(text)


def _insert(text: str, at: int, lines: list[str]) -> str:
    end = line_end(text)
    head, new, tail = text[:at], end.join(lines), text[at:]
    return head + end + new + tail if head and not head.endswith("\n") else head + new + end + tail


def _without(text: str, blocks: list[_Block], gone: set[Variable]) -> str:
    cuts: list[tuple[int, int]] = []
    for header, found, end in blocks:
        spans = [(variable.start, variable.end) for variable in found if variable in gone]
        if spans and header.start < header.end and not _cut(text, header.end, end, spans).strip(_BLANKS + "\n"):
            shared = spans[0][1] if spans[0][0] == header.end else header.end
            cuts.append(_lines(text, header.start, shared))
        cuts += spans
    result = _cut(text, 0, len(text), cuts)
    if cuts and cuts[-1][1] == len(text) and not text.endswith("\n"):
        return result.removesuffix(line_end(text))
    return result


def _cut(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> str:
    """What is left from `start` to `end`. The spans are in order and may overlap."""
    pieces: list[str] = []
    for span_start, span_end in spans:
        pieces.append(text[start:span_start])
        start = max(start, span_end)
    return "".join([*pieces, text[start:end]])


# Refusing


def _check(text: str, settings: list[_Setting], lines: Collection[str] = ()) -> list[_Block]:
    """Nothing is handed out that git reads otherwise than intended, whatever characters a value has."""
    if any(len(line) > LONGEST_LINE for line in lines):
        raise FormatError(_("git misreads lines of more than {count} characters.", count=LONGEST_LINE), line=1)
    blocks = _blocks(text)
    if [variable.setting for variable in _flat(blocks)] != settings:
        raise FormatError(_("This cannot be written here so that git reads it back."), line=1)
    return blocks


def _refuse(reason: Text, text: str, at: int) -> NoReturn:
    line, column = position(text, at)
    raise FormatError(reason, line=line, column=column)
