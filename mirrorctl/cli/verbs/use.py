from __future__ import annotations

from typing import Annotated

import typer

from mirrorctl.cli.console import console_of
from mirrorctl.cli.parameters import (
    Budget,
    Deadline,
    DryRun,
    FallbackOption,
    Force,
    LatencyOnly,
    MaxAge,
    MaxLag,
    NoReload,
    ScopeOption,
    Targets,
    TrustOption,
    Which,
    parse_duration,
    parse_size,
)
from mirrorctl.commands.choice import Fallback
from mirrorctl.model import Trust
from mirrorctl.text import N_


def command(
    ctx: typer.Context,
    which: Which,
    target: Targets = None,
    scope: ScopeOption = None,
    dry_run: DryRun = False,
    check: Annotated[
        bool, typer.Option("--check", help=N_("Write nothing, and exit with 4 if anything would change"))
    ] = False,
    yes: Annotated[bool, typer.Option("-y", "--yes", help=N_("Do not ask"))] = False,
    trust: TrustOption = Trust.COMPANY,
    max_lag: MaxLag = "24h",
    deadline: Deadline = "8s",
    budget: Budget = "25MB",
    fallback: FallbackOption = Fallback.FAIL,
    latency_only: LatencyOnly = False,
    max_age: MaxAge = None,
    no_verify: Annotated[bool, typer.Option("--no-verify", help=N_("Do not check the change by a real pull"))] = False,
    no_reload: NoReload = False,
    replace_private: Annotated[
        bool,
        typer.Option("--replace-private", help=N_("Replace a source that may be private, or accept a risk named")),
    ] = False,
    force: Force = False,
) -> None:
    from mirrorctl.cli.use import run_use
    from mirrorctl.commands.choice import Request
    from mirrorctl.commands.selection import Policy

    policy = Policy(
        trust=trust,
        max_lag_s=parse_duration(max_lag),
        deadline_s=parse_duration(deadline),
        budget_bytes=parse_size(budget),
        latency_only=latency_only,
        force=force,
    )
    request = Request(
        which=which,
        targets=tuple(target or ()),
        scope=scope,
        policy=policy,
        dry_run=dry_run,
        check=check,
        replace_private=replace_private,
        fallback=fallback,
        max_age_s=parse_duration(max_age) if max_age else None,
    )
    run_use(console_of(ctx), request, yes=yes, verify=not (no_verify or no_reload), activate=not no_reload)
