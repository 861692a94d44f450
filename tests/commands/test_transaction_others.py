"""Others who write to the same files at the same moment: nothing of theirs is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from crash import writer as writers
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


def test_somebody_who_never_stops_is_told_of(scene: Scene) -> None:
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
    """Real processes; each adds a rule of its own to one file."""
    scene.furnish()
    writer = [sys.executable, writers.__file__, str(scene.place)]
    running = [subprocess.Popen([*writer, str(number * 5), "5"]) for number in range(20)]
    assert [process.wait(timeout=120) for process in running] == [0] * 20
    text = (scene.home / GIT).read_text()
    assert all(f"m{number}.example" in text for number in range(100))
    assert len(scene.session().transactions()) == 100
