from __future__ import annotations

from typing import Annotated

import typer

from mirrorctl.cli.console import console_of
from mirrorctl.cli.parameters import (
    Budget,
    Check,
    Deadline,
    DryRun,
    FallbackOption,
    Force,
    LatencyOnly,
    MaxAge,
    MaxLag,
    NoReload,
    NoVerify,
    ScopeOption,
    Targets,
    TrustOption,
    WhichOrNone,
    Yes,
    duration_of,
    policy_of,
)
from mirrorctl.commands.fallback import Fallback
from mirrorctl.model import Trust
from mirrorctl.text import N_


def command(
    ctx: typer.Context,
    which: WhichOrNone = None,
    target: Targets = None,
    scope: ScopeOption = None,
    dry_run: DryRun = False,
    check: Check = False,
    yes: Yes = False,
    trust: TrustOption = Trust.COMPANY,
    max_lag: MaxLag = "24h",
    deadline: Deadline = "8s",
    budget: Budget = "25MB",
    fallback: FallbackOption = Fallback.FAIL,
    latency_only: LatencyOnly = False,
    max_age: MaxAge = None,
    no_verify: NoVerify = False,
    no_reload: NoReload = False,
    replace_private: Annotated[
        bool,
        typer.Option("--replace-private", help=N_("Replace a source that may be private, or accept a risk named")),
    ] = False,
    force: Force = False,
) -> None:
    from mirrorctl.cli.use import run_use
    from mirrorctl.commands.choice import Request

    policy = policy_of(trust, max_lag, deadline, budget, latency_only=latency_only, force=force)
    request = Request(
        which=which or "",
        targets=tuple(target or ()),
        scope=scope,
        policy=policy,
        dry_run=dry_run,
        check=check,
        replace_private=replace_private,
        fallback=fallback,
        max_age_s=duration_of("--max-age", max_age) if max_age else None,
    )
    run_use(console_of(ctx), request, yes=yes, verify=not (no_verify or no_reload), activate=not no_reload)
