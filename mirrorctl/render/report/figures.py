"""Figures as people read them, with a unit; a question mark for what is not known."""

from __future__ import annotations

from mirrorctl.benchmark import Summary
from mirrorctl.benchmark.verdict import factor, seconds

UNKNOWN = "?"
BYTES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def short_time(value: float | None) -> str:
    """Milliseconds below a second."""
    if value is None:
        return UNKNOWN
    return f"{value * 1000:.0f} ms" if value < 0.9995 else seconds(value)


def size(value: float | None) -> str:
    """Three digits and a decimal unit."""
    if value is None:
        return UNKNOWN
    for unit_bytes, unit in BYTES:
        if value >= unit_bytes * 0.9995:
            count = value / unit_bytes
            return f"{count:.{0 if count >= 99.95 else 1 if count >= 9.995 else 2}f} {unit}"
    return f"{value:.0f} B"


def rate(value: float | None) -> str:
    return UNKNOWN if value is None else f"{size(value)}/s"


def span(low: float | None, high: float | None) -> str:
    """An interval of seconds; one without an upper end is open."""
    if low is None:
        return UNKNOWN
    if high is None:
        return f"≥ {seconds(low)}"
    first, last = seconds(low), seconds(high)
    return f"{first.removesuffix(' s') if last.endswith(' s') else first}–{last}"


def factors(low: float | None, high: float | None) -> str:
    """An interval of speed-ups; either end may be open."""
    if low is None:
        return UNKNOWN if high is None else f"≤ {factor(high)}"
    return f"≥ {factor(low)}" if high is None else f"{factor(low)}–{factor(high)}"


def gain(value: float | None, low: float | None, high: float | None) -> tuple[str, str]:
    """How many times as fast, and between what; each is empty where nothing can be said."""
    if high == 0:  # against what never finishes
        return "", ""
    bounds = factors(low, high)
    return "" if value is None else f"{factor(value)}×", "" if bounds == UNKNOWN else bounds


def gain_of(found: Summary) -> tuple[str, str]:
    """The same of a way over the direct one."""
    figure, bounds = gain(found.speedup, found.speedup_low, found.speedup_high)
    return figure, "" if _is_single(found) else bounds


def interval_of(found: Summary) -> str | None:
    """The interval of the median, where there is one."""
    return None if found.low_s is None or _is_single(found) else span(found.low_s, found.high_s)


def _is_single(found: Summary) -> bool:
    """One value has no interval: from itself to itself would look like certainty. Of one cut off, it is a bound."""
    return found.runs == 1 and found.median_s is not None
