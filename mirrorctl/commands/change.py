"""What a transaction is given. Apart from `transaction`, which a dry run does without."""

from __future__ import annotations

from collections.abc import Callable

from mirrorctl.model import Client, Plan
from mirrorctl.targets.base import Target
from mirrorctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A plan together with the client it is for. `live`: there is such a client, and it may have to be told."""

    target: Target
    client: Client
    plan: Plan
    live: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """What a user may leave out. `stage` is told the name of each stage as it begins, for progress."""

    verify: bool = True
    activate: bool = True
    stage: Callable[[str], object] = str
