"""Whether and how progress is drawn."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mirrorctl.cli.console import Console
from mirrorctl.commands.selection import Policy
from mirrorctl.probing.events import Event
from mirrorctl.text import Text, _


@contextmanager
def progress(console: Console, measuring: Policy | None) -> Iterator[Callable[[Event], None] | None]:
    """What measuring may cost, beforehand, and then live progress on a terminal; nothing elsewhere."""
    if measuring and not (console.json or console.quiet):
        console.tell([console.writer(sys.stderr).say(_announcement(measuring))])
    if not (measuring and console.lively):
        yield None
        return
    from mirrorctl.render.progress import live

    with live(sys.stderr, console.writer(sys.stderr)) as on_event:
        yield on_event


def _announcement(policy: Policy) -> Text:
    if policy.latency_only:
        return _("asking the mirrors, without transfers: about 1 s, and less than 1 MB")
    return _(
        "measuring the mirrors: at most {mb:g} MB (--budget) and about {s:g} s (--deadline)",
        mb=policy.budget_bytes / 1e6,
        s=policy.deadline_s,
    )
