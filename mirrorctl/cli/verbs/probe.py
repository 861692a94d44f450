from __future__ import annotations

from typing import Annotated

import typer

from mirrorctl.cli.console import console_of
from mirrorctl.cli.parameters import (
    Budget,
    Deadline,
    LatencyOnly,
    MaxLag,
    Targets,
    TrustOption,
    policy_of,
)
from mirrorctl.model import Trust
from mirrorctl.text import N_


def command(
    ctx: typer.Context,
    target: Targets = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="ID", help=N_("Only this mirror or operator; may be repeated")),
    ] = None,
    url: Annotated[
        list[str] | None, typer.Option("--url", metavar="URL", help=N_("Also this address; may be repeated"))
    ] = None,
    trust: TrustOption = Trust.COMPANY,
    max_lag: MaxLag = "24h",
    deadline: Deadline = "8s",
    budget: Budget = "25MB",
    latency_only: LatencyOnly = False,
    form: Annotated[
        str, typer.Option("--format", metavar="table|json|prometheus", help=N_("How to print the result"))
    ] = "table",
    history: Annotated[
        bool, typer.Option("--history", help=N_("Measure nothing; show what was measured in this network before"))
    ] = False,
) -> None:
    from mirrorctl.cli.probe import run_probe, show_history

    if history:
        show_history(console_of(ctx), tuple(target or ()), tuple(only or ()), tuple(url or ()), form)
    policy = policy_of(trust, max_lag, deadline, budget, latency_only=latency_only)
    run_probe(console_of(ctx), tuple(target or ()), tuple(only or ()), tuple(url or ()), policy, form)
