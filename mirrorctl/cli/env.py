"""`env` and `exec` on a terminal: progress while measuring, which mirror was chosen, and the result or the program."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import NoReturn

from mirrorctl.cli.console import Console
from mirrorctl.cli.parameters import duration_of
from mirrorctl.cli.progress import progress
from mirrorctl.commands.choice import Request
from mirrorctl.commands.env import EnvData, env, merged
from mirrorctl.commands.fallback import Fallback
from mirrorctl.commands.result import Result
from mirrorctl.commands.selection import Policy
from mirrorctl.commands.session import Session
from mirrorctl.errors import UsageError
from mirrorctl.formats.assignments import FOR_ELSEWHERE, FORMS, render
from mirrorctl.render.env import env_lines
from mirrorctl.render.text import Writer, conversation
from mirrorctl.text import _


def request_of(
    which: str, targets: list[str] | None, policy: Policy, fallback: Fallback, max_age: str | None
) -> Request:
    """What the options of `env` and `exec` ask for. Raises UsageError."""
    return Request(
        which=which,
        targets=tuple(targets or ()),
        policy=policy,
        fallback=fallback,
        max_age_s=duration_of("--max-age", max_age) if max_age else None,
    )


def run_env(console: Console, request: Request, form: str) -> NoReturn:
    if form not in FORMS:
        raise UsageError(
            _("there is no format {name}", name=form), hint=_("the formats are: {names}", names=", ".join(FORMS))
        )
    _session, result = _ask(console, request, elsewhere=form in FOR_ELSEWHERE)
    lines = render(result.data.assignments, form)
    _introduce(console, result.data)
    console.finish(result, _given(lines))


def run_exec(console: Console, request: Request, command: Sequence[str]) -> NoReturn:
    from mirrorctl.process_replace import replace_process

    session, result = _ask(console, request, command=command)
    if result.errors:
        console.finish(result)
    _introduce(console, result.data)
    console.tell(conversation(result, console.writer(sys.stderr), quiet=console.quiet))
    replace_process(command, merged(session.machine.environ, result.data.assignments))


def _ask(
    console: Console, request: Request, *, command: Sequence[str] = (), elsewhere: bool = False
) -> tuple[Session, Result[EnvData]]:
    session = console.session()
    measuring = request.policy if request.which == "fastest" else None
    with progress(console, measuring) as on_event:
        return session, env(session, request, command=command, elsewhere=elsewhere, on_event=on_event)


def _introduce(console: Console, data: EnvData) -> None:
    if not (console.quiet or console.json):
        console.tell(env_lines(data, console.writer(sys.stderr)))


def _given(lines: Iterable[str]) -> Callable[[EnvData, Writer], Iterable[str]]:
    return lambda _data, _writer: lines
