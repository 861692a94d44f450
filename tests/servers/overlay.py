"""Catalog overlays that put the mirrors of a test in the place of all bundled ones."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

BUNDLED = Path(__file__).resolve().parents[2] / "mirrors.toml"


@cache
def bundled_ids() -> tuple[str, ...]:
    mirrors = tomllib.loads(BUNDLED.read_text(encoding="utf-8"))["mirror"]
    return tuple(mirror["id"] for mirror in mirrors)


def entry(mirror_id: str, ecosystem: str, url: str, **more: object) -> dict[str, object]:
    """A mirror of the operator whose name stands before the first hyphen of the id."""
    kind = {"git": {"kind": "url-prefix"}}.get(ecosystem, {})
    return {"id": mirror_id, "ecosystem": ecosystem, "url": url, **kind, **more}


def overlay(*entries: Mapping[str, object], operators: Mapping[str, str] | None = None) -> str:
    """The text of an overlay. `operators` maps ids to trust; whoever is not in it is private."""
    gone = [{"id": mirror_id, "disabled": True} for mirror_id in bundled_ids()]
    tables = [f"[operator.{name}]\ntrust = {json.dumps(trust)}\n" for name, trust in (operators or {}).items()]
    return "\n".join([*tables, *map(_mirror, (*gone, *entries))])


def _mirror(table: Mapping[str, object]) -> str:
    """TOML's strings, numbers, booleans and arrays are written as JSON's."""
    return "[[mirror]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
