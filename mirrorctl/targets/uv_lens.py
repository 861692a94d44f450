"""The default index of one file as a lens: uv.toml, or [tool.uv] of pyproject.toml.

[[index]]                          what is read first, and what is written
url = "https://…"
default = true

index-url = "https://…"            older forms: read, and taken away by a write
[pip]
index-url = "https://…"
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

from mirrorctl.errors import FormatError
from mirrorctl.formats import tomldoc
from mirrorctl.model import Value
from mirrorctl.targets.uv_settings import PROJECT
from mirrorctl.text import _

Place: TypeAlias = tuple[str | int, ...]


def read(text: str, path: Path) -> Value:
    """The default index of the file, in whichever of its forms it has one, the strongest first."""
    return next(iter(held(text, path).values()), None)


def write(text: str, path: Path, value: Value) -> str:
    if not isinstance(value, str | None):
        raise TypeError("uv has one default index")
    places = held(text, path)
    if value == next(iter(places.values()), None):
        return text
    first = next(iter(places), None)
    if value is not None and first and first[-1] == "url":
        return tomldoc.set_string(text, first, value)
    for place in reversed(places):
        text = tomldoc.remove(text, place[:-1] if place[-1] == "url" else place)
    if value is None:
        return text
    return tomldoc.append_table(text, (*root(path), "index"), {"url": value, "default": True})


def root(path: Path) -> tuple[str, ...]:
    return ("tool", "uv") if path.name == PROJECT else ()


def held(text: str, path: Path) -> dict[Place, str]:
    """Every default index that the file sets, by its place: that of an [[index]] first, uv's order from there."""
    top = root(path)
    settings = tomldoc.parse(text)
    for name in top:
        settings = _table(settings, name)
    indexes = settings.get("index", [])
    if not isinstance(indexes, list) or not all(isinstance(index, dict) for index in indexes):
        raise FormatError(_("“{name}” is no array of tables.", name=".".join((*top, "index"))), line=1)
    found: dict[Place, Any] = {}
    for number, index in enumerate(indexes):
        if index.get("default") is True:
            found[*top, "index", number, "url"] = index.get("url")
    for place, table in (((*top, "pip"), _table(settings, "pip")), (top, settings)):
        if "index-url" in table:
            found[*place, "index-url"] = table["index-url"]
    for where, value in found.items():
        if not isinstance(value, str):
            raise FormatError(_("“{name}” has to be a string.", name=".".join(map(str, where))), line=1)
    return found


def bound(text: str, path: Path) -> str | None:
    """The name of a default index that [tool.uv.sources] has packages from: without it uv refuses the project."""
    settings: Any = tomldoc.parse(text)
    for name in root(path):
        settings = _table(settings, name)
    entries = [
        each
        for found in _table(settings, "sources").values()
        for each in (found if isinstance(found, list) else [found])
    ]
    wanted = {str(each["index"]) for each in entries if isinstance(each, dict) and "index" in each}
    names = (str(index.get("name")) for index in settings.get("index", []) if index.get("default") is True)
    return next((name for name in names if name in wanted), None)


def _table(table: dict[str, Any], name: str) -> dict[str, Any]:
    inner = table.get(name, {})
    if not isinstance(inner, dict):
        raise FormatError(_("“{name}” has to be a table.", name=name), line=1)
    return inner


def frame(text: str, path: Path) -> object:
    """Everything but the default index; what is empty is as good as not there."""
    import tomllib  # noqa: PLC0415  start-up time

    try:
        document = tomllib.loads(text.removeprefix("\ufeff"), parse_float=str)
    except (ValueError, RecursionError) as error:
        raise FormatError(_("This is not TOML: {reason}.", reason=error), line=1) from error
    tables: list[dict[str, Any]] = [document]
    for name in root(path):
        table = tables[-1].get(name)
        tables.append(table if isinstance(table, dict) else {})
    settings = tables[-1]
    pip = settings.get("pip")
    for table in (settings, pip if isinstance(pip, dict) else {}):
        table.pop("index-url", None)
    indexes = settings.get("index")
    if isinstance(indexes, list):
        settings["index"] = [each for each in indexes if not (isinstance(each, dict) and each.get("default") is True)]
    for name in ("index", "pip"):
        if settings.get(name) in ([], {}):
            del settings[name]
    for outer, name in zip(reversed(tables[:-1]), reversed(root(path)), strict=True):
        if outer.get(name) == {}:
            del outer[name]
    return document
