"""What earlier measurements are worth now: expectations, noise, reliability, and whether to stay or to change. Pure.

    weight = (3/4)^k · 2^(-age / 7 days)        k: how many measurements are newer

so the latest has about a quarter of the say, as long as measurements are frequent, and all of it after a long pause.
Times are compared by their logarithms: twice as fast is as far from equal as half as fast
(docs/explanation/how-a-mirror-is-chosen.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import pairwise

from mirrorctl.model import Mirror, Probe, Ranked, Reason
from mirrorctl.ranking import TIE_BAND
from mirrorctl.text import _
from mirrorctl.values import dataclass, replace

HALF_LIFE_S = 7 * 86400.0
FADE = 0.75
BAND = math.log(TIE_BAND)
SURE = 3.0  # standard errors by which a gain has to stand out
NOISE_BEFORE, NOISE_WEIGHT = BAND / SURE, 2.0  # what is taken for the noise before any was seen, and how firmly
FAILED_PULLS = 5.0  # a pull that fails costs as much as that many others: until it is noticed, and done again
SUCCESSES_BEFORE = 3.0
TREND_LEAST, TREND_MOST = 4, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a measurement was allowed to take. Shares of that give a decision of another quality."""

    max_lag_s: float | None
    deadline_s: float
    budget_bytes: int
    latency_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What was found of one mirror: the probe, and the seconds that were predicted; None for a rejected one."""

    probe: Probe
    predicted_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One measurement of one ecosystem. `here`: in the network that the machine is on now. `sound`: nothing speaks
    against deciding by it again. `id` is None before it is kept.
    """

    id: int | None = None
    at: datetime
    here: bool
    ecosystem: str
    terms: Terms
    scores: tuple[Score, ...]
    sound: bool = True

    def score(self, mirror: str) -> Score | None:
        return next((score for score in self.scores if score.probe.mirror.id == mirror), None)


def weights(past: Sequence[Measurement], now: datetime) -> list[float]:
    """The weight of each, the latest first. One from the future, by a clock that was wrong, counts as just made."""
    return [
        FADE**newer * 0.5 ** (max(0.0, (now - measurement.at).total_seconds()) / HALF_LIFE_S)
        for newer, measurement in enumerate(past, start=1)
    ]


def expected_bandwidths(past: Sequence[Measurement], now: datetime) -> dict[str, float]:
    """By mirror, the weighted geometric mean of what was measured, in bytes per second."""
    sums: dict[str, tuple[float, float]] = {}
    for weight, measurement in zip(weights(past, now), past, strict=True):
        for score in measurement.scores:
            rate = score.probe.bandwidth_bytes_per_s
            if rate and rate > 0 and score.predicted_s is not None:
                total, logs = sums.get(score.probe.mirror.id, (0.0, 0.0))
                sums[score.probe.mirror.id] = (total + weight, logs + weight * math.log(rate))
    return {mirror: math.exp(logs / total) for mirror, (total, logs) in sums.items()}


def failure_rate(past: Sequence[Measurement], mirror: str, now: datetime) -> float:
    """The share of measurements in which the mirror was rejected, by age alone, leaning towards none."""
    failed, total = 0.0, SUCCESSES_BEFORE
    for measurement in past:
        score = measurement.score(mirror)
        if score:
            weight = 0.5 ** (max(0.0, (now - measurement.at).total_seconds()) / HALF_LIFE_S)
            total += weight
            failed += weight * (score.predicted_s is None)
    return failed / total


def noise(series: Sequence[float]) -> float:
    """The standard deviation of one value, from the steps between neighbours: a drift is no noise."""
    steps = [(one - other) ** 2 / 2 for one, other in pairwise(series)]
    return math.sqrt((NOISE_WEIGHT * NOISE_BEFORE**2 + sum(steps)) / (NOISE_WEIGHT + len(steps)))


def gain(past: Sequence[Measurement], now: datetime, current: Ranked, best: Ranked) -> tuple[float, float]:
    """How much better `best` is than `current`, as the logarithm of a ratio, and how much of that is clear.

    The first is the lesser of today's and the weighted mean, so that a gain has to be there now and to have lasted;
    whoever fails from time to time is charged for it. A change is worth it where the first exceeds the second.
    """
    ids = current.probe.mirror.id, best.probe.mirror.id
    today = _ratio(current.predicted_s, best.predicted_s)
    series, counted = [], [1.0]
    for weight, measurement in zip(weights(past, now), past, strict=True):
        seconds = [_measured_s(measurement, mirror) for mirror in ids]
        if seconds[0] is not None and seconds[1] is not None:
            series.append(_ratio(seconds[0], seconds[1]))
            counted.append(weight)
    mean = sum(weight * value for weight, value in zip(counted, [today, *series], strict=True)) / sum(counted)
    error = noise(series) * math.sqrt(sum(weight**2 for weight in counted)) / sum(counted)
    charges = [math.log1p(FAILED_PULLS * failure_rate(past, mirror, now)) for mirror in ids]
    return min(today, mean) + charges[0] - charges[1], max(BAND, SURE * error)


def _measured_s(measurement: Measurement, mirror: str) -> float | None:
    """The prediction, unless it rests on a bandwidth that was not measured."""
    score = measurement.score(mirror)
    if score is None or not (score.probe.bandwidth_bytes_per_s or measurement.terms.latency_only):
        return None
    return score.predicted_s


def _ratio(one_s: float, other_s: float) -> float:
    return math.log(max(one_s, 1e-6) / max(other_s, 1e-6))


def steady(past: Sequence[Measurement], now: datetime) -> Callable[[Ranked, Ranked], bool]:
    """Says whether what is configured now stays, against the best. For `ranking.choose`."""

    def stays(current: Ranked, best: Ranked) -> bool:
        gained, clear = gain(past, now, current, best)
        return gained <= clear

    return stays


def trend(seconds: Sequence[float]) -> str | None:
    """`faster`, `slower` or `steady`, the latest first; None where there are too few to tell.

    The latest few against the rest: what differs by less than the noise, or by less than 25 %, is steady.
    """
    if len(seconds) < TREND_LEAST:
        return None
    logs = [math.log(max(value, 1e-6)) for value in seconds]
    few = min(TREND_MOST, len(logs) // 3 or 1)
    recent, earlier = logs[:few], logs[few:]
    change = sum(recent) / len(recent) - sum(earlier) / len(earlier)
    clear = 2 * noise(logs) * math.sqrt(1 / len(recent) + 1 / len(earlier))
    if abs(change) <= max(BAND, clear):
        return "steady"
    return "slower" if change > 0 else "faster"


def usual_s(seconds: Sequence[float], ages_s: Sequence[float]) -> float | None:
    """The weighted geometric mean of predictions of these ages, the latest first."""
    said = [FADE**newer * 0.5 ** (max(0.0, age_s) / HALF_LIFE_S) for newer, age_s in enumerate(ages_s)]
    total = sum(said)
    if not total:
        return None
    return math.exp(sum(w * math.log(max(s, 1e-6)) for w, s in zip(said, seconds, strict=True)) / total)


def reuse(
    past: Sequence[Measurement], candidates: Sequence[Mirror], terms: Terms, now: datetime, max_age_s: float
) -> tuple[Measurement, tuple[Probe, ...]] | None:
    """The measurement to decide by again, and what it says of `candidates`; None where one has to be made now.

    It has to be of this network, young enough, as thorough as one would be now, and to have each candidate at the
    same address. What may have grown too old meanwhile, and what was rejected in a later one, is rejected. Once a decision
    did not hold, nothing older is believed.
    """
    for newer, measurement in enumerate(past):
        if not measurement.sound:
            return None
        probes = _again(measurement, candidates, terms, (now - measurement.at).total_seconds(), max_age_s)
        if probes:
            probes = tuple(_as_rejected_later(probe, past[:newer]) for probe in probes)
            return (measurement, probes) if any(probe.reason is None for probe in probes) else None
    return None


def _again(
    measurement: Measurement, candidates: Sequence[Mirror], terms: Terms, age_s: float, max_age_s: float
) -> tuple[Probe, ...]:
    """Empty where it cannot stand for a measurement of now."""
    if not (measurement.here and 0 <= age_s <= max_age_s and _covers(measurement.terms, terms)):
        return ()
    found = []
    for mirror in candidates:
        score = measurement.score(mirror.id)
        if score is None or score.probe.mirror.url != mirror.url or _was_too_strict(score.probe, terms):
            return ()
        found.append(_aged(replace(score.probe, mirror=mirror), age_s, terms))
    return tuple(found)


def _covers(then: Terms, now: Terms) -> bool:
    if then.latency_only and not now.latency_only:
        return False
    return now.latency_only or (then.deadline_s >= now.deadline_s and then.budget_bytes >= now.budget_bytes)


def _was_too_strict(probe: Probe, terms: Terms) -> bool:
    """Whether it was rejected then for an age that would do now."""
    if probe.reason is None or probe.reason.code != "stale":
        return False
    return terms.max_lag_s is None or (probe.lag_s or 0.0) <= terms.max_lag_s


def _aged(probe: Probe, age_s: float, terms: Terms) -> Probe:
    lag_s = probe.lag_s
    if probe.reason or lag_s is None or terms.max_lag_s is None or lag_s + age_s <= terms.max_lag_s:
        return probe
    detail = _("Its content may be {hours:.0f} hours old by now.", hours=(lag_s + age_s) / 3600)
    return replace(probe, reason=Reason(code="stale", detail=detail))


def _as_rejected_later(probe: Probe, later: Sequence[Measurement]) -> Probe:
    """The latest word on a mirror counts when it is a rejection."""
    said = next((score for measurement in later if (score := measurement.score(probe.mirror.id))), None)
    return replace(probe, reason=said.probe.reason) if said and said.probe.reason else probe
