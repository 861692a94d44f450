"""The trials: kill, kill while recovering, fail, cut the power. Each is a label and a function that raises when it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from crash.scene import EMPTY, LEAVE, REPAIR, USE, File, Scene, survive
from crash.shim import Called, Shim, fail_at, failures_of, kill_at

from mirrorctl.disk import Disk

Trial: TypeAlias = tuple[str, Callable[[], None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What is disturbed: a change of `files`, or taking that back."""

    run: Callable[[Scene, Disk], object]
    files: tuple[File, ...]
    undoing: bool = False


ACTS = {
    "use": Act(run=Scene.use, files=USE),
    "undo": Act(run=Scene.undo, files=USE, undoing=True),
    "leave": Act(run=Scene.use, files=LEAVE),
    "empty": Act(run=Scene.use, files=EMPTY),
    "repair": Act(run=Scene.use, files=REPAIR),
}


def prepare(scene: Scene, act: Act) -> list[Called]:
    """Sets the scene, and gives every call of an undisturbed run."""
    scene.files, scene.undoing = act.files, act.undoing
    scene.learn(act.run)
    shim = Shim()
    act.run(scene, shim)
    scene.check_end()
    return shim.calls


def changing(calls: list[Called]) -> list[Called]:
    return [called for called in calls if called.changes]


def kills(scene: Scene, act: Act, every: int = 1) -> Iterator[Trial]:
    """Killed right before any call that changes something."""
    for point in changing(prepare(scene, act))[::every]:

        def trial(point: Called = point) -> None:
            scene.furnish()
            _kill(scene, act, point)
            _check_recovery(scene, act)

        yield f"killed before {point}", trial


def _check_recovery(scene: Scene, act: Act) -> None:
    """Old or new at once; all old or all new after the next start; and the next run does what it should."""
    scene.check_now()
    scene.recover()
    scene.check_end()
    if not act.undoing:
        scene.use()
        assert scene.look() == scene.new
        scene.check_end()


def _kill(scene: Scene, act: Act, point: Called) -> None:
    assert not survive(lambda: act.run(scene, kill_at(point.index))), "not killed"


def kills_while_recovering(scene: Scene, act: Act, every: int = 1, then_every: int = 1) -> Iterator[Trial]:
    """Killed, and then killed again in what cleans up after it."""
    for point in changing(prepare(scene, act))[::every]:
        scene.furnish()
        _kill(scene, act, point)
        shim = Shim()
        scene.recover(shim)
        for second in changing(shim.calls)[::then_every]:

            def trial(point: Called = point, second: Called = second) -> None:
                scene.furnish()
                _kill(scene, act, point)
                survive(lambda: scene.recover(kill_at(second.index)))
                _check_recovery(scene, act)

            yield f"killed before {point}, recovery before {second}", trial


def failures(scene: Scene, act: Act, every: int = 1) -> Iterator[Trial]:
    """Every call fails, in every way it can, once and for ever. Only errors that are told may come of it."""
    cases = [
        (called, name, forever)
        for called in prepare(scene, act)
        for name in failures_of(called)
        for forever in (False, True)
    ]
    for called, name, forever in cases[::every]:

        def trial(called: Called = called, name: str = name, forever: bool = forever) -> None:
            scene.furnish()
            if survive(lambda: act.run(scene, fail_at(called, name, forever=forever))):
                assert scene.look() == scene.new, "silent"
            _check_recovery(scene, act)

        yield f"{name} {'for ever from' if forever else 'at'} {called}", trial


def run(trials: Iterator[Trial]) -> tuple[int, list[str]]:
    """How many there were, and what failed."""
    count, failed = 0, []
    for label, trial in trials:
        count += 1
        try:
            trial()
        except Exception as error:  # noqa: BLE001  a trial must not end the others
            failed.append(f"{label}: {type(error).__name__}: {error}")
    return count, failed
