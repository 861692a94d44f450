"""A target seen through another lens than its own.

What `use` writes is one setting, and the lens of a target reads that alone. What `doctor` repairs is more, and has to
be undone setting by setting as well. So a journal may name a facet, "pip/repairs", where it names a target: the same
files, the same client, and a lens that reads all that a repair may touch.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol, cast

from mirrorctl.model import Value
from mirrorctl.targets.base import Target


class Lens(Protocol):
    """What a facet replaces (`mirrorctl.targets.base` has the laws)."""

    @property
    def NAME(self) -> str: ...  # noqa: N802  as in Target

    def read(self, text: str, path: Path) -> Value: ...

    def write(self, text: str, path: Path, value: Value) -> str: ...

    def frame(self, text: str, path: Path) -> object: ...


class _Facet:
    def __init__(self, base: Target, lens: Lens) -> None:
        self._base = base
        self.NAME = lens.NAME
        self.read, self.write, self.frame = lens.read, lens.write, lens.frame

    def __getattr__(self, name: str) -> Any:
        return getattr(self._base, name)


def facet(base: Target, lens: Lens) -> Target:
    """`base`, except that its files are read and written through `lens`."""
    return cast("Target", _Facet(base, lens))


def target_of(name: str) -> str:
    """The name of the target that a facet belongs to; that of a target itself is its own."""
    return name.partition("/")[0]
