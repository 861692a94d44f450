from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from crash.scene import Scene

from mirrorctl import swap_lock
from mirrorctl.targets import TARGETS


@pytest.fixture
def quick_place(tmp_path: Path) -> Iterator[Path]:
    """A directory in memory, where there is such a thing: these tests make and delete thousands of files."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK | os.X_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="mirrorctl-", dir=memory) as name:
        yield Path(name)


@pytest.fixture
def scene(quick_place: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    found = Scene(quick_place / "scene")
    monkeypatch.setitem(TARGETS, "daemon", found.daemon.target())
    monkeypatch.setattr(swap_lock, "PATIENCE_S", 0.05)
    return found
