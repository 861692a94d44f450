from __future__ import annotations

from typing import Annotated

import typer

from mirrorctl.cli.console import console_of
from mirrorctl.cli.parameters import Targets
from mirrorctl.text import N_


def command(
    ctx: typer.Context,
    target: Targets = None,
    everything: Annotated[
        bool, typer.Option("--all", help=N_("Also those that are dead, opt-in or unverified"))
    ] = False,
) -> None:
    from mirrorctl.cli.probe import draw_list
    from mirrorctl.commands.listing import list_mirrors as run

    console = console_of(ctx)
    result = run(console.session(), targets=tuple(target or ()), everything=everything)
    console.finish(result, draw=draw_list(console))
