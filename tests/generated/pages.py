"""The parts of docs/reference/commands.md that the program itself knows, and the manual page: run this file.

They stand between `<!-- generated: NAME -->` and `<!-- end -->`; what stands around them is written by hand.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from mirrorctl.cli.app import application
from mirrorctl.cli.help import sections, usage
from mirrorctl.cli.overview import COMMANDS, OPTIONS, command_summary, names

COMMANDS_PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "commands.md"
PART = re.compile(r"(<!-- generated: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def parts() -> dict[str, str]:
    """The generated parts by name: one for each command, `overview` and `options`."""
    return {"overview": _overview(), "options": _table(OPTIONS), **{name: _command(name) for name in names()}}


def page_with(found: dict[str, str], text: str) -> str:
    """`text` with its parts brought up to date."""
    return PART.sub(lambda match: f"{match[1]}{found[match['name']]}{match[3]}", text)


def _overview() -> str:
    rows = ((f"[{name}](#{name})", summary) for _title, group in COMMANDS for name, summary in group)
    return _table(rows, code=False)


def _command(name: str) -> str:
    command = commands()[name]
    ctx = typer.Context(command, info_name=f"mirrorctl {name}")
    line = usage(command, ctx, str).removeprefix("usage: ")
    own = (section for section in sections(command, ctx, str) if section.title != "Options of every command")
    return "\n".join([f"{command_summary(name)}.\n", f"```\n{line}\n```\n", *(_table(section.rows) for section in own)])


def commands() -> Mapping[str, Any]:
    found: Mapping[str, Any] = vars(typer.main.get_command(application()))["commands"]
    return found


def _table(rows: Iterable[tuple[str, str]], *, code: bool = True) -> str:
    return "\n".join(["| | |", "|---|---|", *_rows(rows, code=code)]) + "\n"


def _rows(rows: Iterable[tuple[str, str]], *, code: bool) -> Iterator[str]:
    for left, right in rows:
        cells = (f"`{left}`" if code else left, right)
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def main() -> int:
    COMMANDS_PAGE.write_text(page_with(parts(), COMMANDS_PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.path[:0] = [str(Path(__file__).resolve().parents[1])]
    from generated import manual

    manual.MANUAL.write_text(manual.page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
