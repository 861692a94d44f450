from __future__ import annotations

from typing import Annotated

import typer

from mirrorctl.cli.console import console_of
from mirrorctl.cli.parameters import DryRun, NoReload
from mirrorctl.text import N_


def command(
    ctx: typer.Context,
    identifier: Annotated[
        str | None, typer.Argument(metavar="[ID]", help=N_("The change to take back; by default the latest"))
    ] = None,
    dry_run: DryRun = False,
    force: Annotated[
        bool, typer.Option("--force", help=N_("Put the old setting back although somebody has changed ours since"))
    ] = False,
    no_reload: NoReload = False,
) -> None:
    from mirrorctl.commands import history
    from mirrorctl.commands.change import Switches
    from mirrorctl.render.records import undo_lines

    console = console_of(ctx)
    switches = Switches(activate=not no_reload)
    result = history.undo(console.session(), identifier, dry_run=dry_run, force=force, switches=switches)
    console.finish(result, undo_lines)
