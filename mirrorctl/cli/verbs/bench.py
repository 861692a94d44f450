from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mirrorctl.cli.console import console_of
from mirrorctl.cli.parameters import Targets, TrustOption, duration_of
from mirrorctl.model import Trust
from mirrorctl.text import N_

Workload = Annotated[
    list[str] | None,
    typer.Option(
        "--workload", metavar="NAME|FILE", help=N_("What to pull: small, typical, large, or a file of workloads")
    ),
]
Output = Annotated[
    list[Path] | None,
    typer.Option("-o", "--output", metavar="FILE", help=N_("Write a report: FILE.html, .md or .json; may be repeated")),
]
Compare = Annotated[
    tuple[Path, Path] | None,
    typer.Option(
        "--compare", metavar="OLD.json NEW.json", help=N_("Pull nothing; show what changed between two reports")
    ),
]


def command(
    ctx: typer.Context,
    target: Targets = None,
    via: Annotated[
        list[str] | None,
        typer.Option("--via", metavar="ID", help=N_("Through this mirror or operator, or fastest; may be repeated")),
    ] = None,
    workload: Workload = None,
    rounds: Annotated[
        int, typer.Option("--rounds", min=1, max=1000, metavar="N", help=N_("How often at most each way is pulled by"))
    ] = 10,
    timeout: Annotated[str, typer.Option("--timeout", metavar="DUR", help=N_("How long one pull may take"))] = "10min",
    output: Output = None,
    no_daemon: Annotated[
        bool, typer.Option("--no-daemon", help=N_("Pull images over HTTP, without asking a Docker daemon"))
    ] = False,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help=N_("Repeat the order and the intervals of another run"))
    ] = None,
    compare: Compare = None,
    trust: TrustOption = Trust.COMPANY,
) -> None:
    from mirrorctl.cli.bench import new_seed, run_bench, run_compare
    from mirrorctl.commands.bench import BenchRequest
    from mirrorctl.commands.bench_runs import Terms
    from mirrorctl.commands.selection import Policy

    if compare:
        run_compare(console_of(ctx), *compare, tuple(output or ()))
    request = BenchRequest(
        targets=tuple(target or ()),
        via=tuple(via or ()),
        workloads=tuple(workload or ()),
        terms=Terms(
            rounds=rounds, timeout_s=duration_of("--timeout", timeout), seed=new_seed() if seed is None else seed
        ),
        policy=Policy(trust=trust),
        alone=no_daemon,
        outputs=tuple(output or ()),
    )
    run_bench(console_of(ctx), request)
