"""How old a mirror's content is: signs that mirrors show, and what they mean side by side.

Signs come from status feeds (tunasync, mirrorz), from dates and serials of the index, or from the objects that are
served. A feed says when a job ended well, not what it brought, so that serials, where they can be compared between
operators, weigh more. A mirror that shows no sign has an unknown age: that is said, never taken for fresh.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from mirrorctl.ecosystems.base import Markers, Reply, Request
from mirrorctl.model import FreshnessRecipe
from mirrorctl.values import dataclass

FEED_LIMIT_BYTES = 512 * 1024
PATIENCE_S = 1.2
FEEDS = ("tunasync", "mirrorz", "shadowmire-serial", "x-pypi-last-serial")

# The index of PyPI counts every change. Growth as of 2026; only differences between mirrors are converted with it.
SERIALS_PER_HOUR = 650
# A serial further ahead of every other operator's than this is not believed.
SERIAL_LEAD_LIMIT = 7 * 24 * SERIALS_PER_HOUR
CLOCK_TOLERANCE_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How far a mirror is behind, in seconds, and the sign that says so."""

    lag_s: float
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What one mirror shows. `lineage` is the same for mirrors that copy one another."""

    lineage: str
    markers: Markers


def feed_request(recipe: FreshnessRecipe) -> Request | None:
    """The request of a status feed; None for a recipe that is not one."""
    if recipe.type not in FEEDS or not recipe.url.startswith(("https://", "http://")):
        return None
    if recipe.type == "x-pypi-last-serial":
        return Request(url=recipe.url, method="HEAD", patience_s=PATIENCE_S, timed=False)
    return Request(url=recipe.url, limit_bytes=FEED_LIMIT_BYTES, patience_s=PATIENCE_S, timed=False)


def feed_markers(recipe: FreshnessRecipe, reply: Reply) -> dict[str, str | int | float]:
    """What a feed says of `recipe.job`; nothing when it cannot be understood."""
    if reply.status != 200:
        return {}
    if recipe.type == "x-pypi-last-serial":
        return page_markers(reply)
    if recipe.type == "shadowmire-serial":
        digits = reply.body[:20].strip()
        return {"root_serial": int(digits)} if digits.isdigit() else {}
    try:
        data = json.loads(reply.body)
        at = _tunasync_at(data, recipe.job) if recipe.type == "tunasync" else _mirrorz_at(data, recipe.job)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return {}
    return {"synced_at": at} if at else {}


def _tunasync_at(jobs: list[dict[str, object]], name: str | None) -> float | None:
    """`last_update_ts` is set when a job ends with success (tunasync, manager/db_status)."""
    for job in jobs:
        stamp = job.get("last_update_ts")
        if job.get("name") == name and isinstance(stamp, int | float) and stamp > 0:
            return float(stamp)
    return None


def _mirrorz_at(site: dict[str, list[dict[str, object]]], name: str | None) -> float | None:
    """`status` is a row of letters with times: S of the last success, O of the one before a running sync (mirrorz)."""
    for entry in site["mirrors"]:
        if entry.get("cname") == name:
            found = re.search(r"[SO](\d{9,11})", str(entry.get("status", "")))
            return float(found[1]) if found else None
    return None


def http_time(value: str | None) -> float | None:
    """An HTTP date in seconds since the epoch (RFC 9110, 5.6.7)."""
    try:
        return parsedate_to_datetime(value).timestamp() if value else None
    except (ValueError, TypeError, OverflowError):
        return None


def page_markers(reply: Reply) -> dict[str, str | int | float]:
    """Signs of an index root: its serial and its date, unless the page is made anew for each request."""
    found: dict[str, str | int | float] = {}
    serial = reply.headers.get("x-pypi-last-serial", "")
    if serial.isascii() and serial.isdecimal() and len(serial) <= 12:
        found["root_serial"] = int(serial)
    modified, date = http_time(reply.headers.get("last-modified")), http_time(reply.headers.get("date"))
    if modified and (date is None or date - modified > 5):
        found["root_modified_at"] = modified
    return found


def lags(field: Mapping[str, Signs], now: datetime) -> dict[str, Lag]:
    """The lag of every mirror of `field` that can be told, by the name it has there."""
    now_s = now.timestamp()
    reference = serial_reference(
        (signs.lineage, int(serial))
        for signs in field.values()
        if isinstance(serial := signs.markers.get("root_serial"), int)
    )
    objects = object_references(field.values(), now_s)
    found = {
        name: _lag(signs.markers, now_s, reference) or _object_lag(signs.markers, now_s, objects)
        for name, signs in field.items()
    }
    return {name: lag for name, lag in found.items() if lag}


def object_references(field: Iterable[Signs], now_s: float) -> dict[str, Markers]:
    """For each object that mirrors serve under a name that moves (a tag, a branch): its newest state to be believed.

    That is one that two lineages serve; of several, the one published last. A state from the future is not believed.
    """
    witnesses: dict[tuple[str, str | int | float], set[str]] = {}
    published: dict[tuple[str, str | int | float], float] = {}
    for signs in field:
        for key, value in signs.markers.items():
            if not key.startswith("object:"):
                continue
            at = signs.markers.get(key.replace("object:", "published:", 1), 0.0)
            if isinstance(at, int | float) and at < now_s + CLOCK_TOLERANCE_S:
                witnesses.setdefault((key, value), set()).add(signs.lineage)
                published[key, value] = float(at)
    believed = {state: len(lineages) for state, lineages in witnesses.items() if len(lineages) > 1}
    best: dict[str, Markers] = {}
    for key, value in sorted(believed, key=lambda state: (published[state], believed[state])):
        best[key] = {"value": value, "published": published[key, value]}
    return best


def _object_lag(markers: Markers, now_s: float, references: Mapping[str, Markers]) -> Lag | None:
    """None behind the newest state; behind it since that was published, where it is known when."""
    known = [key for key in markers if key in references]
    missed = [key for key in known if markers[key] != references[key]["value"]]
    if known and not missed:
        return Lag(lag_s=0.0, basis="objects")
    newest = {key: float(references[key]["published"]) for key in missed}
    own = {key: float(markers.get(key.replace("object:", "published:", 1), 0.0)) for key in missed}
    ages = [now_s - at for key, at in newest.items() if at and own[key] < at]
    return Lag(lag_s=max(ages), basis="objects") if ages else None


def serial_reference(serials: Iterable[tuple[str, int]]) -> int | None:
    """The newest serial that can be believed; None when fewer than two lineages show one.

    Serials only grow, so the largest is the newest, but one that runs ahead of all other lineages is a forgery or
    another counter.
    """
    newest: dict[str, int] = {}
    for lineage, serial in serials:
        newest[lineage] = max(serial, newest.get(lineage, 0))
    ordered = sorted(newest.values(), reverse=True)
    while len(ordered) > 1 and ordered[0] - ordered[1] > SERIAL_LEAD_LIMIT:
        del ordered[0]
    return ordered[0] if len(ordered) > 1 else None


def _lag(markers: Markers, now_s: float, reference: int | None) -> Lag | None:
    serial = markers.get("root_serial")
    if reference is not None and isinstance(serial, int) and serial - reference <= SERIAL_LEAD_LIMIT:
        return Lag(lag_s=max(0, reference - serial) * 3600 / SERIALS_PER_HOUR, basis="serial")
    ages = [
        (now_s - at, basis)
        for key, basis in (("synced_at", "feed"), ("root_modified_at", "index-date"))
        if isinstance(at := markers.get(key), int | float) and at - now_s < CLOCK_TOLERANCE_S
    ]
    if not ages:
        return None
    age_s, basis = max(ages)
    return Lag(lag_s=max(0.0, age_s), basis=basis)
