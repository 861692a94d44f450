"""Two reports side by side: what has become faster or slower from one to the other, and what only one of them has. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from mirrorctl.benchmark.report import BenchReport, Difference, Summary, WorkloadReport
from mirrorctl.benchmark.statistics import Pick, Round, Span, draw_rounds, interval, median_span, ratio, times_of
from mirrorctl.benchmark.summary import difference_of, finite, rounds_of
from mirrorctl.text import Text, _
from mirrorctl.values import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One way of a workload, in the report before and in the one after.

    `speedup` is how many times as fast it is now as it was; it is None, and `difference` unknown, where one of the two
    is missing or has too few pulls that finished.
    """

    via: str
    before: Summary | None
    after: Summary | None
    speedup: float | None = None
    speedup_low: float | None = None
    speedup_high: float | None = None
    difference: Difference = Difference.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadChange:
    """A workload that at least one of the reports has. `in_both`: the other one has it too."""

    target: str
    name: str
    in_both: bool
    changes: tuple[Change, ...]
    verdict: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """Which of the two reports: when it was made, and by what."""

    file: str
    started_at: datetime
    mirrorctl: str
    catalog_date: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What `bench --compare` found. `conditions` says what else is not the same as it was, and may be the cause."""

    before: Edition
    after: Edition
    workloads: tuple[WorkloadChange, ...]
    conditions: tuple[Text, ...]
    confidence: float
    verdict: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A report and the file that it is in."""

    file: str
    report: BenchReport


def compare(before: Saved, after: Saved, pick: Pick, *, confidence: float, resamples: int) -> Comparison:
    """Chance comes from `pick` alone. The order is that of the new report; what only the old one has comes behind it."""
    old = {(work.target, work.name): work for work in before.report.workloads}
    new = {(work.target, work.name): work for work in after.report.workloads}
    keys = (*new, *(key for key in old if key not in new))
    workloads = tuple(_workload(old.get(key), new.get(key), pick, confidence, resamples) for key in keys)
    return Comparison(
        before=_edition(before),
        after=_edition(after),
        workloads=workloads,
        conditions=tuple(_conditions(before.report, after.report)),
        confidence=confidence,
        verdict=judge_changes([change for work in workloads for change in work.changes]),
    )


def _edition(saved: Saved) -> Edition:
    return Edition(
        file=saved.file,
        started_at=saved.report.started_at,
        mirrorctl=saved.report.environment.mirrorctl,
        catalog_date=saved.report.environment.catalog_date,
    )


def _workload(
    old: WorkloadReport | None, new: WorkloadReport | None, pick: Pick, confidence: float, resamples: int
) -> WorkloadChange:
    before = {each.via: each for each in old.summary} if old else {}
    after = {each.via: each for each in new.summary} if new else {}
    changes = []
    for via in (*after, *(via for via in before if via not in after)):
        change = Change(via=via, before=before.get(via), after=after.get(via))
        if old and new and via in before and via in after:
            change = _change(change, _rounds(via, old), _rounds(via, new), pick, confidence, resamples)
        changes.append(change)
    some = new or old
    assert some  # noqa: S101  a workload is in one of them
    return WorkloadChange(
        target=some.target,
        name=some.name,
        in_both=bool(old and new),
        changes=tuple(changes),
        verdict=judge_changes(changes) if old and new else _only_in(new),
    )


def _rounds(via: str, work: WorkloadReport) -> list[Round]:
    return [each for each in rounds_of(work.runs) if via in each]


def _change(
    change: Change, before: Sequence[Round], after: Sequence[Round], pick: Pick, confidence: float, resamples: int
) -> Change:
    """Median before over median after, and its interval: the rounds of each report are drawn again by themselves."""
    if not before or not after:
        return change

    def over(old: Sequence[Round], new: Sequence[Round]) -> Span:
        return ratio(median_span(times_of(change.via, old)), median_span(times_of(change.via, new)))

    drawn = zip(draw_rounds(before, pick, resamples), draw_rounds(after, pick, resamples), strict=True)
    ends = interval([over(old, new) for old, new in drawn], confidence)
    return replace(
        change,
        speedup=over(before, after).value or None,
        speedup_low=finite(ends.low) or None,
        speedup_high=finite(ends.high),
        difference=difference_of(ends, min(len(before), len(after))),
    )


def _only_in(new: WorkloadReport | None) -> Text:
    return _("only the new report has this workload") if new else _("only the old report has this workload")


def judge_changes(changes: Sequence[Change]) -> Text:
    """How many ways have become faster, slower or neither."""
    found = [each.difference for each in changes if each.before and each.after]
    if not found:
        return _("the reports have no way in common")
    clauses = [
        text
        for difference, text in (
            (Difference.FASTER, _("{count} faster now", count=found.count(Difference.FASTER))),
            (Difference.SLOWER, _("{count} slower now", count=found.count(Difference.SLOWER))),
            (Difference.NONE, _("{count} without a difference", count=found.count(Difference.NONE))),
            (Difference.UNKNOWN, _("{count} not known", count=found.count(Difference.UNKNOWN))),
        )
        if difference in found
    ]
    return _("of {count} ways in both reports: {clauses}", count=len(found), clauses=_join(clauses))


def _join(clauses: Sequence[Text]) -> Text:
    first, *rest = clauses
    return _("{first}, {rest}", first=first, rest=_join(rest)) if rest else first


def _conditions(before: BenchReport, after: BenchReport) -> Iterator[Text]:
    """What was different around the pulls, each in a phrase."""
    old, new = before.environment, after.environment
    versions = {each.target: each.version for each in old.clients}
    for what, was, has_become in (
        (_("machine"), f"{old.machine}, {old.cpu}", f"{new.machine}, {new.cpu}"),
        (_("system"), old.os, new.os),
        (_("network"), ", ".join(old.network), ", ".join(new.network)),
        (_("proxies"), ", ".join(old.proxies), ", ".join(new.proxies)),
        (_("catalog"), str(old.catalog_date), str(new.catalog_date)),
        ("mirrorctl", old.mirrorctl, new.mirrorctl),
        (_("time limit"), f"{before.method.timeout_s:g} s", f"{after.method.timeout_s:g} s"),
        *((each.target, versions.get(each.target, each.version), each.version) for each in new.clients),
    ):
        if was != has_become:
            yield _("{what}: {was} → {now}", what=what, was=was or "–", now=has_become or "–")
    items = {(work.target, work.name): sorted(work.items) for work in before.workloads}
    for work in after.workloads:
        if items.get((work.target, work.name), sorted(work.items)) != sorted(work.items):
            yield _("{target} {name}: what is pulled is not the same", target=work.target, name=work.name)
