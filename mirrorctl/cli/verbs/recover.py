from __future__ import annotations

import typer

from mirrorctl.cli.console import console_of


def command(ctx: typer.Context) -> None:
    from mirrorctl.commands import history
    from mirrorctl.render.records import recover_lines

    console = console_of(ctx)
    console.finish(history.recover(console.session()), recover_lines)
