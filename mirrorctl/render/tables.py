"""Tables of mirrors. The owner of rich, with `mirrorctl.render.progress`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from io import StringIO
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text as Cell

from mirrorctl.commands.listing import ListData
from mirrorctl.commands.probe import ProbeData
from mirrorctl.model import Probe, Ranked, Ranking, Status, Way
from mirrorctl.render.cost import cost
from mirrorctl.render.screen import visible
from mirrorctl.render.text import Writer
from mirrorctl.text import _

PLAIN_COLUMNS = 100
CONFIDENCE = {"high": _("high"), "medium": _("medium"), "low": _("low")}


def draw(paint: Callable[[Console], None], stream: TextIO, writer: Writer, environ: Mapping[str, str]) -> None:
    """Draws with `paint`, decides nothing by itself about colour, and leaves no blanks at the ends of lines."""
    plain = int(environ.get("COLUMNS") or PLAIN_COLUMNS)
    out = Console(
        file=StringIO(),
        no_color=not writer.colour,
        force_terminal=writer.colour,
        highlight=False,
        emoji=False,
        markup=False,
        width=shutil.get_terminal_size().columns if stream.isatty() else plain,
    )
    with out.capture() as captured:
        paint(out)
    stream.writelines(line.rstrip() + "\n" for line in captured.get().splitlines())


def print_probe(data: ProbeData, out: Console, writer: Writer, *, verbose: bool = False) -> None:
    for ranking in data.ecosystems:
        _print_ranking(ranking, out, writer)
        if verbose and ranking.ranked:
            _print_reasons(ranking, out, writer)


def _print_reasons(ranking: Ranking, out: Console, writer: Writer) -> None:
    """Why each mirror stands where it stands, and the ways to it."""
    table = make_table()
    for head in (_("mirror"), _("why there"), _("ways")):
        table.add_column(writer.say(head), no_wrap=head.template == "mirror")
    for entry in ranking.ranked:
        why = writer.say(entry.explanation) if entry.explanation else ""
        table.add_row(visible(entry.probe.mirror.id), why, " · ".join(_way(way) for way in entry.probe.ways))
    out.print(table)


def _way(way: Way) -> str:
    name = {"ipv4": "IPv4", "ipv6": "IPv6"}[way.family]
    time = f"{way.connect_s * 1000:.0f} ms" if way.connect_s is not None else "?"
    return f"{name} {way.error or time}"


def _print_ranking(ranking: Ranking, out: Console, writer: Writer) -> None:
    work = ranking.workload
    out.print(Cell(writer.say(cost(ranking)), style="bold"))
    if ranking.ranked:
        table = make_table()
        for head in (_("mirror"), _("predicted"), _("confidence"), _("first byte"), _("bandwidth"), _("lag")):
            table.add_column(
                writer.say(head),
                justify="left" if head.template == "mirror" else "right",
                no_wrap=head.template != "mirror",
            )
        for index, entry in enumerate(ranking.ranked):
            table.add_row(*_ranked_row(entry, writer), style="green" if index == 0 else None)
        out.print(table)
        workload = _(
            "predicted: seconds for {requests} requests and {mb:.0f} MB, one after another",
            requests=work.requests,
            mb=work.bytes / 1e6,
        )
        out.print(Cell("  " + writer.say(workload), style="dim"))
    for proxy in sorted({entry.probe.proxy for entry in ranking.ranked if entry.probe.proxy}):
        out.print(Cell("  " + writer.say(_("measured through the proxy {url}", url=visible(proxy))), style="dim"))
    if ranking.rejected:
        table = make_table()
        table.add_column(writer.say(_("rejected")), no_wrap=True)
        table.add_column(writer.say(_("reason")))
        for probe in ranking.rejected:
            detail = writer.say(probe.reason.detail) if probe.reason else "?"
            table.add_row(visible(probe.mirror.id), Cell(detail, style="yellow"))
        out.print(table)


def make_table() -> Table:
    return Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))


def _ranked_row(entry: Ranked, writer: Writer) -> tuple[str, ...]:
    probe: Probe = entry.probe
    bandwidth = probe.bandwidth_bytes_per_s
    return (
        visible(probe.mirror.id),
        f"{entry.predicted_s:.2f} s",
        writer.say(CONFIDENCE[entry.confidence]),
        f"{probe.ttfb_s * 1000:.0f} ms" if probe.ttfb_s is not None else "?",
        f"{bandwidth / 1e6:.1f} MB/s" if bandwidth is not None else "?",
        duration(probe.lag_s, writer),
    )


def duration(seconds: float | None, writer: Writer) -> str:
    """A lag as people say it; a question mark when it is not known."""
    if seconds is None:
        return "?"
    if seconds < 3600:
        return writer.say(_("{n:.0f} min", n=seconds / 60))
    return writer.say(_("{n:.0f} h", n=seconds / 3600))


WIDE_COLUMNS = 120


def print_list(data: ListData, out: Console, writer: Writer, *, chinese: bool) -> None:
    table = make_table()
    everything = any(mirror.status != Status.ACTIVE.value for mirror in data.mirrors)
    table.add_column(writer.say(_("mirror")), no_wrap=True)
    if out.width >= WIDE_COLUMNS:
        table.add_column(writer.say(_("operator")), no_wrap=True)
    table.add_column(writer.say(_("trust")), no_wrap=True)
    if everything:
        table.add_column(writer.say(_("status")), no_wrap=True)
    table.add_column("URL", overflow="fold")
    for mirror in data.mirrors:
        name = (mirror.name_zh if chinese else None) or mirror.name
        row = [mirror.id, *([name] if out.width >= WIDE_COLUMNS else []), mirror.trust]
        row += [*([mirror.status] if everything else []), mirror.url]
        style = None if mirror.status == Status.ACTIVE.value else "dim"
        table.add_row(*map(visible, row), style=style)
    out.print(table)
    if data.hidden:
        more = _("{count} more: dead, unverified or run by individuals (mirrorctl list --all)", count=data.hidden)
        out.print(Cell("  " + writer.say(more), style="dim"))
