"""A process that adds rules of its own to git's file, one transaction each: `writer.py PLACE FIRST COUNT`."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent)]

from crash.scene import GIT, Scene  # noqa: E402

from mirrorctl.commands import transaction  # noqa: E402
from mirrorctl.commands.change import Change, Switches  # noqa: E402
from mirrorctl.formats import decode  # noqa: E402
from mirrorctl.model import Client, Plan, Scope  # noqa: E402
from mirrorctl.planning import make_edit  # noqa: E402
from mirrorctl.targets import TARGETS  # noqa: E402
from mirrorctl.targets.base import Setting  # noqa: E402


def changes(path: Path, number: int, *, only: bool = False) -> tuple[Change, ...]:
    """One more rule, or this one in the place of all others."""
    data = path.read_bytes()
    held = TARGETS["git"].read(decode(data), path)
    assert isinstance(held, list)
    rules = [[str(word) for word in rule] for rule in held if not only]
    rules.append([f"https://m{number}.example/", "insteadof", f"https://x{number}.example/"])
    edit = make_edit(TARGETS["git"], Setting(path=path, value=sorted(rules)), data)
    plan = Plan(target="git", scope=Scope.USER, mirrors=(), urls=(), edits=(edit,))
    return (Change(target=TARGETS["git"], client=Client(target="git"), plan=plan),)


def main(place: str, first: str, count: str) -> None:
    scene = Scene(Path(place))
    path = scene.home / GIT
    for number in range(int(first), int(first) + int(count)):

        def anew(number: int = number) -> tuple[Change, ...]:
            return changes(path, number)

        transaction.commit(scene.session(), anew(), command="use", switches=Switches(), again=anew)


if __name__ == "__main__":
    main(*sys.argv[1:])
