"""What a disk keeps when the power is cut, as hard as POSIX allows it to be.

A name is durable once its directory has been synchronised, content once its file has. Before that, a directory may
hold any number of its first changes, and a file its old content, nothing, zeros, or all. Nothing is said about the
order between two directories.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from crash.scene import Scene, survive
from crash.shim import Called, CutError, Shim
from crash.trials import Act, Trial, changing, prepare

Entries = dict[str, "Node"]
VARIANTS = ("nothing more", "names only", "everything")


@dataclass(slots=True, eq=False)
class Node:
    """A file or a directory: as programs see it, and as the disk has it."""

    mode: int
    data: bytes = b""
    kept: bytes | None = None  # None: never synchronised
    entries: Entries | None = None  # of a directory
    kept_entries: Entries = field(default_factory=dict)
    pending: list[Callable[[Entries], None]] = field(default_factory=list)

    def change(self, step: Callable[[Entries], None]) -> None:
        assert self.entries is not None
        step(self.entries)
        self.pending.append(step)

    def sync(self) -> None:
        self.kept = self.data
        self.kept_entries = dict(self.entries or {})
        self.pending.clear()


def load(path: Path) -> Node:
    """What is there, all of it durable."""
    mode = path.stat().st_mode & 0o7777
    if path.is_dir():
        entries = {child.name: load(child) for child in sorted(path.iterdir())}
        return Node(mode=mode, entries=entries, kept_entries=dict(entries))
    return Node(mode=mode, data=path.read_bytes(), kept=path.read_bytes())


@dataclass(slots=True)
class PoweredShim(Shim):
    """Keeps account of what the disk has. `base` is the directory that is on it."""

    base: Path = Path("/")
    root: Node = field(default_factory=lambda: Node(mode=0o755))
    opened: dict[int, Node] = field(default_factory=dict)

    def perform(self, real: Callable[..., Any], name: str, args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        result = None if name == "fsync" else real(self, *args, **options)
        note = getattr(self, f"note_{name}", None)
        if note:
            note(result, *args)
        return result

    def folder(self, file: int) -> Node | None:
        path = Path(f"/proc/self/fd/{file}").readlink()
        return self.find(path)

    def find(self, path: Path) -> Node | None:
        node: Node | None = self.root
        if not path.is_relative_to(self.base):
            return None
        for part in path.relative_to(self.base).parts:
            node = (node.entries or {}).get(part) if node else None
        return node

    def note_open(self, result: int, name: str, flags: int, folder: int | None = None, mode: int = 0) -> None:
        parent = self.folder(folder) if folder is not None else None
        if parent is None or parent.entries is None:
            return
        node = parent if name == "." else parent.entries.get(name)
        if node is None and flags & os.O_CREAT:
            node = made = Node(mode=os.fstat(result).st_mode & 0o7777)
            parent.change(lambda entries: entries.update({name: made}))
        if node is not None:
            self.opened[result] = node

    def note_write(self, result: int, file: int, data: memoryview) -> None:
        self.opened[file].data += bytes(data[:result])

    def note_fsync(self, _result: None, file: int) -> None:
        self.opened[file].sync()

    def note_chmod(self, _result: None, file: int, mode: int) -> None:
        self.opened[file].mode = mode

    def note_mkdir(self, _result: None, name: str, folder: int, mode: int) -> None:
        made = Node(mode=os.stat(name, dir_fd=folder).st_mode & 0o7777, entries={})
        self._at(folder).change(lambda entries: entries.update({name: made}))

    def note_unlink(self, _result: None, name: str, folder: int) -> None:
        self._at(folder).change(lambda entries: _drop(entries, name))

    note_rmdir = note_unlink

    def note_link(self, _result: None, old: str, new: str, folder: int) -> None:
        self._at(folder).change(lambda entries: entries.update({new: entries[old]}))

    def note_rename(self, _result: None, old: str, new: str, folder: int) -> None:
        self._at(folder).change(lambda entries: entries.update({new: entries.pop(old)}))

    note_rename_new = note_rename

    def note_exchange(self, _result: None, one: str, other: str, folder: int) -> None:
        self._at(folder).change(lambda entries: entries.update({one: entries[other], other: entries[one]}))

    def _at(self, folder: int) -> Node:
        found = self.folder(folder)
        assert found is not None
        return found


def _drop(entries: Entries, name: str) -> None:
    del entries[name]


def rebuild(path: Path, node: Node, variant: str, random: Random) -> None:
    """Makes the directory as the disk has it after the cut. Two names of a file stay two names of one file."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    path.chmod(node.mode)
    entries = dict(node.kept_entries)
    for step in node.pending[: _survivors(len(node.pending), variant, random)]:
        step(entries)
    made: dict[int, Path] = {}
    for name, child in entries.items():
        if child.entries is not None:
            rebuild(path / name, child, variant, random)
        elif first := made.get(id(child)):
            (path / name).hardlink_to(first)
        else:
            made[id(child)] = path / name
            (path / name).write_bytes(_content(child, variant, random))
            (path / name).chmod(child.mode)


def _survivors(count: int, variant: str, random: Random) -> int:
    fixed = {"nothing more": 0, "names only": count, "everything": count}
    return fixed[variant] if variant in fixed else random.randint(0, count)


def _content(node: Node, variant: str, random: Random) -> bytes:
    if variant == "everything" or node.kept == node.data:
        return node.data
    kept = node.kept or b""
    if variant in VARIANTS:
        return kept
    return random.choice([kept, node.data, b"\0" * len(node.data), node.data[: len(node.data) // 2]])


def cuts(scene: Scene, act: Act, every: int = 1, chances: int = 1) -> Iterator[Trial]:
    """The power is cut right before any call that changes something, and after the end."""
    points = changing(prepare(scene, act))
    labels: list[Called | None] = [*points[::every], None]
    for point in labels:
        for variant in (*VARIANTS, *(f"chance {number}" for number in range(chances))):

            def trial(point: Called | None = point, variant: str = variant) -> None:
                _cut(scene, act, point, variant)

            yield f"power cut {f'before {point}' if point else 'at the end'}, {variant}", trial


def _cut(scene: Scene, act: Act, point: Called | None, variant: str) -> None:
    scene.furnish()
    index = point.index if point else -1
    shim = PoweredShim(
        rule=lambda called: CutError if called.index == index else None, base=scene.place, root=load(scene.place)
    )
    survived = survive(lambda: act.run(scene, shim))
    assert survived == (point is None)
    rebuild(scene.place, shim.root, variant, Random(f"{index} {variant}"))
    scene.daemon.start(scene.daemon.path)
    scene.check_now()
    scene.recover()
    scene.check_end()
    if survived:
        assert scene.look() == scene.new, "not durable"
    if not act.undoing:
        scene.use()
        assert scene.look() == scene.new
