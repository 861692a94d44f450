"""Killed, or failed by the disk, at any call: all files old, or all new. `python tests/crash` leaves none out."""

from __future__ import annotations

import pytest
from crash.scene import Scene
from crash.trials import ACTS, failures, kills, kills_while_recovering, run


def hold(trials: tuple[int, list[str]], at_least: int) -> None:
    count, failed = trials
    assert failed == []
    assert count >= at_least


@pytest.mark.parametrize("name", ACTS)
def test_killed_at_any_call(scene: Scene, name: str) -> None:
    hold(run(kills(scene, ACTS[name])), 30)


@pytest.mark.parametrize("name", ACTS)
def test_killed_again_while_recovering(scene: Scene, name: str) -> None:
    hold(run(kills_while_recovering(scene, ACTS[name], every=4, then_every=3)), 12)


@pytest.mark.parametrize("name", ACTS)
def test_any_call_fails(scene: Scene, name: str) -> None:
    hold(run(failures(scene, ACTS[name], every=5)), 40)
