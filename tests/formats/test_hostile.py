"""Hostile texts cost work in proportion to their length. Work is counted in calls, not in seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress

import pytest
from formats.hostile import EDITS, MAKERS

from mirrorctl.errors import FormatError

CASES = [(syntax, name) for syntax, makers in MAKERS.items() for name in makers]


def calls_of(edit: Callable[[str], str], text: str) -> int:
    """How many functions are called, Python's own included, until the text is edited or refused."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(note)
    try:
        with suppress(FormatError):
            edit(text)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(("syntax", "name"), CASES)
def test_twice_the_text_is_at_most_twice_the_work(syntax: str, name: str) -> None:
    make = MAKERS[syntax][name]
    small, large = (calls_of(EDITS[syntax], make(size)) for size in (4_000, 8_000))
    assert large <= 2.2 * small + 50


@pytest.mark.parametrize(("syntax", "name"), CASES)
def test_a_large_text_is_edited_or_refused(syntax: str, name: str) -> None:
    """What is quadratic inside one call, where it cannot be counted, would hang here."""
    with suppress(FormatError):
        EDITS[syntax](MAKERS[syntax][name](1 << 18))


@pytest.mark.parametrize("syntax", EDITS)
def test_little_room_on_the_stack_is_a_refusal(syntax: str) -> None:
    """A reader that recurses runs into the limit wherever it is called from, and says so."""
    deep = {"json": '{"a":' + "[" * 150 + "]" * 150 + "}", "toml": "a = " + "[" * 150 + "]" * 150}

    def descend(levels: int) -> str:
        return descend(levels - 1) if levels else EDITS[syntax](deep.get(syntax, ""))

    with suppress(FormatError):
        descend(sys.getrecursionlimit() - 200)
