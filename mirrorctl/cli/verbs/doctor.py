from __future__ import annotations

from typing import Annotated

import typer

from mirrorctl.cli.console import console_of
from mirrorctl.cli.parameters import DryRun, NoReload, Targets
from mirrorctl.text import N_


def command(
    ctx: typer.Context,
    target: Targets = None,
    fix: Annotated[bool, typer.Option("--fix", help=N_("Repair what is safe to repair, as one change"))] = False,
    dry_run: DryRun = False,
    yes: Annotated[bool, typer.Option("-y", "--yes", help=N_("Do not ask"))] = False,
    offline: Annotated[bool, typer.Option("--offline", help=N_("Do not ask the mirrors in use"))] = False,
    check: Annotated[bool, typer.Option("--check", help=N_("Exit with 4 if an error or a warning is left"))] = False,
    no_reload: NoReload = False,
) -> None:
    from mirrorctl.cli.doctor import run_doctor
    from mirrorctl.commands.doctor import Visit

    visit = Visit(targets=tuple(target or ()), offline=offline, fix=fix, dry_run=dry_run, check=check)
    run_doctor(console_of(ctx), visit, yes=yes, activate=not no_reload)
