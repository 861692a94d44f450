from __future__ import annotations

from typing import Annotated

import typer

from mirrorctl.cli.console import console_of
from mirrorctl.cli.parameters import ScopeOption, Targets
from mirrorctl.text import N_


def command(
    ctx: typer.Context,
    target: Targets = None,
    scope: ScopeOption = None,
    check: Annotated[
        bool, typer.Option("--check", help=N_("Exit with 4 if a file no longer says what mirrorctl wrote"))
    ] = False,
) -> None:
    from mirrorctl.commands.status import status as run
    from mirrorctl.render.status import status_lines

    console = console_of(ctx)
    console.finish(run(console.session(), targets=tuple(target or ()), scope=scope, check=check), status_lines)
