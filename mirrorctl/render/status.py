"""What `status` says."""

from __future__ import annotations

from collections.abc import Iterator

from mirrorctl.commands.status import StatusData, TargetState
from mirrorctl.render.screen import pad, visible, width
from mirrorctl.render.text import Writer
from mirrorctl.text import Text, _


def status_lines(data: StatusData, writer: Writer) -> Iterator[str]:
    for state in data.targets:
        yield from _status(state, writer)


def _status(state: TargetState, writer: Writer) -> Iterator[str]:
    unknown = writer.say(_("unknown"))
    rows: list[tuple[Text, str]] = [
        (_("uses"), state.effective_url or unknown),
        (
            _("mirror"),
            state.mirror_id or writer.say(_("not in the catalog") if state.urls or state.overrides else _("upstream")),
        ),
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
    return _("not mirrorctl, as far as this user can see") if state.urls else _("nobody")
