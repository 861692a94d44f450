"""The power is cut for real file systems: what the disk has got is copied at every call, and the copy is mounted.

    sudo python tests/crash/images.py [ext4] [xfs] [btrfs] [use] [undo] [leave] [repair] [undo-repair] [--every N]

The file behind a loop device holds exactly what the file system has sent to its disk. `flushed`: before each copy another
program synchronises a file of its own, which is when journals of file systems are written. Copies that are equal are
judged once. Needs root, loop devices, and e2fsprogs, xfsprogs, btrfs-progs for what is asked for.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent)]

from crash.scene import Scene
from crash.shim import Called, Shim
from crash.trials import ACTS, Act

from mirrorctl import swap_lock
from mirrorctl.disk import Disk
from mirrorctl.targets import TARGETS

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class System:
    """A file system: how large it has to be, how it is made, and how it is mounted."""

    size_mib: int
    make: tuple[str, ...]
    options: str = "loop"


# Every 5 s, which a busy machine may take for a trial, ext4 would save what nobody has synchronised.
SYSTEMS = {
    "ext4": System(32, ("mkfs.ext4", "-q", "-F"), "loop,commit=300"),
    "ext4-no-alloc": System(32, ("mkfs.ext4", "-q", "-F"), "loop,commit=300,noauto_da_alloc"),
    "xfs": System(300, ("mkfs.xfs", "-q", "-f"), "loop,nouuid"),
    "btrfs": System(128, ("mkfs.btrfs", "-q", "-f")),
}


def call(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def mounted(image: Path, place: Path, system: System) -> Iterator[None]:
    done = subprocess.run(["mount", "-o", system.options, str(image), str(place)], capture_output=True, check=False)
    if done.returncode:
        raise OSError(done.stderr.decode(errors="replace").strip())
    try:
        yield
    finally:
        call("umount", str(place))


@dataclass(slots=True)
class Copying(Shim):
    """The real disk, copied right before every call that changes something, where it has changed."""

    image: Path = Path("/nowhere")
    folder: Path = Path("/nowhere")
    flush: Path | None = None
    every: int = 1
    number: int = 0
    copies: dict[Path, str] = field(default_factory=dict)

    def perform(self, real: Callable[..., Any], name: str, args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        called = Called(len(self.calls) - 1, name, args)
        if called.changes:
            self.number += 1
            if self.number % self.every == 0:
                self.copy(f"before {called}")
        return real(self, *args, **options)

    def copy(self, label: str) -> None:
        if self.flush:
            with self.flush.open("ab") as file:
                file.write(b".")
                file.flush()
                os.fsync(file.fileno())
        path = self.folder / f"{len(self.copies)}.img"
        call("cp", "--sparse=always", str(self.image), str(path))
        last = next(reversed(self.copies), None)
        if last and subprocess.run(["cmp", "-s", str(last), str(path)], check=False).returncode == 0:
            self.copies[last] = f"{self.copies[last].partition(' … ')[0]} … {label}"
            path.unlink()
        else:
            self.copies[path] = label


def cut(place: Path, act: Act, system: System, *, flushed: bool, every: int) -> tuple[int, list[str]]:
    """How many states of the disk there were, and what was wrong with which."""
    image, point = place / "disk.img", place / "mounted"
    point.mkdir(exist_ok=True)
    with image.open("wb") as file:
        file.truncate(system.size_mib * MEBIBYTE)
    call(*system.make, str(image))
    scene = Scene(point / "scene")
    TARGETS["daemon"] = scene.daemon.target()
    scene.files, scene.undoing = act.files, act.undoing
    shim = Copying(image=image, folder=place, flush=point / "other" if flushed else None, every=every)
    with mounted(image, point, system):
        scene.learn(act.run)
        os.sync()
        act.run(scene, shim)
        shim.flush = None  # what has been reported as done is durable without anybody's help
        shim.copy("at the end")
        last = next(reversed(shim.copies))
    failed = []
    for number, (copy, label) in enumerate(shim.copies.items()):
        try:
            with mounted(copy, point, system):
                _judge(scene, act, done=copy == last, at_first=number == 0)
        except Exception as error:  # noqa: BLE001  one state must not end the others
            failed.append(f"{label}: {type(error).__name__}: {error}")
        copy.unlink()
    image.unlink()
    return len(shim.copies), failed


def _judge(scene: Scene, act: Act, *, done: bool, at_first: bool) -> None:
    scene.daemon.start(scene.daemon.path)
    scene.check_now()
    scene.recover(Disk())
    scene.check_end()
    if done:
        assert scene.look() == scene.new, "not durable"
    if at_first:
        assert scene.look() == scene.old, "what is copied is not the disk at the beginning"
    if not act.undoing:
        scene.use()
        assert scene.look() == scene.new


def main(words: list[str]) -> int:
    every = int(words[words.index("--every") + 1]) if "--every" in words else 1
    acts = [word for word in words if word in ACTS] or list(ACTS)
    names = [word for word in words if word in SYSTEMS] or list(SYSTEMS)
    swap_lock.PATIENCE_S = 0.05
    bad = 0
    for name in names:
        for act in acts:
            for flushed in (False, True):
                start_s = time.monotonic()
                with tempfile.TemporaryDirectory(prefix="mirrorctl-") as place:
                    count, failed = cut(Path(place), ACTS[act], SYSTEMS[name], flushed=flushed, every=every)
                said = f"{name:<14} {act:<12} {'flushed' if flushed else 'at once':<8}"
                print(f"{said} {count - len(failed):>4} of {count:<4} {time.monotonic() - start_s:>4.0f} s", flush=True)
                print("".join(f"    {line}\n" for line in failed[:20]), end="", flush=True)
                bad += len(failed)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
