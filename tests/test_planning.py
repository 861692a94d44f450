"""From a decision to a plan, and the way back from what is there now."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from mirrorctl import planning
from mirrorctl.errors import ConfigError, ConflictError, FormatError
from mirrorctl.model import FileEdit, Mirror, SavedFile, Scope, Status, Trust, Value
from mirrorctl.planning import SelfCheckError
from mirrorctl.planning_merge import ClashError, merge_value
from mirrorctl.targets import docker, git, pip
from mirrorctl.targets.base import Decision, Setting, Target
from mirrorctl.text import _

PATH = Path("/home/somebody/file")
OLD_URL, URL = "https://old.example/simple", "https://mirror.example/simple"
MIRROR = Mirror(
    id="mirror",
    ecosystem="pypi",
    operator="-",
    url=URL,
    kind="index",
    trust=Trust.PRIVATE,
    status=Status.ACTIVE,
    domain="-",
)


def edit(target: Target, before: bytes | None, value: Value) -> FileEdit:
    return planning.make_edit(target, Setting(path=PATH, value=value), before)


def saved(target: Target, before: bytes | None, value: Value) -> SavedFile:
    """What the journal has of this change."""
    made = edit(target, before, value)
    return SavedFile(
        target=target.NAME,
        scope=Scope.USER,
        path=PATH,
        before=made.before,
        after=made.after,
        interim=made.interim,
        drained=made.drained,
        value_before=made.value_before,
        value_after=made.value_after,
        mode=0o600,
        folders=(PATH.parent,) if before is None else (),
    )


def test_a_plan() -> None:
    decision = Decision(settings=(Setting(path=PATH, value=URL),))
    plan = planning.make_plan(pip, Scope.USER, (MIRROR,), decision, {PATH: None})
    assert (plan.target, plan.scope, plan.mirrors, plan.urls, plan.changed) == (
        "pip",
        Scope.USER,
        (MIRROR,),
        (URL,),
        True,
    )
    assert plan.edits[0].after == f"[global]\nindex-url = {URL}\n".encode()


@pytest.mark.parametrize(
    ("value", "urls"),
    [(None, ()), ("u", ("u",)), (["u", "v"], ("u", "v")), ([["u", "insteadof", "v"]], ())],
    ids=["none", "one", "list", "rules"],
)
def test_urls_of(value: Value, urls: tuple[str, ...]) -> None:
    assert planning.urls_of((FileEdit(path=PATH, before=b"", after=b"", value_after=value),)) == urls


def test_an_edit_that_changes_nothing_keeps_the_bytes() -> None:
    data = f"[global]\r\nindex-url={URL}".encode()
    made = edit(pip, data, URL)
    assert made.after is made.before is data
    assert not made.changed


def test_a_file_that_cannot_be_understood_names_the_line() -> None:
    with pytest.raises(ConfigError, match="/home/somebody/file, line 2, column 1: ") as caught:
        edit(pip, b"[global]\nnonsense\n", URL)
    assert caught.value.subject == str(PATH)


def broken(target: ModuleType, **names: object) -> Target:
    """A target with a bug."""
    return SimpleNamespace(**{**vars(target), **names})


def test_a_lens_that_does_not_write_what_it_should_is_found_out() -> None:
    with pytest.raises(SelfCheckError, match="does not hold the new setting"):
        edit(broken(pip, write=lambda text, _path, _value: text + "# oops\n"), b"", URL)


def test_a_lens_that_changes_something_else_is_found_out() -> None:
    def write(text: str, path: Path, value: Value) -> str:
        return pip.write(text, path, value).replace("timeout = 60", "timeout = 61")

    with pytest.raises(SelfCheckError, match="would change other settings"):
        edit(broken(pip, write=write), b"[global]\ntimeout = 60\n", URL)


def test_dockers_list_is_emptied_before_its_key_goes() -> None:
    data = json.dumps({"registry-mirrors": [URL]}).encode()
    made = edit(docker, data, None)
    assert json.loads(made.interim or b"") == {"registry-mirrors": []}
    assert json.loads(made.after or b"") == {}
    assert made.drained is None


def test_and_on_the_way_back_as_well() -> None:
    made = edit(docker, b"{}", [URL])
    assert made.interim is None
    assert json.loads(made.drained or b"") == {"registry-mirrors": []}
    back = planning.revert(docker, saved(docker, b"{}", [URL]), made.after)
    assert json.loads(back.interim or b"") == {"registry-mirrors": []}
    assert back.after == b"{}"


# The way back

PIP_OLD = b"# mine\r\n[global]\r\ntimeout = 60"


@pytest.mark.parametrize("before", [PIP_OLD, None], ids=["file", "no-file"])
def test_exact_bytes_where_nobody_touched_the_file(before: bytes | None) -> None:
    record = saved(pip, before, URL)
    back = planning.revert(pip, record, record.after)
    assert (back.before, back.after) == (record.after, before)
    assert (back.mode, back.folders) == (record.mode, record.folders)


@pytest.mark.parametrize("before", [PIP_OLD, None], ids=["file", "no-file"])
def test_nothing_to_do_where_it_is_as_it_was(before: bytes | None) -> None:
    assert not planning.revert(pip, saved(pip, before, URL), before).changed


def test_whatever_we_wrote_in_between_is_ours() -> None:
    record = saved(docker, b"{}", [URL])
    assert planning.revert(docker, record, record.drained).after == b"{}"
    assert not planning.is_ours(record, None)
    assert planning.is_ours(replace(record, after=None), None)


@pytest.mark.parametrize(
    ("target", "before", "value", "change", "expected"),
    [
        pytest.param(pip, b"[global]\ntimeout=60\n", URL, ("60", "61"), b"[global]\ntimeout=61\n", id="another-line"),
        pytest.param(pip, None, URL, ("[global]", "# mine\n[global]"), b"# mine\n", id="a-line-in-a-file-of-ours"),
        pytest.param(
            pip,
            f"[global]\nindex-url={OLD_URL}  \n".encode(),
            URL,
            ("[global]", "[list]\nx = 1\n[global]"),
            f"[list]\nx = 1\n[global]\nindex-url={OLD_URL}  \n".encode(),
            id="the-old-line-as-it-was-spelled",
        ),
        pytest.param(
            git,
            b"[user]\n\tname = A\n",
            [[URL + "/", "insteadof", "https://github.com/"]],
            ("= A", "= B"),
            b"[user]\n\tname = B\n",
            id="git",
        ),
        pytest.param(
            docker, b'{\n  "debug": true\n}\n', [URL], ("true", "false"), b'{\n  "debug": false\n}\n', id="next-to-ours"
        ),
    ],
)
def test_our_setting_alone_where_others_were_changed(
    target: Target, before: bytes | None, value: Value, change: tuple[str, str], expected: bytes
) -> None:
    record = saved(target, before, value)
    current = (record.after or b"").decode().replace(*change).encode()
    assert current != record.after
    assert planning.revert(target, record, current).after == expected


@pytest.mark.parametrize(
    ("before", "after", "current", "expected"),
    [
        pytest.param([], ["a"], ["a", "mine"], ["mine"], id="added-behind"),
        pytest.param([], ["a"], ["mine", "a"], ["mine"], id="added-before"),
        pytest.param(["old"], ["a"], ["a", "mine"], ["old", "mine"], id="replaced"),
        pytest.param(["old", "x"], ["a", "x"], ["x", "a"], ["x", "old"], id="moved"),
        pytest.param(None, ["a"], ["a", "mine"], ["mine"], id="key-made"),
        pytest.param(["old"], None, ["mine"], ["old", "mine"], id="key-removed"),
        pytest.param([], ["a"], ["mine"], ["mine"], id="ours-already-gone"),
    ],
)
def test_of_a_list_only_what_is_ours(before: Value, after: Value, current: Value, expected: Value) -> None:
    assert merge_value(before, after, current) == expected


def test_rules_of_git_are_taken_out_one_by_one() -> None:
    ours, theirs = [URL, "insteadof", "https://github.com/"], ["https://x.example/", "insteadof", "https://y.example/"]
    assert merge_value([], [ours], [ours, theirs]) == [theirs]


OURS, THEIRS = [URL, "insteadof", "https://github.com/"], ["https://x.example/", "insteadof", "https://gitlab.com/"]
OLD_RULE = [OLD_URL, "insteadof", "https://github.com/"]


@pytest.mark.parametrize(
    ("before", "after", "current", "expected"),
    [
        pytest.param(None, "a", "a", True, id="as-written"),
        pytest.param(None, "a", "mine", False, id="another"),
        pytest.param(None, "a", None, False, id="taken-out"),
        pytest.param([], ["a"], ["a", "b"], False, id="a-mirror-more"),
        pytest.param([], [OURS], [OURS, THEIRS], True, id="a-rule-of-somebody-else"),
        pytest.param([THEIRS], [OURS, THEIRS], [OURS], True, id="one-of-somebody-else-less"),
        pytest.param([], [OURS], [THEIRS], False, id="our-rule-gone"),
        pytest.param([OLD_RULE], [OURS], [OLD_RULE, OURS], False, id="what-we-replaced-is-back"),
        pytest.param([OURS], [], [THEIRS], True, id="after-upstream"),
    ],
)
def test_whether_a_file_still_says_what_was_written(
    before: Value, after: Value, current: Value, *, expected: bool
) -> None:
    file = replace(saved(git, None, []), value_before=before, value_after=after)
    assert planning.still_says(file, current) is expected


@pytest.mark.parametrize(
    ("before", "after", "current"),
    [
        pytest.param(None, "a", "mine", id="string"),
        pytest.param("old", "a", None, id="string-removed"),
        pytest.param(["old"], ["a"], ["mine"], id="list-replaced"),
        pytest.param([], ["a", "b"], ["a"], id="list-in-part"),
    ],
)
def test_a_change_of_our_own_setting_is_a_conflict(before: Value, after: Value, current: Value) -> None:
    with pytest.raises(ClashError):
        merge_value(before, after, current)


def test_a_conflict_leaves_a_choice() -> None:
    record = saved(pip, f"[global]\nindex-url = {OLD_URL}\n".encode(), URL)
    current = b"# mine\n[global]\nindex-url = https://mine.example/\n"
    with pytest.raises(ConflictError, match="was changed since") as caught:
        planning.revert(pip, record, current)
    assert "--force" in str(caught.value.hint)
    forced = planning.revert(pip, record, current, force=True)
    assert forced.after == f"# mine\n[global]\nindex-url = {OLD_URL}\n".encode()


def test_a_deleted_file_stays_deleted_unless_told_otherwise() -> None:
    record = saved(pip, PIP_OLD, URL)
    with pytest.raises(ConflictError, match="was deleted since") as caught:
        planning.revert(pip, record, None)
    assert "--force" in str(caught.value.hint)
    forced = planning.revert(pip, record, None, force=True)
    assert (forced.after, forced.mode) == (PIP_OLD, 0o600)


def test_a_file_of_ours_that_was_deleted_needs_no_undoing() -> None:
    assert not planning.revert(pip, saved(pip, None, URL), None).changed


def test_a_file_that_was_broken_since_is_left_alone() -> None:
    with pytest.raises(ConfigError, match="line 1"):
        planning.revert(pip, saved(pip, PIP_OLD, URL), b"nonsense\n")


def test_a_rule_of_git_goes_back_to_its_place_where_no_line_can_be_added() -> None:
    """The last value goes on where the file ends. The rule stood above it, and can stand there again."""
    old = b'[user]\n[url "https://old.example/"]\n\tpushInsteadOf = https://y.example/\n\tl = "log \\\n"\\\n'
    record = saved(git, old, [])
    assert record.after == old.replace(b"\tpushInsteadOf = https://y.example/\n", b"")
    current = record.after.replace(b"[user]\n", b"[user]\n# mine\n")
    assert planning.revert(git, record, current).after == old.replace(b"[user]\n", b"[user]\n# mine\n")


def test_a_lens_that_cannot_read_the_merged_text_is_asked_to_write_it() -> None:
    """The merge of lines is only believed if the lens says that it means what it should."""
    record = saved(pip, b"[global]\ntimeout = 60\n", URL)
    current = (record.after or b"").replace(b"60", b"61")

    def read(text: str, path: Path) -> Value:
        if "index-url" not in text and seen:
            seen.pop()
            raise FormatError(_("not now"), line=1)
        return pip.read(text, path)

    seen = [1]
    assert planning.revert(broken(pip, read=read), record, current).after == b"[global]\ntimeout = 61\n"
    assert not seen


# The diff


def test_a_diff() -> None:
    lines = planning.diff(edit(pip, b"[global]\ntimeout = 60\n", URL)).splitlines()
    assert lines[:2] == [f"--- {PATH}", f"+++ {PATH}"]
    assert lines[3:6] == [" [global]", f"+index-url = {URL}", " timeout = 60"]
    assert planning.diff(edit(pip, None, URL)).startswith("--- /dev/null\n")
    assert "+++ /dev/null" in planning.diff(FileEdit(path=PATH, before=b"a", after=None))
    assert planning.diff(FileEdit(path=PATH, before=b"a", after=b"a")) == ""


def test_a_diff_shows_no_password_and_no_stray_bytes() -> None:
    data = b"# \xff\n[global]\nextra-index-url = https://u:secret@x.example/\n"
    shown = planning.diff(FileEdit(path=PATH, before=data, after=data + b"# mine\n"))
    assert "secret" not in shown
    assert shown.encode()


def test_docker_is_emptied_too_where_its_file_was_deleted() -> None:
    """The daemon was not told, and goes by the list that it read last."""
    old = b'{"debug": true}'
    made = planning.revert(docker, saved(docker, old, [URL]), None, force=True)
    assert json.loads(made.interim or b"") == {"registry-mirrors": []}
    assert made.after == old
