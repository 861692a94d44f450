"""A report as one HTML file that needs no other file, no network and no script. The owner of jinja2.

A Content-Security-Policy says so to the browser: nothing is loaded, nothing runs, and of styles only the one whose digest
it names is used. Whatever comes from the data is escaped by the template engine; only the charts are put in as they are,
which are serialised XML.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from pathlib import Path

from mirrorctl.render.report.chart import draw
from mirrorctl.render.report.view import View

HERE = Path(__file__).parent
_UNIT = re.compile(r"(?<=\d) (?=(?:s|ms|min|[kMG]?B(?:/s)?)\b)")


def write_html(view: View) -> str:
    import jinja2

    style = (HERE / "page.css").read_text(encoding="utf-8")
    charts = {section.anchor: draw(section.chart, section.anchor) for section in view.sections if section.chart.lanes}
    engine = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True, finalize=join_units
    )
    template = engine.from_string((HERE / "page.html").read_text(encoding="utf-8"))
    return template.render(view=view, charts=charts, style=style, policy=policy(style))


def join_units(value: object) -> object:
    """Keeps a number and its unit on one line. What is markup already is none of its business."""
    return _UNIT.sub("\u00a0", value) if type(value) is str else value


def policy(style: str) -> str:
    """The Content-Security-Policy (CSP level 3) of a page with this one style sheet and nothing else."""
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
