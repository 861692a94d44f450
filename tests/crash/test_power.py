"""The power is cut: all files old or all new after the next start, and new for good once the command has ended."""

from __future__ import annotations

from pathlib import Path

import pytest
from crash.power import PoweredShim, cuts, load
from crash.scene import Scene
from crash.trials import ACTS, prepare, run


@pytest.mark.parametrize("name", ACTS)
def test_power_cut_at_any_call(scene: Scene, name: str) -> None:
    count, failed = run(cuts(scene, ACTS[name], every=2))
    assert failed == []
    assert count > 60


def seen(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


@pytest.mark.parametrize("name", ACTS)
def test_the_account_of_the_disk_is_right(scene: Scene, name: str) -> None:
    """What programs see is what the account says that they see."""
    prepare(scene, ACTS[name])
    scene.furnish()
    shim = PoweredShim(base=scene.place, root=load(scene.place))
    ACTS[name].run(scene, shim)
    accounted = {
        str(file): node.data
        for file in seen(scene.place)
        if (node := shim.find(scene.place / file)) is not None and node.entries is None
    }
    assert accounted == seen(scene.place)
