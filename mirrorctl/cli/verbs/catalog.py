from __future__ import annotations

from typing import Annotated

import typer

from mirrorctl.cli.console import console_of
from mirrorctl.text import N_


def command(
    ctx: typer.Context,
    action: Annotated[str, typer.Argument(metavar="show|validate", help=N_("What to do"))],
    what: Annotated[
        str | None, typer.Argument(metavar="[ID|FILE]", help=N_("A mirror to show, or a file to check"))
    ] = None,
) -> None:
    from mirrorctl.commands import catalog as commands
    from mirrorctl.render.records import catalog_lines

    console = console_of(ctx)
    console.finish(commands.run(console.session, action, what), catalog_lines)
