"""The laws of a target's lens (`mirrorctl.targets.base`), on texts and values that a test brings."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import corpus
import pytest

from mirrorctl.errors import FormatError
from mirrorctl.formats import decode
from mirrorctl.model import Value

corpus_cases = corpus.cases


class Lens(Protocol):
    """The part of a target that the laws speak of."""

    def read(self, text: str, path: Path) -> Value: ...

    def write(self, text: str, path: Path, value: Value) -> str: ...

    def frame(self, text: str, path: Path) -> object: ...


def refuses(lens: Lens, text: str, path: Path, *values: Value) -> bool:
    """Whether the lens refuses `text`. If it does, it refuses altogether: it writes nothing into it either."""
    try:
        lens.read(text, path)
    except FormatError:
        for value in values:
            with pytest.raises(FormatError):
                lens.write(text, path, value)
        return True
    return False


def hold(lens: Lens, text: str, path: Path, *values: Value) -> None:
    """Asserts GetPut, PutGet, PutPut and Frame for `text` and every value, one written over the other."""
    assert lens.write(text, path, lens.read(text, path)) == text, "GetPut"
    frame = lens.frame(text, path)
    for value in values:
        once = lens.write(text, path, value)
        assert lens.read(once, path) == value, "PutGet"
        assert lens.frame(once, path) == frame, "Frame"
        for other in values:
            twice = lens.write(once, path, other)
            assert lens.read(twice, path) == other, "PutPut: read"
            assert lens.frame(twice, path) == frame, "PutPut: frame"
            assert other != value or twice == once, "GetPut after a write"


def check(lens: Lens, text: str, path: Path, *values: Value) -> bool:
    """The laws where the lens accepts `text` (True), and a clean refusal where it does not (False)."""
    if refuses(lens, text, path, *values):
        return False
    hold(lens, text, path, *values)
    return True


def text_of(path: Path) -> str:
    return decode(path.read_bytes())
