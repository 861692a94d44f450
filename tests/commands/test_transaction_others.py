"""Others who write to the same files at the same moment: nothing of theirs is lost."""

from __future__ import annotations

import math
import os
from collections.abc import Callable

import pytest
from crash import crowd
from crash import editor as editors
from crash.scene import GIT, PIP, USE, Scene
from crash.shim import Shim

from mirrorctl.commands import transaction
from mirrorctl.disk import Disk
from mirrorctl.errors import ConflictError, VerifyError
from mirrorctl.model import Machine, Reason
from mirrorctl.text import _


def state_of(scene: Scene) -> list[str]:
    return [entry.state for entry in scene.session().transactions()]


def edited(scene: Scene, path: str, line: bytes) -> Callable[[], None]:
    def edit() -> None:
        with (scene.home / path).open("ab") as file:
            file.write(line)

    return edit


class Meddling(Shim):
    """Somebody does something right before a file is staged."""

    def __init__(self, meddle: Callable[[], object], times: int = 1) -> None:
        super().__init__()
        self.meddle, self.times = meddle, times

    def open(self, name: str, flags: int, folder: int | None = None, mode: int = 0o600) -> int:
        if name.endswith("-0.a") or (".mirrorctl-" in name and flags & os.O_CREAT):
            self.times -= 1
            if self.times >= 0:
                self.meddle()
        return Disk.open(self, name, flags, folder, mode)


def test_a_change_meanwhile_is_taken_up(scene: Scene) -> None:
    """The plan is made anew, from what stands there now."""
    assert scene.use(Meddling(edited(scene, GIT, b"[core]\n\teditor = vi\n"))) is not None
    assert b"editor = vi" in (scene.home / GIT).read_bytes()
    assert b"insteadOf" in (scene.home / GIT).read_bytes()
    assert state_of(scene) == ["applied"], "what was begun in vain leaves no trace"


def test_somebody_who_writes_all_the_time_is_waited_out(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction, "PATIENCE_S", math.inf)
    assert scene.use(Meddling(edited(scene, GIT, b"#\n"), times=10 * transaction.ATTEMPTS)) is not None
    assert (scene.home / GIT).read_bytes().count(b"#\n") == 10 * transaction.ATTEMPTS
    assert state_of(scene) == ["applied"]


def test_somebody_who_never_stops_is_told_of(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction, "PATIENCE_S", 0.0)
    with pytest.raises(ConflictError, match="changed by another program"):
        scene.use(Meddling(edited(scene, GIT, b"#\n"), times=1000))
    assert (scene.home / PIP).read_bytes() == USE[0].old
    assert b"insteadOf" not in (scene.home / GIT).read_bytes()
    assert (scene.home / GIT).read_bytes().endswith(b"#\n")


def test_what_is_added_after_us_stays_and_is_no_conflict(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def verify(_machine: Machine, _changes: object) -> dict[str, Reason | None]:
        edited(scene, GIT, b"# added\n")()
        return {}

    monkeypatch.setattr(transaction, "_verify", verify)
    scene.use()
    assert (scene.home / GIT).read_bytes().endswith(b"# added\n")
    assert state_of(scene) == ["applied"]


def test_what_is_put_over_us_is_a_conflict(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """An editor that had the old file saves it. Our setting is gone, and a success would be a lie."""

    def verify(_machine: Machine, _changes: object) -> dict[str, Reason | None]:
        (scene.home / GIT).write_bytes(b"[user]\n\tname = B\n")
        return {}

    monkeypatch.setattr(transaction, "_verify", verify)
    monkeypatch.setattr(transaction, "ATTEMPTS", 1)
    monkeypatch.setattr(transaction, "PATIENCE_S", 0.0)
    with pytest.raises(ConflictError):
        scene.use()
    assert (scene.home / GIT).read_bytes() == b"[user]\n\tname = B\n"
    assert (scene.home / PIP).read_bytes() == USE[0].old


def test_a_rollback_takes_our_setting_out_of_what_others_have_written(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def verify(_machine: Machine, _changes: object) -> dict[str, Reason | None]:
        edited(scene, GIT, b"# added\n")()
        return {"git": Reason(code="x", detail=_("no"))}

    monkeypatch.setattr(transaction, "_verify", verify)
    with pytest.raises(VerifyError):
        scene.use()
    assert (scene.home / GIT).read_bytes() == (USE[2].old or b"") + b"# added\n"


def test_twenty_at_once_lose_nothing_and_refuse_nobody(scene: Scene) -> None:
    """Real processes; each changes a rule of its own in one file. The long form is `python tests/crash concurrent`."""
    assert crowd.together(scene, 20, 5) == []
    assert len(scene.session().transactions()) == 100


@pytest.mark.parametrize("style", editors.STYLES)
def test_an_editor_at_the_same_time_loses_no_line(scene: Scene, style: str) -> None:
    """The long form is `python tests/crash race`."""
    ours, failed = crowd.against(scene, style, 40)
    assert failed == []
    assert ours["made"]
    for kept in scene.home.glob(f"{GIT}.mirrorctl-kept-*"):  # a line that came too late for the file
        kept.unlink()


def test_a_crowd_is_told_of_what_it_lost(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """What finds nothing lost has to be able to."""
    monkeypatch.setattr(crowd, "_change", lambda _scene, path, _number: str(path.write_bytes(b"")))
    _ours, failed = crowd.against(scene, "append", 20)
    assert failed
    assert failed[-1].endswith("is lost")
