"""The JSON envelope (docs/reference/json.md): keys sorted, times RFC 3339 UTC, seconds and bytes as numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from mirrorctl.commands.result import Result
from mirrorctl.errors import MirrorctlError
from mirrorctl.model import Notice, Probe, Ranked, Ranking
from mirrorctl.redaction import redact
from mirrorctl.text import Text
from mirrorctl.values import fields

SCHEMA = "mirrorctl/1"
Translate = Callable[[str], str]


def envelope(result: Result[Any], translate: Translate) -> str:
    return _dump(
        {
            "schema": SCHEMA,
            "command": result.command,
            "status": result.status,
            "exit_code": int(result.exit_code),
            "data": jsonable(result.data, translate),
            "warnings": [_notice(notice, translate) for notice in result.warnings],
            "errors": [_notice(notice, translate) for notice in result.errors],
        }
    )


def error_envelope(command: str, error: MirrorctlError, translate: Translate) -> str:
    """What a script gets when a command could not even return."""
    notice = Notice(code=error.code, message=error.message, hint=error.hint, subject=error.subject)
    return _dump(
        {
            "schema": SCHEMA,
            "command": command,
            "status": "error",
            "exit_code": int(error.exit_code),
            "data": {},
            "warnings": [],
            "errors": [_notice(notice, translate)],
        }
    )


def _dump(document: Mapping[str, Any]) -> str:
    # ASCII only: nothing that a server or a file says can reach the terminal as a control character.
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=True)


def _notice(notice: Notice, translate: Translate) -> dict[str, Any]:
    return {
        "code": notice.code,
        "message": redact(notice.message.render(translate)),
        "hint": redact(notice.hint.render(translate)) if notice.hint else None,
        "subject": redact(notice.subject) if notice.subject else notice.subject,
    }


def jsonable(value: object, translate: Translate) -> Any:  # noqa: PLR0911  one case per kind of value
    """`value` as JSON can hold it. Raises TypeError for what has no place there."""
    match value:
        case None | bool() | int() | float() | str() if not isinstance(value, Enum):
            return value
        case Enum():
            return value.value
        case Text():
            return value.render(translate)
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Path():
            return str(value)
        case Ranking():
            return _ranking(value, translate)
        case Mapping():
            return {str(key): jsonable(item, translate) for key, item in value.items()}
        case tuple() | list() | set() | frozenset():
            return [jsonable(item, translate) for item in value]
        case _:
            return _fields(value, translate)


def _fields(value: object, translate: Translate) -> dict[str, Any]:
    if not hasattr(type(value), "__dataclass_fields__"):
        raise TypeError(f"{type(value).__name__} has no place in JSON")
    found: Any = value
    return {field.name: jsonable(getattr(found, field.name), translate) for field in fields(found)}


def _ranking(ranking: Ranking, translate: Translate) -> dict[str, Any]:
    return {
        "ecosystem": ranking.ecosystem,
        "elapsed_s": _round(ranking.elapsed_s),
        "read_bytes": ranking.read_bytes,
        "workload": jsonable(ranking.workload, translate),
        "ranking": [_ranked(entry, translate) for entry in ranking.ranked],
        "rejected": [
            _probe(probe, translate)
            | {
                "predicted_s": None,
                "reason": {
                    "code": probe.reason.code if probe.reason else "unknown",
                    "detail": probe.reason.detail.render(translate) if probe.reason else None,
                },
            }
            for probe in ranking.rejected
        ],
    }


def _ranked(entry: Ranked, translate: Translate) -> dict[str, Any]:
    more = {
        field.name: jsonable(_round(getattr(entry, field.name)), translate)
        for field in fields(entry)
        if field.name not in {"probe", "predicted_s"}
    }
    return _probe(entry.probe, translate) | {"predicted_s": _round(entry.predicted_s)} | more


def _probe(probe: Probe, translate: Translate) -> dict[str, Any]:
    mirror = probe.mirror
    measured = {
        field.name: jsonable(_round(getattr(probe, field.name)), translate)
        for field in fields(probe)
        if field.name not in {"mirror", "reason"}
    }
    return {
        "id": mirror.id,
        "url": mirror.url,
        "operator": mirror.operator,
        "trust": mirror.trust.value,
    } | measured


def _round(value: object) -> Any:
    """Six digits after the point are more than any of our clocks can tell."""
    return round(value, 6) if isinstance(value, float) else value
