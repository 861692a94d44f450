"""Whether and how progress is drawn."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mirrorctl.cli.console import Console
from mirrorctl.probing.events import Event


@contextmanager
def progress(console: Console, *, measuring: bool) -> Iterator[Callable[[Event], None] | None]:
    """Live progress on a terminal while mirrors are measured; nothing elsewhere."""
    if not (measuring and console.lively):
        yield None
        return
    from mirrorctl.render.progress import live

    with live(sys.stderr, console.writer(sys.stderr)) as on_event:
        yield on_event
