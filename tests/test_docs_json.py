"""docs/reference/json.md has every key that a command returns, with the type that it has."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

from mirrorctl.benchmark import BenchReport
from mirrorctl.benchmark.comparison import Comparison
from mirrorctl.commands.catalog import EntryData, ValidData
from mirrorctl.commands.catalog_edit import OverlayData, UpdateData
from mirrorctl.commands.doctor import DoctorData
from mirrorctl.commands.env import EnvData
from mirrorctl.commands.evidence import VerifyData
from mirrorctl.commands.history import HistoryData, RecoverData, UndoData
from mirrorctl.commands.listing import ListData
from mirrorctl.commands.outcome import UseData
from mirrorctl.commands.probe import ProbeData
from mirrorctl.commands.probe_history import ProbeHistoryData
from mirrorctl.commands.result import Result
from mirrorctl.commands.status import StatusData
from mirrorctl.model import Notice, Ranking, Reason
from mirrorctl.render.envelope import envelope
from mirrorctl.text import Text
from mirrorctl.values import fields, replace

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "json.md"
COMMANDS: dict[str, type[Any]] = {
    "use": UseData,
    "env": EnvData,
    "probe": ProbeData,
    "probe --history": ProbeHistoryData,
    "verify": VerifyData,
    "bench": BenchReport,
    "bench --compare": Comparison,
    "status": StatusData,
    "doctor": DoctorData,
    "list": ListData,
    "history": HistoryData,
    "undo": UndoData,
    "recover": RecoverData,
    "catalog show": EntryData,
    "catalog validate": ValidData,
    "catalog add": OverlayData,
    "catalog update": UpdateData,
}
SCALARS: dict[Any, object] = {
    str: "x",
    int: 1,
    float: 1.5,
    bool: True,
    datetime: datetime(2026, 9, 15, tzinfo=UTC),
    date: date(2026, 9, 15),
    Path: Path("/etc/x"),
    Text: Text("x"),
}
NAMES = {
    dict: "object",
    list: "array",
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
}
# Said elsewhere on the page, or on another one.
ELSEWHERE: dict[str, str | tuple[str, ...]] = {
    "bench --compare": ("workloads[].changes[].before.", "workloads[].changes[].after."),
    "use": "ecosystems[].",
    "env": "ecosystems[].",
    "probe": ("ecosystems[].ranking[].", "ecosystems[].rejected[]."),
    "catalog show": "mirror.",
}

Types = dict[str, frozenset[str]]


def sample(kind: Any, *, empty: bool | None) -> Any:
    """A value of this type; with `empty`, everything that may be unknown is. Lists have one element.

    With None, objects are there, and what may be unknown in them is.
    """
    if kind in SCALARS:
        return SCALARS[kind]
    inner = get_args(kind)
    if get_origin(kind) in {Union, types.UnionType}:
        return None if empty or (empty is None and not is_dataclass(inner[0])) else sample(inner[0], empty=empty)
    if get_origin(kind) is tuple:
        return (sample(inner[0], empty=empty),)
    if get_origin(kind) is Mapping:
        return {}
    if issubclass(kind, Enum):
        return next(iter(kind))
    assert is_dataclass(kind), kind
    make: Any = kind
    hints = get_type_hints(kind)
    found = make(**{field.name: sample(hints[field.name], empty=empty) for field in fields(kind)})
    return with_reasons(found) if isinstance(found, Ranking) else found


def with_reasons(ranking: Ranking) -> Ranking:
    """Whatever is rejected has a reason."""
    reason = Reason(code="x", detail=Text("x"))
    return replace(ranking, rejected=tuple(replace(probe, reason=reason) for probe in ranking.rejected))


def returned(kind: type[Any], *, empty: bool | None) -> Any:
    """The document with such data, as a script gets it."""
    notice = sample(Notice, empty=empty)
    result = Result(command="x", data=sample(kind, empty=empty), warnings=(notice,), errors=(notice,))
    return json.loads(envelope(result, str))


def keys(value: object, prefix: str = "") -> Iterator[tuple[str, str]]:
    """The path and type of every key below `value`."""
    if not isinstance(value, dict):
        return
    for key, item in value.items():
        path = f"{prefix}{key}[]" if isinstance(item, list) else f"{prefix}{key}"
        yield path, NAMES[type(item)]
        for inner in item if isinstance(item, list) else [item]:
            yield from keys(inner, f"{path}.")


def observed(kind: type[Any], *place: str) -> Types:
    """Every key at `place` of the document, with all types that it can have."""
    found: dict[str, set[str]] = {}
    for empty in (False, True, None):
        value = returned(kind, empty=empty)
        for name in place:
            value = value[name]
            value = value[0] if isinstance(value, list) else value
        for path, name in keys(value):
            found.setdefault(path, set()).add(name)
    return {path: frozenset(names) for path, names in found.items()}


def documented(start: str, end: str = "\n\n") -> Types:
    """The keys in the first table after `start`."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(f"{start}\n\n")
    rows = re.findall(r"^\| `([^`]+)` \| ([a-z ]+) \|", rest.partition(end)[0], re.MULTILINE)
    return {path: frozenset(words.replace("array of strings", "array").split(" or ")) for path, words in rows}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_key_of_a_command_is_documented(command: str) -> None:
    found = observed(COMMANDS[command], "data")
    own = {path: names for path, names in found.items() if not path.startswith(ELSEWHERE.get(command, "-"))}
    assert own == documented(f"## `{command}`")


@pytest.mark.parametrize(
    ("place", "more"),
    [("ranking", "An entry of `ranking` also has:"), ("rejected", "An entry of `rejected` also has:")],
)
def test_every_key_of_a_measurement_is_documented(place: str, more: str) -> None:
    found = observed(ProbeData, "data", "ecosystems", place)
    shared = documented("Each entry of `ranking` and `rejected`:")
    assert found.keys() == (shared | documented(more)).keys()
    assert {path: names for path, names in found.items() if not names <= (shared | documented(more))[path]} == {}


def test_the_envelope_is_documented() -> None:
    found = {path: names for path, names in observed(RecoverData).items() if "." not in path}
    assert found == documented("## The envelope")
    assert observed(RecoverData, "errors") == documented("A notice:")
