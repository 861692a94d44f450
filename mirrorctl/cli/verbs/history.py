from __future__ import annotations

import typer

from mirrorctl.cli.console import console_of


def command(ctx: typer.Context) -> None:
    from mirrorctl.commands import history as commands
    from mirrorctl.render.records import history_lines

    console = console_of(ctx)
    console.finish(commands.history(console.session()), history_lines)
