"""What `bench` says on a terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from io import StringIO

import pytest
from benchmark.pulls import pick, run, runs

from mirrorctl.benchmark import BenchReport, Environment, Method, WorkloadReport
from mirrorctl.benchmark.schedule import Left
from mirrorctl.benchmark.summary import summarise
from mirrorctl.benchmark.verdict import judge
from mirrorctl.commands.bench_runs import PullEvent
from mirrorctl.render import bench_progress, tables
from mirrorctl.render.bench import print_bench
from mirrorctl.render.language import translator
from mirrorctl.render.screen import width
from mirrorctl.render.text import Writer
from mirrorctl.text import Text


def report(outcomes: dict[str, list[float | str]]) -> BenchReport:
    found = runs(outcomes)
    summary = summarise(found, pick(), resamples=400)
    work = WorkloadReport(
        target="pip",
        name="team",
        description=Text("x"),
        items=("six", "numpy"),
        sources=(),
        runs=found,
        summary=summary,
        verdict=judge(summary),
    )
    method = Method(
        rounds=10, least_rounds=5, timeout_s=60, narrow=0.1, confidence=0.95, resamples=400, seed=1, targets=()
    )
    environment = Environment(
        mirrorctl="1",
        machine="x",
        os="x",
        cpu="x",
        cpus=1,
        memory_bytes=None,
        load=None,
        network=(),
        proxies=(),
        clients=(),
        catalog_date=date(2024, 1, 1),
    )
    at = datetime(2024, 1, 1, tzinfo=UTC)
    return BenchReport(workloads=(work,), method=method, environment=environment, started_at=at, elapsed_s=1.0)


def shown(data: BenchReport, language: str = "en") -> list[str]:
    out = StringIO()
    writer = Writer(translate=translator(language))
    tables.draw(lambda console: print_bench(data, console, writer), out, writer, {"COLUMNS": "80"})
    return out.getvalue().splitlines()


def test_the_table() -> None:
    assert shown(report({"direct": [8.0] * 5, "near-index": [2.0] * 5})) == [
        "pip · team: near-index is 4.00 times as fast as the direct way (between 4.00 and",
        "4.00): 2.00 s instead of 8.00 s",
        "way                       median      times as fast  first byte  throughput",
        "direct      8.00 s (8.00–8.00 s)                         800 ms     125 B/s",
        "near-index  2.00 s (2.00–2.00 s)  4.00× (4.00–4.00)      200 ms     500 B/s",
        "six, numpy; 1.00 kB a pull",
        "",
    ]


def test_what_did_not_finish_has_a_column() -> None:
    lines = shown(report({"direct": ["late"] * 5, "near": [2.0, 2.0, 2.0, "failed", 2.0]}))
    assert lines[-5].endswith("finished")
    assert lines[-4].endswith("0/5")
    assert lines[-3].endswith("4/5")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_fits_into_80_columns(language: str) -> None:
    outcomes: dict[str, list[float | str]] = {
        "direct": [148.0, 148.0, 148.0, 205.5, "failed"],
        "tsinghua-pypi-web": [37.0, 37.0, 37.0, 44.1, 38.0],
        "b": [600.0] * 5,
    }
    data = report(outcomes)
    assert max(map(width, shown(data, language))) <= 80
    assert "…" not in "".join(shown(data, language))


def test_what_a_server_says_cannot_move_the_cursor() -> None:
    data = report({"direct": [8.0] * 5})
    work = replace(data.workloads[0], items=("a\x1b[2Jb",))
    assert "\x1b" not in "".join(shown(replace(data, workloads=(work,))))


def test_progress() -> None:
    event = PullEvent(
        target="pip",
        workload="team",
        via="near",
        round=2,
        rounds=10,
        run=None,
        left=Left(pulls=3, seconds=12.0, bytes=3_000_000),
        read_bytes=1_500_000,
    )
    from rich.console import Console

    board = bench_progress._Board(Writer())
    for seen in (replace(event, run=run("near", 1, 1.5)), replace(event, run=run("near", 2, "failed")), event):
        board.take(seen)
    console = Console(file=StringIO(), width=100)
    with console.capture() as captured:
        console.print(board)
    head, row = captured.get().splitlines()
    assert head.endswith("round 2 of at most 10; 1.50 MB read; at most 12.0 s and 3.00 MB to go")
    assert row.split() == ["pip", "team", "near", "1.50", "s", "✗", "…"]
