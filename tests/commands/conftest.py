from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from crash.scene import Scene

from mirrorctl import swap_slot
from mirrorctl.targets import TARGETS


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A home with the files of four clients, before anything was changed; nothing may be left lying about."""
    found = Scene(tmp_path / "scene")
    monkeypatch.setitem(TARGETS, "daemon", found.daemon.target())
    monkeypatch.setattr(swap_slot, "PATIENCE_S", 0.1)
    found.learn(Scene.use)
    yield found
    assert found.strays() == []
