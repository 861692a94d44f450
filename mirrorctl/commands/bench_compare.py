"""`bench --compare`: two reports of earlier runs, and nothing is pulled."""

from __future__ import annotations

import random
from pathlib import Path

from mirrorctl import files
from mirrorctl.benchmark.comparison import Comparison, Saved, compare
from mirrorctl.benchmark.loading import load_report
from mirrorctl.benchmark.summary import CONFIDENCE, RESAMPLES
from mirrorctl.commands.result import Result
from mirrorctl.commands.session import Session
from mirrorctl.errors import UsageError
from mirrorctl.places import own_rules
from mirrorctl.reasons import reason_of
from mirrorctl.text import _


def compare_reports(session: Session, before: Path, now: Path, outputs: tuple[Path, ...] = ()) -> Result[Comparison]:
    """What has changed from one report to the other. Raises UsageError for what is no report, WriteError."""
    for path in outputs:
        files.check(session.machine.cwd / path, own_rules(session.machine))
    saved = [
        Saved(file=str(path), report=load_report(_read(session.machine.cwd / path), str(path)))
        for path in (before, now)
    ]
    pick = random.Random(saved[1].report.method.seed).randrange  # noqa: S311  chance, not a secret
    found = compare(saved[0], saved[1], pick, confidence=CONFIDENCE, resamples=RESAMPLES)
    return Result(command="bench", data=found)


def _read(path: Path) -> bytes:
    """A report may be larger than a configuration file, and come from a pipe."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            _("cannot read {path}: {reason}", path=path, reason=reason_of(error)), subject=str(path)
        ) from error
