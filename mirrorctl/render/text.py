"""How things are said: the language, the colour, notices. What each command says is in a module of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mirrorctl.commands.result import Result
from mirrorctl.errors import MirrorctlError
from mirrorctl.model import Notice
from mirrorctl.redaction import redact
from mirrorctl.render.screen import paint, visible
from mirrorctl.text import Text, _
from mirrorctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """How to say things: the language, and whether in colour."""

    translate: Callable[[str], str] = str
    colour: bool = False

    def say(self, template: Text) -> str:
        return visible(template.render(self.translate))

    def paint(self, text: str, style: str) -> str:
        return paint(text, style, colour=self.colour)


def notice_lines(notice: Notice, kind: str, writer: Writer) -> Iterator[str]:
    """A warning or an error, and beneath it what to do."""
    label, style = {
        "error": (_("error"), "red"),
        "warning": (_("warning"), "yellow"),
        "note": (_("note"), "cyan"),
    }[kind]
    yield f"{writer.paint(writer.say(_('{label}: ', label=label)), style)}{redact(writer.say(notice.message))}"
    if notice.hint:
        yield f"  {writer.paint('→', 'dim')} {redact(writer.say(notice.hint))}"


def error_lines(error: MirrorctlError, writer: Writer) -> Iterator[str]:
    yield from notice_lines(Notice(code=error.code, message=error.message, hint=error.hint), "error", writer)


ABSENT = "client-missing"
QUIET_CODES = {"chronicle", "remembered", "client-missing", "left-out", "recovered", "declined", "no-mirror", "token"}


def conversation(result: Result[Any], writer: Writer, *, quiet: bool) -> Iterator[str]:
    """What goes to stderr beside the result."""
    for notice in _gathered(result.warnings):
        if not quiet:
            yield from notice_lines(notice, "note" if notice.code in QUIET_CODES else "warning", writer)
    for notice in result.errors:
        yield from notice_lines(notice, "error", writer)


def _gathered(notices: tuple[Notice, ...]) -> Iterator[Notice]:
    """The notices, those of absent clients as one: a line for each would be most of what is said."""
    absent = [notice for notice in notices if notice.code == ABSENT]
    if len(absent) > 1:
        names = ", ".join(str(notice.subject) for notice in absent)
        yield Notice(code=ABSENT, message=_("not found here: {names}", names=names))
    yield from (notice for notice in notices if notice.code != ABSENT or len(absent) == 1)
