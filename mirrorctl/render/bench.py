"""What `bench` says on a terminal: the verdict and a table for each workload."""

from __future__ import annotations

from mirrorctl.benchmark import DIRECT, BenchReport, Difference, Summary, WorkloadReport
from mirrorctl.render.report.figures import UNKNOWN, gain_of, rate, short_time, size
from mirrorctl.render.report.sections import middle_cell, way
from mirrorctl.render.report.view import Cell
from mirrorctl.render.screen import visible
from mirrorctl.render.tables import make_table
from mirrorctl.render.text import Writer
from mirrorctl.text import Text, _

STYLES = {Difference.FASTER: "green", Difference.SLOWER: "red", Difference.NONE: None, Difference.UNKNOWN: "dim"}
HEADS = (_("way"), _("median"), _("times as fast"), _("first byte"), _("throughput"))


def print_bench(data: BenchReport, out: object, writer: Writer) -> None:
    from rich.console import Console
    from rich.text import Text as Line

    assert isinstance(out, Console)  # noqa: S101  what `tables.draw` gives
    for work in data.workloads:
        out.print(Line(visible(f"{work.target} · {work.name}: ") + writer.say(work.verdict), style="bold"))
        failing = any(each.failures or each.timeouts for each in work.summary)
        table = make_table()
        for number, head in enumerate((*HEADS, _("finished")) if failing else HEADS):
            table.add_column(writer.say(head), justify="left" if number == 0 else "right", no_wrap=number == 0)
        for summary in work.summary:
            style = None if summary.via == DIRECT else STYLES[summary.difference]
            done = summary.runs - summary.failures - summary.timeouts
            more = (f"{done}/{summary.runs}",) if failing else ()
            table.add_row(*_row(summary, writer), *more, style=style)
        out.print(table)
        out.print(Line(writer.say(_carried(work)), style="dim"))
        out.print()


def _row(summary: Summary, writer: Writer) -> tuple[str, ...]:
    figure, bounds = gain_of(summary)
    return (
        way(summary.via, writer),
        str(middle_cell(summary, writer)),
        "" if summary.via == DIRECT else str(Cell(text=figure, note=bounds)).strip(),
        short_time(summary.first_byte_s),
        rate(summary.bytes_per_s),
    )


def _carried(work: WorkloadReport) -> Text:
    sizes = [each.bytes for each in work.summary if each.bytes is not None]
    return _(
        "{items}; {size} a pull",
        items=", ".join(visible(item) for item in work.items),
        size=size(max(sizes)) if sizes else UNKNOWN,
    )
