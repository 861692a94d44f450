"""Results as plain text. Light on purpose: `use` and `status` have to start quickly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from mirrorctl.commands.catalog import EntryData, ValidData
from mirrorctl.commands.history import HistoryData, RecoverData, UndoData
from mirrorctl.commands.outcome import EditView, TargetView, UseData
from mirrorctl.commands.result import Result
from mirrorctl.commands.status import StatusData, TargetState
from mirrorctl.errors import MirrorctlError
from mirrorctl.model import Notice
from mirrorctl.render.screen import pad, paint, visible, width
from mirrorctl.text import Text, _


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
    yield f"{writer.paint(writer.say(label) + ':', style)} {writer.say(notice.message)}"
    if notice.hint:
        yield f"  {writer.paint('→', 'dim')} {writer.say(notice.hint)}"


def error_lines(error: MirrorctlError, writer: Writer) -> Iterator[str]:
    yield from notice_lines(Notice(code=error.code, message=error.message, hint=error.hint), "error", writer)


QUIET_CODES = {"client-missing", "left-out", "recovered", "declined", "no-mirror"}


def conversation(result: Result[Any], writer: Writer, *, quiet: bool) -> Iterator[str]:
    """What goes to stderr beside the result."""
    for notice in result.warnings:
        if not quiet:
            yield from notice_lines(notice, "note" if notice.code in QUIET_CODES else "warning", writer)
    for notice in result.errors:
        yield from notice_lines(notice, "error", writer)


def render(data: object, writer: Writer) -> Iterator[str]:
    """The lines of a result for people. Tables of mirrors are drawn in `mirrorctl.render.tables`."""
    match data:
        case UseData():
            yield from _use(data, writer)
        case StatusData():
            for state in data.targets:
                yield from _status(state, writer)
        case HistoryData():
            yield from _history(data, writer)
        case UndoData():
            yield from _undo(data, writer)
        case RecoverData():
            count = len(data.recovered)
            yield writer.say(
                _("interrupted changes rolled back: {count}", count=count)
                if count
                else _("there was nothing to recover")
            )
        case EntryData():
            yield from _entry(data, writer)
        case ValidData():
            yield writer.say(data.message)
        case _:
            raise TypeError(f"no text for {type(data).__name__}")


def diff_lines(edits: tuple[EditView, ...], writer: Writer) -> Iterator[str]:
    styles = {"+": "green", "-": "red", "@": "cyan"}
    for edit in edits:
        for line in edit.diff.split("\n"):
            style = "bold" if line.startswith(("+++", "---")) else styles.get(line[:1])
            yield writer.paint(visible(line), style) if style else visible(line)


def plan_lines(data: UseData, writer: Writer) -> Iterator[str]:
    """What would be done: shown before the question, and by --dry-run."""
    for target in data.targets:
        yield f"{writer.paint(target.target, 'bold')} ({target.scope}): {writer.say(_summary(target))}"
        yield from diff_lines(target.edits, writer)


def _summary(target: TargetView) -> Text:
    where = ", ".join(mirror.url for mirror in target.mirrors)
    if not target.changed:
        return _("already uses {url}; nothing to do", url=where) if where else _("already upstream; nothing to do")
    return _("will use {url}", url=where) if where else _("will use upstream")


def _use(data: UseData, writer: Writer) -> Iterator[str]:
    for target in data.targets:
        yield from _used(target, writer, done=data.transaction is not None)
    if data.transaction:
        yield writer.paint(writer.say(_("to take it back: mirrorctl undo")), "dim")


def _used(target: TargetView, writer: Writer, *, done: bool) -> Iterator[str]:
    name = writer.paint(target.target, "bold")
    if not (target.changed and done):
        yield f"{name} ({target.scope}): {writer.say(_summary(target))}"
        yield from diff_lines(target.edits, writer)
        return
    where = ", ".join(f"{mirror.url} ({mirror.id})" for mirror in target.mirrors)
    text = _("now uses {url}", url=where) if where else _("now uses upstream")
    if target.verified:
        text = _("now uses {url}, checked by a real pull", url=where)
    yield f"{writer.paint('✓', 'green')} {name} ({target.scope}): {writer.say(text)}"
    for edit in target.edits:
        yield f"  {visible(edit.path)}"
    for step in target.next_steps:
        yield f"  {writer.paint('→', 'dim')} {writer.say(step)}"


def _status(state: TargetState, writer: Writer) -> Iterator[str]:
    unknown = writer.say(_("unknown"))
    rows: list[tuple[Text, str]] = [
        (_("uses"), state.effective_url or unknown),
        (_("mirror"), state.mirror_id or writer.say(_("upstream") if not state.urls else _("not in the catalog"))),
        (_("file"), f"{state.path} ({state.scope})"),
        (_("set by"), writer.say(_author(state))),
    ]
    rows += [(_("overridden"), f"{item.name} = {item.value} ({item.source})") for item in state.overrides]
    yield writer.paint(state.target, "bold")
    labels = [writer.say(label) for label, _value in rows]
    columns = max(width(label) for label in labels)
    for label, (_label, value) in zip(labels, rows, strict=True):
        yield f"  {pad(label, columns)}  {visible(value)}"


def _author(state: TargetState) -> Text:
    if state.drift:
        return _("somebody else, after mirrorctl")
    if state.managed:
        return _("mirrorctl")
    return _("somebody else") if state.urls else _("nobody")


def _history(data: HistoryData, writer: Writer) -> Iterator[str]:
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


def _undo(data: UndoData, writer: Writer) -> Iterator[str]:
    if not data.changed:
        yield writer.say(_("the files already say what they said before; nothing to do"))
        return
    yield from diff_lines(data.edits, writer)
    if data.transaction:
        yield f"{writer.paint('✓', 'green')} {writer.say(_('change {id} was taken back', id=data.undone))}"


def _entry(data: EntryData, writer: Writer) -> Iterator[str]:
    for name, value in data.mirror.items():
        if value is None or value in ((), {}):
            continue
        items = value if isinstance(value, tuple) else (value,)
        for index, item in enumerate(items):
            yield f"{writer.paint(pad(name if index == 0 else '', 14), 'dim')}{visible(str(item))}"
    for index, line in enumerate(data.evidence):
        yield f"{writer.paint(pad('evidence' if index == 0 else '', 14), 'dim')}{visible(line)}"
