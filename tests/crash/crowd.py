"""Many at once: processes of ours, each with changes of its own, and editors of others. Nothing of anybody's gets lost."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

from crash import editor as editors
from crash import writer as writers
from crash.scene import GIT, Scene

from mirrorctl.commands import transaction
from mirrorctl.commands.change import Change, Switches
from mirrorctl.errors import ConflictError

PAUSE_S = 0.01  # if they never paused, we would never come to the point where something could get lost
PATIENCE_S = 3600


def together(scene: Scene, processes: int, rounds: int) -> list[str]:
    """Each process changes a rule of its own, `rounds` times in turn with the others. What was refused, and what is lost."""
    scene.furnish()
    command = [sys.executable, writers.__file__, str(scene.place)]
    running = [subprocess.Popen([*command, str(number * 2 * rounds), str(rounds)]) for number in range(processes)]
    failed = [f"process {number} did not end well" for number, each in enumerate(running) if each.wait(PATIENCE_S)]
    last = sorted(writers.rule(number * 2 * rounds + rounds - 1) for number in range(processes))
    found = writers.rules(scene.home / GIT)
    return failed if sorted(found) == last else [*failed, f"at the end there is {found}"]


def against(scene: Scene, style: str, edits: int) -> tuple[Counter[str], list[str]]:
    """We change a file for as long as an editor does. How many of our changes were made and refused, and what is lost.

    An editor that saves what it had read before puts our setting away. That is its right, and is not counted.
    """
    scene.furnish()
    path = scene.home / GIT
    command = [sys.executable, editors.__file__, str(path), style, str(edits), str(PAUSE_S)]
    ours: Counter[str] = Counter()
    with subprocess.Popen(command) as editor:
        number = 0
        while editor.poll() is None:
            number += 1
            ours[_change(scene, path, number)] += 1
    scene.recover()
    found = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*")).decode()
    lines = {line.strip(' \t"').partition('= "')[2] or line for line in found.splitlines()}
    kept = {line.strip('" ') for line in lines}
    wanted = (editors.LINE.format(number=number).strip() for number in range(edits))
    return ours, [*(f"{line!r} is lost" for line in wanted if line not in kept), *_strays(scene)]


def _change(scene: Scene, path: Path, number: int) -> str:
    def anew() -> tuple[Change, ...]:
        return writers.changes(path, number % 2, keep=lambda _rule: False)

    try:
        done = transaction.commit(scene.session(), anew(), command="use", switches=Switches(), again=anew)
    except ConflictError:
        return "refused"
    return "made" if done else "nothing to do"


def _strays(scene: Scene) -> list[str]:
    return [f"{path} lies about" for path in scene.strays() if ".mirrorctl-" in path and "kept" not in path]
