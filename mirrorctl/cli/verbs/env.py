from __future__ import annotations

from typing import Annotated

import typer

from mirrorctl.cli.console import console_of
from mirrorctl.cli.parameters import (
    Budget,
    Deadline,
    FallbackOption,
    Force,
    LatencyOnly,
    MaxAge,
    MaxLag,
    Targets,
    TrustOption,
    Which,
    parse_duration,
    policy_of,
)
from mirrorctl.commands.fallback import Fallback
from mirrorctl.model import Trust
from mirrorctl.text import N_


def command(
    ctx: typer.Context,
    which: Which,
    target: Targets = None,
    form: Annotated[
        str,
        typer.Option(
            "--format", metavar="sh|fish|powershell|dotenv|dockerfile|github", help=N_("How to write the variables")
        ),
    ] = "sh",
    trust: TrustOption = Trust.COMPANY,
    max_lag: MaxLag = "24h",
    deadline: Deadline = "8s",
    budget: Budget = "25MB",
    fallback: FallbackOption = Fallback.FAIL,
    latency_only: LatencyOnly = False,
    max_age: MaxAge = None,
    force: Force = False,
) -> None:
    from mirrorctl.cli.env import run_env
    from mirrorctl.commands.choice import Request

    policy = policy_of(trust, max_lag, deadline, budget, latency_only=latency_only, force=force)
    request = Request(
        which=which,
        targets=tuple(target or ()),
        policy=policy,
        fallback=fallback,
        max_age_s=parse_duration(max_age) if max_age else None,
    )
    run_env(console_of(ctx), request, form)
