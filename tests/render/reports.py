"""Benchmark reports for tests: what a run could have found, the same each time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from random import Random

from mirrorctl.benchmark import (
    DIRECT,
    BenchReport,
    ClientVersion,
    Environment,
    Method,
    Run,
    Source,
    TargetMethod,
    WorkloadReport,
)
from mirrorctl.benchmark.summary import summarise
from mirrorctl.benchmark.verdict import judge
from mirrorctl.text import Text, _

BEGIN = datetime(2026, 9, 15, 8, 30, tzinfo=UTC)
TIMEOUT_S = 600.0
BROKEN = "the client ended with 1: connection reset by peer"

# Mean and standard deviation of the seconds of a pull, how often of a hundred it fails, and how often it never ends.
Way = tuple[float, float, int, int]


def runs(ways: Mapping[str, Way], rounds: int, size_bytes: int, seed: int = 1) -> Iterator[Run]:
    chance = Random(seed)
    at = BEGIN
    for number in range(1, rounds + 1):
        for via in chance.sample(sorted(ways), len(ways)):
            mean, deviation, failing, hanging = ways[via]
            luck = chance.randrange(100)
            ok, timed_out = luck >= failing + hanging, luck < hanging
            seconds = TIMEOUT_S if timed_out else max(chance.gauss(mean, deviation), 0.2) * (1 if ok else 0.4)
            yield Run(
                via=via,
                round=number,
                started_at=at,
                seconds=round(seconds, 3),
                first_byte_s=round(chance.uniform(0.3, 0.5) + mean / 200, 3) if ok else None,
                bytes=size_bytes + chance.randrange(9000) if ok else None,
                payload_bytes=round(size_bytes * 0.97) if ok else None,
                ok=ok,
                timed_out=timed_out,
                error=None if ok else _("cut off") if timed_out else Text("{error}", {"error": BROKEN}),
            )
            at += timedelta(seconds=seconds + 1)


def workload(
    target: str,
    name: str,
    ways: Mapping[str, Way],
    *,
    rounds: int = 10,
    size_bytes: int = 30_000_000,
    items: tuple[str, ...] = ("numpy==2.3.2", "pandas==2.3.1"),
) -> WorkloadReport:
    found = tuple(runs(ways, rounds, size_bytes))
    summary = summarise(found, Random(7).randrange, resamples=400)
    return WorkloadReport(
        target=target,
        name=name,
        description=_("what a small web service installs"),
        items=items,
        sources=tuple(
            Source(
                via=each.via,
                url=None if each.via == DIRECT else f"https://{each.via}.example/simple/",
                operator=None if each.via == DIRECT else each.via.partition("-")[0],
                trust=None if each.via == DIRECT else "university",
            )
            for each in summary
        ),
        runs=found,
        summary=summary,
        verdict=judge(summary),
    )


def report(*workloads: WorkloadReport, interrupted: bool = False) -> BenchReport:
    return BenchReport(
        workloads=workloads or (FASTER, SAME, HANGING),
        method=Method(
            rounds=10,
            least_rounds=5,
            timeout_s=TIMEOUT_S,
            narrow=0.1,
            confidence=0.95,
            resamples=2000,
            seed=20260915,
            targets=(
                TargetMethod(
                    target="pip",
                    command="pip download --no-cache-dir --no-deps --dest {scratch} --requirement {requirements}",
                    cold=_("the cache of pip is off, and each pull has a directory of its own"),
                    first_byte=_("when pip tells of the first answer of the index"),
                    bytes=_("what the interfaces of the machine received meanwhile"),
                ),
            ),
            notes=(_("intervals are percentile intervals of the bootstrap"),),
        ),
        environment=Environment(
            mirrorctl="0.2.0",
            machine="x86_64",
            os="Debian GNU/Linux 12, Linux 6.1",
            cpu="AMD EPYC 7B13",
            cpus=2,
            memory_bytes=8_201_000_000,
            load=0.08,
            network=("eth0, 1000 Mbit/s",),
            proxies=(),
            clients=(
                ClientVersion(target="pip", version="25.2"),
                ClientVersion(target="docker", version="28.3.2"),
                ClientVersion(target="git", version="2.47.2"),
            ),
            catalog_date=date(2026, 9, 1),
        ),
        started_at=BEGIN,
        elapsed_s=2460.0,
        interrupted=interrupted,
    )


FASTER = workload(
    "pip",
    "typical",
    {DIRECT: (148, 9, 0, 0), "tuna-pypi": (37, 1.6, 0, 0), "ustc-pypi": (41, 4, 0, 0), "aliyun-pypi": (52, 6, 25, 0)},
)
SAME = workload(
    "git",
    "small",
    {DIRECT: (4.1, 0.5, 0, 0), "nju-git": (4.0, 0.6, 0, 0)},
    size_bytes=2_400_000,
    items=("https://github.com/octocat/Hello-World.git",),
)
HANGING = workload(
    "docker",
    "large",
    {
        DIRECT: (420, 80, 0, 35),
        "daocloud-docker": (88, 12, 0, 0),
        "a-rather-long-name-of-a-mirror-hub": (260, 60, 10, 0),
    },
    rounds=8,
    size_bytes=412_000_000,
    items=("postgres:17", "node:22"),
)

# FASTER and SAME some weeks later: the line is slower, one mirror has gone and another has come.
LATER = (
    workload(
        "pip",
        "typical",
        {
            DIRECT: (172, 9, 0, 0),
            "tuna-pypi": (36.5, 1.6, 0, 0),
            "ustc-pypi": (24, 1, 0, 0),
            "bfsu-pypi": (30, 1, 0, 0),
        },
        items=("numpy==2.3.3", "pandas==2.3.1"),
    ),
    workload("git", "small", {DIRECT: (4.2, 0.5, 0, 0), "nju-git": (4.1, 0.6, 0, 0)}, size_bytes=2_400_000),
    workload("uv", "small", {DIRECT: (2.0, 0.1, 0, 0), "tuna-pypi": (0.8, 0.1, 0, 0)}, size_bytes=900_000),
)
