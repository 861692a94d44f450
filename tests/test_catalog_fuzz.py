"""Whatever a catalog file holds, nothing but CatalogError leaves `parse` and `merge`."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from mirrorctl.catalog import bundled_text
from mirrorctl.catalog.layers import BUNDLED, parse
from mirrorctl.catalog.merging import merge
from mirrorctl.errors import CatalogError


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_no_text_raises_anything_else(text: str) -> None:
    with suppress(CatalogError):
        parse(text, name="own.toml", origin="user")


KEYS = ["id", "ecosystem", "operator", "kind", "url", "status", "status_since", "domain", "default", "rank", "aliases"]
KEYS += ["replaces", "registry", "replaced_by", "sync", "freshness", "probe", "features", "quirks", "evidence", "date"]
KEYS += [
    "evidence_at",
    "disabled",
    "name",
    "trust",
    "home",
    "schema",
    "catalog_date",
    "docker_hosts",
    "type",
    "ref",
    "says",
]
VALUES = [
    "1",
    "-1",
    "1.5",
    "nan",
    "true",
    "[]",
    "{}",
    '""',
    '"a"',
    '"pypi"',
    '"2026-01"',
    '"2026-99"',
    "2026-01-01",
    "[[]]",
]
VALUES += [
    "2026-01-01T00:00:00Z",
    "12:00:00",
    '["a"]',
    "[1]",
    "[{}]",
    '{ a = "b" }',
    '"https://a.example/"',
    '["\\u0000"]',
]
VALUES += [
    '"git"',
    '"repo"',
    '"url-prefix"',
    '"https://a:b@c"',
    '[{ type = "mirrorz", url = "https://a.example" }]',
    '"active"',
]
HEADERS = [
    "[[mirror]]",
    "[operator.a]",
    "[evidence.a]",
    "[probe.pypi]",
    "[probe.a.b]",
    "[dead]",
    "[mirror]",
    "[operator]",
]
LINES = st.sampled_from(HEADERS) | st.builds("{} = {}".format, st.sampled_from(KEYS), st.sampled_from(VALUES))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(LINES, unique_by=lambda line: line.partition(" ")[0], max_size=8), max_size=3))
def test_no_catalog_raises_anything_else(blocks: list[list[str]]) -> None:
    text = "\n".join(["[[mirror]]", 'id = "a"', *(line for block in blocks for line in block)])
    with suppress(CatalogError):
        merge([parse(text, name="own.toml", origin="user")])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_damaged_catalog_raises_anything_else(data: st.DataObject) -> None:
    """Lines of the bundled file, some of them with a character that does not belong there."""
    lines = bundled_text().splitlines()[:220]
    for _ in range(data.draw(st.integers(1, 3))):
        number = data.draw(st.integers(0, len(lines) - 1))
        at = data.draw(st.integers(0, len(lines[number])))
        lines[number] = (
            lines[number][:at] + data.draw(st.sampled_from('"\\[]{}=.#\x00é\u202e,1')) + lines[number][at + 1 :]
        )
    with suppress(CatalogError):
        merge([parse("\n".join(lines), name="own.toml", origin=BUNDLED)])
