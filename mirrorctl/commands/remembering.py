"""Measuring with a memory: what was measured before helps to measure and to decide, and what is measured is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from mirrorctl.chronicle import Chronicle
from mirrorctl.commands import gate, selection
from mirrorctl.commands.past import chronicle_of, network_of
from mirrorctl.commands.rankings import Decision, Rankings, age_text
from mirrorctl.commands.selection import Policy
from mirrorctl.commands.session import Session
from mirrorctl.experience import Measurement, Score, Terms, expected_bandwidths, reuse
from mirrorctl.model import Mirror, Notice, Ranking
from mirrorctl.network import Network
from mirrorctl.probing.events import Event
from mirrorctl.text import _


def measure(
    session: Session,
    racing: Mapping[str, Sequence[Mirror]],
    policy: Policy,
    on_event: Callable[[Event], None] | None = None,
    *,
    keep: bool = True,
    max_age_s: float | None = None,
) -> Rankings:
    """Measures the mirrors of each ecosystem, those without any left out, and keeps what was found unless told not to.

    An ecosystem that has been measured within `max_age_s`, on the same terms, is not measured again.
    """
    chronicle, network, now = chronicle_of(session), network_of(session), datetime.now(UTC)
    terms = terms_of(policy)
    found = Rankings()
    identifiers: list[int] = []
    for ecosystem, mirrors in racing.items():
        past = [one for one in chronicle.recall(ecosystem, network) if one.here]
        known = None if max_age_s is None else _reuse(session, past, mirrors, terms, now, max_age_s)
        if known:
            measurement, found[ecosystem] = known
            past = past[past.index(measurement) + 1 :]
            _decide(found, measurement, now)
            identifiers.append(measurement.id or 0)
        found.remember(ecosystem, [one for one in past if one.terms.latency_only == terms.latency_only])
    left = {ecosystem: mirrors for ecosystem, mirrors in racing.items() if mirrors and ecosystem not in found}
    if left:
        identifiers += _measure(session, left, policy, on_event, found, (chronicle, network) if keep else None)
    found.doubted_by(lambda: chronicle.doubt(identifiers))
    found.notices += chronicle.notices
    return found


def _measure(
    session: Session,
    racing: dict[str, Sequence[Mirror]],
    policy: Policy,
    on_event: Callable[[Event], None] | None,
    found: Rankings,
    keeper: tuple[Chronicle, Network | None] | None,
) -> tuple[int, ...]:
    """Adds what is measured to `found`; gives the ids under which it was kept."""
    begun = datetime.now(UTC)
    priors = {
        mirror: rate
        for ecosystem in racing
        for mirror, rate in expected_bandwidths(found.past(ecosystem), begun).items()
    }
    rankings = selection.measure(session, racing, policy, on_event, priors)
    now = datetime.now(UTC)
    found.update({ranking.ecosystem: ranking for ranking in rankings})
    found.decisions += [
        Decision(ecosystem=ranking.ecosystem, at=now, age_s=0.0, remembered=False) for ranking in rankings
    ]
    if keeper is None:
        return ()
    chronicle, network = keeper
    after = network_of(session)
    same = network is None or not network.is_sure or network == after
    kept = [_measurement(ranking, terms_of(policy), now) for ranking in rankings if _says_something(ranking)]
    return chronicle.keep(kept, after if same else None, now) if kept else ()


def _says_something(ranking: Ranking) -> bool:
    """Where nobody was reached at all, the fault is on this side, and says nothing of the mirrors."""
    from mirrorctl.commands.choice import OFFLINE  # noqa: PLC0415  it imports this module

    reasons = {probe.reason.code for probe in ranking.rejected if probe.reason}
    return bool(ranking.ranked) or bool(reasons - OFFLINE)


def _measurement(ranking: Ranking, terms: Terms, now: datetime) -> Measurement:
    """Without those that were held back, for they were not measured."""
    scores = [Score(probe=entry.probe, predicted_s=entry.predicted_s) for entry in ranking.ranked]
    scores += [
        Score(probe=probe, predicted_s=None)
        for probe in ranking.rejected
        if probe.reason is None or probe.reason.code != "mismatch"
    ]
    return Measurement(at=now, here=True, ecosystem=ranking.ecosystem, terms=terms, scores=tuple(scores))


def _reuse(
    session: Session,
    past: Sequence[Measurement],
    mirrors: Sequence[Mirror],
    terms: Terms,
    now: datetime,
    max_age_s: float,
) -> tuple[Measurement, Ranking] | None:
    """The measurement to decide by again, and the ranking that it gives today. It cost no time and no bytes now."""
    held = gate.held_back(session, mirrors)
    known = reuse(past, [mirror for mirror in mirrors if mirror.id not in held], terms, now, max_age_s)
    if known is None:
        return None
    from mirrorctl.ecosystems import ECOSYSTEMS  # noqa: PLC0415  start-up time
    from mirrorctl.ranking import rank  # noqa: PLC0415

    measurement, probes = known
    ecosystem = measurement.ecosystem
    ranking = rank(ecosystem, ECOSYSTEMS[ecosystem].WORKLOAD, probes)
    (found,) = gate.with_held_back((ranking,), {ecosystem: mirrors}, held) or (ranking,)
    return measurement, found


def _decide(found: Rankings, measurement: Measurement, now: datetime) -> None:
    age_s = (now - measurement.at).total_seconds()
    found.decisions.append(
        Decision(ecosystem=measurement.ecosystem, at=measurement.at, age_s=round(age_s, 3), remembered=True)
    )
    found.notices.append(
        Notice(
            code="remembered",
            message=_(
                "{ecosystem}: decided by what was measured {age} ago; nothing was measured now",
                ecosystem=measurement.ecosystem,
                age=age_text(age_s),
            ),
            subject=measurement.ecosystem,
        )
    )


def terms_of(policy: Policy) -> Terms:
    return Terms(
        max_lag_s=policy.max_lag_s,
        deadline_s=policy.deadline_s,
        budget_bytes=policy.budget_bytes,
        latency_only=policy.latency_only,
    )
