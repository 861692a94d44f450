"""What a measurement tells while it runs."""

from __future__ import annotations

from enum import StrEnum

from mirrorctl.model import Probe
from mirrorctl.values import dataclass


class Stage(StrEnum):
    """Where a mirror stands in the race."""

    GATE = "gate"  # the client's own path is being walked
    WAITING = "waiting"  # it works and waits for its transfer
    TRANSFER = "transfer"
    DONE = "done"  # measured as far as it will be
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One step of one mirror; `probe` is what is known so far."""

    ecosystem: str
    mirror: str
    stage: Stage
    probe: Probe
