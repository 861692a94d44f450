"""From findings to the changes that mend them: all repairs of one file together, through one lens."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from mirrorctl import files
from mirrorctl.commands.change import Change
from mirrorctl.commands.session import Session
from mirrorctl.diagnosis.case import Case
from mirrorctl.diagnosis.finding import Code, Finding, Repair, items_of
from mirrorctl.errors import FormatError, MirrorctlError
from mirrorctl.formats import decode
from mirrorctl.model import FileEdit, Plan, Scope, Value
from mirrorctl.places import rules_for
from mirrorctl.planning import in_order, make_edit, unreadable, urls_of
from mirrorctl.targets import TARGETS
from mirrorctl.targets.base import Setting, Target
from mirrorctl.targets.facets import target_of
from mirrorctl.text import Text, _

# With one of these left in the file, a running daemon would not take it up.
_FATAL = {Code.DAEMON_REFUSES, Code.FLAG_AND_FILE}


class Treatment(NamedTuple):
    """The changes, and why some files cannot be changed."""

    changes: tuple[Change, ...]
    hindered: dict[Path, MirrorctlError]


def treat(session: Session, cases: list[Case], findings: tuple[Finding, ...]) -> Treatment:
    """What takes every finding away that has a repair, as the files are now."""
    by_file: dict[tuple[str, Path], list[Repair]] = {}
    names: dict[Path, Path] = {}  # of one file that links give several, the first
    for repair in (finding.repair for finding in findings if finding.repair):
        name = names.setdefault(repair.path.resolve(), repair.path)
        by_file.setdefault((repair.lens, name), []).append(repair)
    edits: dict[tuple[str, Scope], list[FileEdit]] = {}
    hindered: dict[Path, MirrorctlError] = {}
    for (lens, path), repairs in by_file.items():
        scope = _scope_of(cases, lens, path)
        try:
            edit = _edit(TARGETS[lens], path, repairs)
            files.check(path, rules_for(session.machine, scope), session.disk)
        except MirrorctlError as error:
            hindered[path.resolve()] = error
        else:
            if edit.changed:
                edits.setdefault((lens, scope), []).append(edit)
    changes = [_change(cases, lens, scope, found, findings) for (lens, scope), found in edits.items()]
    return Treatment(tuple(changes), hindered)


def _case_of(cases: list[Case], lens: str) -> Case:
    return next(case for case in cases if case.name == target_of(lens))


def _scope_of(cases: list[Case], lens: str, path: Path) -> Scope:
    case = _case_of(cases, lens)
    found = (file.scope for file in case.target.files(case.machine, case.client) if file.path == path)
    return next(found, None) or case.scope


def _edit(target: Target, path: Path, repairs: list[Repair]) -> FileEdit:
    data = files.read(path)
    text = decode(data or b"")
    try:
        value = amended(target.read(text, path), repairs)
        if not value:  # in the lens's own words: no key, or an empty list
            value = target.read(target.write(text, path, None), path)
        value = in_order(target, path, text, value)
    except FormatError as error:
        raise unreadable(path, error) from error
    return make_edit(target, Setting(path=path, value=value), data)


def amended(value: Value, repairs: list[Repair]) -> Value:
    """The value with the changes of all repairs. What one of them looks for and does not find is left alone."""
    items = items_of(value)
    for old, new in (change for repair in repairs for change in repair.changes):
        if old is None:
            items += [new] if new and new not in items else []
        while old is not None and old in items:
            at = items.index(old)
            items[at : at + 1] = [new] if new and new not in items else []
    if isinstance(value, str):
        return items[0][0] if items else None
    if isinstance(value, list) and all(isinstance(item, str) for item in value) and value:
        return [item[0] for item in items] or None
    return [list(item) for item in items]


def _change(cases: list[Case], lens: str, scope: Scope, edits: list[FileEdit], findings: tuple[Finding, ...]) -> Change:
    case = _case_of(cases, lens)
    paths = {edit.path for edit in edits}
    broken = any(finding.code in _FATAL and not finding.repair and finding.path in paths for finding in findings)
    in_use = scope is (case.client.scope or case.target.SCOPES[0])
    plan = Plan(target=lens, scope=scope, mirrors=(), urls=urls_of(tuple(edits)), edits=tuple(edits))
    return Change(target=TARGETS[lens], client=case.client, plan=plan, live=in_use and not broken)


def without_hope(finding: Finding, hindered: dict[Path, MirrorctlError]) -> Text | None:
    """The remedy of a finding whose file cannot be changed here and now."""
    error = hindered.get(finding.repair.path.resolve()) if finding.repair else None
    if error is None:
        return None
    if isinstance(error, files.DeniedError):
        return _("run: {command}", command="sudo mirrorctl doctor --fix")
    return _("{reason}; until then nothing can be repaired there", reason=error.hint or error.message)
