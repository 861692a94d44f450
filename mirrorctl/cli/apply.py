"""`apply` on a terminal: as `use`, with a profile for the options."""

from __future__ import annotations

from pathlib import Path

from mirrorctl.cli.console import Console
from mirrorctl.cli.use import run_use
from mirrorctl.commands.apply import apply, catalogs_of, read_profile, request_for


def run_apply(
    console: Console, path: Path, *, dry_run: bool, check: bool, yes: bool, verify: bool, activate: bool
) -> None:
    profile = read_profile(path)
    console.catalogs = (*catalogs_of(profile, path), *console.catalogs)
    request = request_for(profile, path, dry_run=dry_run, check=check)
    run_use(console, request, yes=yes, verify=verify, activate=activate, carry_out=apply)
