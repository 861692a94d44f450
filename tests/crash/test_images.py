"""The power is cut for a real file system, at a few calls. `python tests/crash/images.py` leaves out none."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from crash.images import MEBIBYTE, SYSTEMS, call, cut, mounted
from crash.trials import ACTS

from mirrorctl import swap_lock
from mirrorctl.disk import Disk
from mirrorctl.targets import TARGETS

EXT4 = SYSTEMS["ext4"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where images can be mounted."""
    if os.geteuid() != 0 or not shutil.which(EXT4.make[0]):
        pytest.skip("mounting takes root, and e2fsprogs")
    image, point = tmp_path / "trial.img", tmp_path / "trial"
    point.mkdir()
    with image.open("wb") as file:
        file.truncate(EXT4.size_mib * MEBIBYTE)
    call(*EXT4.make, str(image))
    try:
        with mounted(image, point, EXT4):
            pass
    except OSError as error:
        pytest.skip(f"no loop devices here: {error}")
    monkeypatch.setattr(swap_lock, "PATIENCE_S", 0.05)
    monkeypatch.setitem(TARGETS, "daemon", TARGETS["pip"])  # another takes its place, and is gone afterwards
    return tmp_path


def test_power_cut_on_ext4(place: Path) -> None:
    count, failed = cut(place, ACTS["use"], EXT4, flushed=True, every=12)
    assert failed == []
    assert count > 3


def test_without_fsync_it_is_noticed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(_disk: Disk, _file: int) -> None:
        pass

    monkeypatch.setattr(Disk, "fsync", nothing)
    _count, failed = cut(place, ACTS["use"], EXT4, flushed=False, every=100)
    assert any("not durable" in line for line in failed)
