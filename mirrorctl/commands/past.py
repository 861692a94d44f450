"""What was measured before, for commands that only look. Nothing of it is loaded where nothing ever was measured."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mirrorctl import environment
from mirrorctl.commands.session import Session
from mirrorctl.model import Notice
from mirrorctl.values import dataclass

if TYPE_CHECKING:
    from mirrorctl.chronicle import Chronicle
    from mirrorctl.network import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class LastProbe:
    """What is known of a mirror from the last time it was measured. `reason`: the code of its rejection."""

    at: datetime
    age_s: float
    predicted_s: float | None
    lag_s: float | None
    reason: str | None
    same_network: bool


def chronicle_of(session: Session) -> Chronicle:
    from mirrorctl.chronicle import Chronicle  # noqa: PLC0415  start-up time
    from mirrorctl.places import own_rules  # noqa: PLC0415

    return Chronicle(environment.chronicle_path(session.machine), own_rules(session.machine), session.disk)


def network_of(session: Session) -> Network | None:
    from mirrorctl.network import identify  # noqa: PLC0415  start-up time

    return identify(environment.network_facts(session.machine))


def last_probes(session: Session, notices: list[Notice]) -> Callable[[str, str], LastProbe | None]:
    """Tells of an ecosystem and a mirror when it was measured last. What goes wrong is added to `notices`."""
    there = False
    with suppress(OSError):
        there = environment.chronicle_path(session.machine).exists()
    if not there:
        return lambda _ecosystem, _mirror: None
    opened: list[tuple[Chronicle, Network | None]] = []  # when the first client has a mirror

    def look(ecosystem: str, mirror: str) -> LastProbe | None:
        if not opened:
            opened.append((chronicle_of(session), network_of(session)))
        ((chronicle, network),) = opened
        chronicle.notices = notices
        known = chronicle.latest(ecosystem, mirror, network)
        if known is None:
            return None
        at, score, here = known
        return LastProbe(
            at=at,
            age_s=round((datetime.now(UTC) - at).total_seconds(), 3),
            predicted_s=score.predicted_s,
            lag_s=score.probe.lag_s,
            reason=score.probe.reason.code if score.probe.reason else None,
            same_network=here,
        )

    return look
