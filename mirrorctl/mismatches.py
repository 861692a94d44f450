"""Remembers which mirrors have been found to serve other bytes than upstream, and with what evidence.

A small JSON file in the user's state directory. A mirror leaves it when the same samples are found to be the same again,
or after EXPIRY. Losing it loses no more than the memory of a finding, so a file that cannot be read counts as empty.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mirrorctl import environment, files
from mirrorctl.catalog.addresses import normalise
from mirrorctl.errors import MirrorctlError
from mirrorctl.model import Machine, Mirror, Scope
from mirrorctl.places import own_rules
from mirrorctl.values import dataclass, replace

EXPIRY = timedelta(days=180)
FILE = "mismatches.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """What was found at one mirror. `evidence` is as it was shown: subject, kind, expected, got, basis."""

    at: datetime
    ecosystem: str
    id: str
    url: str
    samples: tuple[str, ...]
    evidence: tuple[dict[str, str], ...]

    def concerns(self, mirror: Mirror) -> bool:
        """Whether it was found at this mirror, by whatever address of it."""
        known = map(normalise, (mirror.url, *mirror.aliases))
        return self.ecosystem == mirror.ecosystem and normalise(self.url) in known


def load(machine: Machine, now: datetime) -> tuple[Mismatch, ...]:
    """What is remembered and not too old."""
    path = _file(machine)
    try:
        data = files.read(path) if environment.is_own(path, machine) else None
        found = [_parse(entry) for entry in json.loads(data or b"{}").get("mismatches", [])]
    except (MirrorctlError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return ()
    return tuple(entry for entry in found if now - entry.at < EXPIRY)


def keep(machine: Machine, found: Sequence[Mismatch]) -> None:
    """Puts `found` in the place of all that was remembered. Raises OSError, WriteError."""
    if not found and not _file(machine).exists():
        return
    document = {"mismatches": [_jsonable(entry) for entry in found]}
    files.keep(_file(machine), json.dumps(document, indent=1).encode("ascii"), own_rules(machine))


def find(known: Iterable[Mismatch], mirror: Mirror) -> Mismatch | None:
    return next((entry for entry in known if entry.concerns(mirror)), None)


def _file(machine: Machine) -> Path:
    """Of the user, also while an image is being prepared."""
    return environment.state_directory(replace(machine, root=None), Scope.USER) / FILE


def _jsonable(entry: Mismatch) -> dict[str, Any]:
    return {
        "at": entry.at.isoformat(),
        "ecosystem": entry.ecosystem,
        "id": entry.id,
        "url": entry.url,
        "samples": list(entry.samples),
        "evidence": list(entry.evidence),
    }


def _parse(entry: dict[str, Any]) -> Mismatch:
    at = datetime.fromisoformat(entry["at"])
    if at.tzinfo is None:
        raise ValueError(entry["at"])
    return Mismatch(
        at=at,
        ecosystem=str(entry["ecosystem"]),
        id=str(entry["id"]),
        url=str(entry["url"]),
        samples=tuple(map(str, entry["samples"])),
        evidence=tuple({str(key): str(value) for key, value in item.items()} for item in entry["evidence"]),
    )
