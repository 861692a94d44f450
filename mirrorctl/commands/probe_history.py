"""`probe --history`: what was measured in this network before. Asks no mirror."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from mirrorctl.commands import selection
from mirrorctl.commands.past import chronicle_of, network_of
from mirrorctl.commands.result import Result
from mirrorctl.commands.session import Session, served_ecosystems
from mirrorctl.experience import Measurement, trend, usual_s
from mirrorctl.model import Reason
from mirrorctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PastProbe:
    """One measurement of one mirror. `reason`: the code of its rejection."""

    at: datetime
    predicted_s: float | None
    lag_s: float | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorHistory:
    """What is known of one mirror: the latest measurement, what it usually takes, and all of them, the latest first."""

    id: str
    at: datetime
    age_s: float
    predicted_s: float | None
    lag_s: float | None
    reason: Reason | None
    usual_s: float | None
    trend: str | None
    probes: tuple[PastProbe, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EcosystemHistory:
    """`elsewhere`: how many measurements there are of other networks. `latency_only`: no bandwidth was ever measured."""

    ecosystem: str
    measurements: int
    elsewhere: int
    latency_only: bool
    mirrors: tuple[MirrorHistory, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeHistoryData:
    history: tuple[EcosystemHistory, ...]


def history(
    session: Session, *, targets: tuple[str, ...] = (), only: tuple[str, ...] = (), urls: tuple[str, ...] = ()
) -> Result[ProbeHistoryData]:
    """The chronicle of the targets' ecosystems, of all mirrors or of those named by `only` and `urls`."""
    chronicle, network, now = chronicle_of(session), network_of(session), datetime.now(UTC)
    found = []
    for ecosystem in served_ecosystems(targets):
        wanted = {
            mirror.id for which in (*only, *urls) for mirror in selection.named(session, which, ecosystem)
        } or None
        past = chronicle.recall(ecosystem, network)
        found.append(_ecosystem(ecosystem, past, now, wanted, chronicle.elsewhere(ecosystem, network)))
    return Result(command="probe", data=ProbeHistoryData(history=tuple(found)), warnings=tuple(chronicle.notices))


def _ecosystem(
    ecosystem: str, past: Sequence[Measurement], now: datetime, wanted: set[str] | None, elsewhere: int
) -> EcosystemHistory:
    """Predictions with and without transfers cannot be compared: those with them count, if there are any."""
    thorough = [measurement for measurement in past if not measurement.terms.latency_only]
    counted = thorough or list(past)
    ids = dict.fromkeys(score.probe.mirror.id for measurement in counted for score in measurement.scores)
    mirrors = [_mirror(mirror, counted, now) for mirror in ids if wanted is None or mirror in wanted]
    return EcosystemHistory(
        ecosystem=ecosystem,
        measurements=len(counted),
        elsewhere=elsewhere,
        latency_only=bool(counted) and not thorough,
        mirrors=tuple(sorted(mirrors, key=_place)),
    )


def _mirror(mirror: str, past: Sequence[Measurement], now: datetime) -> MirrorHistory:
    known = [(measurement.at, score) for measurement in past if (score := measurement.score(mirror))]
    good = [(at, score.predicted_s) for at, score in known if score.predicted_s is not None]
    seconds = [predicted_s for _at, predicted_s in good]
    at, latest = known[0]
    return MirrorHistory(
        id=mirror,
        at=at,
        age_s=_age_s(at, now),
        predicted_s=latest.predicted_s,
        lag_s=latest.probe.lag_s,
        reason=latest.probe.reason,
        usual_s=usual_s(seconds, [_age_s(at, now) for at, _seconds in good]),
        trend=trend(seconds),
        probes=tuple(
            PastProbe(
                at=at,
                predicted_s=score.predicted_s,
                lag_s=score.probe.lag_s,
                reason=score.probe.reason.code if score.probe.reason else None,
            )
            for at, score in known
        ),
    )


def _age_s(at: datetime, now: datetime) -> float:
    return round((now - at).total_seconds(), 3)


def _place(mirror: MirrorHistory) -> tuple[bool, float, str]:
    """Who could be used when it was measured last comes first, by what it usually takes."""
    return mirror.predicted_s is None, mirror.usual_s or 0.0, mirror.id
