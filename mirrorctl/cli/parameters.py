"""The options that several commands share, and the values they take."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from mirrorctl.commands.choice import Fallback
from mirrorctl.errors import UsageError
from mirrorctl.model import Scope, Trust
from mirrorctl.text import N_, _

UNITS_S = {"s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
UNITS_BYTES = {"": 1, "B": 1, "KB": 1000, "MB": 1000**2, "GB": 1000**3, "KIB": 1024, "MIB": 1024**2, "GIB": 1024**3}

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


def parse_duration(text: str) -> float:
    """Seconds in `90s`, `15min`, `36h`, `7d`, or a bare number of seconds. Raises UsageError."""
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,6})?)\s*([a-z]*)", text.strip().lower())
    if match is None or match[2] not in {"", *UNITS_S}:
        raise UsageError(_("{text} is no duration", text=repr(text)), hint=_("write it as in 90s, 15min, 36h or 7d"))
    return float(match[1]) * UNITS_S.get(match[2], 1.0)


def parse_size(text: str) -> int:
    """Bytes in `500KB`, `25MB`, `1GiB`, or a bare number of bytes. Raises UsageError."""
    match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,6})?)\s*([A-Z]*)", text.strip().upper())
    unit = match[2] if match else ""
    unit = unit if unit in UNITS_BYTES else f"{unit}B"
    if match is None or unit not in UNITS_BYTES:
        raise UsageError(_("{text} is no size", text=repr(text)), hint=_("write it as in 500KB, 25MB or 1GiB"))
    return int(float(match[1]) * UNITS_BYTES[unit])
