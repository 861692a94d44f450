"""`apply` on a terminal: as `use`, with a profile for the options."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

from mirrorctl.cli.console import Console
from mirrorctl.cli.progress import progress
from mirrorctl.commands.apply import apply, catalogs_of, read_profile, request_for
from mirrorctl.commands.change import Switches
from mirrorctl.render.changes import use_lines


def run_apply(
    console: Console, path: Path, *, dry_run: bool, check: bool, yes: bool, verify: bool, activate: bool
) -> NoReturn:
    profile = read_profile(path)
    console.catalogs = (*catalogs_of(profile, path), *console.catalogs)
    request = request_for(profile, path.name, dry_run=dry_run, check=check)

    def stage(name: str) -> None:
        if console.verbose:
            console.tell([name])

    with progress(console, request.policy if request.which == "fastest" else None) as on_event:
        result = apply(
            console.session(),
            request,
            switches=Switches(verify=verify, activate=activate, stage=stage),
            confirm=(lambda _data: True) if yes else console.confirm,
            on_event=on_event,
        )
    sys.stderr.flush()
    console.finish(result, use_lines)
