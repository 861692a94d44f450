"""What reaches a terminal: colours where they are wanted, and no character that is not meant to be seen."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import TextIO

# C0 and C1 controls but newline and tab, DEL, and the marks that turn the direction of text (UAX #9): whatever a
# file or a server says may not move the cursor, retitle the window or disguise an address.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

# Where a line may end: at a blank, and beside a wide character, but not before a closing mark.
_PIECE = re.compile(r"\s+|[^\x00-\u2e7f][，。；：、）？！”]*|[^\s\u2e80-\uffff]+[，。；：、）？！”]*")

STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def visible(text: str) -> str:
    """`text` with every unseen character spelt out."""
    return _UNSEEN.sub(lambda match: f"\\x{ord(match[0]):02x}", text)


def wants_colour(stream: TextIO, environ: Mapping[str, str], *, no_color: bool = False) -> bool:
    """NO_COLOR (no-color.org) and --no-color win, then FORCE_COLOR, then whether it is a terminal."""
    if no_color or environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and environ.get("TERM") != "dumb"


def paint(text: str, style: str, *, colour: bool) -> str:
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if colour else text


def width(text: str) -> int:
    """Columns that `text` takes: two for a wide character (UAX #11), none for a combining one."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def pad(text: str, columns: int) -> str:
    return text + " " * max(0, columns - width(text))


def entry(left: str, right: str, column: int, columns: int) -> str:
    """`left`, and from `column` on `right`, in lines of at most `columns`."""
    return pad(left, column) + wrap(right, columns - column).replace("\n", "\n" + " " * column)


def wrap(text: str, columns: int) -> str:
    """`text` in lines of at most `columns`, as far as its words allow."""
    lines, line = [], ""
    for piece in _PIECE.findall(text):
        if line.strip() and width((line + piece).rstrip()) > columns:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return "\n".join([*lines, line.rstrip()])
