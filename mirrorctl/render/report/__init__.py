"""The report of a benchmark as JSON, as Markdown, and as one HTML file that needs nothing else.

report ──▶ View (words and figures in one language) ──▶ Markdown
           assembly, sections, blocks, headline    └──▶ HTML: page, with charts
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from mirrorctl.benchmark import BenchReport
from mirrorctl.benchmark.comparison import Comparison
from mirrorctl.commands.result import Result
from mirrorctl.errors import UsageError
from mirrorctl.render.report.view import View
from mirrorctl.render.text import Writer
from mirrorctl.text import _

FORMS = ("html", "md", "json")
EXTRA = "mirrorctl-cn[report]"
NEEDED = ("jinja2", "pygal")


def write_report(result: Result[BenchReport], form: str, writer: Writer, language: str) -> bytes:
    """What a benchmark has found in one of FORMS. JSON is what the command prints with --json.

    Raises UsageError for another form, and where the libraries for HTML are missing.
    """
    check_form(form)
    if form == "json":
        return _json(result, writer)
    from mirrorctl.render.report.assembly import make_view  # noqa: PLC0415  JSON does without it

    return _write(make_view(result.data, writer, language), form)


def write_comparison(result: Result[Comparison], form: str, writer: Writer, language: str) -> bytes:
    """What has changed between two reports, in one of FORMS. Raises as `write_report` does."""
    check_form(form)
    if form == "json":
        return _json(result, writer)
    from mirrorctl.render.report.changes import make_comparison_view  # noqa: PLC0415  JSON does without it

    return _write(make_comparison_view(result.data, writer, language), form)


def check_form(form: str) -> None:
    """Raises UsageError where `write_report` would: to be asked before the pulls, not after them."""
    if form not in FORMS:
        raise UsageError(
            _("there is no report of the form {form}", form=repr(form)),
            hint=_("the forms are: {names}", names=", ".join(FORMS)),
        )
    if form == "html" and (missing := [name for name in NEEDED if find_spec(name) is None]):
        raise UsageError(
            _("an HTML report needs {names}, which the extra {extra} brings", names=", ".join(missing), extra=EXTRA),
            hint=_(
                "pip install '{extra}' or pip install {names} adds it; Markdown and JSON need neither",
                extra=EXTRA,
                names=" ".join(missing),
            ),
        )


def _write(view: View, form: str) -> bytes:
    if form == "md":
        from mirrorctl.render.report.markdown import write_markdown  # noqa: PLC0415  one of two

        return write_markdown(view).encode()
    from mirrorctl.render.report.page import write_html  # noqa: PLC0415  one of two

    return write_html(view).encode()


def _json(result: Result[Any], writer: Writer) -> bytes:
    from mirrorctl.render.envelope import envelope  # noqa: PLC0415  HTML and Markdown do without it

    return envelope(result, writer.translate).encode() + b"\n"
