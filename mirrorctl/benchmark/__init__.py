"""The benchmark's own arithmetic: what a pull was, what many pulls say, and when there have been enough. Pure.

`report` has the values that a report is made of, `workloads` what is pulled, `statistics` medians and intervals,
`summary` the comparison of each mirror with the direct way, `verdict` the sentence, `schedule` whose turn it is.
"""

from __future__ import annotations

from mirrorctl.benchmark.report import (
    DIRECT,
    BenchReport,
    ClientVersion,
    Difference,
    Environment,
    Method,
    Run,
    Source,
    Summary,
    TargetMethod,
    WorkloadReport,
)

__all__ = [
    "DIRECT",
    "BenchReport",
    "ClientVersion",
    "Difference",
    "Environment",
    "Method",
    "Run",
    "Source",
    "Summary",
    "TargetMethod",
    "WorkloadReport",
]
