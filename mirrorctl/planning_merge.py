"""Takes our change out of a file that was edited since: three-way merges, of a setting and of lines. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mirrorctl.model import Value

LIMIT_LINES = 400  # aligning takes time in proportion to the square of the lines that differ
Block = tuple[int, int, int]  # so many lines are the same, from this line of the one text and that of the other on


class ClashError(ValueError):
    """Somebody has changed the very setting that we had changed."""


def merge_value(before: Value, after: Value, current: Value) -> Value:
    """`current` with our change from `before` to `after` taken out. Raises ClashError.

    Every item of a list is a setting of its own: what others have added stays.
    """
    if current in (before, after):
        return before
    if isinstance(before, str) or isinstance(after, str) or isinstance(current, str):
        raise ClashError
    return _merge_items(
        list(before or []), list(after or []), list(current or []), empty=None if before is None else []
    )


def _merge_items(before: list[object], after: list[object], current: list[object], *, empty: Value) -> Value:
    ours = [item for item in after if item not in before]
    gone = [item for item in before if item not in after and item not in current]
    if any(item not in current for item in ours):
        if gone or any(item in current for item in ours):
            raise ClashError
        return _typed(current, empty)  # nothing of ours is left
    at = min((current.index(item) for item in ours), default=0)
    head = [item for item in current[:at] if item not in ours]
    tail = [item for item in current[at:] if item not in ours]
    return _typed([*head, *gone, *tail], empty)


def _typed(items: Sequence[object], empty: Value) -> Value:
    if not items:
        return empty
    if all(isinstance(item, list) for item in items):
        return [[str(word) for word in item] for item in items if isinstance(item, list)]
    return [str(item) for item in items]


def merge_text(before: str, after: str, current: str) -> str | None:
    """`current` with our change from `before` to `after` taken out, line by line; None where that is not plain."""
    old, new, now = (text.splitlines(keepends=True) for text in (before, after, current))
    ours, theirs = _align(new, old), _align(new, now)
    if ours is None or theirs is None:
        return None
    result, done = [], 0
    for start, end, old_start, old_end in _changes(ours, len(new), len(old)):
        place = _find(start, end, theirs, len(now))
        if place is None or place[0] < done:
            return None
        result += now[done : place[0]] + old[old_start:old_end]
        done = place[1]
    return "".join(result + now[done:])


def _align(one: list[str], two: list[str]) -> list[Block] | None:
    """The blocks that two texts have in common, in order; None where finding them would take too long."""
    from difflib import SequenceMatcher  # noqa: PLC0415  start-up time

    head = 0
    while head < min(len(one), len(two)) and one[head] == two[head]:
        head += 1
    tail = 0
    while tail < min(len(one), len(two)) - head and one[-1 - tail] == two[-1 - tail]:
        tail += 1
    middle_one, middle_two = one[head : len(one) - tail], two[head : len(two) - tail]
    if len(middle_one) + len(middle_two) > LIMIT_LINES:
        return None
    found = SequenceMatcher(None, middle_one, middle_two, autojunk=False).get_matching_blocks()
    inner = [(head + match.a, head + match.b, match.size) for match in found if match.size]
    return [(0, 0, head), *inner, (len(one) - tail, len(two) - tail, tail)]


def _changes(blocks: list[Block], length: int, other_length: int) -> Iterator[tuple[int, int, int, int]]:
    """The lines of the one text, and those of the other that stand in their place, between common blocks."""
    at, other_at = 0, 0
    for start, other_start, size in [*blocks, (length, other_length, 0)]:
        if start > at or other_start > other_at:
            yield at, start, other_at, other_start
        at, other_at = start + size, other_start + size


def _find(start: int, end: int, blocks: list[Block], length: int) -> tuple[int, int] | None:
    """Where the lines `start` to `end` stand in the other text; None unless all are there, together."""
    for at, other_at, size in blocks:
        if at <= start and end <= at + size and (size or start == end):
            return start - at + other_at, end - at + other_at
    return (0, length) if start == 0 and end == 0 and length == 0 else None
