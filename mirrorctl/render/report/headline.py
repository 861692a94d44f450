"""The sentence at the top of a report: whether mirrors are worth it, and by how much."""

from __future__ import annotations

from collections.abc import Sequence

from mirrorctl.benchmark import DIRECT, BenchReport, Difference, Summary, WorkloadReport
from mirrorctl.benchmark.verdict import factor
from mirrorctl.text import Text, _


def headline(report: BenchReport) -> Text:
    """The verdict of the only workload; of several, how many gain, and which one most."""
    works = report.workloads
    if len(works) == 1:
        return works[0].verdict
    if not works:
        return _("nothing was pulled")
    gains = [(work, best) for work in works if (best := _best(work)) and best.difference is Difference.FASTER]
    if not gains:
        return _no_gain(works)
    work, best = max(gains, key=lambda pair: pair[1].speedup or float("inf"))
    values = {"target": work.target, "name": work.name, "via": best.via, "low": factor(best.speedup_low)}
    if best.speedup_low is None:  # no direct pull finished, so that there is nothing to divide by
        most = Text("{target} {name}: {verdict}", {**values, "verdict": work.verdict})
    elif best.speedup is None or best.speedup_high is None:
        most = _("most of all {target} {name}: {via} is at least {low} times as fast as the direct way", **values)
    else:
        most = _(
            "most of all {target} {name}: {via} is {times} times as fast as the direct way (between {low} and {high})",
            times=factor(best.speedup),
            high=factor(best.speedup_high),
            **values,
        )
    if len(gains) == len(works):
        return _("mirrors are faster in every workload, {most}", most=most)
    return _(
        "mirrors are faster in {gains} of {count} workloads, {most}", gains=len(gains), count=len(works), most=most
    )


def _best(work: WorkloadReport) -> Summary | None:
    """The fastest mirror; `summary` has it first after the direct way."""
    return next((found for found in work.summary if found.via != DIRECT), None)


def _no_gain(works: Sequence[WorkloadReport]) -> Text:
    found = [best.difference for work in works if (best := _best(work))]
    if not found:
        return _("no mirror was measured")
    if all(each is Difference.SLOWER for each in found):
        return _("mirrors are slower than the direct way in every workload")
    if Difference.UNKNOWN in found:
        return _("no mirror was shown to be faster than the direct way: some workloads had too few pulls that finished")
    return _("no mirror was shown to be faster than the direct way in any of {count} workloads", count=len(works))
