"""What `catalog` says."""

from __future__ import annotations

from collections.abc import Iterator

from mirrorctl.commands.catalog import EntryData, ValidData
from mirrorctl.commands.catalog_edit import OverlayData, UpdateData
from mirrorctl.render.changes import diff_lines
from mirrorctl.render.screen import pad, visible
from mirrorctl.render.text import Writer
from mirrorctl.text import _

NAMED = 8


def catalog_lines(data: EntryData | ValidData | OverlayData | UpdateData, writer: Writer) -> Iterator[str]:
    match data:
        case EntryData():
            yield from _entry(data, writer)
        case ValidData():
            yield writer.say(data.message)
        case OverlayData():
            yield from _overlay(data, writer)
        case UpdateData():
            yield from _update(data, writer)


def _overlay(data: OverlayData, writer: Writer) -> Iterator[str]:
    if not data.changed:
        yield writer.say(_("{path} says so already; nothing to do", path=data.path))
        return
    yield from diff_lines(data.edits, writer)
    yield f"{writer.paint('✓', 'green')} {writer.say(_('{path} was changed', path=data.path))}"
    if data.use:
        yield writer.paint(writer.say(_("to use it: {command}", command=data.use)), "dim")
    yield writer.paint(writer.say(_("to take it back: {command}", command=data.undo)), "dim")


def _update(data: UpdateData, writer: Writer) -> Iterator[str]:
    mark = writer.paint("✓", "green")
    yield f"{mark} {writer.say(_('the catalog in force is of {date}', date=data.catalog_date))} (SHA-256 {data.sha256})"
    for sign, style, names in (("+", "green", data.added), ("-", "red", data.removed), ("~", "yellow", data.other)):
        for name in names[:NAMED]:
            yield f"  {writer.paint(sign, style)} {visible(name)}"
        if len(names) > NAMED:
            yield f"  {writer.paint(sign, style)} … +{len(names) - NAMED}"
    if not data.changed:
        yield writer.say(_("it has the same mirrors as before"))


def _entry(data: EntryData, writer: Writer) -> Iterator[str]:
    for name, value in data.mirror.items():
        if value in (None, False, (), {}):
            continue
        items = value if isinstance(value, tuple) else (value,)
        for index, item in enumerate(items):
            yield f"{writer.paint(pad(name if index == 0 else '', 14), 'dim')}{visible(str(item))}"
    for index, line in enumerate(data.evidence):
        yield f"{writer.paint(pad('evidence' if index == 0 else '', 14), 'dim')}{visible(line)}"
