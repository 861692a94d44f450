"""`probe` and `list`: the commands that draw tables."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mirrorctl.cli.console import Console
from mirrorctl.commands.listing import ListData
from mirrorctl.commands.probe import ProbeData, probe
from mirrorctl.commands.selection import Policy
from mirrorctl.errors import UsageError
from mirrorctl.probing.events import Event
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
    with progress(console, measuring=True) as on_event:
        result = probe(console.session(), targets=targets, only=only, urls=urls, policy=policy, on_event=on_event)
    console.finish(result, _draw_prometheus if form == "prometheus" else _draw_table(console))


def _draw_table(console: Console) -> Callable[[ProbeData], None]:
    def draw(data: ProbeData) -> None:
        from mirrorctl.render import tables

        writer = console.writer(sys.stdout)
        tables.print_probe(data, tables.console(sys.stdout, writer, os.environ), writer)

    return draw


def _draw_prometheus(data: ProbeData) -> None:
    from mirrorctl.render.prometheus import metrics

    print("\n".join(metrics(data)))


def draw_list(console: Console) -> Callable[[ListData], None]:
    def draw(data: ListData) -> None:
        from mirrorctl.render import tables

        writer = console.writer(sys.stdout)
        out = tables.console(sys.stdout, writer, os.environ)
        tables.print_list(data, out, writer, chinese=console.language == "zh")

    return draw


@contextmanager
def progress(console: Console, *, measuring: bool) -> Iterator[Callable[[Event], None] | None]:
    """Live progress on a terminal while mirrors are measured; nothing elsewhere."""
    if not (measuring and console.lively):
        yield None
        return
    from mirrorctl.render.progress import live

    with live(sys.stderr, console.writer(sys.stderr)) as on_event:
        yield on_event
