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

from collections.abc import Callable, Collection

from mirrorctl.errors import FormatError
from mirrorctl.formats import line_end
from mirrorctl.formats.gitscan import BLANKS, Block, Setting, Variable, flat, own_lines, refuse, scan
from mirrorctl.text import _

__all__ = ["Variable", "add", "remove", "replace", "variables"]

# Git before 2.40.1 misreads longer lines when it renames or removes a section (CVE-2023-29007).
LONGEST_LINE = 1000


def variables(text: str) -> tuple[Variable, ...]:
    """Every variable in the order of the text."""
    return tuple(flat(scan(text)))


def add(text: str, section: str, subsection: str | None, name: str, value: str) -> str:
    """The text with one more variable, behind the others of its section's last block, or in a new block at the end.

    A block without variables is left alone, because it would not outlive the removal of what was added to it.
    """
    blocks = scan(text)
    lines = [f"\t{name} = {_quote(value)}"]
    at = _end_of_section(text, blocks, section.lower(), subsection)
    if at is None:
        at = len(text)
        lines.insert(0, _header_line(section, subsection))
    result = _insert(text, at, lines)
    settings = [variable.setting for variable in flat(blocks)]
    index = sum(variable.start < at for variable in flat(blocks))
    settings.insert(index, (section.lower(), subsection, name.lower(), value))
    after = _check(result, settings, lines)
    added = list(flat(after))[index]
    if _without(result, after, {added}) != text:
        refuse(_("A line added here could not be taken out again without a trace."), text, at)
    return result


def remove(text: str, doomed: Callable[[Variable], bool] | Collection[Variable]) -> str:
    """The text without these variables, and without the headers that then hold neither variable nor comment."""
    blocks = scan(text)
    gone = set(filter(doomed, flat(blocks))) if callable(doomed) else set(doomed)
    result = _without(text, blocks, gone)
    _check(result, [variable.setting for variable in flat(blocks) if variable not in gone])
    return result


def replace(text: str, variable: Variable, value: str) -> str:
    """The text with another value for this variable of it. The comment behind it stays."""
    before = variables(text)
    written = _quote(value)
    if variable.value is None:
        written = f" = {written}"
    elif text[variable.value_start - 1] == "=" and text[variable.value_start - 2] in BLANKS:
        written = f" {written}"
    result = text[: variable.value_start] + written + text[variable.value_end :]
    settings = [(*other.setting[:3], value) if other == variable else other.setting for other in before]
    _check(result, settings, [written])
    return result


def _quote(value: str) -> str:
    """The value as git writes it, quoted if it has a comment sign, or blanks or a CR where they would be lost."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"' if value != value.strip(" ") or not {"#", ";", "\r"}.isdisjoint(value) else escaped


def _header_line(section: str, subsection: str | None) -> str:
    if subsection is None:
        return f"[{section}]"
    escaped = subsection.replace("\\", "\\\\").replace('"', '\\"')
    return f'[{section} "{escaped}"]'


def _end_of_section(text: str, blocks: list[Block], section: str, subsection: str | None) -> int | None:
    """The offset behind the line of its last variable."""
    same = [block.variables[-1] for block in blocks if block.variables and block.header[:2] == (section, subsection)]
    if not same:
        return None
    last = same[-1]
    # One that shares the header's line may stop behind a line end as well: that of a line which is continued by nothing.
    alone = text[last.start - 1] == "\n"
    return last.end if alone and text[last.end - 1] == "\n" else text.find("\n", last.end) + 1 or len(text)


def _insert(text: str, at: int, lines: list[str]) -> str:
    end = line_end(text)
    head, new, tail = text[:at], end.join(lines), text[at:]
    if not head or head.endswith("\n"):
        return head + new + end + tail
    # Behind a CR that ends the text LF would make one line end with it, and not be told apart later.
    return head + ("\r\n" if head.endswith("\r") else end) + new + tail


def _without(text: str, blocks: list[Block], gone: set[Variable]) -> str:
    cuts: list[tuple[int, int]] = []
    for header, found, end in blocks:
        spans = [(variable.start, variable.end) for variable in found if variable in gone]
        if spans and header.start < header.end and not _cut(text, header.end, end, spans).strip(BLANKS + "\n"):
            shared = spans[0][1] if spans[0][0] == header.end else header.end
            cuts.append(own_lines(text, header.start, shared))
        cuts += spans
    result = _cut(text, 0, len(text), cuts)
    if cuts and cuts[-1][1] == len(text) and not text.endswith("\n"):
        return result.removesuffix("\n").removesuffix("\r") if result.endswith("\n") else result
    return result


def _cut(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> str:
    """What is left from `start` to `end`. The spans are in order and may overlap."""
    pieces: list[str] = []
    for span_start, span_end in spans:
        pieces.append(text[start:span_start])
        start = max(start, span_end)
    return "".join([*pieces, text[start:end]])


def _check(text: str, settings: list[Setting], lines: Collection[str] = ()) -> list[Block]:
    """Nothing is handed out that git reads otherwise than intended, whatever characters a value has."""
    if any(len(line) > LONGEST_LINE for line in lines):
        raise FormatError(_("git misreads lines of more than {count} characters.", count=LONGEST_LINE), line=1)
    blocks = scan(text)
    if [variable.setting for variable in flat(blocks)] != settings:
        raise FormatError(_("This cannot be written here so that git reads it back."), line=1)
    return blocks
