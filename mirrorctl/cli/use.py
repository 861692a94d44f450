"""`use` on a terminal: progress while measuring, the question, the stages."""

from __future__ import annotations

import sys
from collections.abc import Callable

from mirrorctl.cli.console import Console
from mirrorctl.commands.change import Switches
from mirrorctl.commands.choice import Request
from mirrorctl.commands.outcome import UseData
from mirrorctl.commands.result import Result
from mirrorctl.commands.use import use
from mirrorctl.errors import UsageError
from mirrorctl.text import _


def run_use(
    console: Console,
    request: Request,
    *,
    yes: bool,
    verify: bool,
    activate: bool,
    carry_out: Callable[..., Result[UseData]] = use,
) -> None:
    if not request.which:
        request = _chosen(console, request)
    from mirrorctl.cli.progress import progress
    from mirrorctl.render.changes import use_lines

    def stage(name: str) -> None:
        if console.verbose:
            console.tell([name])

    measuring = request.policy if request.which == "fastest" else None
    with progress(console, measuring) as on_event:
        result = carry_out(
            console.session(),
            request,
            switches=Switches(verify=verify, activate=activate, stage=stage),
            confirm=(lambda _data: True) if yes else console.confirm,
            on_event=on_event,
        )
    sys.stderr.flush()
    console.finish(result, use_lines)


def _chosen(console: Console, request: Request) -> Request:
    """What somebody chooses from a list. Raises UsageError where nobody is there to choose."""
    if not console.interactive:
        raise UsageError(_("{name} is missing", name="WHICH"), hint=_("mirrorctl use fastest takes the best one"))
    from mirrorctl.cli.chooser import choose

    chosen = choose(console, request)
    if chosen is None:
        raise KeyboardInterrupt
    return chosen
