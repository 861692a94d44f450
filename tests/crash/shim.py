"""A disk that stops, fails or falls short at a chosen call. Stands between the program and the real one."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mirrorctl.disk import Disk

CHANGING = (
    "chmod",
    "chown",
    "exchange",
    "fsync",
    "link",
    "mkdir",
    "remove_attribute",
    "rename",
    "rename_new",
    "rmdir",
    "set_attribute",
    "unlink",
    "write",
)
LOOKING = ("attributes", "close", "fstat", "lock", "lstat", "names", "open", "read", "readlink")
FREE = ("is_being_written", "is_frozen", "may_write", "mount_of")  # these fail by saying what they say

_IO = ("EIO",)
ERRORS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("chmod", "chown", "set_attribute", "remove_attribute"), ("EPERM", "EROFS", "EIO")),
    **dict.fromkeys(("exchange", "rename", "rename_new"), ("EIO", "ENOSPC", "EROFS", "EPERM", "EBUSY", "EINVAL")),
    **dict.fromkeys(("fsync", "write"), ("EIO", "ENOSPC")),
    **dict.fromkeys(("link", "mkdir"), ("EIO", "ENOSPC", "EROFS", "EPERM")),
    **dict.fromkeys(("rmdir", "unlink"), ("EIO", "EROFS", "EPERM", "EBUSY")),
    **dict.fromkeys(("attributes", "close", "fstat", "lock", "lstat", "names", "read", "readlink"), _IO),
    "open": ("EIO", "EMFILE", "ENOSPC", "EROFS", "EACCES"),
}


class CutError(BaseException):
    """The program was killed here: nothing that it does from now on happens."""


@dataclass(frozen=True, slots=True)
class Called:
    """One call, before it was made."""

    index: int
    name: str
    args: tuple[Any, ...]

    def __str__(self) -> str:
        shown = " ".join(str(arg) for arg in self.args if isinstance(arg, str))
        return f"#{self.index} {self.name} {shown}".rstrip()

    @property
    def changes(self) -> bool:
        return self.name in CHANGING or (self.name == "open" and bool(self.args[1] & os.O_CREAT))


@dataclass(slots=True)
class Shim(Disk):
    """Asks `rule` before every call: a number is the errno to fail with, CutError ends the program, "short" cuts short."""

    rule: Callable[[Called], int | str | type[CutError] | None] = lambda _called: None
    calls: list[Called] = field(default_factory=list)
    dead: bool = False

    def call(self, name: str, args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        real = getattr(Disk, name)
        if self.dead:
            if name == "close":  # the kernel closes what a dead program had open
                os.close(args[0])
            raise CutError
        called = Called(len(self.calls), name, args)
        self.calls.append(called)
        what = self.rule(called)
        if what is CutError:
            self.dead = True
            return self.call(name, args, options)
        if isinstance(what, int):
            if name == "close":
                os.close(args[0])
            raise OSError(what, os.strerror(what))
        if what == "short":
            args = self.shortened(name, args)
        return self.perform(real, name, args, options)

    def perform(self, real: Callable[..., Any], name: str, args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        return (
            None if name == "fsync" else real(self, *args, **options)
        )  # what it would do shows in no test of this kind

    def shortened(self, name: str, args: tuple[Any, ...]) -> tuple[Any, ...]:
        file, what = args
        return (file, what[:1]) if name == "write" else (file, 1)


def _wrap(name: str) -> Callable[..., Any]:
    def method(self: Shim, *args: Any, **options: Any) -> Any:
        return self.call(name, args, options)

    return method


for _name in (*CHANGING, *LOOKING):
    setattr(Shim, _name, _wrap(_name))


def kill_at(index: int) -> Shim:
    """Killed right before the call `index`."""
    return Shim(rule=lambda called: CutError if called.index == index else None)


def fail_at(at: Called, name: str, *, forever: bool) -> Shim:
    """The call `at` fails with the error `name` ("SHORT": is cut short), once or with all its like from there on."""
    what = "short" if name == "SHORT" else int(getattr(errno, name))

    def rule(called: Called) -> int | str | None:
        alike = forever and called.index > at.index and (called.name, called.changes) == (at.name, at.changes)
        return what if called.index == at.index or alike else None

    return Shim(rule=rule)


def failures_of(called: Called) -> tuple[str, ...]:
    short = ("SHORT",) if called.name in {"read", "write"} else ()
    names = ERRORS.get(called.name, ())
    if called.name == "open" and not called.changes:
        names = ("EIO", "EMFILE", "EACCES")
    return (*names, *short)
