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
    from mirrorctl.cli.env import request_of, run_env

    policy = policy_of(trust, max_lag, deadline, budget, latency_only=latency_only, force=force)
    request = request_of(which, target, policy, fallback, max_age)
    run_env(console_of(ctx), request, form)
