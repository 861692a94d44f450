"""What `doctor` says: each finding with its place and its remedy, then what could be repaired."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from mirrorctl.commands.doctor import DoctorData, FindingView
from mirrorctl.render.changes import diff_lines
from mirrorctl.render.screen import visible, wrap
from mirrorctl.render.text import Writer
from mirrorctl.text import Text, _

_STYLES = {"error": "red", "warning": "yellow", "note": "cyan"}
_LABELS = {"error": _("error"), "warning": _("warning"), "note": _("note")}


def doctor_lines(data: DoctorData, writer: Writer, columns: int | None = None) -> Iterator[str]:
    """`columns`: how wide the terminal is, if it is one. A command to be copied is not wrapped."""
    for finding in data.findings:
        yield from _finding(finding, writer, columns)
        yield ""
    if data.edits and not data.transaction:
        yield from diff_lines(data.edits, writer)
        yield ""
    yield from _summary(data, writer)


def plan_lines(data: DoctorData, writer: Writer, columns: int | None = None) -> Iterator[str]:
    """What --fix is about to do: shown before the question."""
    for finding in data.findings:
        if finding.fixable and not finding.fixed:
            yield from _finding(finding, writer, columns, with_remedy=False)
    yield from diff_lines(data.edits, writer)


def _finding(finding: FindingView, writer: Writer, columns: int | None, *, with_remedy: bool = True) -> Iterator[str]:
    label = writer.say(_("repaired") if finding.fixed else _LABELS[finding.severity])
    style = "green" if finding.fixed else _STYLES[finding.severity]
    place = f"{finding.path}:{finding.line}" if finding.path and finding.line else finding.path or finding.subject
    where = " ".join(filter(None, [finding.target, visible(place or "")]))
    yield f"{writer.paint(label, style)} {writer.paint(where, 'bold')} {writer.paint(f'[{finding.code}]', 'dim')}"
    yield from _indented(writer.say(finding.message), "  ", columns)
    if with_remedy and not finding.fixed:
        whole = finding.remedy.template.startswith("run:")
        lines = _indented(writer.say(finding.remedy), "    ", None if whole else columns)
        yield f"  {writer.paint('→', 'dim')} {next(lines).lstrip()}"
        yield from lines


def _indented(text: str, indent: str, columns: int | None) -> Iterator[str]:
    lines = (wrap(text, columns - len(indent)) if columns else text).split("\n")
    return (f"{indent}{line}" for line in lines)


def _summary(data: DoctorData, writer: Writer) -> Iterator[str]:
    left = [finding for finding in data.findings if not finding.fixed]
    fixed = len(data.findings) - len(left)
    if not data.findings:
        yield f"{writer.paint('✓', 'green')} {writer.say(_('nothing is wrong, as far as mirrorctl can see'))}"
        return
    if fixed:
        yield f"{writer.paint('✓', 'green')} {writer.say(_fixed(fixed, data.undo))}"
    if left:
        counts = Counter(finding.severity for finding in left)
        yield writer.say(
            _(
                "errors: {errors}, warnings: {warnings}, notes: {notes}",
                errors=counts["error"],
                warnings=counts["warning"],
                notes=counts["note"],
            )
        )
    fixable = sum(finding.fixable for finding in left)
    if fixable:
        yield writer.say(_("mirrorctl doctor --fix repairs {count} of them, and asks before", count=fixable))


def _fixed(count: int, undo: str | None) -> Text:
    if undo is None:
        return _("repaired: {count}", count=count)
    return _("repaired: {count}; the way back: {command}", count=count, command=undo)
