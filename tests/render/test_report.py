"""The report of a benchmark: what it says, in which language, and that its data stays data."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from render import reports

from mirrorctl.benchmark import BenchReport, WorkloadReport
from mirrorctl.commands.result import Result
from mirrorctl.errors import UsageError
from mirrorctl.render import report as package
from mirrorctl.render.report import check_form, write_report
from mirrorctl.render.report.page import policy
from mirrorctl.render.text import Writer
from mirrorctl.text import Text
from mirrorctl.values import replace

ENGLISH = Writer()
# Every message in brackets, so that whatever is said without having been translated stands outside of them.
BRACKETS = Writer(translate=lambda message: f"⟦{message}⟧")
HOSTILE = "</title></style><script>alert(1)</script><img src=x onerror=alert(1)>|`*_[a](javascript:b)&lt;\x1b[2J\n# x"


class Page(HTMLParser):
    """The parts of a page that matter here."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] != "style" and data.strip():
            self.texts.append(data.strip().replace("\u00a0", " "))

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


def found(report: BenchReport) -> Result[BenchReport]:
    return Result(command="bench", data=report)


def html(report: BenchReport, writer: Writer = ENGLISH, language: str = "en") -> str:
    return write_report(found(report), "html", writer, language).decode()


def markdown(report: BenchReport, writer: Writer = ENGLISH) -> str:
    return write_report(found(report), "md", writer, "en").decode()


def hostile() -> BenchReport:
    """A report in which everything that comes from outside is an attack."""
    work = reports.workload("pip", HOSTILE, {"direct": (9, 1, 0, 0), HOSTILE: (3, 0.2, 60, 10)}, items=(HOSTILE,))
    text = Text("{text}", {"text": HOSTILE})
    runs = tuple(replace(run, error=None if run.ok else text) for run in work.runs)
    sources = tuple(replace(source, url=HOSTILE, operator=HOSTILE, trust=HOSTILE) for source in work.sources)
    report = reports.report(replace(work, runs=runs, sources=sources, description=text))
    machine = replace(report.environment, network=(HOSTILE,), proxies=(HOSTILE,), cpu=HOSTILE, os=HOSTILE)
    return replace(report, environment=machine)


def test_the_verdict_comes_first() -> None:
    page = Page(html(reports.report(reports.FASTER)))
    verdict = "tuna-pypi is 3.98 times as fast as the direct way (between 3.70 and 4.32): 35.3 s instead of 140 s."
    assert page.texts[page.texts.index("mirrorctl benchmark, 2026-09-15", 1) + 1] == verdict
    assert f"\n\n**{verdict}**\n" in markdown(reports.report(reports.FASTER))


@pytest.mark.parametrize(
    ("works", "said"),
    [
        (
            (reports.SAME, reports.FASTER),
            "Mirrors are faster in 1 of 2 workloads, most of all pip typical: tuna-pypi is",
        ),
        ((reports.FASTER, reports.FASTER), "Mirrors are faster in every workload, most of all pip typical"),
        ((reports.SAME, reports.SAME), "No mirror was shown to be faster than the direct way in any of 2 workloads."),
        ((reports.FASTER, reports.HANGING), "docker large: daocloud-docker is at least 3.98 times as fast"),
    ],
    ids=["one", "all", "none", "unbounded"],
)
def test_several_workloads_are_summed_up(works: tuple[WorkloadReport, ...], said: str) -> None:
    assert said in markdown(reports.report(*works))


def test_where_nothing_else_works_no_factor_is_made_up() -> None:
    broken = reports.workload("uv", "small", {"direct": (2, 0.1, 100, 0), "m": (1, 0.1, 0, 0)})
    said = markdown(reports.report(broken, reports.SAME))
    assert "**Mirrors are faster in 1 of 2 workloads, uv small: only m works: it takes" in said
    assert "∞" not in said


def test_a_single_pull_has_no_interval() -> None:
    """From one value to the same value would look as if it were known exactly."""
    once = reports.workload("uv", "small", {"direct": (2, 0.1, 0, 0), "m": (1, 0.1, 0, 0)}, rounds=1)
    said = markdown(reports.report(once))
    assert re.search(r"\| m \| [\d.]+ s \| [\d.]+× \? not known \|", said)
    assert re.search(r"<desc[^>]*>direct: median [\d.]+\Ws, interval \?, 1 pulls", html(reports.report(once)))


def test_code_outside_of_tables_has_no_backslashes_of_ours() -> None:
    """Only in a table is a pipe within a code span escaped (GitHub Flavored Markdown, tables)."""
    work = replace(reports.SAME, items=("a | b",))
    assert "\n\n`a | b`\n" in markdown(reports.report(work))


def test_every_pull_is_in_chart_and_table() -> None:
    page = html(reports.report(reports.HANGING))
    runs = reports.HANGING.runs
    for size in ("wide", "narrow"):
        chart = page.partition(f'<svg class="chart {size}"')[2].partition("</svg>")[0]
        assert chart.count('class="done"') == sum(run.ok for run in runs)
        assert chart.count('class="timeout"') == sum(run.timed_out for run in runs) > 0
        assert chart.count('class="failed"') == sum(not run.ok and not run.timed_out for run in runs) > 0
        assert "direct, round 1: cut off after 10:00 min" in chart
    rows = re.search(r'<table class="runs">.*?</table>', page, re.DOTALL)
    assert rows
    assert rows[0].count("<tr") == len(runs) + 1


def test_failures_are_told_once_for_each_cause() -> None:
    assert "- direct, round 1, 2: cut off\n" in markdown(reports.report(reports.HANGING))
    assert f"- aliyun-pypi, round 4, 7, 8, 10: {reports.BROKEN}" in markdown(reports.report(reports.FASTER))


def test_a_page_needs_nothing_from_outside() -> None:
    """Nothing in it can be asked for: no script, picture, font, frame or sheet, and a policy that allows none."""
    text = html(reports.report())
    page = Page(text)
    assert {tag for tag, _found in page.tags}.isdisjoint({"script", "img", "link", "iframe", "object", "base", "form"})
    addresses = [value for _tag, found in page.tags for name, value in found.items() if name in {"href", "src"}]
    assert addresses
    assert all(value and value.startswith("#") for value in addresses)
    style = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert len(style) == 1
    assert not re.search(r"url\(|@import|@font-face", style[0])
    assert {"http-equiv": "Content-Security-Policy", "content": policy(style[0])} in page.all("meta")
    assert "default-src 'none'" in policy(style[0])
    assert not [found for _tag, found in page.tags if "style" in found], "the policy forbids styles in attributes"


def test_numbers_stay_with_their_units() -> None:
    page = html(reports.report())
    assert "35.3\u00a0s instead of 140\u00a0s" in page
    assert "30.0\u00a0MB" in page


def test_a_page_is_small() -> None:
    assert len(html(reports.report(*[reports.HANGING] * 9))) < 400_000


def test_what_comes_from_data_is_no_markup() -> None:
    page = Page(html(hostile()))
    assert {tag for tag, _found in page.tags}.isdisjoint({"script", "img"})
    assert not [found for _tag, found in page.tags if any(name.startswith("on") for name in found)]
    assert sum("<script>alert(1)</script>" in text for text in page.texts) > 10
    assert not any("\x1b" in text for text in page.texts)


def test_what_comes_from_data_is_no_markdown() -> None:
    """Outside of code, no character of it can begin a tag, a cell, a link or a heading."""
    text = markdown(hostile())
    lines = [re.sub(r"(`+) .*? \1", "", line) for line in text.splitlines() if not line.startswith("<summary>")]
    assert not [line for line in lines if re.search(r"(?<!\\)<(?!/?(details|summary)>)", line)]
    assert not [line for line in lines if re.search(r"(?<!\\)\]\(", line)]
    assert not [line for line in lines if line.startswith("# x")]
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in lines if line.startswith("| ")}
    assert widths == {6, 8}, "tables of five and seven columns"


@pytest.mark.parametrize("form", ["html", "md"])
def test_whatever_is_said_is_translated(form: str) -> None:
    text = write_report(found(reports.report()), form, BRACKETS, "zh").decode()
    said = list(Page(text).texts) if form == "html" else text.splitlines()
    assert not [part for part in said if untranslated(part) and "--no-cache-dir" not in part]


def untranslated(text: str) -> list[str]:
    """The words of `text` that stand in no bracket and come from no data."""
    while "⟦" in text:
        text, before = re.sub(r"⟦[^⟦⟧]*⟧", "", text), text
        assert text != before, "brackets are cut apart"
    data = r"`[^`]*`|[\w.]*-[\w.-]+|https?:\S+|<[^>]*>|university|tuna|ustc|aliyun|nju|daocloud|\ba\b|pip|git|docker|mirrorctl"
    data += (
        r"|\b(small|typical|large|min|ms|s|B|kB|MB|GB|x86_64)\b|Debian.*|AMD.*|eth0.*|\w+==[\d.]+|(postgres|node):\d+"
    )
    return re.findall(r"[a-z]{2,}", re.sub(data, "", text))


def test_the_page_names_its_language() -> None:
    assert Page(html(reports.report(), language="zh")).all("html") == [{"lang": "zh-CN"}]
    assert Page(html(reports.report(), language="en")).all("html") == [{"lang": "en"}]


def test_an_interrupted_run_says_so() -> None:
    warning = "interrupted before the last round"
    assert warning in html(reports.report(interrupted=True))
    assert warning in markdown(reports.report(interrupted=True))
    assert warning not in html(reports.report())


def test_tables_have_heads_and_pictures_have_words() -> None:
    page = Page(html(reports.report()))
    assert len(page.all("caption")) == len(page.all("table")) == 7
    assert {found["scope"] for found in page.all("th")} == {"col", "row"}
    for chart in (found for found in page.all("svg") if found.get("role") == "img"):
        for name in (chart["aria-labelledby"] or "").split():
            assert [found for _tag, found in page.tags if found.get("id") == name], name
    identifiers = [found["id"] for _tag, found in page.tags if "id" in found]
    assert len(identifiers) == len(set(identifiers))


def test_json_is_the_document_of_the_command() -> None:
    document = json.loads(write_report(found(reports.report()), "json", ENGLISH, "en"))
    assert (document["schema"], document["command"]) == ("mirrorctl/1", "bench")
    assert [work["name"] for work in document["data"]["workloads"]] == ["typical", "small", "large"]


def test_reports_without_pulls_can_be_written() -> None:
    empty = replace(reports.FASTER, runs=(), summary=(), sources=())
    for report in (reports.report(empty), replace(reports.report(), workloads=())):
        assert "<h1>" in html(report)
        assert markdown(report).startswith("# ")


def test_other_forms_are_refused() -> None:
    with pytest.raises(UsageError, match="no report of the form 'pdf'"):
        write_report(found(reports.report()), "pdf", ENGLISH, "en")


@pytest.fixture
def without_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "find_spec", lambda name: None if name == "pygal" else object())


@pytest.mark.usefixtures("without_extra")
def test_a_missing_extra_is_named() -> None:
    with pytest.raises(UsageError, match=r"needs pygal, which the extra mirrorctl-cn\[report\] brings") as caught:
        write_report(found(reports.report()), "html", ENGLISH, "en")
    assert "pip install 'mirrorctl-cn[report]' or pip install pygal adds it" in str(caught.value.hint)
    for form in ("md", "json"):
        check_form(form)
