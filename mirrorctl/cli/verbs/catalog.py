from __future__ import annotations

from typing import Annotated

import typer

from mirrorctl.cli.console import console_of
from mirrorctl.cli.parameters import ScopeOption, Targets
from mirrorctl.text import N_


def command(
    ctx: typer.Context,
    action: Annotated[str, typer.Argument(metavar="show|validate|add|remove|update", help=N_("What to do"))],
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID|FILE|URL]", help=N_("A mirror, a catalog file, or the address of one or the other")
        ),
    ] = None,
    target: Targets = None,
    identifier: Annotated[
        str | None, typer.Option("--id", metavar="ID", help=N_("add: what the mirror is to be called"))
    ] = None,
    operator: Annotated[
        str | None, typer.Option("--operator", metavar="ID", help=N_("add: who runs it, if the catalog knows them"))
    ] = None,
    scope: ScopeOption = None,
    sha256: Annotated[
        str | None, typer.Option("--sha256", metavar="HEX", help=N_("update: the sum that the file has to have"))
    ] = None,
    reset: Annotated[
        bool, typer.Option("--reset", help=N_("update: go back to the catalog that came with the program"))
    ] = False,
) -> None:
    from mirrorctl.commands import catalog as commands
    from mirrorctl.render.catalog import catalog_lines

    wish = commands.Wish(
        action=action,
        what=what,
        targets=tuple(target or ()),
        identifier=identifier,
        operator=operator,
        scope=scope,
        sha256=sha256,
        reset=reset,
    )
    console = console_of(ctx)
    console.finish(commands.run(console.session, wish), catalog_lines)
