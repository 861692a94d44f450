"""What `history`, `undo` and `recover` say."""

from __future__ import annotations

from collections.abc import Iterator

from mirrorctl.commands.history import HistoryData, RecoverData, UndoData
from mirrorctl.render.changes import diff_lines
from mirrorctl.render.screen import pad, visible
from mirrorctl.render.text import Writer
from mirrorctl.text import _


def history_lines(data: HistoryData, writer: Writer) -> Iterator[str]:
    if not data.transactions:
        yield writer.say(_("nothing has been changed yet"))
    states = {
        "applied": _("applied"),
        "undone": _("undone"),
        "rolled_back": _("rolled back"),
        "pending": _("interrupted"),
    }
    for entry in data.transactions:
        state = writer.say(states[entry.state])
        yield f"{entry.id}  {entry.at:%Y-%m-%d %H:%M:%S}Z  {pad(state, 12)}  {visible(entry.command)}"
        for path in entry.files:
            yield f"    {visible(path)}"


def undo_lines(data: UndoData, writer: Writer) -> Iterator[str]:
    if not data.changed:
        yield writer.say(_("the files already say what they said before; nothing to do"))
        return
    yield from diff_lines(data.edits, writer)
    if data.transaction:
        yield f"{writer.paint('✓', 'green')} {writer.say(_('change {id} was taken back', id=data.undone))}"


def recover_lines(data: RecoverData, writer: Writer) -> Iterator[str]:
    count = len(data.recovered)
    yield writer.say(
        _("interrupted changes rolled back: {count}", count=count) if count else _("there was nothing to recover")
    )
