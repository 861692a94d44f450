"""Durations and sizes as people write them. Pure."""

from __future__ import annotations

import re

from mirrorctl.errors import UsageError
from mirrorctl.text import _

UNITS_S = {"s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
UNITS_BYTES = {"": 1, "B": 1, "KB": 1000, "MB": 1000**2, "GB": 1000**3, "KIB": 1024, "MIB": 1024**2, "GIB": 1024**3}


def parse_duration(text: str) -> float:
    """Seconds in `90s`, `15min`, `36h`, `7d`, or a bare number of seconds. Raises UsageError."""
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,6})?)\s*([a-z]*)", text.strip().lower())
    if match is None or match[2] not in {"", *UNITS_S}:
        raise UsageError(_("{text} is no duration", text=repr(text)), hint=_("write it as in 90s, 15min, 36h or 7d"))
    return float(match[1]) * UNITS_S.get(match[2], 1.0)


def parse_size(text: str) -> int:
    """Bytes in `500KB`, `25MB`, `1GiB`, or a bare number of bytes. Raises UsageError."""
    match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,6})?)\s*([A-Z]*)", text.strip().upper())
    unit = match[2] if match else ""
    unit = unit if unit in UNITS_BYTES else f"{unit}B"
    if match is None or unit not in UNITS_BYTES:
        raise UsageError(_("{text} is no size", text=repr(text)), hint=_("write it as in 500KB, 25MB or 1GiB"))
    return int(float(match[1]) * UNITS_BYTES[unit])
