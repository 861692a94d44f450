"""Strip charts: one lane for each way, one mark for each pull. The owner of pygal.

pygal lays a chart out: the scale, the axis, the lanes, the marks. What it adds for pages of its own (script, styles, its
tooltips) is left behind, and what this page needs is put in: words beside the lanes, shapes for pulls that did not
finish, a title for each mark that browsers show without script. Colours are those of the page's style sheet.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

from mirrorctl.render.report.view import Chart, Lane, Point
from mirrorctl.render.screen import width
from mirrorctl.values import dataclass

COLUMN_PX = 7.6  # of a letter in a label
BOLD_PX = 9.0  # of one above its lane, where nothing else gives way
REMARK_COLUMN_PX = 7.0
GAP_PX = 8
REMARK_PX = 150
AXIS_PX = 26
DOT_PX = 4.5
SHORTEST_S = 0.01  # of an axis
SPREAD_PX = 10  # up and down from the middle of a lane: the first round stands highest, the last one lowest
MEDIAN_PX = 15  # half the height of its mark

# What stands for a pull that did not finish: a cross, and an arrow that points on.
SHAPES = {"failed": "M-4.5 -4.5L4.5 4.5M-4.5 4.5L4.5 -4.5", "timeout": "M-4 -5.5L5.5 0L-4 5.5Z"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a chart is. With `above`, words stand above their lane, otherwise to both sides of it."""

    name: str
    width_px: int
    lane_px: int
    ticks: int
    columns: int  # of a label, at most
    above: bool


SIZES = (
    Size(name="wide", width_px=880, lane_px=46, ticks=8, columns=24, above=False),
    Size(name="narrow", width_px=350, lane_px=70, ticks=4, columns=18, above=True),
)


def draw(chart: Chart, anchor: str) -> str:
    """The chart in each size, as SVG elements in a page of HTML whose style sheet shows the one that fits."""
    return "".join(_draw(chart, f"{anchor}-{size.name}", size) for size in SIZES)


def _draw(chart: Chart, anchor: str, size: Size) -> str:
    end, step = scale(max(_extent(chart.lanes), default=0.0), size.ticks)
    layout = _Layout(chart.lanes, size, end, step)
    names = {"title": f"{anchor}-t", "desc": f"{anchor}-d"}
    root = Element(
        "svg",
        {
            "class": f"chart {size.name}",
            "viewBox": layout.box,
            "role": "img",
            "aria-labelledby": " ".join(names.values()),
        },
    )
    SubElement(root, "title", id=names["title"]).text = chart.title
    SubElement(root, "desc", id=names["desc"]).text = chart.description
    body = SubElement(root, "g", transform=layout.place)
    body.append(layout.axis())
    for index, lane in enumerate(chart.lanes):
        group = SubElement(body, "g", {"class": f"lane {lane.role}"})
        group.extend(layout.lane(index, lane))
    return tostring(root, encoding="unicode")


def scale(longest_s: float, ticks: int) -> tuple[float, float]:
    """The end of an axis that begins at 0, and the step between its marks: 1, 2 or 5 times a power of ten."""
    rough = max(longest_s, SHORTEST_S) / ticks
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    return math.ceil(max(longest_s, SHORTEST_S) / step * 1.02) * step, step


def _extent(lanes: tuple[Lane, ...]) -> Iterator[float]:
    for lane in lanes:
        yield from (point.seconds for point in lane.points)
        yield from (bound for bound in (lane.median_s, lane.low_s, lane.high_s) if bound)


class _Layout:
    """What pygal makes of the lanes, taken apart."""

    def __init__(self, lanes: tuple[Lane, ...], size: Size, end: float, step: float) -> None:
        self.size = size
        self.end = end
        self.right_px = 14 if size.above else REMARK_PX
        tree = fromstring(self._plot(lanes, step))  # noqa: S314  what was drawn a line above
        for element in tree.iter():
            element.tag = element.tag.rpartition("}")[2]
        self.box = tree.attrib["viewBox"]
        self._groups = [(frozenset(g.attrib.get("class", "").split()), g) for g in tree.iter("g")]
        self.place = next(self._find("plot")).attrib["transform"]
        self.left_px = float(re.findall(r"[\d.]+", self.place)[0])
        self.lines = [next(guide.iter("path")) for guide in next(self._find("axis", "y")).iter("g") if _is_guide(guide)]

    def _plot(self, lanes: tuple[Lane, ...], step: float) -> str:
        """Of each lane three series: its interval, its pulls, its median."""
        import pygal

        size = self.size
        plot = pygal.XY(
            width=size.width_px,
            height=size.lane_px * len(lanes) + AXIS_PX + (0 if size.above else 8),
            margin=0,
            margin_left=0
            if size.above
            else round(COLUMN_PX * max(width(shorten(lane.label, size.columns)) for lane in lanes)),
            margin_right=self.right_px,
            spacing=6,
            xrange=(0, self.end),
            range=(0.5, len(lanes) + 0.5),
            x_labels=[step * index for index in range(round(self.end / step) + 1)],
            x_value_formatter=lambda value: f"{value:g} s",
            y_labels=[{"label": "", "value": len(lanes) - index} for index in range(len(lanes))],
            show_legend=False,
            js=(),
            css=(),
            disable_xml_declaration=True,
        )
        for index, lane in enumerate(lanes):
            y = len(lanes) - index
            low, high = lane.low_s, lane.high_s if lane.high_s is not None else self.end
            plot.add("", [(low, y), (high, y)] if low is not None else [], show_dots=False)
            plot.add("", _places(lane.points, y, SPREAD_PX / size.lane_px), stroke=False, dots_size=DOT_PX)
            half, middle = MEDIAN_PX / size.lane_px, lane.median_s
            plot.add("", [(middle, y - half), (middle, y + half)] if middle is not None else [], show_dots=False)
        return str(plot.render())

    def _find(self, *classes: str) -> Iterator[Element]:
        return (element for found, element in self._groups if found >= set(classes))

    def axis(self) -> Element:
        """The lines of the scale and their seconds."""
        axis = Element("g", {"class": "axis"})
        for guide in next(self._find("axis", "x")).iter("g"):
            if _is_guide(guide):
                axis.append(Element("path", {"d": _brief(next(guide.iter("path")).attrib["d"])}))
                text = next(guide.iter("text"))
                SubElement(axis, "text", _at(float(text.attrib["x"]), float(text.attrib["y"]))).text = text.text
        return axis

    def lane(self, index: int, lane: Lane) -> Iterator[Element]:
        """What belongs to a lane, from back to front."""
        rail = self.lines[index].attrib["d"]
        yield Element("path", {"class": "rail", "d": _brief(rail)})
        yield from self._words(lane, float(rail.split()[1].partition("h")[0]))
        for name, offset in (("interval", 0), ("median", 2)):
            for line in self._series(index, offset, "path"):
                yield Element("path", {"class": name, "d": _brief(line.attrib["d"])})
            if name == "interval":
                for circle, point in zip(self._series(index, 1, "circle"), lane.points, strict=True):
                    yield _mark(circle, point)

    def _series(self, lane: int, offset: int, tag: str) -> Iterator[Element]:
        for group in self._find("series", f"serie-{3 * lane + offset}"):
            yield from group.iter(tag)

    def _words(self, lane: Lane, middle_px: float) -> Iterator[Element]:
        right_px = self.size.width_px - self.left_px
        if self.size.above:
            y = middle_px - 24
            beside_px = BOLD_PX * width(lane.figure) + (
                GAP_PX + REMARK_COLUMN_PX * width(lane.remark) if lane.remark else 0
            )
            columns = min(self.size.columns, int((right_px - beside_px - GAP_PX) / BOLD_PX))
            yield _text("name", shorten(lane.label, columns), 0, y)
            yield _text("figure end", lane.figure, right_px - 2, y, lane.remark, lane.tone)
        else:
            yield _text("name", shorten(lane.label, self.size.columns), -self.left_px, middle_px + 4.5)
            x = right_px - self.right_px + 14
            yield _text("figure", lane.figure, x, middle_px + (-1 if lane.remark else 4.5))
            if lane.remark:
                yield _text(f"remark {lane.tone}", lane.remark, x, middle_px + 14)


def shorten(label: str, columns: int) -> str:
    """A label that fits beside its lane; of a long one, what stands in its middle is left out."""
    if width(label) <= columns:
        return label
    first = _begin(label, columns // 2)
    return f"{first}…{_begin(label[::-1], columns - width(first) - 1)[::-1]}"


def _begin(text: str, columns: int) -> str:
    """As much of `text` as takes no more than so many columns."""
    for size, char in enumerate(text):
        columns -= width(char)
        if columns < 0:
            return text[:size]
    return text


def _places(points: tuple[Point, ...], y: float, spread: float) -> list[tuple[float, float]]:
    last = max(len(points) - 1, 1)
    return [(point.seconds, y + spread * (1 - 2 * index / last)) for index, point in enumerate(points)]


def _is_guide(element: Element) -> bool:
    return "guides" in element.attrib.get("class", "").split()


def _mark(circle: Element, point: Point) -> Element:
    x, y = float(circle.attrib["cx"]), float(circle.attrib["cy"])
    if point.fate in SHAPES:
        mark = Element(
            "path", {"class": point.fate, "d": SHAPES[point.fate], "transform": f"translate({x:.1f} {y:.1f})"}
        )
    else:
        mark = Element("circle", {"class": point.fate, "cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": circle.attrib["r"]})
    SubElement(mark, "title").text = point.title
    return mark


def _text(name: str, words: str, x: float, y: float, more: str = "", tone: str = "") -> Element:
    text = Element("text", {"class": name} | _at(x, y))
    text.text = words
    if more:
        SubElement(text, "tspan", {"class": f"remark {tone}", "dx": f"{GAP_PX}"}).text = more
    return text


def _at(x: float, y: float) -> dict[str, str]:
    return {"x": f"{x:.1f}", "y": f"{y:.1f}"}


def _brief(numbers: str) -> str:
    """Tenths of a pixel are enough."""
    return re.sub(r"\d+\.\d{2,}", lambda match: f"{float(match[0]):.1f}", numbers)
