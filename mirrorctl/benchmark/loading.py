"""A report back from the JSON that was written of it. Pure.

Keys that are not known are of a later version, and passed over. Keys that are missing are of an earlier one, and have the
value that stands for "not known", where there is one. Everything else that is wrong is named with file and key.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, NoReturn, Union, cast, get_args, get_origin, get_type_hints

from mirrorctl.benchmark.report import BenchReport
from mirrorctl.errors import UsageError
from mirrorctl.reasons import complaint_of
from mirrorctl.text import Text, _
from mirrorctl.values import dataclass, fields

KINDS: Mapping[Any, Text] = {
    bool: _("true or false"),
    date: _("a date"),
    datetime: _("a time with its zone"),
    float: _("a number"),
    int: _("a whole number"),
    list: _("a list"),
    dict: _("an object"),
    str: _("a text"),
    Text: _("a text"),
}

LARGEST = 10**18  # nothing that is measured comes near it


def load_report(data: bytes, file: str) -> BenchReport:
    """The report in a file: what `bench --json` has printed, or its `data` alone. Raises UsageError."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            _("{file}: this is not JSON: {reason}", file=file, reason=complaint_of(error)), subject=file
        ) from error
    reader = _Reader(file)
    if not isinstance(document, dict):
        reader.refuse("", dict)
    if "schema" in document or "command" in document:
        if document.get("command") != "bench":
            raise UsageError(_("{file}: this is not the report of a benchmark", file=file), subject=file)
        document = document.get("data")
        return cast("BenchReport", reader.read(BenchReport, document, "data"))
    return cast("BenchReport", reader.read(BenchReport, document, ""))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Makes values of JSON, as their classes say. `key` is the place in the file, as in workloads[0].runs[3].via."""

    file: str

    def refuse(self, key: str, kind: Any) -> NoReturn:
        raise UsageError(
            _("{file}: {key} should be {kind}", file=self.file, key=key or _("the document"), kind=KINDS[kind]),
            hint=_("only a report that `mirrorctl bench` has written as JSON can be compared"),
            subject=self.file,
        )

    def read(self, kind: Any, value: object, key: str) -> Any:
        inner = get_args(kind)
        if get_origin(kind) in {Union, types.UnionType}:
            return None if value is None else self.read(inner[0], value, key)
        if get_origin(kind) is tuple:
            if not isinstance(value, list):
                self.refuse(key, list)
            return tuple(self.read(inner[0], item, f"{key}[{index}]") for index, item in enumerate(value))
        if hasattr(kind, "__dataclass_fields__") and kind is not Text:
            return self._object(kind, value, key)
        if issubclass(kind, Enum):
            return next((each for each in kind if each.value == value), None)
        return self._scalar(kind, value, key)

    def _object(self, kind: Any, value: object, key: str) -> Any:
        if not isinstance(value, dict):
            self.refuse(key, dict)
        hints = get_type_hints(kind)
        prefix = f"{key}." if key else ""
        found = {}
        for name in (field.name for field in fields(kind)):
            default = getattr(kind, name, _MISSING)
            if name in value:
                item = self.read(hints[name], value[name], f"{prefix}{name}")
                # An Enum of a later version may have members that are not known here.
                found[name] = default if item is None and default is not _MISSING else item
            elif default is _MISSING:
                found[name] = self._without(hints[name], f"{prefix}{name}")
        return kind(**found)

    def _without(self, kind: Any, key: str) -> Any:
        """What stands for a key that is not there."""
        if get_origin(kind) is tuple:
            return ()
        if type(None) in get_args(kind):
            return None
        raise UsageError(
            _("{file}: {key} is missing", file=self.file, key=key),
            hint=_("only a report that `mirrorctl bench` has written as JSON can be compared"),
            subject=self.file,
        )

    def _scalar(self, kind: Any, value: object, key: str) -> Any:
        if kind in {date, datetime} and isinstance(value, str):
            return self._time(kind, value, key)
        allowed: Any = {float: (int, float), Text: str}.get(kind, kind)
        if not isinstance(value, allowed) or isinstance(value, bool) != (kind is bool):
            self.refuse(key, kind)
        if isinstance(value, int | float) and not (0 if kind is float else -LARGEST) <= value < LARGEST:  # NaN too
            self.refuse(key, kind)
        return Text("{text}", {"text": value}) if kind is Text else kind(value)

    def _time(self, kind: Any, text: str, key: str) -> Any:
        try:
            found = kind.fromisoformat(text)
        except ValueError:
            self.refuse(key, kind)
        if kind is datetime and found.tzinfo is None:
            self.refuse(key, kind)
        return found


_MISSING = object()
