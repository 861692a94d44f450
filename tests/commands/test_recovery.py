"""What the next start does about a change that was cut off."""

from __future__ import annotations

import pytest
from crash.scene import GIT, PIP, USE, UV, Scene
from crash.shim import CutError, Shim, kill_at

from mirrorctl.commands import history, transaction
from mirrorctl.commands.change import Switches
from mirrorctl.errors import MirrorctlError, WriteError
from mirrorctl.targets import TARGETS


def state_of(scene: Scene) -> list[str]:
    return [entry.state for entry in scene.session().transactions()]


def test_nothing_to_recover_writes_nothing(scene: Scene) -> None:
    assert scene.recover() == ()
    assert not (scene.place / "state").exists()


def interrupt(scene: Scene) -> str:
    """Killed when all files are new, and nothing is committed."""
    learning = Shim()
    scene.use(learning)
    last = next(
        called for called in learning.calls if called.name == "rename" and str(called.args[1]).endswith("committed")
    )
    scene.furnish()
    with pytest.raises(CutError):
        scene.use(kill_at(last.index))
    assert scene.look() == scene.new
    return scene.session().transactions()[0].id


def test_what_was_interrupted_is_rolled_back_and_told(scene: Scene) -> None:
    identifier = interrupt(scene)
    (notice,) = scene.recover()
    assert (notice.code, notice.subject) == ("recovered", identifier)
    assert scene.look() == scene.old
    assert scene.daemon.in_force == []


def test_recovery_leaves_what_others_have_written_since(scene: Scene) -> None:
    interrupt(scene)
    with (scene.home / GIT).open("ab") as file:
        file.write(b"# added\n")
    (scene.home / PIP).write_bytes(b"[global]\nindex-url = https://mine.example/\n")
    (scene.home / UV).unlink()
    codes = [notice.code for notice in scene.recover()]
    assert codes == ["recovered", "left"]
    assert (scene.home / GIT).read_bytes() == (USE[2].old or b"") + b"# added\n"
    assert (scene.home / PIP).read_bytes() == b"[global]\nindex-url = https://mine.example/\n"
    assert not (scene.home / UV).exists()
    assert scene.recover() == (), "it is not tried for ever"


def test_a_client_that_is_gone_does_not_keep_its_file_from_being_restored(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(scene)
    monkeypatch.delitem(TARGETS, "daemon")
    scene.recover()
    assert scene.look() == scene.old


def test_a_record_that_cannot_be_read_touches_nothing_and_is_told(scene: Scene) -> None:
    identifier = interrupt(scene)
    record = scene.place / f"state/tx/{identifier}.pending"
    record.write_bytes(record.read_bytes()[:100])
    (notice,) = scene.recover()
    assert (notice.code, notice.subject) == ("recover", identifier)
    assert scene.look() == scene.new
    for path in scene.home.rglob(".mirrorctl-*"):
        path.unlink()


def test_what_cannot_be_rolled_back_now_is_rolled_back_later(scene: Scene) -> None:
    interrupt(scene)

    def fail(called: object) -> int | None:
        return 5 if getattr(called, "name", "") == "exchange" else None

    (notice,) = scene.recover(Shim(rule=fail))
    assert notice.code == "recover"
    assert state_of(scene) == ["pending"]
    scene.recover()
    assert scene.look() == scene.old


def test_a_change_begins_with_recovery(scene: Scene) -> None:
    interrupt(scene)
    transaction.commit(scene.session(), (), command="use", switches=Switches())
    assert scene.look() == scene.old


def test_the_state_directory_may_be_unwritable(scene: Scene) -> None:
    (scene.place / "state").write_bytes(b"")
    with pytest.raises(WriteError):
        scene.use()
    assert scene.look() == scene.old


def test_history_of_an_interruption(scene: Scene) -> None:
    interrupt(scene)
    assert [view.state for view in history.history(scene.session()).data.transactions] == ["pending"]
    with pytest.raises(MirrorctlError):
        history.undo(scene.session(), scene.session().transactions()[0].id, switches=Switches())
