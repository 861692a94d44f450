"""From a decision to a plan: what each file will hold, checked before anything is written.

Pure. A plan that its own checks do not confirm is a bug of ours, and nothing is written (`SelfCheckError`).
"""

from __future__ import annotations

from pathlib import Path

from mirrorctl.errors import ConfigError, ConflictError, FormatError
from mirrorctl.formats import decode, encode
from mirrorctl.model import FileEdit, Mirror, Plan, SavedFile, Scope, Value
from mirrorctl.planning_merge import ClashError, merge_text, merge_value
from mirrorctl.redaction import redact
from mirrorctl.targets.base import Contents, Decision, Setting, Target
from mirrorctl.text import _
from mirrorctl.values import replace


class SelfCheckError(RuntimeError):
    """The text that would be written does not say what it should, or says something else differently."""


def make_plan(
    target: Target, scope: Scope, mirrors: tuple[Mirror, ...], decision: Decision, contents: Contents
) -> Plan:
    """The plan that carries out `decision`. Raises ConfigError for a file that cannot be understood."""
    edits = tuple(make_edit(target, setting, contents.get(setting.path)) for setting in decision.settings)
    return Plan(
        target=target.NAME,
        scope=scope,
        mirrors=mirrors,
        urls=urls_of(edits),
        edits=edits,
        notices=decision.notices,
    )


def urls_of(edits: tuple[FileEdit, ...]) -> tuple[str, ...]:
    """What the files configure, where that is a plain list of addresses."""
    values = [edit.value_after for edit in edits]
    return tuple(
        item
        for value in values
        for item in ([value] if isinstance(value, str) else value or [])
        if isinstance(item, str)
    )


def make_edit(target: Target, setting: Setting, before: bytes | None) -> FileEdit:
    """The change of one file from `before` to what `setting` asks for."""
    path, text = setting.path, decode(before or b"")
    try:
        value_before = target.read(text, path)
        after = _checked(target, text, setting)
        interim = None
        drained = target.drain(setting.value)
        if drained is not None and value_before and after != text:
            interim = encode(_checked(target, text, Setting(path=path, value=drained)))
    except FormatError as error:
        raise unreadable(path, error) from error
    edit = FileEdit(
        path=path,
        before=before,
        after=before if after == text else encode(after),
        interim=interim,
        value_before=value_before,
        value_after=setting.value,
    )
    return with_way_back(target, edit)


def with_way_back(target: Target, edit: FileEdit, *, told: Value = None) -> FileEdit:
    """`edit` with what has to be in force in between if it is taken back. `told` is as in `with_drain`."""
    drained = target.drain(edit.value_before)
    if drained is None or not (edit.value_after or told) or not edit.changed:
        return edit
    return replace(edit, drained=encode(target.write(decode(edit.after or b""), edit.path, drained)))


def _checked(target: Target, text: str, setting: Setting) -> str:
    after = target.write(text, setting.path, setting.value)
    if target.read(after, setting.path) != setting.value:
        raise SelfCheckError(f"{setting.path}: the new text does not hold the new setting")
    if target.frame(after, setting.path) != target.frame(text, setting.path):
        raise SelfCheckError(f"{setting.path}: the new text would change other settings")
    return after


def revert(target: Target, saved: SavedFile, current: bytes | None, *, force: bool = False) -> FileEdit:
    """The change that takes `saved` back.

    Exact bytes where nobody touched the file since; our setting alone where other lines were changed; a
    ConflictError where our setting was changed, or the file deleted, unless `force`.
    """
    exact = FileEdit(
        path=saved.path,
        before=current,
        after=saved.before,
        value_before=_value_in(target, saved, current),
        value_after=saved.value_before,
        folders=saved.folders,
        mode=saved.mode,
    )
    if current == saved.before or is_ours(saved, current):
        edit = exact
    elif current is None:
        edit = _revert_deleted(saved, exact, force=force)
    else:
        edit = _revert_setting(target, saved, current, force=force)
    told = saved.value_after
    return with_way_back(target, with_drain(target, edit, told=told), told=told)


def _value_in(target: Target, saved: SavedFile, current: bytes | None) -> Value:
    """What `current` says, if it is the file at one of the stages that `saved` knows, or is not there any more.

    Else it does not matter. What stood there before is not read again: a lens of today may think otherwise of it.
    """
    if current == saved.before:
        return saved.value_before
    if current is None or current in (saved.interim, saved.drained):
        return target.read(decode(current or b""), saved.path)
    return saved.value_after


def is_ours(saved: SavedFile, current: bytes | None) -> bool:
    """Whether a file holds what we wrote, at whatever stage."""
    return current == saved.after or (current is not None and current in (saved.interim, saved.drained))


def _revert_deleted(saved: SavedFile, exact: FileEdit, *, force: bool) -> FileEdit:
    if force or saved.before is None:
        return exact
    raise ConflictError(
        _("{path} was deleted since", path=saved.path),
        hint=_("mirrorctl undo --force makes it again as it was before; without it, it stays deleted"),
        subject=str(saved.path),
    )


def _revert_setting(target: Target, saved: SavedFile, current: bytes, *, force: bool) -> FileEdit:
    text = decode(current)
    try:
        value = target.read(text, saved.path)
        wanted = saved.value_before if force else merge_value(saved.value_before, saved.value_after, value)
        wanted = in_order(target, saved.path, text, wanted)
        merged = merge_text(decode(saved.before or b""), decode(saved.after or b""), text)
        if merged is not None and _says(target, saved.path, merged, wanted, like=text):
            return FileEdit(
                path=saved.path, before=current, after=encode(merged), value_before=value, value_after=wanted
            )
    except FormatError as error:
        raise unreadable(saved.path, error) from error
    except ClashError as error:
        raise ConflictError(
            _("{path} was changed since: it does not say what mirrorctl wrote", path=saved.path),
            hint=_("mirrorctl undo --force puts back the setting that stood there before; other lines stay"),
            subject=str(saved.path),
        ) from error
    return make_edit(target, Setting(path=saved.path, value=wanted), current)


def in_order(target: Target, path: Path, text: str, value: Value) -> Value:
    """`value` in the order in which the lens would read it, where order means nothing to the client."""
    if not isinstance(value, list):
        return value
    try:
        found = target.read(target.write(text, path, value), path)
    except FormatError:  # nothing can be put where the lens would put it; there may be another place
        return value
    same = isinstance(found, list) and sorted(map(str, found)) == sorted(map(str, value))
    return found if same else value


def _says(target: Target, path: Path, merged: str, wanted: Value, *, like: str) -> bool:
    """Whether `merged` holds the setting that is wanted, and all else as `like`."""
    try:
        return target.read(merged, path) == wanted and target.frame(merged, path) == target.frame(like, path)
    except FormatError:
        return False


def with_drain(target: Target, edit: FileEdit, *, told: Value = None) -> FileEdit:
    """`edit` with the interim content that its new value needs.

    `told` is what the client was told last: it still goes by that where the file was deleted.
    """
    drained = target.drain(edit.value_after)
    if drained is None or not edit.changed or edit.interim is not None:
        return edit
    path, text = edit.path, decode(edit.before or b"")
    try:
        if not told and not edit.value_before and not target.read(text, path):
            return edit
        interim = encode(target.write(text, path, drained))
    except FormatError as error:
        raise unreadable(path, error) from error
    return replace(edit, interim=interim)


def unreadable(path: Path, error: FormatError) -> ConfigError:
    return ConfigError(
        _(
            "{path}, line {line}, column {column}: {reason}",
            path=path,
            line=error.line,
            column=error.column,
            reason=error.reason,
        ),
        hint=_("the file is untouched; repair the line and run the command again"),
        subject=str(path),
    )


def diff(edit: FileEdit) -> str:
    """A unified diff without secrets, for people. Empty when nothing changes."""
    if not edit.changed:
        return ""
    from difflib import unified_diff  # noqa: PLC0415  start-up time

    before, after = (_lines(redact(decode(data or b""))) for data in (edit.before, edit.after))
    name = str(edit.path)
    lines = unified_diff(
        before,
        after,
        "/dev/null" if edit.before is None else name,
        "/dev/null" if edit.after is None else name,
        lineterm="",
    )
    return "\n".join(line.encode("utf-8", "replace").decode() for line in lines)


def _lines(text: str) -> list[str]:
    """The lines of a diff; one that lacks its line end says so, as diff(1) has it."""
    *lines, rest = text.split("\n")
    return [*lines, f"{rest}\n\\ No newline at end of file"] if rest else lines


def still_says(saved: SavedFile, value: Value) -> bool:
    """Whether a file, in which the lens reads `value`, says what was written.

    Where a setting is a list of rules, rules of somebody else beside ours are no concern of ours.
    """
    before, after = saved.value_before, saved.value_after
    if not (isinstance(after, list) and isinstance(value, list) and not any(isinstance(rule, str) for rule in after)):
        return setting_of(value) == setting_of(after)
    earlier = before if isinstance(before, list) else []
    written = [rule for rule in after if rule not in earlier]
    taken_out = [rule for rule in earlier if rule not in after]
    return all(rule in value for rule in written) and not any(rule in value for rule in taken_out)


def setting_of(value: Value) -> tuple[str, ...]:
    """The addresses in a lens value, for showing and comparing."""
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    return tuple(item if isinstance(item, str) else item[0] for item in value)
