"""`probe` and `list`: the commands that draw tables."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from mirrorctl.cli.console import Console
from mirrorctl.cli.progress import progress
from mirrorctl.commands.listing import ListData
from mirrorctl.commands.probe import ProbeData, probe
from mirrorctl.commands.selection import Policy
from mirrorctl.errors import UsageError
from mirrorctl.text import _

FORMATS = ("table", "json", "prometheus")


def run_probe(
    console: Console,
    targets: tuple[str, ...],
    only: tuple[str, ...],
    urls: tuple[str, ...],
    policy: Policy,
    form: str,
) -> None:
    if form not in FORMATS:
        raise UsageError(
            _("there is no format {name}", name=form), hint=_("the formats are: {names}", names=", ".join(FORMATS))
        )
    console.json = console.json or form == "json"
    with progress(console, policy) as on_event:
        result = probe(console.session(), targets=targets, only=only, urls=urls, policy=policy, on_event=on_event)
    console.finish(result, draw=_draw_prometheus if form == "prometheus" else _draw_table(console))


def show_history(
    console: Console, targets: tuple[str, ...], only: tuple[str, ...], urls: tuple[str, ...], form: str
) -> None:
    from mirrorctl.commands.probe_history import history
    from mirrorctl.render.probe_history import history_lines

    if form not in {"table", "json"}:
        raise UsageError(
            _("--history has no format {name}", name=form), hint=_("the formats are: {names}", names="table, json")
        )
    console.json = console.json or form == "json"
    console.finish(history(console.session(), targets=targets, only=only, urls=urls), history_lines)


def _draw_table(console: Console) -> Callable[[ProbeData], None]:
    def draw(data: ProbeData) -> None:
        from mirrorctl.render import tables

        writer = console.writer(sys.stdout)
        tables.draw(
            lambda out: tables.print_probe(data, out, writer, verbose=console.verbose), sys.stdout, writer, os.environ
        )

    return draw


def _draw_prometheus(data: ProbeData) -> None:
    from mirrorctl.render.prometheus import metrics

    print("\n".join(metrics(data)))


def draw_list(console: Console) -> Callable[[ListData], None]:
    def draw(data: ListData) -> None:
        from mirrorctl.render import tables

        writer = console.writer(sys.stdout)
        chinese = console.language == "zh"
        tables.draw(lambda out: tables.print_list(data, out, writer, chinese=chinese), sys.stdout, writer, os.environ)

    return draw
