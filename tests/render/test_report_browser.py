"""The report as a browser shows it: nothing is fetched, nothing sticks out, and no script is needed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import chromium
import pytest
from chromium import Tab
from render import reports

from mirrorctl.commands.result import Result
from mirrorctl.render.report import write_report
from mirrorctl.render.text import Writer

pytestmark = pytest.mark.browser

HOSTILE = "<script>document.title='run'</script><img src='http://192.0.2.1/a' onerror=\"document.title='run'\">"

# Whatever sticks out of the page to the right, but for what scrolls by itself.
STICKING_OUT = """
[...document.querySelectorAll("body *")]
  .filter(element => !element.closest(".scroll") && element.getBoundingClientRect().right > innerWidth + 1)
  .map(element => element.tagName)
"""
# Words of a chart that stand on others.
OVERLAPPING = """
[...document.querySelectorAll("svg.chart")].filter(chart => chart.getBoundingClientRect().height).flatMap(chart => {
  const places = [...chart.querySelectorAll("text")].map(text => [text.textContent, text.getBoundingClientRect()]);
  return places.flatMap(([one, a], index) => places.slice(index + 1)
    .filter(([_, b]) => a.left < b.right && b.left < a.right && a.top < b.bottom - 2 && b.top < a.bottom - 2)
    .map(([other, _]) => `${one} / ${other}`));
})
"""
# WCAG 2.2, 1.4.3: the contrast of every text with the page behind it.
CONTRASTS = """
(() => {
  const channels = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => channels(colour).slice(0, 3)
    .map(value => value / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, index) => sum + v * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = element => {
    for (; element; element = element.parentElement) {
      const found = channels(getComputedStyle(element).backgroundColor);
      if (found.length == 3 || found[3] > 0) return getComputedStyle(element).backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.querySelectorAll("body *")]
    .filter(element => [...element.childNodes].some(node => node.nodeType == 3 && node.data.trim()))
    .filter(element => !["title", "desc"].includes(element.tagName))
    .map(element => {
      const own = getComputedStyle(element);
      const pair = [light(element.closest("svg") ? own.fill : own.color), light(behind(element))].sort((a, b) => b - a);
      return [(pair[0] + 0.05) / (pair[1] + 0.05), element.textContent];
    });
})()
"""


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    place = tmp_path_factory.mktemp("browser")
    with chromium.browser(place, os.environ | {"HOME": str(place)}) as found:
        yield found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_bytes(write_report(Result(command="bench", data=reports.report()), "html", Writer(), "en"))
    return path


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_renders(tab: Tab, page: Path, width: int, dark: bool) -> None:
    tab.show(width, dark=dark)
    tab.open(page)
    assert tab.requests() == [page.as_uri()]
    assert tab.complaints() == []
    assert tab.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert tab.evaluate(STICKING_OUT) == []
    shown = "[...document.querySelectorAll('svg.chart')].filter(chart => chart.getBoundingClientRect().height > 60)"
    assert tab.evaluate(f"{shown}.map(chart => chart.classList[1])") == ["wide" if width > 700 else "narrow"] * 3
    contrasts = tab.evaluate(CONTRASTS)
    assert len(contrasts) > 200
    assert [found for found in contrasts if found[0] < 4.5] == []
    paper = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(15, 19, 24)" if dark else "rgb(255, 255, 255)")


def test_tables_can_be_read_without_script(tab: Tab, page: Path) -> None:
    tab.show(1280, script=False)
    tab.open(page)
    row = "document.querySelector('table.summary tbody tr:nth-child(2)').innerText"
    said = " ".join(tab.evaluate(row).split())
    assert said.startswith("tuna-pypi 35.3 s 34.2–36.8 s 3.98× ▲ faster 3.70–4.32 614 ms ")
    assert said.endswith(" 30.0 MB 10")
    tab.evaluate("document.querySelector('details summary').click()")
    assert tab.evaluate("document.querySelector('table.runs').getBoundingClientRect().height") > 500


def test_the_chart_puts_pulls_where_their_seconds_are(tab: Tab, page: Path) -> None:
    """The first mark of the direct way and that of a mirror are as far apart as the axis says."""
    tab.show(1280)
    tab.open(page)
    first = {run.via: run.seconds for run in reversed(reports.FASTER.runs)}
    marks = tab.evaluate("[...document.querySelectorAll('svg.wide .lane')].slice(0, 2).map(lane => +lane.querySelector('circle').getAttribute('cx'))")  # fmt: skip
    axis = tab.evaluate("[...document.querySelectorAll('svg.wide .axis')[0].querySelectorAll('text')].map(text => [+text.getAttribute('x'), text.textContent])")  # fmt: skip
    (zero, _none), (step, label) = axis[0], axis[1]
    px_per_s = (step - zero) / float(label.removesuffix(" s"))
    assert [(mark - zero) / px_per_s for mark in marks] == pytest.approx([first["direct"], first["tuna-pypi"]], abs=0.5)


def test_nothing_of_the_data_runs(tab: Tab, tmp_path: Path) -> None:
    path = tmp_path / "hostile.html"
    work = reports.workload("pip", HOSTILE, {"direct": (9, 1, 0, 0), HOSTILE: (3, 0.2, 0, 0)}, items=(HOSTILE,))
    path.write_bytes(write_report(Result(command="bench", data=reports.report(work)), "html", Writer(), "en"))
    tab.show(390)
    tab.open(path)
    assert tab.evaluate("document.title") == "mirrorctl benchmark, 2026-09-15"
    assert tab.requests() == [path.as_uri()]
    assert tab.evaluate("document.documentElement.scrollWidth") == 390
    assert tab.evaluate("document.querySelector('table.summary tbody tr:nth-child(2) th').innerText") == HOSTILE


def test_long_names_are_in_nobodys_way(tab: Tab, tmp_path: Path) -> None:
    """On a narrow screen they share a line with the figures; twelve mirrors, and a contents list of two workloads."""
    names = [f"mirror-{number}-of-{'university' * 3}" for number in range(10)] + [
        "镜" * 20,
        "https://mirror.example/pypi/simple",
    ]
    ways = {"direct": (40, 1, 0, 0), **{name: (11 + index, 1, 0, 0) for index, name in enumerate(names)}}
    path = tmp_path / "long.html"
    works = [reports.workload("pip", "w" * 200, ways), reports.SAME]
    path.write_bytes(write_report(Result(command="bench", data=reports.report(*works)), "html", Writer(), "en"))
    for width in (360, 1280):
        tab.show(width)
        tab.open(path)
        assert tab.evaluate(STICKING_OUT) == []
        assert tab.evaluate(OVERLAPPING) == []


def test_the_policy_is_in_force(tab: Tab, page: Path, tmp_path: Path) -> None:
    """Were anything to get into the page after all, the browser would not ask for it, and not run it."""
    path = tmp_path / "infected.html"
    infection = '<script>document.title="run"</script><img src="http://192.0.2.1/a"><p style="color: red" id="p">x</p>'
    path.write_text(page.read_text(encoding="utf-8").replace("<footer>", f"{infection}<footer>"), encoding="utf-8")
    tab.show(1280)
    tab.open(path)
    assert tab.evaluate("document.title") == "mirrorctl benchmark, 2026-09-15"
    assert tab.evaluate("getComputedStyle(document.getElementById('p')).color") != "rgb(255, 0, 0)"
    blocked = [text for text in tab.complaints() if "Content Security Policy" in text]
    assert len(blocked) >= 3


def test_it_can_be_printed(tab: Tab, page: Path) -> None:
    tab.show(1280, dark=True, media="print")
    tab.open(page)
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.paper().startswith(b"%PDF-")
