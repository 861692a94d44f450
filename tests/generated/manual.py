"""docs/reference/mirrorctl.1, the manual page, from what the reference is made of: `python tests/generated/pages.py` writes it.

man(7) macros, for man-db as for mandoc. Commands and options come from the program, the rest from the pages of the reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import typer
from generated.pages import COMMANDS_PAGE, commands

from mirrorctl import __version__
from mirrorctl.cli.help import sections, usage
from mirrorctl.cli.overview import COMMANDS, OPTIONS, overview

REFERENCE = COMMANDS_PAGE.parent
MANUAL = REFERENCE / "mirrorctl.1"
EXAMPLES = (
    ("mirrorctl use fastest", "measure, show the change, ask, write it, check it through the clients"),
    ("mirrorctl use tuna -t pip -y", "a certain operator, a certain client, no question"),
    ("mirrorctl use fastest --root /mnt/image -y --json", "an image, from a script"),
    ("mirrorctl undo", "take the latest change back"),
)
SHOWN = {"Arguments", "Options"}


def page() -> str:
    lines = [
        f'.TH MIRRORCTL 1 "" "mirrorctl {__version__}" "User Commands"',
        *_section("NAME", [f"mirrorctl \\- {_roff(_what_it_is())}"]),
        *_section("SYNOPSIS", [".B mirrorctl", r"\fICOMMAND\fR [\fIOPTION\fR]..."]),
        *_section("COMMANDS", _commands()),
        *_section("OPTIONS OF EVERY COMMAND", _entries(OPTIONS)),
        *_section("ENVIRONMENT", _entries(_table(COMMANDS_PAGE, "Environment"))),
        *_section("EXIT STATUS", _entries(_exit_codes())),
        *_section("FILES", _entries(_table(COMMANDS_PAGE, "Files"))),
        *_section("EXAMPLES", _entries(EXAMPLES)),
        *_section("SEE ALSO", [r"\fBpip\fR(1), \fBgit\-config\fR(1), \fBdockerd\fR(8)"]),
    ]
    return "\n".join(lines) + "\n"


def _what_it_is() -> str:
    sentence = overview(["--help"], {}).splitlines()[2]
    return sentence[0].lower() + sentence[1:].rstrip(".")


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield f".SH {title}"
    yield from lines


def _commands() -> Iterator[str]:
    for _title, group in COMMANDS:
        for name, summary in group:
            command = commands()[name]
            ctx = typer.Context(command, info_name=f"mirrorctl {name}")
            yield f".SS {_roff(usage(command, ctx, str).removeprefix('usage: '))}"
            yield _roff(summary) + "."
            for section in sections(command, ctx, str):
                if section.title in SHOWN:
                    yield from _entries(section.rows)


def _entries(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for term, text in rows:
        yield ".TP"
        yield rf"\fB{_roff(term)}\fR"
        yield _roff(text)


def _table(path: Path, heading: str) -> Iterator[tuple[str, str]]:
    """The first two columns of the table below a heading of a page."""
    _before, _heading, rest = path.read_text(encoding="utf-8").partition(f"\n## {heading}\n")
    assert rest, f"{path.name} has no section {heading}"
    for row in re.findall(r"^\|(.*)\|$", rest.partition("\n## ")[0], re.MULTILINE):
        cells = [_plain(cell) for cell in row.split("|")]
        if set("".join(cells)) - set("- "):
            yield cells[0], cells[1]


def _exit_codes() -> Iterator[tuple[str, str]]:
    text = (REFERENCE / "exit-codes.md").read_text(encoding="utf-8")
    for number, meaning in re.findall(r"^\| (\d+) \|[^|]*\| (.*?) \|", text, re.MULTILINE):
        yield number, _plain(meaning)


def _plain(cell: str) -> str:
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", cell).replace("`", "").replace("variable", "").strip()


def _roff(text: str) -> str:
    text = text.replace("\\", r"\e").replace("-", r"\-").replace("…", "...")
    return rf"\&{text}" if text.startswith((".", "'")) else text
