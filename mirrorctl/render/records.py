"""What `history`, `undo`, `recover` and `catalog` say."""

from __future__ import annotations

from collections.abc import Iterator

from mirrorctl.commands.catalog import EntryData, ValidData
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


def catalog_lines(data: EntryData | ValidData, writer: Writer) -> Iterator[str]:
    if isinstance(data, ValidData):
        yield writer.say(data.message)
    else:
        yield from _entry(data, writer)


def _entry(data: EntryData, writer: Writer) -> Iterator[str]:
    for name, value in data.mirror.items():
        if value in (None, False, (), {}):
            continue
        items = value if isinstance(value, tuple) else (value,)
        for index, item in enumerate(items):
            yield f"{writer.paint(pad(name if index == 0 else '', 14), 'dim')}{visible(str(item))}"
    for index, line in enumerate(data.evidence):
        yield f"{writer.paint(pad('evidence' if index == 0 else '', 14), 'dim')}{visible(line)}"
