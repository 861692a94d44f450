"""Whether and how progress is drawn."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeAlias

from mirrorctl.cli.console import Console
from mirrorctl.commands.selection import Policy
from mirrorctl.probing.events import Event
from mirrorctl.text import Text, _

Watcher: TypeAlias = Callable[[Event], None]


@contextmanager
def progress(console: Console, measuring: Policy | None) -> Iterator[Watcher | None]:
    """What measuring may cost, and then live progress on a terminal; nothing elsewhere.

    It is said right before the first request: a wrong name, or a measurement that is remembered, leads to none.
    """
    with ExitStack() as stack:
        if measuring is None:
            yield None
        else:
            yield _later(lambda: _begin(console, measuring, stack))


def _begin(console: Console, policy: Policy, stack: ExitStack) -> Watcher | None:
    if not (console.json or console.quiet):
        console.tell([console.writer(sys.stderr).say(_announcement(policy))])
    if not console.lively:
        return None
    from mirrorctl.render.progress import live

    return stack.enter_context(live(sys.stderr, console.writer(sys.stderr)))


def _later(begin: Callable[[], Watcher | None]) -> Watcher:
    begun: list[Watcher | None] = []

    def watch(event: Event) -> None:
        if not begun:
            begun.append(begin())
        if begun[0]:
            begun[0](event)

    return watch


def _announcement(policy: Policy) -> Text:
    if policy.latency_only:
        return _("asking the mirrors, without transfers: about 1 s, and less than 1 MB")
    return _(
        "measuring the mirrors: at most {mb:g} MB (--budget) and about {s:g} s (--deadline)",
        mb=policy.budget_bytes / 1e6,
        s=policy.deadline_s,
    )
