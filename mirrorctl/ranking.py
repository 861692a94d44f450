"""From probes to a ranking: seconds that a stated pull is predicted to take. Pure: no clock, no network, no chance.

    seconds = setup + requests · ttfb + ramp + bytes ÷ bandwidth

`setup` is name lookup, TCP and TLS of every connection the pull needs; `ramp` is what slow start costs against a
transfer at full bandwidth from the first byte (docs/explanation/how-a-mirror-is-chosen.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from mirrorctl.model import Mirror, Probe, Ranked, Ranking, Workload
from mirrorctl.text import Text, _
from mirrorctl.values import replace

TIE_BAND = 1.25
INITIAL_WINDOW_BYTES = 14_600  # ten segments (RFC 6928)
LAG_WEIGHT = 0.05  # a mirror that is a whole day behind counts as that much slower
UNKNOWN_LAG_S = 12 * 3600.0
OUTLIER = 20
DAY_S = 24 * 3600.0


def predict(workload: Workload, probe: Probe, bandwidth_bytes_per_s: float | None) -> float:
    """Seconds of `workload` through the mirror; without a bandwidth, of its requests alone."""
    ttfb_s = probe.ttfb_s or 0.0
    setup_s = probe.setup_s if probe.setup_s is not None else (probe.connect_s or 0.0) + (probe.tls_s or 0.0)
    seconds = setup_s + probe.wait_s + workload.requests * ttfb_s
    if bandwidth_bytes_per_s is not None and bandwidth_bytes_per_s < math.inf:
        seconds += ramp_s(bandwidth_bytes_per_s, round_trip_s(probe)) + workload.bytes / bandwidth_bytes_per_s
    return seconds


def round_trip_s(probe: Probe) -> float:
    """The least time seen that a packet went there and back."""
    return min((seconds for seconds in (probe.connect_s, probe.ttfb_s) if seconds), default=0.0)


def ramp_s(bandwidth_bytes_per_s: float, rtt_s: float) -> float:
    """What slow start costs: R round trips until the window holds a bandwidth-delay product, less what they carry."""
    rounds = max(0, math.ceil(math.log2(max(1.0, bandwidth_bytes_per_s * rtt_s / INITIAL_WINDOW_BYTES))))
    carried_bytes = INITIAL_WINDOW_BYTES * ((1 << rounds) - 1)
    return max(0.0, rounds * rtt_s - carried_bytes / bandwidth_bytes_per_s)


def rank(
    ecosystem: str,
    workload: Workload,
    probes: Iterable[Probe],
    *,
    elapsed_s: float = 0.0,
    read_bytes: int = 0,
) -> Ranking:
    """Orders what is eligible by predicted seconds, lag as a mild cost; what has a reason is rejected."""
    probes = tuple(probes)
    eligible = [probe for probe in probes if probe.reason is None]
    fallback = _slowest([probe.bandwidth_bytes_per_s for probe in eligible if probe.bandwidth_bytes_per_s])
    ranked = _trusted_first(sorted((_ranked(workload, probe, fallback) for probe in eligible), key=_cost))
    return Ranking(
        ecosystem=ecosystem,
        workload=workload,
        ranked=tuple(_explained(workload, ranked, entry) for entry in ranked),
        rejected=tuple(probe for probe in probes if probe.reason is not None),
        elapsed_s=elapsed_s,
        read_bytes=read_bytes,
    )


def _slowest(measured: Sequence[float]) -> float | None:
    """The least of the bandwidths that are of the order of the others; one that is far below them is a fault."""
    return min((rate for rate in measured if rate >= max(measured) / OUTLIER), default=None)


def _ranked(workload: Workload, probe: Probe, fallback: float | None) -> Ranked:
    """A mirror whose bandwidth is not known is taken for as slow as the slowest whose bandwidth is."""
    measured = probe.bandwidth_bytes_per_s
    likely = measured or fallback
    slow = probe.bandwidth_low_bytes_per_s or likely
    fast = probe.bandwidth_high_bytes_per_s or likely
    return Ranked(
        probe=probe,
        predicted_s=predict(workload, probe, likely),
        low_s=predict(workload, probe, fast) if measured else None,
        high_s=predict(workload, probe, slow) if measured else None,
    )


def _trusted_first(ranked: list[Ranked]) -> list[Ranked]:
    """A long transfer can end in a throttle that a short one does not see: the first place needs one, if any had it."""
    trusted = next((entry for entry in ranked if entry.probe.confirmed), None)
    return [trusted, *(entry for entry in ranked if entry is not trusted)] if trusted else ranked


def _cost(entry: Ranked) -> tuple[float, str]:
    lag_s = entry.probe.lag_s if entry.probe.lag_s is not None else UNKNOWN_LAG_S
    return entry.predicted_s * (1 + LAG_WEIGHT * min(1.0, lag_s / DAY_S)), entry.probe.mirror.id


def _explained(workload: Workload, ranked: Sequence[Ranked], entry: Ranked) -> Ranked:
    explanation = _explanation(workload, ranked[0], entry)
    return replace(entry, confidence=_confidence(ranked, entry), explanation=explanation)


def _confidence(ranked: Sequence[Ranked], entry: Ranked) -> str:
    """High: nothing else can be as good, by the intervals and by the tie band. Low: not all was measured."""
    if entry.high_s is None or not entry.probe.confirmed:
        return "low" if entry.high_s is None else "medium"
    others = [other for other in ranked if other is not entry]
    apart = all(
        other.low_s is not None and (other.low_s > entry.high_s or (entry.low_s or 0.0) > (other.high_s or math.inf))
        for other in others
    )
    clear = all(
        other.predicted_s > TIE_BAND * entry.predicted_s or entry.predicted_s > TIE_BAND * other.predicted_s
        for other in others
    )
    return "high" if apart and clear else "medium"


def _explanation(workload: Workload, best: Ranked, entry: Ranked) -> Text:
    if entry.probe.bandwidth_bytes_per_s is None:
        return _("answers well, but its bandwidth was not measured")
    if entry is best:
        return _("the least predicted time of all")
    ratio = entry.predicted_s / best.predicted_s if best.predicted_s else 1.0
    if ratio < 1 and not entry.probe.confirmed:
        return _("promises more, but was not put to a long transfer")
    if ratio <= TIE_BAND:
        return _("as good as the best within what such a measurement can tell")
    return _why_slower(workload, best, entry, ratio)


def _why_slower(workload: Workload, best: Ranked, entry: Ranked, ratio: float) -> Text:
    """What makes out most of the difference."""
    if entry.probe.wait_s - best.probe.wait_s > (entry.predicted_s - best.predicted_s) / 2:
        return _(
            "{ratio:.1f} times the time of the best: a client waits {s:.1f} s for an address that does not answer",
            ratio=ratio,
            s=entry.probe.wait_s,
        )
    requests_more_s = predict(workload, entry.probe, None) - predict(workload, best.probe, None)
    if requests_more_s > (entry.predicted_s - best.predicted_s) / 2:
        return _("{ratio:.1f} times the time of the best, because it answers later", ratio=ratio)
    return _("{ratio:.1f} times the time of the best, because it sends more slowly", ratio=ratio)


def is_tie(current: Ranked, best: Ranked) -> bool:
    """Whether the difference is within what one measurement can tell."""
    return current.predicted_s <= best.predicted_s * TIE_BAND


def choose(
    ranking: Ranking,
    *,
    current: tuple[str, ...] = (),
    capacity: int = 1,
    stays: Callable[[Ranked, Ranked], bool] = is_tie,
) -> tuple[Mirror, ...]:
    """The mirrors to configure, most preferred first, at most `capacity`.

    What is configured now stays first while it `stays` against the best, so that a second run changes nothing.
    Further ones come from other failure domains first.
    """
    entries = list(ranking.ranked)
    if not entries:
        return ()
    kept = [
        entry
        for url in current[:1]
        for entry in entries
        if same_url(url, entry.probe.mirror) and stays(entry, entries[0])
    ]
    first = kept[0] if kept else entries[0]
    chosen = [first.probe.mirror]
    rest = [entry.probe.mirror for entry in entries if entry is not first]
    while rest and len(chosen) < capacity:
        domains = {mirror.domain for mirror in chosen}
        following = next((mirror for mirror in rest if mirror.domain not in domains), rest[0])
        chosen.append(following)
        rest.remove(following)
    return tuple(chosen)


def same_url(url: str, mirror: Mirror) -> bool:
    """Whether a configured URL is the mirror's, by any of its names."""
    return url.rstrip("/").lower() in {known.rstrip("/").lower() for known in (mirror.url, *mirror.aliases)}
