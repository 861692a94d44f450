"""What `bench --compare` says on a terminal: what has become of each way, and what else is different."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mirrorctl.benchmark.comparison import Change, Comparison, WorkloadChange
from mirrorctl.render.bench import STYLES
from mirrorctl.render.report.changes import change_cell
from mirrorctl.render.report.sections import middle, sentence, way
from mirrorctl.render.screen import visible
from mirrorctl.render.tables import make_table
from mirrorctl.render.text import Writer
from mirrorctl.text import _

if TYPE_CHECKING:
    from rich.table import Table

HEADS = (_("way"), _("then"), _("now"), _("times as fast as then"))


def print_comparison(data: Comparison, out: object, writer: Writer) -> None:
    from rich.console import Console
    from rich.text import Text as Cell

    assert isinstance(out, Console)  # noqa: S101  what `tables.draw` gives
    out.print(Cell(sentence(data.verdict, writer), style="bold"))
    for work in data.workloads:
        out.print()
        out.print(Cell(visible(f"{work.target} · {work.name}: ") + writer.say(work.verdict), style="bold"))
        out.print(_table(work, writer))
    for condition in data.conditions:
        out.print(Cell(writer.say(condition), style="dim"))


def _table(work: WorkloadChange, writer: Writer) -> Table:
    table = make_table()
    for number, head in enumerate(HEADS):
        table.add_column(writer.say(head), justify="left" if number == 0 else "right", no_wrap=number > 0)
    for change in work.changes:
        table.add_row(*_row(change, writer), style=STYLES[change.difference])
    return table


def _row(change: Change, writer: Writer) -> tuple[str, ...]:
    return (
        way(change.via, writer),
        *(middle(found, writer) if found else "–" for found in (change.before, change.after)),
        str(change_cell(change, writer)),
    )
