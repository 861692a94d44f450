"""What the report of a comparison says: the same page as that of a benchmark, with before and now side by side."""

from __future__ import annotations

from collections.abc import Iterator

from mirrorctl.benchmark import DIRECT, Summary
from mirrorctl.benchmark.comparison import Change, Comparison, Edition, WorkloadChange
from mirrorctl.render.report.assembly import TAGS, footer
from mirrorctl.render.report.blocks import fact
from mirrorctl.render.report.figures import UNKNOWN, gain, gain_of
from mirrorctl.render.report.sections import TONES, gain_cell, gain_remark, middle, middle_cell, role, sentence, way
from mirrorctl.render.report.view import Block, Cell, Chart, Fact, Lane, Row, Section, Sheet, View, Words
from mirrorctl.render.screen import visible
from mirrorctl.render.text import Writer
from mirrorctl.text import Text, _
from mirrorctl.values import replace


def make_comparison_view(found: Comparison, writer: Writer, language: str) -> View:
    vias = tuple(change.via for work in found.workloads for change in work.changes)
    return View(
        language=TAGS.get(language, "en"),
        title=writer.say(_("mirrorctl benchmark, then and now")),
        verdict=sentence(found.verdict, writer, names=vias),
        subtitle=f"{_day(found.before)} → {_day(found.after)}",
        warning=None,
        sections=tuple(_section(work, f"w{index}", writer) for index, work in enumerate(found.workloads, 1)),
        blocks=tuple(_blocks(found, writer)),
        words=_words(found, writer),
        footer=footer(found.after.mirrorctl, writer),
    )


def _day(edition: Edition) -> str:
    return f"{edition.started_at:%Y-%m-%d %H:%M} UTC"


def _section(work: WorkloadChange, anchor: str, writer: Writer) -> Section:
    name = visible(f"{work.target} · {work.name}")
    return Section(
        anchor=anchor,
        heading=name,
        description="",
        verdict=sentence(work.verdict, writer),
        items=(),
        chart=Chart(
            title=writer.say(_("Medians of {name}, then and now, in seconds", name=name)),
            description=writer.say(_("The table below has the same figures.")),
            lanes=tuple(lane for change in work.changes for lane in _lanes(change, writer)),
        ),
        marks=frozenset({"before", "median", "interval"}),
        summary=_sheet(work, name, writer),
        failures=(),
        runs=None,
    )


def _lanes(change: Change, writer: Writer) -> Iterator[Lane]:
    """What a way was, and below it what it is now."""
    name = way(change.via, writer)
    if change.before:
        yield _lane(change.before, writer.say(_("{way}, then", way=name)), "before", writer)
    if change.after:
        figure, bounds = gain(change.speedup, change.speedup_low, change.speedup_high)
        remark = gain_remark(change.difference, figure, bounds, writer)
        now = _lane(change.after, writer.say(_("{way}, now", way=name)), role(change.via), writer)
        yield replace(now, remark=remark, tone=TONES[change.difference][0])


def _lane(found: Summary, label: str, lane_role: str, writer: Writer) -> Lane:
    return Lane(
        label=label,
        role=lane_role,
        points=(),
        median_s=found.median_s,
        low_s=found.low_s,
        high_s=found.high_s,
        figure=middle(found, writer),
        remark="",
        tone="unknown",
    )


def _sheet(work: WorkloadChange, name: str, writer: Writer) -> Sheet:
    heads = (_("way"), _("then"), _("now"), _("times as fast as then"), _("speed-up then"), _("speed-up now"))
    return Sheet(
        caption=writer.say(_("What became of each way of {name}", name=name)),
        columns=tuple(writer.say(head) for head in heads),
        rows=tuple(_row(change, writer) for change in work.changes),
    )


def _row(change: Change, writer: Writer) -> Row:
    editions = (change.before, change.after)
    return Row(
        head=Cell(text=way(change.via, writer)),
        cells=(
            *(middle_cell(each, writer) if each else Cell(text="–") for each in editions),
            change_cell(change, writer),
            *(_over_direct(each) for each in editions),
        ),
        role=role(change.via),
    )


def change_cell(change: Change, writer: Writer) -> Cell:
    if change.before is None or change.after is None:
        only = _("only then") if change.before else _("only now")
        return Cell(text=writer.say(only), tone="unknown")
    return gain_cell(change.difference, *gain(change.speedup, change.speedup_low, change.speedup_high), writer)


def _over_direct(found: Summary | None) -> Cell:
    if found is None or found.via == DIRECT:
        return Cell(text="–")
    figure, bounds = gain_of(found)
    return Cell(text=figure or UNKNOWN, note=bounds or None)


def _blocks(found: Comparison, writer: Writer) -> Iterator[Block]:
    if found.conditions:
        yield Block(
            anchor="conditions",
            heading=writer.say(_("What else is different")),
            remarks=tuple(writer.say(condition) for condition in found.conditions),
        )
    yield Block(
        anchor="method",
        heading=writer.say(_("Method")),
        facts=(
            _edition_fact(_("then"), found.before, writer),
            _edition_fact(_("now"), found.after, writer),
            fact(writer, _("interval"), _("{confidence:.0%}, by bootstrap of both", confidence=found.confidence)),
        ),
        remarks=tuple(
            writer.say(remark)
            for remark in (
                _("A way became faster or slower when the interval of the ratio of its medians does not contain 1."),
                _(
                    "Two runs at different times saw different lines; where the direct way has changed too, look at the speed-ups."
                ),
            )
        ),
    )


def _edition_fact(term: Text, edition: Edition, writer: Writer) -> Fact:
    catalog = _("catalog of {date}", date=edition.catalog_date or UNKNOWN)
    return fact(writer, term, edition.file, _day(edition), f"mirrorctl {edition.mirrorctl}", catalog)


def _words(found: Comparison, writer: Writer) -> Words:
    legend = (
        ("before", _("then")),
        ("median", _("median now")),
        ("interval", _("{confidence:.0%} interval", confidence=found.confidence)),
    )
    return Words(
        failures="",
        runs="",
        legend=tuple((mark, writer.say(meaning)) for mark, meaning in legend),
        reading=writer.say(_("Orange is the direct way, blue are mirrors; grey is what they were.")),
        contents=writer.say(_("Workloads")),
    )
