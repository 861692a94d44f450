from __future__ import annotations

from typing import Annotated

import typer

from mirrorctl.cli.console import console_of
from mirrorctl.cli.parameters import Budget, Deadline, Targets, TrustOption, duration_of, size_of
from mirrorctl.model import Trust
from mirrorctl.text import N_


def command(
    ctx: typer.Context,
    target: Targets = None,
    via: Annotated[
        list[str] | None,
        typer.Option("--via", metavar="ID", help=N_("Only this mirror, operator or address; may be repeated")),
    ] = None,
    package: Annotated[
        list[str] | None, typer.Option("--package", metavar="NAME", help=N_("Compare this package; may be repeated"))
    ] = None,
    image: Annotated[
        list[str] | None, typer.Option("--image", metavar="REF", help=N_("Compare this image; may be repeated"))
    ] = None,
    repo: Annotated[
        list[str] | None,
        typer.Option("--repo", metavar="OWNER/NAME", help=N_("Compare this repository; may be repeated")),
    ] = None,
    samples: Annotated[
        int, typer.Option("--samples", metavar="N", min=1, max=100, help=N_("How many files of each to fetch whole"))
    ] = 2,
    upstream: Annotated[
        str | None,
        typer.Option("--upstream", metavar="URL", help=N_("Compare with this; by default what the client uses")),
    ] = None,
    trust: TrustOption = Trust.COMPANY,
    deadline: Deadline = "20s",
    budget: Budget = "25MB",
) -> None:
    from mirrorctl.cli.progress import progress
    from mirrorctl.commands.selection import Policy
    from mirrorctl.commands.verify import Question, verify
    from mirrorctl.render.verify import verify_lines

    console = console_of(ctx)
    question = Question(
        targets=tuple(target or ()),
        via=tuple(via or ()),
        upstream=upstream,
        samples={"pypi": tuple(package or ()), "docker": tuple(image or ()), "git": tuple(repo or ())},
        count=samples,
        policy=Policy(
            trust=trust, deadline_s=duration_of("--deadline", deadline), budget_bytes=size_of("--budget", budget)
        ),
    )
    with progress(console, measuring=question.policy) as on_event:
        result = verify(console.session(), question, on_event=on_event)
    console.finish(result, verify_lines)
