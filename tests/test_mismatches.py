"""The memory of who serves other bytes."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ecosystems.walking import mirror

from mirrorctl import mismatches
from mirrorctl.environment import capture
from mirrorctl.mismatches import Mismatch
from mirrorctl.values import replace

NOW = datetime(2026, 9, 15, tzinfo=UTC)
FOUND = Mismatch(
    at=NOW,
    ecosystem="pypi",
    id="m",
    url="https://m.example/simple",
    samples=("six",),
    evidence=({"subject": "six.whl", "kind": "bytes", "expected": "a", "got": "b", "basis": "u"},),
)


def state() -> Path:
    return Path(os.environ["MIRRORCTL_STATE_DIR"]) / mismatches.FILE


def test_what_is_kept_comes_back() -> None:
    mismatches.keep(capture(), [FOUND])
    assert mismatches.load(capture(), NOW) == (FOUND,)


def test_it_is_the_users_also_while_an_image_is_prepared(tmp_path: Path) -> None:
    mismatches.keep(replace(capture(), root=tmp_path), [FOUND])
    assert list(tmp_path.iterdir()) == []
    assert mismatches.load(replace(capture(), root=tmp_path), NOW) == (FOUND,)


@pytest.mark.parametrize(("age", "count"), [(timedelta(days=179), 1), (timedelta(days=181), 0)])
def test_it_is_forgotten_in_the_end(age: timedelta, count: int) -> None:
    mismatches.keep(capture(), [FOUND])
    assert len(mismatches.load(capture(), NOW + age)) == count


def test_nothing_found_writes_nothing() -> None:
    mismatches.keep(capture(), [])
    assert not state().exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"mismatches": 1}',
        '{"mismatches": [{}]}',
        '{"mismatches": [{"at": "2026-01-01"}]}',
        '{"mismatches": ' + "[" * 50_000,
        '{"mismatches": [{"at": "2026-01-01", "ecosystem": "pypi", "id": "m", "url": "u", "samples": [], "evidence": []}]}',
    ],
    ids=["empty", "half", "list", "number", "no keys", "no url", "deep", "no time zone"],
)
def test_a_damaged_file_counts_as_empty(text: str) -> None:
    state().parent.mkdir(parents=True, exist_ok=True)
    state().write_text(text)
    assert mismatches.load(capture(), NOW) == ()


@pytest.mark.parametrize(
    ("url", "aliases", "concerned"),
    [
        ("https://m.example/simple/", (), True),
        ("https://M.example:443/simple", (), True),
        ("https://other.example/simple", ("https://m.example/simple",), True),
        ("https://other.example/simple", (), False),
    ],
)
def test_a_mirror_is_known_by_any_of_its_addresses(url: str, aliases: tuple[str, ...], *, concerned: bool) -> None:
    """An overlay that calls it something else changes nothing."""
    found = replace(mirror("pypi", url), id="other", aliases=aliases)
    assert (mismatches.find([FOUND], found) is not None) == concerned
    assert mismatches.find([FOUND], replace(found, ecosystem="docker")) is None
