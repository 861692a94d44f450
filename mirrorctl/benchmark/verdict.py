"""The sentence that answers the question: is the mirror worth it, and by how much? Pure."""

from __future__ import annotations

from collections.abc import Sequence

from mirrorctl.benchmark.report import DIRECT, Difference, Summary
from mirrorctl.text import Text, _


def judge(summaries: Sequence[Summary]) -> Text:
    """One sentence on the fastest mirror, and another where pulls have failed."""
    direct = next((each for each in summaries if each.via == DIRECT), None)
    mirrored = [each for each in summaries if each.via != DIRECT]
    if direct is None and not mirrored:
        return _("nothing was pulled")
    if not mirrored or direct is None:
        return _with_failures(_alone(summaries[0]), summaries[:1])
    return _with_failures(_compare(direct, mirrored[0]), (direct, mirrored[0]))


def _alone(only: Summary) -> Text:
    if only.median_s is None:
        return _never(only)
    return _("{via} takes {time}, between {low} and {high}", via=_way(only.via), **_times(only))


def _never(summary: Summary) -> Text:
    return _("at least half of the pulls by {via} did not finish", via=_way(summary.via))


def _compare(direct: Summary, best: Summary) -> Text:  # noqa: PLR0911  one sentence for each case
    if best.median_s is None and direct.median_s is None:
        return _("neither {via} nor the direct way finished half of the pulls", via=best.via)
    if best.median_s is None:
        return _(
            "the direct way takes {time}; at least half of the pulls by {via} did not finish",
            time=seconds(direct.median_s),
            via=best.via,
        )
    if direct.median_s is None:
        return _only_mirrored(direct, best)
    values = {"via": best.via, "time": seconds(best.median_s), "direct": seconds(direct.median_s)}
    values |= {"low": factor(best.speedup_low), "high": factor(best.speedup_high)}
    match best.difference:
        case Difference.FASTER:
            return _(
                "{via} is {speedup} times as fast as the direct way (between {low} and {high}): {time} instead of {direct}",
                speedup=factor(best.speedup),
                **values,
            )
        case Difference.SLOWER:
            return _(
                "{via} is slower than the direct way ({speedup} times as fast, between {low} and {high}): {time} instead of {direct}",
                speedup=factor(best.speedup),
                **values,
            )
        case Difference.NONE:
            return _(
                "no difference was found between {via} and the direct way: {time} and {direct}, {low} to {high} times as fast",
                **values,
            )
        case Difference.UNKNOWN:
            return _(
                "too few pulls to tell {via} from the direct way: {time} and {direct}",
                **values,
            )


def _only_mirrored(direct: Summary, best: Summary) -> Text:
    values = {"via": best.via, "time": seconds(best.median_s)}
    if direct.failures + direct.timeouts == direct.runs:
        return _("only {via} works: it takes {time}, and no direct pull finished", **values)
    return _("{via} takes {time}; at least half of the direct pulls did not finish", **values)


def _with_failures(verdict: Text, summaries: Sequence[Summary]) -> Text:
    """`verdict`, and how many pulls did not finish: a mirror that fails now and then is not simply fast."""
    for each in summaries:
        if each.failures:
            verdict = _(
                "{verdict}; {count} of {runs} pulls by {via} failed",
                verdict=verdict,
                count=each.failures,
                runs=each.runs,
                via=_way(each.via),
            )
        if each.timeouts:
            verdict = _(
                "{verdict}; {count} of {runs} pulls by {via} were cut off at the time limit",
                verdict=verdict,
                count=each.timeouts,
                runs=each.runs,
                via=_way(each.via),
            )
    return verdict


def _way(via: str) -> Text:
    return _("the direct way") if via == DIRECT else Text("{via}", {"via": via})


def _times(summary: Summary) -> dict[str, str]:
    return {"time": seconds(summary.median_s), "low": seconds(summary.low_s), "high": seconds(summary.high_s)}


def seconds(value: float | None) -> str:
    """Three digits and the unit, "12.3 s" or "1:05:12" for what takes more than ten minutes; ∞ for what never ends."""
    if value is None:
        return "∞"
    if value >= 600:
        minutes, rest = divmod(round(value), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02} min"
    return f"{value:.0f} s" if value >= 100 else f"{value:.1f} s" if value >= 10 else f"{value:.2f} s"


def factor(value: float | None) -> str:
    if value is None:
        return "∞"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
