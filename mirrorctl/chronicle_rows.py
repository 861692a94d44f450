"""What is kept of a measurement, as rows, and back. Whatever does not read as it was written is left out."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from mirrorctl.experience import Measurement, Score, Terms
from mirrorctl.model import Mirror, Probe, Reason, Status, Trust
from mirrorctl.redaction import redact
from mirrorctl.text import Text
from mirrorctl.values import fields

# 1: the first one. A file of another number is set aside.
VERSION = 1
SCHEMA = (
    "CREATE TABLE salt (value BLOB NOT NULL)",
    """CREATE TABLE measurement (
        id INTEGER PRIMARY KEY,
        at_s REAL NOT NULL,  -- since the epoch, UTC
        network TEXT NOT NULL,  -- a keyed hash; empty where it could not be told
        ecosystem TEXT NOT NULL,
        max_lag_s REAL,
        deadline_s REAL NOT NULL,
        budget_bytes INTEGER NOT NULL,
        latency_only INTEGER NOT NULL,
        sound INTEGER NOT NULL
    )""",
    """CREATE TABLE probe (
        measurement INTEGER NOT NULL REFERENCES measurement (id) ON DELETE CASCADE,
        mirror TEXT NOT NULL,
        url TEXT NOT NULL,
        predicted_s REAL,
        measured TEXT NOT NULL,  -- the numbers of the probe by name, JSON
        reason TEXT,
        detail TEXT,  -- [template, values], JSON
        PRIMARY KEY (measurement, mirror)
    ) WITHOUT ROWID""",
    "CREATE INDEX recent ON measurement (ecosystem, at_s)",
    "CREATE INDEX of_mirror ON probe (mirror, measurement)",
)
_NAMES = frozenset(field.name for field in fields(Probe)) - {"mirror", "reason"}

Row = tuple[str, str, float | None, str, str | None, str | None]


def row_of(score: Score) -> Row:
    """mirror, url, predicted_s, measured, reason, detail. Numbers only: no address but the mirror's own is kept."""
    probe = score.probe
    found = {name: getattr(probe, name) for name in sorted(_NAMES)}
    measured = {name: value for name, value in found.items() if isinstance(value, int | float)}
    reason = probe.reason
    return (
        probe.mirror.id,
        redact(probe.mirror.url),
        score.predicted_s,
        json.dumps(measured | ({"lag_basis": probe.lag_basis} if probe.lag_basis else {})),
        reason.code if reason else None,
        json.dumps([reason.detail.template, _plain(reason.detail.values)]) if reason else None,
    )


def _plain(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value if isinstance(value, int | float | str) else str(value) for name, value in values.items()}


def measurement_of(
    row: Sequence[object], rows: Iterable[tuple[object, ...]], ecosystem: str, *, here: bool
) -> Measurement | None:
    """The row: id, at_s, max_lag_s, deadline_s, budget_bytes, latency_only, sound; `rows` are its probes."""
    identifier, at_s, max_lag_s, deadline_s, budget_bytes, latency_only, sound = row
    try:
        return Measurement(
            id=int(_number(identifier)),
            at=_time(at_s),
            here=here,
            ecosystem=ecosystem,
            terms=Terms(
                max_lag_s=None if max_lag_s is None else _number(max_lag_s),
                deadline_s=_number(deadline_s),
                budget_bytes=int(_number(budget_bytes)),
                latency_only=bool(latency_only),
            ),
            scores=scores_of(rows, ecosystem),
            sound=bool(sound),
        )
    except ValueError:
        return None


def last_of(row: Sequence[object], ecosystem: str, place: str) -> tuple[datetime, Score, bool] | None:
    """The row: at_s, network, and that of the probe. Whether it is of the network that is called `place`."""
    scores = scores_of([tuple(row[2:])], ecosystem)
    try:
        return (_time(row[0]), scores[0], bool(place) and row[1] == place) if scores else None
    except ValueError:
        return None


def _time(at_s: object) -> datetime:
    try:
        return datetime.fromtimestamp(_number(at_s), UTC)
    except (OSError, OverflowError) as error:  # a year that there is not
        raise ValueError(at_s) from error


def scores_of(rows: Iterable[tuple[object, ...]], ecosystem: str) -> tuple[Score, ...]:
    """What the rows say, those that are damaged left out."""
    return tuple(score for row in rows if (score := _score(row, ecosystem)) is not None)


def _score(row: tuple[object, ...], ecosystem: str) -> Score | None:
    try:
        mirror, url, predicted_s, measured, code, detail = row
        if not (isinstance(mirror, str) and isinstance(url, str)):
            return None
        probe = Probe(
            mirror=_placeholder(mirror, url, ecosystem),
            reason=None if code is None else Reason(code=_word(code), detail=_text(detail, _word(code))),
            **_measured(measured),
        )
        seconds = None if predicted_s is None or probe.reason else _number(predicted_s)
    except (TypeError, ValueError):
        return None
    if seconds is None and probe.reason is None:
        return None
    return Score(probe=probe, predicted_s=seconds)


def _placeholder(mirror: str, url: str, ecosystem: str) -> Mirror:
    """Stands for a mirror that the catalog of today may not know any more."""
    return Mirror(
        id=mirror,
        ecosystem=ecosystem,
        operator="-",
        url=url,
        kind="index",
        trust=Trust.PRIVATE,
        status=Status.ACTIVE,
        domain=url,
        origin="remembered",
    )


def _measured(text: object) -> dict[str, Any]:
    """The values that a probe of today has. Raises TypeError, ValueError."""
    found = json.loads(_word(text))
    if not isinstance(found, dict):
        raise TypeError(found)
    known = {name: value for name, value in found.items() if name in _NAMES}
    for name, value in known.items():
        if name == "lag_basis":
            _word(value)
        elif isinstance(value, bool) != (name == "confirmed"):
            raise TypeError(value)
        else:
            _number(value)
    return known


def _number(value: object) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ValueError(value)
    return value


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _text(detail: object, code: str) -> Text:
    """The explanation, to be shown in the language of today; the bare code where it cannot be."""
    try:
        template, values = json.loads(_word(detail))
        text = Text(_word(template), {str(name): value for name, value in values.items()})
        str(text)
    except (TypeError, ValueError, LookupError, AttributeError):
        return Text("{code}", {"code": code})
    return text
