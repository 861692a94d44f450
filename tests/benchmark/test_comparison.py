"""Two reports side by side: what is called faster, and what is not."""

from __future__ import annotations

from random import Random

import pytest
from render import reports

from mirrorctl.benchmark import BenchReport, ClientVersion, Difference
from mirrorctl.benchmark.comparison import Change, Comparison, Saved, compare
from mirrorctl.values import replace

OLD = reports.report(reports.FASTER, reports.SAME, reports.HANGING)
NEW = reports.report(*reports.LATER)


def compared(before: BenchReport, after: BenchReport, seed: int = 1) -> Comparison:
    old, new = Saved(file="old.json", report=before), Saved(file="new.json", report=after)
    return compare(old, new, Random(seed).randrange, confidence=0.95, resamples=400)


def changes(found: Comparison, target: str) -> dict[str, Change]:
    return {change.via: change for work in found.workloads for change in work.changes if work.target == target}


def test_what_has_changed_is_told_apart_from_what_has_not() -> None:
    found = changes(compared(OLD, NEW), "pip")
    assert {via: change.difference for via, change in found.items()} == {
        "direct": Difference.SLOWER,
        "ustc-pypi": Difference.FASTER,
        "bfsu-pypi": Difference.UNKNOWN,
        "tuna-pypi": Difference.NONE,
        "aliyun-pypi": Difference.UNKNOWN,
    }
    faster = found["ustc-pypi"]
    assert faster.speedup == pytest.approx(40.38 / 23.87, rel=0.01)
    bounds = [1, faster.speedup_low, faster.speedup, faster.speedup_high]
    assert bounds == sorted(bound or 0 for bound in bounds)


def test_there_and_back_is_the_inverse() -> None:
    there, back = (changes(compared(*pair), "pip")["ustc-pypi"] for pair in ((OLD, NEW), (NEW, OLD)))
    assert there.speedup
    assert back.speedup == pytest.approx(1 / there.speedup)
    assert (there.difference, back.difference) == (Difference.FASTER, Difference.SLOWER)


def test_a_report_compared_with_itself_shows_no_difference() -> None:
    found = compared(NEW, NEW)
    assert {change.difference for work in found.workloads for change in work.changes} == {Difference.NONE}
    assert found.conditions == ()
    assert str(found.verdict) == "of 8 ways in both reports: 8 without a difference"


def test_what_only_one_report_has_is_kept() -> None:
    found = compared(OLD, NEW)
    assert [(work.target, work.in_both, str(work.verdict)) for work in found.workloads] == [
        ("pip", True, "of 3 ways in both reports: 1 faster now, 1 slower now, 1 without a difference"),
        ("git", True, "of 2 ways in both reports: 2 without a difference"),
        ("uv", False, "only the new report has this workload"),
        ("docker", False, "only the old report has this workload"),
    ]
    assert changes(found, "pip")["bfsu-pypi"].before is None
    assert changes(found, "pip")["aliyun-pypi"].after is None
    assert str(compared(reports.report(reports.FASTER), reports.report(reports.SAME)).verdict) == (
        "the reports have no way in common"
    )


def test_the_order_of_what_is_pulled_does_not_matter() -> None:
    one, other = (replace(reports.FASTER, items=items) for items in (("a", "b"), ("b", "a")))
    found = compared(reports.report(one), reports.report(other))
    assert found.conditions == ()


def test_pulls_that_never_finish_are_not_dropped() -> None:
    """Then one pull in three was cut off; the interval of the change has no lower end because of them."""
    better = reports.workload("docker", "large", {"direct": (200, 20, 0, 0)}, rounds=8)
    change = changes(compared(OLD, reports.report(better)), "docker")["direct"]
    assert change.difference is Difference.FASTER
    assert change.speedup_high is None


def test_few_pulls_tell_nothing() -> None:
    few = reports.workload("pip", "typical", {"direct": (20, 1, 0, 0)}, rounds=3)
    assert changes(compared(OLD, reports.report(few)), "pip")["direct"].difference is Difference.UNKNOWN


def test_other_conditions_are_named() -> None:
    environment = replace(
        NEW.environment,
        mirrorctl="0.9",
        clients=(ClientVersion(target="pip", version="26.0"), ClientVersion(target="uv", version="1")),
        proxies=("https_proxy=http://proxy.example:3128",),
        catalog_date=None,
    )
    now = replace(NEW, environment=environment, method=replace(NEW.method, timeout_s=60.0))
    assert list(map(str, compared(OLD, now).conditions)) == [
        "proxies: – → https_proxy=http://proxy.example:3128",
        "catalog: 2026-09-01 → None",
        "mirrorctl: 0.2.0 → 0.9",
        "time limit: 600 s → 60 s",
        "pip: 25.2 → 26.0",
        "pip typical: what is pulled is not the same",
        "git small: what is pulled is not the same",
    ]
