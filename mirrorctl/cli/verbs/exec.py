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
    words: Annotated[
        list[str], typer.Argument(metavar="-- CMD...", help=N_("The program to run, with what it is given"))
    ],
    target: Targets = None,
    trust: TrustOption = Trust.COMPANY,
    max_lag: MaxLag = "24h",
    deadline: Deadline = "8s",
    budget: Budget = "25MB",
    fallback: FallbackOption = Fallback.FAIL,
    latency_only: LatencyOnly = False,
    max_age: MaxAge = None,
    force: Force = False,
) -> None:
    from mirrorctl.cli.env import run_exec
    from mirrorctl.commands.choice import Request

    policy = policy_of(trust, max_lag, deadline, budget, latency_only=latency_only, force=force)
    request = Request(
        which=which,
        targets=tuple(target or ()),
        policy=policy,
        fallback=fallback,
        max_age_s=parse_duration(max_age) if max_age else None,
    )
    run_exec(console_of(ctx), request, words)
