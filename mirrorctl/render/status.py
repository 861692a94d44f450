"""What `status` says."""

from __future__ import annotations

from collections.abc import Iterator

from mirrorctl.commands.past import LastProbe
from mirrorctl.commands.rankings import age_text
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
    if state.last_probe:
        rows.append((_("measured"), writer.say(_measured(state.last_probe))))
    rows += [(_("overridden"), f"{item.name} = {item.value} ({item.source})") for item in state.overrides]
    yield writer.paint(state.target, "bold")
    labels = [writer.say(label) for label, _value in rows]
    columns = max(width(label) for label in labels)
    for label, (_label, value) in zip(labels, rows, strict=True):
        yield f"  {pad(label, columns)}  {visible(value)}"


def _measured(probe: LastProbe) -> Text:
    """When the mirror in use was measured last, and what came of it."""
    age = age_text(probe.age_s)
    if probe.predicted_s is None:
        found = _("{age} ago: rejected ({reason})", age=age, reason=probe.reason)
    elif probe.lag_s is None:
        found = _("{age} ago: {s:.2f} s; how old its content is, nobody could tell", age=age, s=probe.predicted_s)
    else:
        found = _(
            "{age} ago: {s:.2f} s; {lag} behind upstream", age=age, s=probe.predicted_s, lag=age_text(probe.lag_s)
        )
    return found if probe.same_network else _("{found} (in another network)", found=found)


def _author(state: TargetState) -> Text:
    if state.drift:
        return _("somebody else, after mirrorctl")
    if state.managed:
        return _("mirrorctl")
    return _("not mirrorctl, as far as this user can see") if state.urls else _("nobody")
