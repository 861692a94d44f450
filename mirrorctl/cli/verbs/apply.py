from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mirrorctl.cli.console import console_of
from mirrorctl.cli.parameters import Check, DryRun, NoReload, NoVerify, Yes
from mirrorctl.text import N_


def command(
    ctx: typer.Context,
    profile: Annotated[
        str, typer.Argument(metavar="PROFILE", help=N_("A TOML file that states what clients shall use"))
    ],
    dry_run: DryRun = False,
    check: Check = False,
    yes: Yes = False,
    no_verify: NoVerify = False,
    no_reload: NoReload = False,
) -> None:
    from mirrorctl.cli.apply import run_apply

    run_apply(
        console_of(ctx),
        Path(profile),
        dry_run=dry_run,
        check=check,
        yes=yes,
        verify=not (no_verify or no_reload),
        activate=not no_reload,
    )
