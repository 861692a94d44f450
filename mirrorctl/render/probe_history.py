"""What `probe --history` says: a table of at most 80 columns for each ecosystem."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from mirrorctl.commands.probe_history import EcosystemHistory, MirrorHistory, PastProbe, ProbeHistoryData
from mirrorctl.commands.rankings import age_text
from mirrorctl.render.screen import pad, visible, width
from mirrorctl.render.text import Writer
from mirrorctl.text import Text, _

COLUMNS = 80
NAME_COLUMNS = 24
COURSE_COLUMNS = 12
BARS = "▁▂▃▄▅▆▇█"
TRENDS = {"faster": _("faster"), "slower": _("slower"), "steady": _("steady")}
HEADS = (_("mirror"), _("ago"), _("predicted"), _("usual"), _("trend"), _("lag"), _("course"))
REJECTED_HEADS = (_("rejected"), _("ago"), _("reason"), _("times"))


def history_lines(data: ProbeHistoryData, writer: Writer) -> Iterator[str]:
    for entry in data.history:
        yield from _ecosystem(entry, writer)


def _ecosystem(entry: EcosystemHistory, writer: Writer) -> Iterator[str]:
    yield writer.paint(writer.say(_title(entry)), "bold")
    good = [mirror for mirror in entry.mirrors if mirror.predicted_s is not None]
    bad = [mirror for mirror in entry.mirrors if mirror.predicted_s is None]
    if good:
        yield from _table(HEADS, [_row(mirror, writer) for mirror in good], writer)
        if entry.latency_only:
            yield "  " + writer.paint(writer.say(_("without transfers: requests alone")), "dim")
    if bad:
        yield from _table(REJECTED_HEADS, [_rejected_row(mirror, writer) for mirror in bad], writer)


def _title(entry: EcosystemHistory) -> Text:
    if not entry.measurements and not entry.elsewhere:
        return _("{ecosystem}: nothing has been measured yet", ecosystem=entry.ecosystem)
    return _(
        "{ecosystem}: {count} measurements in this network, {others} in others",
        ecosystem=entry.ecosystem,
        count=entry.measurements,
        others=entry.elsewhere,
    )


def _row(mirror: MirrorHistory, writer: Writer) -> tuple[str, ...]:
    return (
        _name(mirror),
        writer.say(age_text(mirror.age_s)),
        f"{mirror.predicted_s:.2f} s",
        f"{mirror.usual_s:.2f} s" if mirror.usual_s is not None else "?",
        writer.say(TRENDS[mirror.trend]) if mirror.trend else "?",
        writer.say(age_text(mirror.lag_s)) if mirror.lag_s is not None else "?",
        course(mirror.probes[:COURSE_COLUMNS]),
    )


def _rejected_row(mirror: MirrorHistory, writer: Writer) -> tuple[str, ...]:
    failed = sum(probe.predicted_s is None for probe in mirror.probes)
    times = _("{failed} of {count}", failed=failed, count=len(mirror.probes))
    code = mirror.reason.code if mirror.reason else "?"
    return _name(mirror), writer.say(age_text(mirror.age_s)), visible(code), writer.say(times)


def _name(mirror: MirrorHistory) -> str:
    name = visible(mirror.id)
    return name if len(name) <= NAME_COLUMNS else f"{name[: NAME_COLUMNS - 1]}…"


def _table(heads: Sequence[Text], rows: Sequence[Sequence[str]], writer: Writer) -> Iterator[str]:
    """Columns as wide as what is in them; the last one is cut where the line would grow too long."""
    cells = [[writer.say(head) for head in heads], *rows]
    widths = [max(width(row[n]) for row in cells) for n in range(len(heads))]
    for n, row in enumerate(cells):
        line = "  ".join(pad(cell, widths[column]) for column, cell in enumerate(row)).rstrip()
        while width(line) > COLUMNS:
            line = line[:-1]
        yield writer.paint(line, "dim") if n == 0 else line


def course(probes: Sequence[PastProbe]) -> str:
    """How the predictions went, the earliest first: a low bar is quick, the highest at least twice the lowest; × is a
    rejection.
    """
    logs = [math.log(max(probe.predicted_s, 1e-6)) for probe in probes if probe.predicted_s is not None]
    least = min(logs, default=0.0)
    span = max(max(logs, default=0.0) - least, math.log(2))
    bars = []
    for probe in reversed(probes):
        if probe.predicted_s is None:
            bars.append("×")
        else:
            share = (math.log(max(probe.predicted_s, 1e-6)) - least) / span
            bars.append(BARS[min(len(BARS) - 1, int(share * len(BARS)))])
    return "".join(bars)
