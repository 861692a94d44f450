"""tomllib as a reader to compare with, and the laws of the TOML lens in its terms."""

from __future__ import annotations

import tomllib
from typing import Any, TypeAlias

from mirrorctl.formats import tomldoc

Place: TypeAlias = tuple[str | int, ...]

INDEX: Place = ("index",)
ENTRY: dict[str, str | bool] = {"url": "U", "default": True}
URL = "https://mirror.example/simple"


def read_by_python(text: str) -> dict[str, Any]:
    """What the document says, floats as written, so that equal documents are equal."""
    return tomllib.loads(text.removeprefix("\ufeff"), parse_float=str)


def strings(value: object, path: Place = ()) -> list[tuple[Place, str]]:
    """Every string of a document with its path."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return [found for key, inner in items for found in strings(inner, (*path, key))]
    return [(path, value)] if isinstance(value, str) else []


def changed(text: str, path: Place, value: object) -> dict[str, Any]:
    """What the document says, with another value at `path`."""
    document = read_by_python(text)
    inner: Any = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return document


def check_laws(text: str, path: Place) -> None:
    """Every string can be set and nothing else changes; a table comes, and goes without a trace."""
    before = read_by_python(text)
    for place, value in strings(tomldoc.parse(text)):
        assert tomldoc.set_string(text, place, value) == text
        after = tomldoc.set_string(text, place, URL)
        assert read_by_python(after) == changed(text, place, URL)
        assert tomldoc.get(tomldoc.set_string(after, place, value), place) == value
    found = tomldoc.tables(text, path)
    after = tomldoc.append_table(text, path, ENTRY)
    assert tomldoc.tables(after, path) == (*found, ENTRY)
    assert tomldoc.remove(after, (*path, len(found))) == text
    for index in range(len(found)):
        rest = tomldoc.remove(text, (*path, index))
        assert tomldoc.tables(rest, path) == (*found[:index], *found[index + 1 :])
        assert {key: value for key, value in read_by_python(rest).items() if key != path[0]} == {
            key: value for key, value in before.items() if key != path[0]
        }
