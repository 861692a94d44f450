"""`bench` on a terminal: progress, the table, and the report in the files that were named."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from io import TextIOBase
from pathlib import Path
from typing import TextIO, TypeVar, cast

import typer

from mirrorctl import process_interruption
from mirrorctl.benchmark import BenchReport
from mirrorctl.benchmark.comparison import Comparison
from mirrorctl.cli.console import Console
from mirrorctl.cli.progress import progress
from mirrorctl.commands.bench import BenchRequest, bench, write_outputs
from mirrorctl.commands.bench_runs import OnPull, PullEvent
from mirrorctl.commands.result import Result
from mirrorctl.commands.selection import Policy
from mirrorctl.commands.session import Session
from mirrorctl.probing.events import Event
from mirrorctl.render.text import Writer

T = TypeVar("T")


def new_seed() -> int:
    return secrets.randbelow(2**31)


def run_bench(console: Console, request: BenchRequest) -> None:
    from mirrorctl.render.report import check_form, write_report

    for path in request.outputs:
        check_form(form_of(path))
    session = console.session()
    with process_interruption.heard():
        with ExitStack() as stack:
            display = _Display(console, request.policy, stack)
            result = bench(session, request, on_event=display.race, on_pull=display.pull if console.lively else None)
        with process_interruption.held():
            _write(console, session, request.outputs, result, write_report)
    try:
        console.finish(result, draw=_draw(console))
    except OSError:
        if not result.data.interrupted:
            raise
        _say_no_more()
        raise typer.Exit(int(result.exit_code)) from None


def _say_no_more() -> None:
    """The terminal may have gone away, which may have been the interruption."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())


class _Display:
    """What is drawn over itself on stderr: the race, if there is one, then the pulls."""

    def __init__(self, console: Console, policy: Policy, stack: ExitStack) -> None:
        self._console = console
        self._policy = policy
        self._stack = stack
        self._on_event: Callable[[Event], None] | None = None
        self._on_pull: OnPull | None = None
        self._racing = False

    def race(self, event: Event) -> None:
        if not self._racing:
            self._racing = True
            self._on_event = self._stack.enter_context(progress(self._console, self._policy))
        if self._on_event:
            self._on_event(event)

    def pull(self, event: PullEvent) -> None:
        if self._on_pull is None:
            from mirrorctl.render.bench_progress import live

            self._stack.close()  # one thing at a time is drawn
            self._on_pull = self._stack.enter_context(live(_lasting(sys.stderr), self._console.writer(sys.stderr)))
        self._on_pull(event)


class _Lasting(TextIOBase):
    """A stream that may go away while it is written to: nobody looks at it then, and that ends nothing."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()


def _lasting(stream: TextIO) -> TextIO:
    return cast("TextIO", _Lasting(stream))


def form_of(path: Path) -> str:
    return path.suffix.removeprefix(".").lower()


def run_compare(console: Console, before: Path, now: Path, outputs: tuple[Path, ...]) -> None:
    from mirrorctl.commands.bench_compare import compare_reports
    from mirrorctl.render.report import check_form, write_comparison

    for path in outputs:
        check_form(form_of(path))
    session = console.session()
    result = compare_reports(session, before, now, outputs)
    _write(console, session, outputs, result, write_comparison)
    console.finish(result, draw=_draw_comparison(console))


def _write(
    console: Console,
    session: Session,
    outputs: tuple[Path, ...],
    result: Result[T],
    write: Callable[[Result[T], str, Writer, str], bytes],
) -> None:
    from mirrorctl.render.language import translator

    writer = Writer(translate=translator(console.language))
    written = [(path, write(result, form_of(path), writer, console.language)) for path in outputs]
    write_outputs(session, written)


def _draw(console: Console) -> Callable[[BenchReport], None]:
    def draw(data: BenchReport) -> None:
        from mirrorctl.render import tables
        from mirrorctl.render.bench import print_bench

        writer = console.writer(sys.stdout)
        tables.draw(lambda out: print_bench(data, out, writer), sys.stdout, writer, os.environ)

    return draw


def _draw_comparison(console: Console) -> Callable[[Comparison], None]:
    def draw(data: Comparison) -> None:
        from mirrorctl.render import tables
        from mirrorctl.render.bench_compare import print_comparison

        writer = console.writer(sys.stdout)
        tables.draw(lambda out: print_comparison(data, out, writer), sys.stdout, writer, os.environ)

    return draw
