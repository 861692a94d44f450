"""Live progress while mirrors are measured: one line per mirror, drawn over itself, gone at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text as Cell

from mirrorctl.model import Probe
from mirrorctl.probing.events import Event, Stage
from mirrorctl.render.screen import visible
from mirrorctl.render.text import Writer
from mirrorctl.text import _

LINES = 18
STAGES = {
    Stage.GATE: _("asking"),
    Stage.WAITING: _("works; waits for its transfer"),
    Stage.TRANSFER: _("transferring"),
    Stage.DONE: _("done"),
    Stage.REJECTED: _("rejected"),
}


@contextmanager
def live(stream: TextIO, writer: Writer) -> Iterator[Callable[[Event], None]]:
    """A display that is told of every event of a race."""
    board = _Board(writer)
    console = Console(file=stream, no_color=not writer.colour, highlight=False, emoji=False, markup=False)
    with Live(board, console=console, transient=True, refresh_per_second=12) as display:

        def on_event(event: Event) -> None:
            board.take(event)
            if not display.is_started:
                display.start()

        yield on_event


class _Board:
    """What is known of each mirror so far."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._rows: dict[tuple[str, str], tuple[Stage, Probe]] = {}
        self._spinner = Spinner("dots")

    def take(self, event: Event) -> None:
        self._rows[event.ecosystem, event.mirror] = (event.stage, event.probe)

    def __rich__(self) -> Group:
        if not self._rows:
            return Group()
        done = sum(stage in {Stage.DONE, Stage.REJECTED} for stage, _probe in self._rows.values())
        head = _("measuring: {done} of {count} done", count=len(self._rows), done=done)
        self._spinner.update(text=Cell(self._writer.say(head)))
        rows = [
            self._row(ecosystem, name, stage, probe)
            for (ecosystem, name), (stage, probe) in list(self._rows.items())[:LINES]
        ]
        if len(self._rows) > LINES:
            rows.append(Cell(f"  … +{len(self._rows) - LINES}", style="dim"))
        return Group(self._spinner, *rows)

    def _row(self, ecosystem: str, name: str, stage: Stage, probe: Probe) -> Cell:
        row = Cell(f"  {ecosystem:<7}{visible(name):<24}", no_wrap=True, overflow="ellipsis")
        if probe.reason:
            row.append("✗ " + self._writer.say(probe.reason.detail), style="red")
            return row
        if probe.ttfb_s is not None:
            row.append(f"{probe.ttfb_s * 1000:6.0f} ms")
        if probe.bandwidth_bytes_per_s is not None:
            row.append(f"{probe.bandwidth_bytes_per_s / 1e6:8.1f} MB/s", style="green")
        else:
            row.append(f"  {self._writer.say(STAGES[stage])}", style="dim")
        return row
