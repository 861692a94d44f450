"""Live progress of `bench`: what is being pulled, what it took so far, and how long the rest will take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text as Cell

from mirrorctl.benchmark import DIRECT
from mirrorctl.benchmark.verdict import seconds
from mirrorctl.commands.bench_runs import PullEvent
from mirrorctl.render.report.figures import size
from mirrorctl.render.screen import pad, visible
from mirrorctl.render.text import Writer
from mirrorctl.text import Text, _

SHOWN_RUNS = 8  # the latest of each way
LINES = 18


@contextmanager
def live(stream: TextIO, writer: Writer) -> Iterator[Callable[[PullEvent], None]]:
    """A display that is told of every pull, before and after it."""
    board = _Board(writer)
    console = Console(file=stream, no_color=not writer.colour, highlight=False, emoji=False, markup=False)
    # Drawn four times a second: each time takes from the processor what the client could use.
    with Live(board, console=console, transient=True, refresh_per_second=4):
        yield board.take


class _Board:
    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._rows: dict[tuple[str, str, str], list[str]] = {}
        self._now: PullEvent | None = None
        self._spinner = Spinner("dots")

    def take(self, event: PullEvent) -> None:
        self._now = event
        row = self._rows.setdefault((event.target, event.workload, event.via), [])
        if event.run is not None:
            row.append(seconds(event.run.seconds) if event.run.ok else "✗")

    def __rich__(self) -> Group:
        if self._now is None:
            return Group()
        self._spinner.update(text=Cell(self._writer.say(_head(self._now)), no_wrap=True, overflow="ellipsis"))
        rows = [self._row(key, took) for key, took in list(self._rows.items())[-LINES:]]
        return Group(self._spinner, *rows)

    def _row(self, key: tuple[str, str, str], took: list[str]) -> Cell:
        target, workload, via = key
        way = self._writer.say(_("direct")) if via == DIRECT else visible(via)
        row = Cell(f"  {visible(target)} {visible(workload)} {pad(way, 16)}", no_wrap=True, overflow="ellipsis")
        row.append("  ".join(took[-SHOWN_RUNS:]), style="dim")
        now = self._now
        if now and now.run is None and key == (now.target, now.workload, now.via):
            row.append("  …")
        return row


def _head(event: PullEvent) -> Text:
    left = event.left
    values = {"round": event.round, "rounds": event.rounds, "size": size(event.read_bytes)}
    if left.seconds is None or left.bytes is None or not left.pulls:
        return _("round {round} of at most {rounds}; {size} read", **values)
    return _(
        "round {round} of at most {rounds}; {size} read; at most {time} and {more} to go",
        time=seconds(left.seconds),
        more=size(left.bytes),
        **values,
    )
