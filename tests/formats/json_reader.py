"""Python's own reader of JSON, to compare with."""

from __future__ import annotations

import json


def read_by_python(text: str) -> list[tuple[str, object]]:
    """The members of the document in their order, numbers as written."""
    pairs: list[tuple[str, object]] = json.loads(
        text, object_pairs_hook=list, parse_int=str, parse_float=str, parse_constant=str
    )
    return pairs


def others(text: str, key: str) -> list[tuple[str, object]]:
    return [pair for pair in read_by_python(text) if pair[0] != key] if text.strip() else []
