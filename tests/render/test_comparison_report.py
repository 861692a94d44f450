"""The report of a comparison, in each form and on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from render import reports

from mirrorctl.benchmark import BenchReport
from mirrorctl.benchmark.comparison import Comparison, Saved, compare
from mirrorctl.cli import main
from mirrorctl.commands.result import Result
from mirrorctl.render.report import write_comparison, write_report
from mirrorctl.render.text import Writer
from mirrorctl.values import replace

OLD = reports.report(reports.FASTER, reports.SAME, reports.HANGING)
NEW = reports.report(*reports.LATER)
HOSTILE = "<script>alert(1)</script>|"


def compared(before: BenchReport = OLD, after: BenchReport = NEW) -> Result[Comparison]:
    old, new = Saved(file="old.json", report=before), Saved(file="new.json", report=after)
    return Result(command="bench", data=compare(old, new, Random(1).randrange, confidence=0.95, resamples=400))


def written(form: str, found: Result[Comparison] | None = None) -> str:
    return write_comparison(found or compared(), form, Writer(), "en").decode()


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a report of then and one of now, in which the program runs."""
    for name, report in (("old.json", OLD), ("new.json", NEW)):
        (tmp_path / name).write_bytes(write_report(Result(command="bench", data=report), "json", Writer(), "en"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_markdown_has_what_changed() -> None:
    text = written("md")
    assert "**Of 5 ways in both reports: 1 faster now, 1 slower now, 3 without a difference.**" in text
    rows = [line for line in text.splitlines() if line.startswith(("| ustc-pypi", "| aliyun-pypi", "| bfsu-pypi"))]
    assert rows == [
        "| ustc-pypi | 40.4 s (36.9–42.1 s) | 23.9 s (23.1–24.6 s) | 1.69× ▲ faster (1.55–1.77) | 3.48× (3.19–3.93) | 6.98× (6.60–7.37) |",
        "| bfsu-pypi | – | 29.4 s (28.9–31.1 s) | only now | – | 5.68× (5.32–5.86) |",
        "| aliyun-pypi | 61.6 s (≥ 48.3 s) | – | only then | 2.28× (≤ 2.86) | – |",
    ]
    assert "pip typical: what is pulled is not the same" in text


def test_html_has_what_it_was_and_what_it_is() -> None:
    page = written("html")
    wide = [part.partition("</svg>")[0] for part in page.split('<svg class="chart wide"')[1:]]
    assert [chart.count('class="median"') for chart in wide] == [8, 4, 2, 3]
    assert "tuna-pypi, then</text>" in wide[0]
    assert "default-src &#39;none&#39;" in page


def test_what_comes_from_data_is_no_markup() -> None:
    work = reports.workload("pip", HOSTILE, {"direct": (9, 1, 0, 0), HOSTILE: (3, 0.2, 0, 0)})
    environment = replace(OLD.environment, cpu=HOSTILE, mirrorctl=HOSTILE)
    found = compared(replace(reports.report(work), environment=environment), reports.report(work))
    assert "<script" not in written("html", found)
    assert "\\<script>alert(1)\\</script>\\|" in written("md", found)


def test_the_command_line_compares(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--compare", "old.json", "new.json", "-o", "change.html", "--lang", "en"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "Of 5 ways in both reports: 1 faster now, 1 slower now, 3 without a difference."
    assert "ustc-pypi    40.4 s  23.9 s         1.69× ▲ faster (1.55–1.78)" in shown
    assert (saved / "change.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.usefixtures("saved")
def test_the_command_line_speaks_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--compare", "old.json", "new.json", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["command"] == "bench"
    assert [work["in_both"] for work in document["data"]["workloads"]] == [True, True, False, False]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("old.json gone.json", "cannot read {cwd}/gone.json: no such file or directory"),
        ("notes.txt new.json", "notes.txt: this is not JSON"),
        ("old.json new.json -o change.pdf", "there is no report of the form 'pdf'"),
        ("old.json", "--compare takes a value"),
    ],
    ids=["missing", "no-json", "no-form", "one-file"],
)
def test_the_command_line_names_what_is_wrong(
    line: str, said: str, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (saved / "notes.txt").write_text("hello")
    assert main(["bench", "--lang", "en", "--compare", *line.split()]) == 2
    assert said.format(cwd=saved) in capsys.readouterr().err
