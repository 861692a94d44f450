"""Laws of the way back, for whatever file, whatever change of ours, and whatever its user does in between."""

from __future__ import annotations

import pytest
from fuzz.undo_cases import EXAMPLES, LINES, PATHS, TOKEN, URLS, befores, change, follower, insert, texts, values
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

from mirrorctl.errors import ConfigError, ConflictError, FormatError
from mirrorctl.formats import decode, encode
from mirrorctl.model import SavedFile, Value
from mirrorctl.planning import revert, setting_of
from mirrorctl.planning_merge import ClashError, merge_text, merge_value
from mirrorctl.targets import TARGETS

each = pytest.mark.parametrize("name", PATHS)
many = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)


def in_any_order(name: str, value: Value) -> object:
    """Of the rules of git the longest counts, wherever it stands; the mirrors of a daemon are asked in their order."""
    return sorted(value) if name == "git" and isinstance(value, list) else value


@each
@given(data=st.data())
@many
def test_undo_gives_back_every_byte(name: str, data: st.DataObject) -> None:
    """undo(apply(x)) == x, and whatever lay in between counts as ours."""
    saved = change(name, data.draw(befores(name)), data.draw(values(name)))
    for current in (saved.after, saved.interim, saved.drained):
        if current is not None or saved.after is None:
            assert revert(TARGETS[name], saved, current).after == saved.before
    assert revert(TARGETS[name], saved, saved.before).changed is False


@each
@given(data=st.data())
@many
def test_undoing_the_undo_does_it_again(name: str, data: st.DataObject) -> None:
    saved = change(name, data.draw(befores(name)), data.draw(values(name)))
    back = revert(TARGETS[name], saved, saved.after)
    again = SavedFile(
        target=name,
        scope=saved.scope,
        path=saved.path,
        before=back.before,
        after=back.after,
        value_before=back.value_before,
        value_after=back.value_after,
    )
    assert revert(TARGETS[name], again, back.after).after == saved.after


@pytest.mark.parametrize("name", LINES)
@given(data=st.data())
@many
def test_a_line_of_the_users_own_stays_and_all_else_is_as_before(name: str, data: st.DataObject) -> None:
    """undo(edit(apply(x))) == edit(x), byte for byte, for edits of lines that we have not touched."""
    before = data.draw(texts(name))
    saved = change(name, encode(before), data.draw(values(name)))
    after = decode(saved.after or b"")
    once = [line for line in before.splitlines(keepends=True) if before.splitlines(keepends=True).count(line) == 1]
    both = [line for line in once if after.splitlines(keepends=True).count(line) == 1 and line.endswith("\n")]
    # Of two lines that are the same, it cannot be told which one we took away.
    both = [
        line
        for line in both
        if (behind := follower(before, line)) is None or (behind in once and behind == follower(after, line))
    ]
    assume(both)
    anchor, token = data.draw(st.sampled_from(both)), TOKEN + data.draw(st.sampled_from(["a", "b"])) + "\n"
    expected, current = insert(before, anchor, token), insert(after, anchor, token)
    target = TARGETS[name]
    try:  # in the middle of a value that goes on, a comment may mean something
        assume(target.read(current, saved.path) == saved.value_after)
        assume(target.read(expected, saved.path) == saved.value_before)
    except FormatError:
        assume(False)
    undone = decode(revert(target, saved, encode(current)).after or b"")
    assert target.frame(undone, saved.path) == target.frame(current, saved.path)
    assert undone == expected or merge_text(before, after, current) is None


@each
@given(data=st.data())
@many
def test_whatever_a_user_did_his_other_settings_stay(name: str, data: st.DataObject) -> None:
    """Another file altogether may stand there by now. Undo takes our setting out of it, or refuses."""
    saved = change(name, data.draw(befores(name)), data.draw(values(name)))
    current = data.draw(texts(name))
    target = TARGETS[name]
    try:
        frame, value = target.frame(current, saved.path), target.read(current, saved.path)
    except FormatError:
        reject()
    try:
        edit = revert(target, saved, encode(current))
    except ConflictError:
        assert value not in (saved.value_before, saved.value_after)
        return
    if edit.before == saved.after:
        return
    undone = decode(edit.after or b"")
    assert target.frame(undone, saved.path) == frame
    merged = merge_value(saved.value_before, saved.value_after, value)
    assert in_any_order(name, target.read(undone, saved.path)) == in_any_order(name, merged)
    allowed = {*setting_of(value), *setting_of(saved.value_before)}
    assert set(setting_of(target.read(undone, saved.path))) <= allowed, "no mirror appears that was never asked for"


@each
@given(data=st.data())
@many
def test_force_gives_back_the_setting_and_nothing_else(name: str, data: st.DataObject) -> None:
    saved = change(name, data.draw(befores(name)), data.draw(values(name)))
    current = data.draw(texts(name))
    target = TARGETS[name]
    try:
        frame = target.frame(current, saved.path)
        target.read(current, saved.path)
    except FormatError:
        reject()
    try:
        edit = revert(target, saved, encode(current), force=True)
    except ConfigError:  # a value over several lines, which is put back with its lines or not at all
        assert "\n" in str(saved.value_before)
        return
    undone = decode(edit.after or b"")
    assert target.read(undone, saved.path) == saved.value_before or edit.after == saved.before
    assert target.frame(undone, saved.path) == frame or edit.before == saved.after


ITEMS = st.lists(st.sampled_from([*URLS, "https://mine.example"]), unique=True, max_size=4)


@given(before=st.none() | ITEMS, after=st.none() | ITEMS, current=st.none() | ITEMS)
@many
def test_lists_are_merged_item_by_item(before: Value, after: Value, current: Value) -> None:
    try:
        merged = merge_value(before, after, current)
    except ClashError:
        assert current not in (before, after)
        return
    was, ours, now = (set(setting_of(value)) for value in (before, after, current))
    result = set(setting_of(merged))
    assert not result & (ours - was) or merged in (before, current)
    assert now - ours <= result or current == after, "what others have added stays"
    assert result <= now | was


@given(st.lists(st.sampled_from("abc\n"), max_size=30).map("".join), st.data())
@many
def test_lines_are_merged_like_this(before: str, data: st.DataObject) -> None:
    """With nothing changed since, the merge is the way back; with nothing changed by us, it leaves all as it is."""
    after = data.draw(st.lists(st.sampled_from("abc\n"), max_size=30).map("".join))
    assert merge_text(before, after, after) in (before, None)
    assert merge_text(before, before, after) == after
