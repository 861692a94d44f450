"""A process that changes a rule of its own in git's file, one transaction each: `writer.py PLACE FIRST COUNT`.

The rule has the numbers from FIRST on, one after the other. It ends with 1 when one that it has made is gone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent)]

from crash.scene import GIT, Scene

from mirrorctl.commands import transaction
from mirrorctl.commands.change import Change, Switches
from mirrorctl.formats import decode
from mirrorctl.model import Client, Plan, Scope
from mirrorctl.planning import make_edit
from mirrorctl.targets import TARGETS
from mirrorctl.targets.base import Setting


def rules(path: Path) -> list[list[str]]:
    held = TARGETS["git"].read(decode(path.read_bytes()), path)
    assert isinstance(held, list)
    return [[str(word) for word in rule] for rule in held]


def rule(number: int) -> list[str]:
    return [f"https://m{number}.example/", "insteadof", f"https://x{number}.example/"]


def changes(path: Path, number: int, *, keep: Callable[[list[str]], bool]) -> tuple[Change, ...]:
    """The rule of this number, beside those that are to be kept."""
    data = path.read_bytes()
    wanted = [*filter(keep, rules(path)), rule(number)]
    edit = make_edit(TARGETS["git"], Setting(path=path, value=sorted(wanted)), data)
    plan = Plan(target="git", scope=Scope.USER, mirrors=(), urls=(), edits=(edit,))
    return (Change(target=TARGETS["git"], client=Client(target="git"), plan=plan),)


def main(place: str, first: str, count: str) -> None:
    scene = Scene(Path(place))
    path = scene.home / GIT
    for number in range(int(first), int(first) + int(count)):
        last = rule(number - 1)
        if number > int(first) and last not in rules(path):
            sys.exit(f"rule {number - 1} is lost")

        def anew(number: int = number, last: list[str] = last) -> tuple[Change, ...]:
            return changes(path, number, keep=last.__ne__)

        transaction.commit(scene.session(), anew(), command="use", switches=Switches(), again=anew)


if __name__ == "__main__":
    main(*sys.argv[1:])
