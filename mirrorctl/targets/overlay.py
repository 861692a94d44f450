"""The entries of an overlay catalog as a lens, so that `catalog add` and `catalog remove` can be taken back like any change.

The value is a list of [id, the entry as JSON], in the order of the file. It is no client: a journal names it, nobody else.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mirrorctl.errors import FormatError
from mirrorctl.formats import tomldoc
from mirrorctl.model import Value
from mirrorctl.text import _

NAME = "catalog"
ARRAY = "mirror"


def read(text: str, path: Path) -> Value:  # noqa: ARG001
    return [[str(entry.get("id", "")), _canonical(entry)] for entry in tomldoc.tables(text, (ARRAY,))]


def write(text: str, path: Path, value: Value) -> str:
    wanted = [list(map(str, item)) for item in value] if isinstance(value, list) else []
    present = read(text, path) or []
    for index in reversed(range(len(present))):
        if list(present[index]) not in wanted:
            text = tomldoc.remove(text, (ARRAY, index))
    for item in wanted:
        if item not in [list(each) for each in present]:
            text = _append(text, json.loads(item[1]))
    return text


def _append(text: str, entry: dict[str, Any]) -> str:
    if all(isinstance(found, str | bool) for found in entry.values()):
        return tomldoc.append_table(text, (ARRAY,), entry)
    import tomlkit

    block = tomlkit.dumps({ARRAY: [entry]})
    return f"{text}\n{block}" if not text or text.endswith("\n") else f"{text}\n\n{block}"


def frame(text: str, path: Path) -> object:  # noqa: ARG001
    """All but the entries."""
    return {key: value for key, value in tomldoc.parse(text).items() if key != ARRAY}


def with_entry(text: str, path: Path, entry: dict[str, str]) -> Value:
    """The value with `entry` in the place of the one of its id."""
    return [*without_entry(text, path, entry["id"]), [entry["id"], _canonical(entry)]]


def without_entry(text: str, path: Path, identifier: str) -> list[list[str]]:
    return [[str(item[0]), str(item[1])] for item in read(text, path) or [] if item[0] != identifier]


def _canonical(entry: object) -> str:
    try:
        return json.dumps(entry, sort_keys=False, default=str)
    except (TypeError, ValueError) as error:
        raise FormatError(_("an entry cannot be kept: {reason}", reason=str(error)), line=1) from error
