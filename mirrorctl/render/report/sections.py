"""From a benchmark's data to what its report says of each workload."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mirrorctl.benchmark import DIRECT, Difference, Run, Summary, WorkloadReport
from mirrorctl.benchmark.verdict import seconds
from mirrorctl.render.report.figures import UNKNOWN, gain_of, interval_of, rate, short_time, size
from mirrorctl.render.report.view import Cell, Chart, Lane, Point, Row, Section, Sheet
from mirrorctl.render.screen import visible
from mirrorctl.render.text import Writer
from mirrorctl.text import Text, _

TONES: Mapping[Difference, tuple[str, str, Text]] = {
    Difference.FASTER: ("faster", "▲", _("faster")),
    Difference.SLOWER: ("slower", "▼", _("slower")),
    Difference.NONE: ("none", "≈", _("no difference")),
    Difference.UNKNOWN: ("unknown", "?", _("not known")),
}


def way(via: str, writer: Writer) -> str:
    """What a way is called."""
    return writer.say(_("direct")) if via == DIRECT else visible(via)


def role(via: str) -> str:
    return "direct" if via == DIRECT else "mirror"


def sentence(text: Text, writer: Writer, *, names: tuple[str, ...] = ()) -> str:
    """A message as a sentence of its own. What begins with a name keeps its first letter."""
    said = writer.say(text)
    if not said.endswith((".", "!", "?", "…", "。", "！", "？")):
        said = writer.say(_("{sentence}.", sentence=said))
    named = any(said.startswith(f"{name} ") for name in names)
    return said if named else said[:1].upper() + said[1:]


def make_section(work: WorkloadReport, anchor: str, writer: Writer) -> Section:
    name = f"{work.target} · {work.name}"
    vias = tuple(each.via for each in work.summary if each.via != DIRECT)
    return Section(
        anchor=anchor,
        heading=visible(name),
        description=sentence(work.description, writer),
        verdict=sentence(work.verdict, writer, names=vias),
        items=tuple(visible(item) for item in work.items),
        chart=_chart(work, name, writer),
        marks=frozenset(
            {role(run.via) for run in work.runs} | {fate(run) for run in work.runs} | {"median", "interval"}
        ),
        summary=_summary_sheet(work, name, writer),
        failures=tuple(_failures(work, writer)),
        runs=_runs_sheet(work, name, writer),
    )


def _chart(work: WorkloadReport, name: str, writer: Writer) -> Chart:
    said = [
        writer.say(
            _(
                "{way}: median {median}, interval {interval}, {runs} pulls",
                way=way(each.via, writer),
                median=middle(each, writer),
                interval=interval_of(each) or UNKNOWN,
                runs=each.runs,
            )
        )
        for each in work.summary
    ]
    return Chart(
        title=writer.say(_("Every pull of {name}, in seconds", name=visible(name))),
        description="; ".join(said),
        lanes=tuple(_lane(each, work, writer) for each in work.summary),
    )


def _lane(found: Summary, work: WorkloadReport, writer: Writer) -> Lane:
    figure, bounds = gain_of(found)
    return Lane(
        label=way(found.via, writer),
        role=role(found.via),
        points=tuple(_point(run, writer) for run in work.runs if run.via == found.via),
        median_s=found.median_s,
        low_s=found.low_s,
        high_s=found.high_s,
        figure=middle(found, writer),
        remark=gain_remark(found.difference, figure, bounds, writer) if found.via != DIRECT else "",
        tone=TONES[found.difference][0],
    )


def fate(run: Run) -> str:
    return "done" if run.ok else "timeout" if run.timed_out else "failed"


def _point(run: Run, writer: Writer) -> Point:
    title = _(
        "{way}, round {round}: {outcome}", way=way(run.via, writer), round=run.round, outcome=outcome(run, writer)
    )
    return Point(seconds=run.seconds, fate=fate(run), title=writer.say(title))


def outcome(run: Run, writer: Writer) -> str:
    if run.ok:
        return seconds(run.seconds)
    time = seconds(run.seconds)
    return writer.say(_("cut off after {time}", time=time) if run.timed_out else _("failed after {time}", time=time))


def _summary_sheet(work: WorkloadReport, name: str, writer: Writer) -> Sheet:
    heads = (
        _("way"),
        _("median"),
        _("speed-up"),
        _("first byte"),
        _("throughput"),
        _("on the wire"),
        _("pulls"),
    )
    return Sheet(
        caption=writer.say(_("What the pulls of {name} say of each way", name=visible(name))),
        columns=tuple(writer.say(head) for head in heads),
        rows=tuple(_summary_row(each, writer) for each in work.summary),
    )


def _summary_row(found: Summary, writer: Writer) -> Row:
    return Row(
        head=Cell(text=way(found.via, writer)),
        cells=(
            middle_cell(found, writer),
            _speedup(found, writer),
            Cell(text=short_time(found.first_byte_s)),
            Cell(text=rate(found.bytes_per_s)),
            Cell(text=size(found.bytes)),
            _pulls(found, writer),
        ),
        role=role(found.via),
    )


def middle(found: Summary, writer: Writer) -> str:
    """The median in words: there is none where half of the pulls did not finish."""
    return writer.say(_("not finished")) if found.median_s is None else seconds(found.median_s)


def middle_cell(found: Summary, writer: Writer) -> Cell:
    return Cell(text=middle(found, writer), note=interval_of(found), tone="bad" if found.median_s is None else None)


def _speedup(found: Summary, writer: Writer) -> Cell:
    if found.via == DIRECT:
        return Cell(text="1", tone="base")
    return gain_cell(found.difference, *gain_of(found), writer)


def gain_cell(difference: Difference, figure: str, bounds: str, writer: Writer) -> Cell:
    """How many times as fast, in a table: the figure is never without the word."""
    tone, sign, words = TONES[difference]
    return Cell(text=f"{figure} {sign} {writer.say(words)}".strip(), note=bounds or None, tone=tone)


def gain_remark(difference: Difference, figure: str, bounds: str, writer: Writer) -> str:
    """The same beside a lane, where there is room for one of the two."""
    _tone, sign, words = TONES[difference]
    if not figure and not bounds and difference is Difference.UNKNOWN:
        return ""
    return f"{sign} {figure or writer.say(words)} {f'({bounds})' if bounds else ''}".strip()


def _pulls(found: Summary, writer: Writer) -> Cell:
    parts = [
        writer.say(text)
        for count, text in (
            (found.failures, _("{count} failed", count=found.failures)),
            (found.timeouts, _("{count} cut off", count=found.timeouts)),
        )
        if count
    ]
    return Cell(text=str(found.runs), note=", ".join(parts) or None, tone="bad" if parts else None)


def _failures(work: WorkloadReport, writer: Writer) -> Iterator[str]:
    """What went wrong, once for each way and cause, with the rounds in which it did."""
    found: dict[tuple[str, str], list[int]] = {}
    for run in work.runs:
        if not run.ok:
            found.setdefault((run.via, writer.say(run.error) if run.error else UNKNOWN), []).append(run.round)
    for (via, error), rounds in found.items():
        yield writer.say(
            _(
                "{way}, round {rounds}: {error}",
                way=way(via, writer),
                rounds=", ".join(map(str, rounds)),
                error=error,
            )
        )


def _runs_sheet(work: WorkloadReport, name: str, writer: Writer) -> Sheet:
    heads = (_("round"), _("way"), _("time"), _("first byte"), _("on the wire"), _("files"), _("began at"))
    return Sheet(
        caption=writer.say(_("Every pull of {name}, in the order in which they were made", name=visible(name))),
        columns=tuple(writer.say(head) for head in heads),
        rows=tuple(_run_row(run, writer) for run in work.runs),
    )


def _run_row(run: Run, writer: Writer) -> Row:
    return Row(
        head=Cell(text=str(run.round)),
        cells=(
            Cell(text=way(run.via, writer)),
            Cell(text=outcome(run, writer), tone=None if run.ok else "bad"),
            Cell(text=short_time(run.first_byte_s)),
            Cell(text=size(run.bytes)),
            Cell(text=size(run.payload_bytes)),
            Cell(text=f"{run.started_at:%H:%M:%S}"),
        ),
        role=role(run.via),
    )
