"""A report as Markdown, in the dialect that forges show: tables, and nothing of the data that could be read as markup."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

from mirrorctl.render.report.view import Block, Fact, Section, Sheet, View

# What Markdown (CommonMark 0.31, with the tables of GitHub) could take for markup: anywhere, and where a line begins.
_MARKUP = re.compile(r"([\\`*_\[\]<|~&]|^[-+#>=])")
_NUMBER = re.compile(r"^(\d{1,9})([.)])(?=\s)")


def write_markdown(view: View) -> str:
    return "\n".join(_lines(view)) + "\n"


def _lines(view: View) -> Iterator[str]:
    yield f"# {escape(view.title)}"
    yield from _paragraph(f"**{escape(view.verdict)}**")
    yield from _paragraph(escape(view.subtitle))
    if view.warning:
        yield from _paragraph(f"> ⚠ {escape(view.warning)}")
    for section in view.sections:
        yield from _section(section, view)
    for block in view.blocks:
        yield from _block(block)
    yield from ("", "---", "", escape(view.footer))


def _section(section: Section, view: View) -> Iterator[str]:
    yield from _paragraph(f"## {escape(section.heading)}")
    yield from _paragraph(escape(section.verdict))
    if section.description:
        yield from _paragraph(escape(section.description))
    if section.items:
        yield from _paragraph(", ".join(map(code, section.items)))
    yield from _table(section.summary)
    if section.failures:
        yield from _paragraph(f"**{escape(view.words.failures)}**")
        yield ""
        yield from (f"- {escape(failure)}" for failure in section.failures)
    if section.runs:
        yield from ("", "<details>", f"<summary>{html.escape(_flat(section.runs.caption))}</summary>")
        yield from _table(section.runs)
        yield from ("", "</details>")


def _block(block: Block) -> Iterator[str]:
    yield from _paragraph(f"## {escape(block.heading)}")
    if block.sheet:
        yield from _table(block.sheet)
    if block.facts:
        yield ""
        yield from (f"- {escape(fact.term)}: {_values(fact)}" for fact in block.facts)
    for remark in block.remarks:
        yield from _paragraph(escape(remark))


def _values(fact: Fact) -> str:
    return ", ".join(code(value) if fact.code else escape(value) for value in fact.values)


def _paragraph(text: str) -> tuple[str, str]:
    return "", text


def _table(sheet: Sheet) -> Iterator[str]:
    yield ""
    yield _row(escape(column) for column in sheet.columns)
    yield _row(["---", *("---:" for _column in sheet.columns[1:])])
    for row in sheet.rows:
        yield _row(escape(str(cell)) for cell in (row.head, *row.cells))


def _row(cells: Iterator[str] | Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def escape(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return _NUMBER.sub(r"\1\\\2", _MARKUP.sub(r"\\\1", _flat(text)))


def _flat(text: str) -> str:
    return " ".join(text.split())


def code(text: str) -> str:
    """A code span, not for tables: its fence is longer than any run of backticks in it (CommonMark 0.31, 6.1)."""
    flat = _flat(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", flat)), default=0))
    return f"{fence} {flat} {fence}" if "`" in flat else f"{fence}{flat}{fence}"
