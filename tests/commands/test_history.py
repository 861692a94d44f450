"""`history` and `undo`: the list, the way back, and the choices where there is more than one."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from crash.scene import DAEMON, GIT, PIP, URL, USE, UV, File, Scene
from crash.shim import CutError, kill_at

from mirrorctl.commands import history, transaction
from mirrorctl.commands.change import Switches
from mirrorctl.errors import ConflictError, UsageError
from mirrorctl.model import Scope


def undo(
    scene: Scene, identifier: str | None = None, *, dry_run: bool = False, force: bool = False
) -> history.UndoData:
    return history.undo(scene.session(), identifier, dry_run=dry_run, force=force, switches=Switches()).data


def change(scene: Scene, path: str, old: str, new: str) -> None:
    file = scene.home / path
    data = file.read_text()
    assert old in data
    file.write_text(data.replace(old, new))


def listed(scene: Scene) -> list[tuple[str, str]]:
    views = history.history(scene.session()).data.transactions
    return [(view.command, view.state) for view in views]


def test_history_names_what_was_changed(scene: Scene) -> None:
    assert listed(scene) == []
    identifier = scene.use()
    (view,) = history.history(scene.session()).data.transactions
    assert (view.id, view.command, view.state, view.undoes) == (identifier, "use", "applied", None)
    assert view.files == tuple(str(scene.home / file.path) for file in USE)


def test_undo_gives_back_every_byte_and_the_daemon(scene: Scene) -> None:
    identifier = scene.use()
    stats = {path: (scene.home / path).stat().st_mode for path in (PIP, GIT, DAEMON)}
    done = undo(scene)
    assert (done.undone, done.changed) == (identifier, True)
    assert scene.look() == scene.old
    assert {path: (scene.home / path).stat().st_mode for path in stats} == stats
    assert scene.daemon.in_force == []
    assert not (scene.home / UV).parent.exists()
    assert listed(scene) == [(f"undo {identifier}", "applied"), ("use", "undone")]


def test_undo_can_be_undone(scene: Scene) -> None:
    scene.use()
    first = undo(scene)
    assert first.transaction is not None
    undo(scene, first.transaction)
    assert scene.look() == scene.new
    assert scene.daemon.in_force == [URL]
    assert [state for _command, state in listed(scene)] == ["applied", "undone", "applied"]


def test_a_dry_run_shows_and_does_nothing(scene: Scene) -> None:
    scene.use()
    done = undo(scene, dry_run=True)
    assert (done.transaction, done.changed, len(done.edits)) == (None, True, 4)
    assert f"-index-url = {URL}" in next(edit.diff for edit in done.edits if edit.path.endswith("pip.conf"))
    assert scene.look() == scene.new
    assert listed(scene) == [("use", "applied")]


def test_only_what_is_ours_is_taken_back(scene: Scene) -> None:
    scene.use()
    change(scene, PIP, "timeout = 60", "timeout = 61")
    change(scene, DAEMON, "true", "false")
    change(scene, GIT, "name = A", "name = B")
    undo(scene)
    assert (scene.home / PIP).read_bytes() == b"# mine\r\n[global]\r\ntimeout = 61".replace(b"\r\n", b"\n")
    assert (scene.home / DAEMON).read_bytes() == b'{\n  "debug": false\n}\n'
    assert (scene.home / GIT).read_bytes() == b"[user]\n\tname = B\n"


def test_a_change_of_ours_is_a_conflict_with_a_choice(scene: Scene) -> None:
    scene.use()
    change(scene, PIP, URL, "https://mine.example/simple")
    before = scene.look()
    with pytest.raises(ConflictError) as caught:
        undo(scene)
    assert "--force" in str(caught.value.hint)
    assert scene.look() == before, "nothing at all was done"
    undo(scene, force=True)
    assert (scene.home / PIP).read_bytes() == (USE[0].old or b"").replace(b"\r\n", b"\n")
    assert scene.look()[GIT] == scene.old[GIT]


def test_what_force_throws_away_is_in_the_record(scene: Scene) -> None:
    scene.use()
    change(scene, PIP, URL, "https://mine.example/simple")
    theirs = (scene.home / PIP).read_bytes()
    done = undo(scene, force=True)
    assert done.transaction is not None
    undo(scene, done.transaction)
    assert (scene.home / PIP).read_bytes() == theirs


def test_a_deleted_file_is_a_conflict_too(scene: Scene) -> None:
    scene.use()
    (scene.home / GIT).unlink()
    with pytest.raises(ConflictError, match="was deleted since"):
        undo(scene)
    undo(scene, force=True)
    assert scene.look() == scene.old


def test_a_file_that_force_made_again_can_be_taken_away_again(scene: Scene) -> None:
    """Where there was no file there was no setting: the daemon is not expected to have one."""
    scene.use()
    (scene.home / DAEMON).unlink()
    done = undo(scene, force=True)
    assert done.transaction is not None
    undo(scene, done.transaction)
    assert not (scene.home / DAEMON).exists()
    assert scene.daemon.in_force == []


def test_wherever_that_is_interrupted_the_daemon_goes_by_its_file_again(scene: Scene) -> None:
    """The daemon was not told that its file was deleted, and goes by what it had said."""
    for at in range(0, 2000, 13):
        scene.furnish()
        scene.use()
        (scene.home / DAEMON).unlink()
        disk = kill_at(at)
        with suppress(CutError):
            history.undo(scene.session(disk), None, force=True, switches=Switches())
        scene.recover()
        assert scene.unsolved == [], at
        assert scene.daemon.in_force == scene.daemon.says() or not (scene.home / DAEMON).exists(), at
        if not disk.dead:
            return
    pytest.fail("it takes more than 2000 calls")


def test_there_may_be_nothing_to_undo(scene: Scene) -> None:
    with pytest.raises(UsageError, match="nothing to undo"):
        undo(scene)
    with pytest.raises(UsageError, match="there is no change 17"):
        undo(scene, "17")


def test_what_was_undone_is_not_undone_again(scene: Scene) -> None:
    identifier = scene.use()
    undo(scene)
    with pytest.raises(UsageError, match="already taken back"):
        undo(scene, identifier)
    with pytest.raises(UsageError, match="nothing to undo"):
        undo(scene)


def test_where_somebody_has_undone_it_by_hand_nothing_is_written(scene: Scene) -> None:
    identifier = scene.use()
    for file in USE:
        if file.old is None:
            (scene.home / file.path).unlink()
        else:
            (scene.home / file.path).write_bytes(file.old)
    done = undo(scene, identifier)
    assert (done.transaction, done.changed) == (None, False)


def use(scene: Scene, url: str) -> str:
    """Another change of pip's file."""
    made = scene._change(File(target="pip", path=PIP, old=None, value=url))
    done = transaction.commit(scene.session(), (made,), command=f"use {url}", switches=Switches())
    assert done is not None
    return done


def test_what_came_later_goes_first(scene: Scene) -> None:
    first = use(scene, "https://one.example/simple")
    second = use(scene, "https://two.example/simple")
    with pytest.raises(ConflictError, match=f"{second} came after") as caught:
        undo(scene, first)
    assert f"undo {second}" in str(caught.value.hint)
    undo(scene, second)
    undo(scene, first)
    assert scene.look()[PIP] == scene.old[PIP]


def test_or_force_goes_past_it(scene: Scene) -> None:
    first = use(scene, "https://one.example/simple")
    use(scene, "https://two.example/simple")
    undo(scene, first, force=True)
    assert b"index-url" not in (scene.home / PIP).read_bytes()


def test_undo_goes_back_one_by_one(scene: Scene) -> None:
    for number in range(3):
        use(scene, f"https://{number}.example/simple")
    for number in (1, 0):
        undo(scene)
        assert f"https://{number}.example/simple".encode() in (scene.home / PIP).read_bytes()
    undo(scene)
    assert scene.look()[PIP] == scene.old[PIP]


def test_a_client_that_is_gone_is_not_told(scene: Scene) -> None:
    """Its file goes back all the same, and those who are there are told."""
    scene.use()
    told = scene.daemon.reloads
    scene.daemon.gone = True
    undo(scene)
    assert scene.look() == scene.old
    assert scene.daemon.reloads == told


def test_what_cannot_be_written_is_told_before_anything_is(scene: Scene) -> None:
    scene.use()
    (scene.home / GIT).rename(scene.home / "other")
    (scene.home / GIT).hardlink_to(scene.home / "other")
    before = scene.look()
    with pytest.raises(Exception, match="hard links"):
        undo(scene)
    assert scene.look() == before
    (scene.home / "other").unlink()


def test_recover_tells_what_it_did(scene: Scene) -> None:
    assert history.recover(scene.session()).data.recovered == ()
    session = scene.session()
    journal = session.journal(Scope.USER)
    with journal.lock():
        identifier = journal.begin("use", (), at=datetime.now(UTC))
    assert history.recover(session).data.recovered == (identifier,)


def test_a_damaged_record_is_listed(scene: Scene) -> None:
    identifier = scene.use()
    record = scene.place / f"state/tx/{identifier}.applied"
    record.write_bytes(b"")
    (view,) = history.history(scene.session()).data.transactions
    assert (view.id, view.state, view.files) == (identifier, "damaged", ())
    with pytest.raises(UsageError, match="damaged"):
        undo(scene, identifier)


def test_each_scope_has_a_journal_and_all_are_listed(scene: Scene) -> None:
    session = scene.session()
    own = replace(session, machine=replace(session.machine, environ={"XDG_STATE_HOME": str(scene.place / "state")}))
    assert {journal.directory for journal in own.journals()} == {
        scene.place / "state/mirrorctl",
        Path("/var/lib/mirrorctl"),
    }
    transaction.commit(own, scene.changes(), command="use", switches=Switches())
    assert own.transactions()[0] == own.journal(Scope.USER).transactions()[0]
