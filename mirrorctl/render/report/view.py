"""What stands in a report, in words and figures of one language: HTML and Markdown are made of it alone."""

from __future__ import annotations

from mirrorctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of a table. `note` is a second, smaller line; `tone` one of faster, slower, none, unknown, bad."""

    text: str
    note: str | None = None
    tone: str | None = None

    def __str__(self) -> str:
        return f"{self.text} ({self.note})" if self.note else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row with its name. `role` is direct or mirror; of a table that has no ways, it is empty."""

    head: Cell
    cells: tuple[Cell, ...]
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table. The first of `columns` is that of the rows' names."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One pull in a chart. `fate` is done, failed or timeout."""

    seconds: float
    fate: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """All pulls of one way, in the order in which they were made, with median and interval as far as there are any."""

    label: str
    role: str
    points: tuple[Point, ...]
    median_s: float | None
    low_s: float | None
    high_s: float | None
    figure: str
    remark: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Every pull of one workload over an axis of seconds that begins at zero."""

    title: str
    description: str
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One workload: what was found, the picture, the table, what failed, and every single pull.

    `marks` are those of the legend that its chart has.
    """

    anchor: str
    heading: str
    description: str
    verdict: str
    items: tuple[str, ...]
    chart: Chart
    marks: frozenset[str]
    summary: Sheet
    failures: tuple[str, ...]
    runs: Sheet | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A term and what is said of it. `code`: it is to be read letter by letter."""

    term: str
    values: tuple[str, ...]
    code: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A chapter behind the workloads: the method, the machine."""

    anchor: str
    heading: str
    facts: tuple[Fact, ...] = ()
    sheet: Sheet | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a page says around its data."""

    failures: str
    runs: str
    legend: tuple[tuple[str, str], ...]  # the name of a mark and what it means
    reading: str
    contents: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A whole report. `warning` is said above everything else: the report is of less than was asked for."""

    language: str  # BCP 47
    title: str
    verdict: str
    subtitle: str
    warning: str | None
    sections: tuple[Section, ...]
    blocks: tuple[Block, ...]
    words: Words
    footer: str
