"""pip's configuration files: what Python's `RawConfigParser(strict=True)` reads, edited line by line.

    [global]                       ; a header; names are exact, spaces and case included
    # a comment, alone on its line
    index-url = https://…          ; = or :, and everything after it is the value, this too
    extra-index-url:
        https://…                  ; deeper than its option: the value goes on

Lines end at LF, CRLF or a lone CR, as for any file that Python opens as text. What stands in [DEFAULT] shows through
in every section for pip; here it is a section like any other.

Refused is what pip refuses (all versions, or one of them), and what its versions read differently: two spellings of
one option in a section (pip 26.3 refuses, before that the last one wins), and a header with a further `]`
(Python 3.9 ends the name at the first one, 3.10 at the last).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import StringIO
from typing import NamedTuple

from mirrorctl.errors import FormatError
from mirrorctl.formats import position
from mirrorctl.text import Text, _
from mirrorctl.values import dataclass

# Bounds memory; no file that people write comes near.
MOST_LINES = 20_000


@dataclass(frozen=True, slots=True)
class Section:
    """A header line. `start` and `end` span the whole line with its line end; `line` counts from 1."""

    name: str
    start: int
    end: int
    line: int


@dataclass(frozen=True, slots=True)
class Option:
    """An option with its value as configparser joins it.

    `start` and `end` span whole lines, from the option's own to its last continuation, with their line ends;
    `value_start` and `value_end` the value inside them, without the blanks around it.
    """

    section: str
    name: str
    value: str
    start: int
    end: int
    value_start: int
    value_end: int
    line: int


@dataclass(frozen=True, slots=True)
class Document:
    sections: tuple[Section, ...]
    options: tuple[Option, ...]


def normalise(name: str) -> str:
    """The name of an option as pip compares it."""
    return name.lower().replace("_", "-").removeprefix("--")


def scan(text: str) -> Document:
    """Every section and option in the order of the text."""
    _check_encoding(text)
    sections: list[Section] = []
    options: list[Option] = []
    seen: set[str | tuple[str, str]] = set()
    for first, last in _statements(text):
        if first.is_header:
            section = _section(first)
            key: str | tuple[str, str] = section.name
            sections.append(section)
        elif sections:
            option = _option(text, sections[-1].name, first, last)
            key = (option.section, normalise(option.name))
            options.append(option)
        else:
            raise _error(_("This line stands before the first section header."), first)
        if key in seen and key != "DEFAULT":
            raise _error(_("“{line}” is here for the second time; pip refuses that.", line=first.body[:80]), first)
        seen.add(key)
    return Document(tuple(sections), tuple(options))


def get(text: str, section: str, name: str, *, same: Callable[[str], str] = normalise) -> str | None:
    """The value of an option, or None. Names are the same when `same` makes them equal."""
    option = _find(scan(text), section, name, same)
    return option.value if option else None


def put(text: str, section: str, name: str, value: str | None, *, same: Callable[[str], str] = normalise) -> str:
    """The text with the option set; None takes it out, and a header that `put` made with it.

    A value has as many lines as it says, those behind the first one indented. The option's own line is kept as it is
    spelled. A new one goes directly below its section's header, a new section to the end. No final line end is added.
    """
    document = scan(text)
    option = _find(document, section, name, same)
    if value == (option.value if option else None):
        return text
    if option is None:
        result = _inserted(text, document, section, f"{name} = {value}")
    elif value is None:
        result = _removed(text, document, option)
    else:
        result = _replaced(text, option, value)
    _check_result(document, scan(result), (section, same(name)), value, same)
    return result


class _Line(NamedTuple):
    """A line that is neither blank nor a comment. `indent` counts characters, `body` is stripped."""

    number: int
    start: int
    raw: str
    indent: int
    body: str

    @property
    def end(self) -> int:
        return self.start + len(self.raw)

    @property
    def body_end(self) -> int:
        return self.start + self.indent + len(self.body)

    @property
    def is_header(self) -> bool:
        return self.body[0] == "[" and "]" in self.body[2:]


def _lines(text: str) -> Iterator[_Line]:
    start = 0
    for number, raw in enumerate(StringIO(text, newline=""), 1):
        if number > MOST_LINES:
            raise FormatError(_("This file has more than {count} lines.", count=MOST_LINES), line=number)
        body = raw.strip()
        if body and not _is_comment(body):
            yield _Line(number, start, raw, len(raw) - len(raw.lstrip()), body)
        start += len(raw)


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith(("#", ";"))


def _statements(text: str) -> Iterator[tuple[_Line, _Line]]:
    """The first and the last line of every header and option; deeper lines continue an option."""
    first = last = None
    for line in _lines(text):
        if first and not first.is_header and line.indent > first.indent:
            last = line
            continue
        if first and last:
            yield first, last
        first = last = line
    if first and last:
        yield first, last


def _section(line: _Line) -> Section:
    name, _bracket, rest = line.body[1:].partition("]")
    if "]" in rest:
        raise _error(_("Python versions read this section header differently: it has more than one “]”."), line)
    return Section(name, line.start, line.end, line.number)


def _option(text: str, section: str, first: _Line, last: _Line) -> Option:
    at = min((at for at in (first.body.find("="), first.body.find(":")) if at >= 0), default=0)
    name = first.body[:at].rstrip()
    if not name:
        raise _error(_("This line is no option: “name = value” is expected."), first)
    value_start = first.body_end - len(first.body[at + 1 :].lstrip())
    if value_start == first.body_end:
        value_start = first.start + len(first.raw.rstrip("\r\n"))
    value_end = max(value_start, last.body_end)
    value = _joined(text[value_start:value_end])
    return Option(section, name, value, first.start, last.end, value_start, value_end, first.number)


def _joined(value: str) -> str:
    first, *others = _raw_lines(value)
    return "\n".join([first.strip(), *(line.strip() for line in others if not _is_comment(line))])


def _find(document: Document, section: str, name: str, same: Callable[[str], str]) -> Option | None:
    found = [option for option in document.options if option.section == section and same(option.name) == same(name)]
    return found[-1] if found else None


def _inserted(text: str, document: Document, section: str, line: str) -> str:
    header = next((header for header in document.sections if header.name == section), None)
    if header is None:
        end = _last_end(text) or _first_end(text)
        gap = text and (end if _last_end(text) else end * 2)
        final = end if not text or _last_end(text) else ""
        return f"{text}{gap}[{section}]{end}{_folded(line, end)}{final}"
    head, tail = text[: header.end], text[header.end :]
    end = _last_end(head)
    if not end:
        return f"{head}{_first_end(text)}{_folded(line, _first_end(text))}"
    return f"{head}{_next_indent(tail)}{_folded(line, end, _next_indent(tail))}{end}{tail}"


def _folded(line: str, end: str, indent: str = "") -> str:
    """Lines behind the first one continue it if they stand deeper."""
    return line.replace("\n", f"{end}{indent}    ")


def _next_indent(text: str) -> str:
    """The blanks before the next statement. It would continue a shallower line put above it."""
    line = next(_lines(text), None)
    return line.raw[: line.indent] if line else ""


def _replaced(text: str, option: Option, value: str) -> str:
    first, *others = _raw_lines(text[option.value_start : option.end])
    head, blanks = text[: option.value_start], first[len(first.strip()) :]
    if not first.strip() and head[-1] in "=:" and head[-2].isspace():
        head += " "
    written = _folded(value, _last_end(first) or _first_end(text), _next_indent(text[option.start :]))
    rest = _comments(others) + text[option.end :]
    behind = blanks if not others else _last_end(first) if rest or _last_end(text) else ""
    return head + written + behind + rest


def _removed(text: str, document: Document, option: Option) -> str:
    _own, *others = _raw_lines(text[option.start : option.end])
    head = text[: option.start] + _comments(others)
    if option.end < len(text):
        return head + text[option.end :]
    if head[document.sections[-1].start :] == f"[{option.section}]{_last_end(head)}":
        head = _without_header(head, document.sections[-1].start)
    return head if _last_end(text) else head.removesuffix(_last_end(head))


def _without_header(text: str, start: int) -> str:
    """Takes the last header away if it is at the start, or below the blank line that `put` puts above one."""
    end = _last_end(text)
    if start == 0 or text[:start].endswith(end * 2):
        return text[: max(0, start - len(end))]
    return text


def _raw_lines(text: str) -> list[str]:
    """At least one line; each with its line end, if it has one."""
    return list(StringIO(text, newline="")) or [""]


def _comments(lines: list[str]) -> str:
    """The comments between continuation lines. They are not ours."""
    return "".join(filter(_is_comment, lines))


def _last_end(text: str) -> str:
    """The line end that `text` ends with, or nothing."""
    return next((end for end in ("\r\n", "\n", "\r") if text.endswith(end)), "")


def _first_end(text: str) -> str:
    return _last_end(_raw_lines(text)[0]) or "\n"


def _check_encoding(text: str) -> None:
    """What pip reads in the locale's encoding is only certain where it is UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        line, column = position(text, error.start)
        raise FormatError(_("This is not UTF-8; pip may not be able to read it."), line=line, column=column) from None


def _check_result(
    before: Document, after: Document, ours: tuple[str, str], value: str | None, same: Callable[[str], str]
) -> None:
    """Nothing is handed out that reads otherwise than intended, whatever characters the value has."""

    def settings(document: Document) -> dict[tuple[str, str], str]:
        return {(option.section, same(option.name)): option.value for option in document.options}

    wanted = settings(before)
    wanted.pop(ours, None)
    if value is not None:
        wanted[ours] = value
    if settings(after) != wanted:
        raise FormatError(_("The value cannot be written here so that pip reads it back."), line=1)


def _error(reason: Text, line: _Line) -> FormatError:
    return FormatError(reason, line=line.number, column=line.indent + 1)
