"""What the tables of a catalog file say: text to `Layer` (docs/reference/catalog.md). Pure.

A layer is one file. Its mirrors stay entries until `catalog.merge` knows all operators. The records here are named
tuples, which the interpreter makes in an eighth of the time of a dataclass: every start of the program pays for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from mirrorctl.catalog import Evidence
from mirrorctl.catalog.entries import Entry, read_mirrors
from mirrorctl.catalog.syntax import Table, check_count, read_toml
from mirrorctl.model import Trust
from mirrorctl.text import _

SCHEMA = 1
BUNDLED = "bundled"

_TOP_KEYS = frozenset({"schema", "catalog_date", "operator", "mirror", "evidence", "probe", "dead"})
_OPERATOR_KEYS = frozenset({"name", "name_zh", "trust", "home"})
_EVIDENCE_KEYS = frozenset({"ref", "date", "says"})
_DEAD_KEYS = frozenset({"docker_hosts", "evidence"})


class OperatorEntry(NamedTuple):
    """An operator as one file states it. What it leaves out is None."""

    id: str
    name: str | None
    name_zh: str | None
    trust: Trust | None
    home: str | None


class Layer(NamedTuple):
    """One catalog file, valid in itself. `name` is for messages, `origin` says which layer it is."""

    name: str
    origin: str
    catalog_date: date | None
    operators: tuple[OperatorEntry, ...]
    entries: tuple[Entry, ...]
    disabled: Mapping[str, str]  # id to the path of its table
    evidence: Mapping[str, Evidence]
    canaries: Mapping[str, Mapping[str, tuple[str, ...]]]
    dead_docker_hosts: tuple[str, ...]


def parse(text: str, *, name: str, origin: str) -> Layer:
    """The layer that `text` describes. `origin` is "bundled" for our own file; any other is an overlay.

    Raises CatalogError, and nothing else, for every text.
    """
    top = Table(read_toml(text, name), name, "")
    bundled = origin == BUNDLED
    _check_schema(top, bundled=bundled)
    top.allow(_TOP_KEYS)
    mirrors = top.tables("mirror")
    check_count(len(mirrors), name)
    entries, disabled = read_mirrors(mirrors, bundled=bundled, origin=origin)
    operators, evidence = top.table("operator"), top.table("evidence")
    return Layer(
        name=name,
        origin=origin,
        catalog_date=top.day("catalog_date"),
        operators=tuple([_read_operator(operators.table(key), key, bundled=bundled) for key in operators]),
        entries=entries,
        disabled=disabled,
        evidence={key: _read_evidence(evidence.table(key), key) for key in evidence},
        canaries=_read_canaries(top.table("probe")),
        dead_docker_hosts=_read_hosts(top.table("dead")),
    )


def newest(layers: Sequence[Layer]) -> Layer:
    """The latest by `catalog_date`; the last of several of one day: an update was asked for."""
    return max(layers[::-1], key=lambda layer: layer.catalog_date or date.min)


def _check_schema(top: Table, *, bundled: bool) -> None:
    """Before all else: a file of a later schema may hold any key."""
    schema = top.whole("schema")
    if schema is None and bundled:
        top.required("schema")
    if schema not in {None, SCHEMA}:
        reason = _("this file is of schema {schema}, and this program reads schema {ours}", schema=schema, ours=SCHEMA)
        top.refuse("schema", reason, _("Update mirrorctl-cn."))


def _read_operator(table: Table, key: str, *, bundled: bool) -> OperatorEntry:
    table.allow(_OPERATOR_KEYS)
    table.identifier("", key)
    trust = table.required("trust") if bundled else table.text("trust")
    if bundled and trust == Trust.PRIVATE:
        table.refuse("trust", _("only an overlay can have private mirrors"))
    home = table.text("home")
    return OperatorEntry(
        id=key,
        name=table.required("name") if bundled else table.text("name"),
        name_zh=table.text("name_zh"),
        trust=None if trust is None else Trust(table.one_of("trust", trust, list(Trust))),
        home=None if home is None else table.url("home", home, secure=bundled),
    )


def _read_evidence(table: Table, key: str) -> Evidence:
    table.allow(_EVIDENCE_KEYS)
    table.identifier("", key)
    at = table.day("date")
    if at is None:
        table.refuse("date", _("this key is required"))
    return Evidence(key=key, ref=table.required("ref"), at=at, says=table.required("says"))


def _read_canaries(probe: Table) -> dict[str, dict[str, tuple[str, ...]]]:
    canaries = {}
    for ecosystem in probe:
        group = probe.table(ecosystem)
        group.identifier("", ecosystem)
        canaries[ecosystem] = {purpose: group.texts(purpose) for purpose in group}
    return canaries


def _read_hosts(dead: Table) -> tuple[str, ...]:
    dead.allow(_DEAD_KEYS)
    dead.texts("evidence")
    hosts = dead.texts("docker_hosts")
    for index, host in enumerate(hosts):
        dead.url(f"docker_hosts[{index}]", f"https://{host}", secure=True)
    return hosts
