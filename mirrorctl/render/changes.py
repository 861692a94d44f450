"""What `use` says: the plan as a diff, and what was done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mirrorctl.commands.outcome import EditView, TargetView, UseData
from mirrorctl.render.cost import cost
from mirrorctl.render.screen import visible
from mirrorctl.render.text import Writer
from mirrorctl.text import Text, _

NAMED = 3


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


def _list(items: Iterable[str]) -> str:
    """The first few; the rest stands in the diff."""
    shown = list(items)
    return ", ".join(shown[:NAMED]) + (f" +{len(shown) - NAMED}" if len(shown) > NAMED else "")


def _summary(target: TargetView) -> Text:
    where = _list(mirror.url for mirror in target.mirrors)
    if not target.changed:
        return _("already uses {url}; nothing to do", url=where) if where else _("already upstream; nothing to do")
    return _("will use {url}", url=where) if where else _("will use upstream")


def use_lines(data: UseData, writer: Writer) -> Iterator[str]:
    for target in data.targets:
        yield from _used(target, writer, done=data.transaction is not None)
    for ranking in data.ecosystems:
        if ranking.read_bytes:
            yield writer.paint(writer.say(cost(ranking)), "dim")
    if data.undo:
        yield writer.paint(writer.say(_("to take it back: {command}", command=data.undo)), "dim")


def _used(target: TargetView, writer: Writer, *, done: bool) -> Iterator[str]:
    name = writer.paint(target.target, "bold")
    if not (target.changed and done):
        yield f"{name} ({target.scope}): {writer.say(_summary(target))}"
        yield from diff_lines(target.edits, writer)
        return
    where = _list(f"{mirror.url} ({mirror.id})" for mirror in target.mirrors)
    text = _("now uses {url}", url=where) if where else _("now uses upstream")
    if target.verified:
        text = _("now uses {url}, checked by a real pull", url=where)
    yield f"{writer.paint('✓', 'green')} {name} ({target.scope}): {writer.say(text)}"
    for edit in target.edits:
        yield f"  {visible(edit.path)}"
    for step in target.next_steps:
        yield f"  {writer.paint('→', 'dim')} {writer.say(step)}"
