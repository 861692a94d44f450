"""How files are opened: nothing that others have put there is followed, waited for, or taken for our own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from crash.scene import Scene
from crash.shim import Called, Shim

from mirrorctl import swap
from mirrorctl.disk import REAL
from mirrorctl.places import Rules, reach
from mirrorctl.swap_slot import Slot


@pytest.fixture
def opened(scene: Scene) -> list[Called]:
    """Every open(2) of a change and of its undo: name and flags."""
    scene.furnish()
    shim = Shim()
    scene.use(shim)
    scene.undo(shim)
    return [called for called in shim.calls if called.name == "open"]


def test_no_link_is_followed(opened: list[Called]) -> None:
    """The root is no link, and `.` is what is open already."""
    assert [str(called) for called in opened if not called.args[1] & os.O_NOFOLLOW and called.args[0] not in "/."] == []


def test_a_file_of_ours_is_a_new_one(opened: list[Called]) -> None:
    made = [called for called in opened if called.args[1] & os.O_CREAT]
    assert [str(called) for called in made if not called.args[1] & os.O_EXCL and called.args[0] != "lock"] == []
    assert len(made) > 8


def test_nothing_is_waited_for(opened: list[Called]) -> None:
    """Somebody may have put a FIFO where a file of the user was."""
    read = [called for called in opened if not called.args[1] & (os.O_DIRECTORY | os.O_CREAT)]
    read = [called for called in read if ".applied" not in called.args[0] and ".pending" not in called.args[0]]
    assert [str(called) for called in read if not called.args[1] & os.O_NONBLOCK] == []
    assert len(read) > 8


def test_what_lies_in_the_place_of_a_staged_file_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    with reach(tmp_path / "file", Rules(euid=os.geteuid(), links=True, root=tmp_path), REAL) as place:
        slot = Slot(place=place, identifier="1-x", index=0, lock=None, disk=REAL)
        (tmp_path / slot.temp).write_bytes(b"of somebody else")
        with pytest.raises(FileExistsError):
            swap.stage(slot, b"old", b"new")
        assert (tmp_path / slot.temp).read_bytes() == b"of somebody else"
