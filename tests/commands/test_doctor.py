"""`doctor` as a use case: what it gathers, what it repairs as one change, and what it leaves to others."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from crash.scene import PIP, USE, File, Scene

from mirrorctl import diagnosis
from mirrorctl.commands import checkup, history, repairs, status
from mirrorctl.commands.change import Switches
from mirrorctl.commands.doctor import DoctorData, Visit, doctor
from mirrorctl.commands.result import Result
from mirrorctl.commands.session import Options
from mirrorctl.diagnosis.case import Case
from mirrorctl.diagnosis.finding import Repair, rank
from mirrorctl.errors import ConflictError, ExitCode
from mirrorctl.model import Client, SavedFile, Scope, Transaction, Value
from mirrorctl.targets import TARGETS

HUB = "https://github.com/"
DEAD_PROXY = "https://ghproxy.com/https://github.com/"
BROKEN = f'[http]\n\tsslVerify = false\n\tproxy = x\n[url "{DEAD_PROXY}"]\n\tinsteadOf = {HUB}\n'
MENDED = "[http]\n\tproxy = x\n"


def run(visit: Visit, *, agree: bool = True) -> Result[DoctorData]:
    return doctor(Options(), visit, switches=Switches(), confirm=lambda _data: agree)


def visit(*, fix: bool = False, dry_run: bool = False, check: bool = False) -> Visit:
    return Visit(targets=("git",), offline=True, fix=fix, dry_run=dry_run, check=check)


@pytest.fixture
def git(home: Path) -> Path:
    file = home / ".gitconfig"
    file.write_text(BROKEN)
    return file


def test_looking_changes_nothing(git: Path) -> None:
    result = run(visit())
    assert [(found.code, found.fixable, found.fixed) for found in result.data.findings] == [
        ("dead-mirror", True, False),
        ("ssl-verify", True, False),
    ]
    assert (result.data.transaction, result.data.edits, result.exit_code) == (None, (), ExitCode.OK)
    assert git.read_text() == BROKEN


@pytest.mark.parametrize(
    ("asked", "agree", "text", "code"),
    [
        pytest.param(visit(check=True), True, BROKEN, ExitCode.WOULD_CHANGE, id="check"),
        pytest.param(visit(fix=True, dry_run=True), True, BROKEN, ExitCode.OK, id="dry-run"),
        pytest.param(visit(fix=True), False, BROKEN, ExitCode.OK, id="declined"),
        pytest.param(visit(fix=True, check=True), True, MENDED, ExitCode.OK, id="fix"),
    ],
)
def test_what_is_asked_for(git: Path, asked: Visit, agree: bool, text: str, code: ExitCode) -> None:
    result = run(asked, agree=agree)
    assert (git.read_text(), result.exit_code) == (text, code)
    assert bool(result.data.transaction) is (text == MENDED)
    assert [found.fixed for found in result.data.findings] == [text == MENDED] * 2


def test_both_repairs_of_a_file_are_one_edit(git: Path) -> None:
    result = run(visit(fix=True))
    assert [edit.path for edit in result.data.edits] == [str(git)]
    assert run(visit(check=True)).exit_code is ExitCode.OK


def test_a_file_with_two_names_is_repaired_once(git: Path, home: Path) -> None:
    """Git reads both; who keeps them in a repository of dotfiles may have linked one to the other."""
    other = home / ".config/git/config"
    other.parent.mkdir(parents=True)
    other.symlink_to(git)
    result = run(visit(fix=True))
    assert (git.read_text(), other.is_symlink(), len(result.data.edits)) == (MENDED, True, 1)
    assert not result.errors
    assert run(visit(check=True)).exit_code is ExitCode.OK


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_may_not_be_written_has_the_command_that_could(git: Path) -> None:
    git.parent.chmod(0o500)
    try:
        result = run(visit(fix=True))
    finally:
        git.parent.chmod(0o700)
    assert [(found.fixable, str(found.remedy)) for found in result.data.findings] == [
        (False, "run: sudo mirrorctl doctor --fix")
    ] * 2


def test_an_overlay_that_is_wrong_does_not_keep_the_others_out(home: Path, tmp_path: Path) -> None:
    good, bad, later = (tmp_path / f"{name}.toml" for name in ("good", "bad", "later"))
    later.write_text(
        '[[mirror]]\nid = "his"\necosystem = "pypi"\noperator = "me"\nurl = "https://his.example/simple"\n'
    )
    good.write_text('[operator.me]\ntrust = "private"\n[[mirror]]\nid = "mine"\necosystem = "pypi"\noperator = "me"\n'
                    'url = "https://mine.example/simple"\n')  # fmt: skip
    bad.write_text("[[mirror]]\n")
    session, findings = checkup.open_session(Options(catalogs=(bad, good, later)))
    assert [(found.code.value, found.path) for found in findings] == [("catalog-invalid", bad)]
    for url in ("https://mine.example/simple", "https://his.example/simple"):
        assert session.catalog.by_url(url, "pypi") is not None


def test_lock_files_up_to_the_root_of_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / "outer" / "repo" / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / "outer/repo/.git").mkdir()
    text = 'registry = "https://pypi.tuna.tsinghua.edu.cn/simple"'
    for place in (tmp_path / "outer", tmp_path / "outer/repo", deep):
        (place / "uv.lock").write_text(text)
    monkeypatch.chdir(deep)
    session, _findings = checkup.open_session(Options())
    found = list(checkup.diagnose_surroundings(session, []))
    assert [finding.path for finding in found] == [deep / "uv.lock", tmp_path / "outer/repo/uv.lock"]


def test_what_the_home_holds_of_root_is_named_at_its_outermost(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if root were the user with this number: files made by this test belong to somebody else then."""
    if os.geteuid() != 0:
        pytest.skip("only root can make files of root")
    (home / ".config/pip").mkdir(parents=True)
    (home / ".config/pip/pip.conf").write_text("[global]\n")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    session, _findings = checkup.open_session(Options())
    cases = [found for found in checkup.open_cases(session, ("pip",)) if isinstance(found, Case)]
    found = [f for f in checkup.diagnose_surroundings(session, cases) if f.code.value == "owned-by-root"]
    assert [finding.path for finding in found] == [home / ".config"]


@pytest.mark.parametrize(
    ("more", "live"),
    [pytest.param("", True, id="mended"), pytest.param(', "apps": 1', False, id="and-another-fault-that-stays")],
)
def test_a_daemon_is_told_of_a_file_that_it_will_take(tmp_path: Path, more: str, live: bool) -> None:
    file = tmp_path / "daemon.json"
    file.write_text(f'{{"registry-mirrors": ["https://hub-mirror.c.163.com"]{more}}}')
    session, _findings = checkup.open_session(Options())
    client = Client(target="docker", version=(20, 10, 24), facts={"daemon": "running", "config": str(file)})
    case = Case(
        machine=session.machine,
        target=TARGETS["docker"],
        client=client,
        scope=Scope.SYSTEM,
        contents={file: file.read_bytes()},
        catalog=session.catalog,
    )
    treatment = repairs.treat(session, [case], rank(diagnosis.diagnose(case)))
    assert [(change.plan.target, change.live) for change in treatment.changes] == [("docker", live)]


@pytest.mark.parametrize(
    ("value", "changes", "expected"),
    [
        ("https://a/", [(("https://a/",), None)], None),
        ("https://a/", [(("https://a/",), ("https://b/",))], "https://b/"),
        ("https://a/", [(("https://x/",), None)], "https://a/"),
        (["a", "b", "a", "c"], [(("a",), None)], ["b", "c"]),
        (["a", "b"], [(("a",), ("x",))], ["x", "b"]),
        (["a", "x"], [(("a",), ("x",))], ["x"]),
        (["a"], [(("a",), None)], None),
        ([["a", "k", "v"]], [(("a", "k", "v"), None)], []),
        ([], [(None, ("a", "k", "v"))], [["a", "k", "v"]]),
        ([["a", "k", "v"]], [(None, ("a", "k", "v"))], [["a", "k", "v"]]),
    ],
)
def test_the_value_after_a_repair(value: Value, changes: list[tuple[tuple[str, ...], None]], expected: Value) -> None:
    repair = Repair(lens="x", path=Path("/x"), changes=tuple(changes))
    assert repairs.amended(value, [repair]) == expected


def transaction(target: str, before: str, after: str, *urls: str) -> Transaction:
    file = SavedFile(
        target=target,
        scope=Scope.USER,
        path=Path("/home/u/.config/pip/pip.conf"),
        before=before.encode(),
        after=after.encode(),
        urls=urls,
    )
    return Transaction(id=target, at=datetime(2026, 1, 1, tzinfo=UTC), command="x", state="applied", files=(file,))


def test_a_repair_of_another_setting_leaves_the_mirror_ours() -> None:
    """Only a repair of the very setting ends that mirrorctl has written it."""
    used = transaction("pip", "", "[global]\nindex-url = https://a/\n", "https://a/")
    other = transaction("pip/repairs", "[global]\nindex-url = x\ntrusted-host = y\n", "[global]\nindex-url = x\n")
    same = transaction("pip/repairs", "[global]\nindex-url = x\n", "")
    assert status.last_written((other, used), "pip", Scope.USER) == used.files[0]
    assert status.last_written((same, used), "pip", Scope.USER) is None


def test_the_change_before_a_repair_has_to_wait_for_it(scene: Scene) -> None:
    """Both have changed the same file, though through different lenses."""
    first = scene.use()
    scene.files = (File(target="pip/repairs", path=PIP, old=None, value=[]),)
    second = scene.use()
    with pytest.raises(ConflictError, match=f"change {second} came after {first}"):
        history.undo(scene.session(), first, switches=Switches())
    for identifier in (second, first):
        history.undo(scene.session(), identifier, switches=Switches())
    scene.files = USE
    assert scene.look() == scene.old
