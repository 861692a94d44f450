"""The options that several commands share, and the values they take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from mirrorctl.commands.fallback import Fallback
from mirrorctl.errors import UsageError
from mirrorctl.model import Scope, Trust
from mirrorctl.quantities import parse_duration, parse_size
from mirrorctl.text import N_, _

if TYPE_CHECKING:
    from collections.abc import Callable

    from mirrorctl.commands.selection import Policy

T = TypeVar("T")

Targets = Annotated[
    list[str] | None,
    typer.Option("-t", "--target", metavar="NAME", help=N_("Only this client; may be repeated")),
]
ScopeOption = Annotated[
    Scope | None, typer.Option("--scope", help=N_("Which of the client's files; by default its habitual one"))
]
TrustOption = Annotated[Trust, typer.Option("--trust", help=N_("The least trusted kind of operator to choose from"))]
MaxLag = Annotated[
    str, typer.Option("--max-lag", metavar="DUR", help=N_("How far behind upstream a mirror may be, as in 36h"))
]
Deadline = Annotated[str, typer.Option("--deadline", metavar="DUR", help=N_("How long measuring may take"))]
Budget = Annotated[str, typer.Option("--budget", metavar="SIZE", help=N_("How much measuring may download"))]
FallbackOption = Annotated[
    Fallback, typer.Option("--fallback", help=N_("What to do where fastest finds no mirror that can be used"))
]
Which = Annotated[
    str, typer.Argument(metavar="WHICH", help=N_("fastest, upstream, the id of a mirror or an operator, or a URL"))
]
WhichOrNone = Annotated[
    str | None,
    typer.Argument(
        metavar="[WHICH]",
        help=N_("fastest, upstream, the id of a mirror or an operator, or a URL; without it, a list to choose from"),
    ),
]
Check = Annotated[bool, typer.Option("--check", help=N_("Write nothing, and exit with 4 if anything would change"))]
Yes = Annotated[bool, typer.Option("-y", "--yes", help=N_("Do not ask"))]
NoVerify = Annotated[bool, typer.Option("--no-verify", help=N_("Do not check the change by a real pull"))]
Force = Annotated[bool, typer.Option("--force", help=N_("Use a named mirror although it is known not to work"))]
DryRun = Annotated[bool, typer.Option("--dry-run", help=N_("Show the change, write nothing"))]
MaxAge = Annotated[
    str | None,
    typer.Option("--max-age", metavar="DUR", help=N_("Decide fastest by what was measured here within that time")),
]
NoReload = Annotated[bool, typer.Option("--no-reload", help=N_("Do not make a running daemon take the change up"))]
LatencyOnly = Annotated[
    bool, typer.Option("--latency-only", help=N_("Measure no bandwidth: a second, and next to no traffic"))
]


def duration_of(option: str, text: str) -> float:
    """Seconds. Raises UsageError, which names the option."""
    return _read(option, text, parse_duration)


def size_of(option: str, text: str) -> int:
    """Bytes. Raises UsageError, which names the option."""
    return _read(option, text, parse_size)


def _read(option: str, text: str, parse: Callable[[str], T]) -> T:
    try:
        return parse(text)
    except UsageError as error:
        message = _("{option}: {reason}", option=option, reason=error.message)
        raise UsageError(message, hint=error.hint, subject=option) from error


def policy_of(
    trust: Trust, max_lag: str, deadline: str, budget: str, *, latency_only: bool = False, force: bool = False
) -> Policy:
    """What the options of measuring say. Raises UsageError."""
    from mirrorctl.commands.selection import Policy

    return Policy(
        trust=trust,
        max_lag_s=duration_of("--max-lag", max_lag),
        deadline_s=duration_of("--deadline", deadline),
        budget_bytes=size_of("--budget", budget),
        latency_only=latency_only,
        force=force,
    )
