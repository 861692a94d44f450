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
    """A mirror; one of git stands for a whole host."""
    kind = {"git": {"kind": "url-prefix"}}.get(ecosystem, {})
    return {"id": mirror_id, "ecosystem": ecosystem, "url": url, **kind, **more}


def overlay(*entries: Mapping[str, object], operators: Mapping[str, str] | None = None) -> str:
    """The text of an overlay. `operators` maps ids to trust; whoever is not in it is private."""
    gone = [{"id": mirror_id, "disabled": True} for mirror_id in bundled_ids()]
    trust = dict.fromkeys([str(found["operator"]) for found in entries if "operator" in found], "private")
    trust |= operators or {}
    tables = [f"[operator.{name}]\ntrust = {json.dumps(level)}\n" for name, level in trust.items()]
    return "\n".join([*tables, *map(_mirror, (*gone, *entries))])


def _mirror(table: Mapping[str, object]) -> str:
    """TOML's strings, numbers, booleans and arrays are written as JSON's."""
    return "[[mirror]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
