"""What a [[mirror]] of a catalog file says: its keys, their defaults and the rules of each kind. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from mirrorctl.catalog import GITHUB, UNUSABLE_KINDS
from mirrorctl.catalog.addresses import is_origin
from mirrorctl.catalog.syntax import Table
from mirrorctl.model import REGISTRIES, FreshnessRecipe, Status, Sync
from mirrorctl.text import _

# git: what stands before the rest of an address that begins with `replaces`
PREFIX_KINDS = frozenset({"url-prefix", "path-prefix", "host-replace"})
KINDS = frozenset({"index", "registry-mirror", "repo", "endpoint"}) | PREFIX_KINDS | UNUSABLE_KINDS
_DEFAULT_KINDS = {"pypi": "index", **dict.fromkeys(REGISTRIES, "registry-mirror")}
_DEFAULT_KINDS |= dict.fromkeys(("npm", "go", "rustup", "huggingface", "homebrew"), "endpoint")

_KEYS = frozenset(
    {"id", "disabled", "ecosystem", "operator", "kind", "url", "status", "status_since", "domain", "default", "rank"}
    | {"replaces", "registry", "aliases", "replaced_by", "sync", "freshness", "probe", "features", "quirks"}
    | {"evidence", "evidence_at"}
)
_DISABLED_KEYS = frozenset({"id", "disabled"})
_SYNC_KEYS = frozenset({"documented", "source", "remark"})
_RECIPE_KEYS = frozenset({"type", "url", "job"})
_RECIPE_TYPES = frozenset(
    {"tunasync", "mirrorz", "pku-status", "status-page"}
    | {"shadowmire-serial", "simple-serial", "x-pypi-last-serial", "last-modified"}
)
_FEATURES = frozenset(
    {"pep691", "pep658", "upload_time", "clone", "releases", "raw", "ipv4", "ipv6", "user_agent", "sumdb", "xet"}
)
_PROBE_URLS = frozenset({"packages", "speedtest"})
_PROBE_NAMES = frozenset({"project", "image", "repository"})


class Entry(NamedTuple):
    """A mirror as one file states it. `fields` are the arguments of Mirror that need no other table."""

    path: str  # of its table, for messages
    id: str
    operator: str
    fields: Mapping[str, Any]
    default: bool | None
    evidence_at: date | None


def read_mirrors(tables: list[Table], *, bundled: bool, origin: str) -> tuple[tuple[Entry, ...], dict[str, str]]:
    """The entries, and the ids that are disabled with the paths of their tables."""
    entries: list[Entry] = []
    disabled: dict[str, str] = {}
    seen: set[str] = set()
    for table in tables:
        table.allow(_KEYS)
        mirror_id = table.identifier("id", table.required("id"))
        table.about = _("It is the entry {id}.", id=mirror_id)
        if mirror_id in seen:
            table.refuse("id", _("{id} stands in this file a second time", id=mirror_id))
        seen.add(mirror_id)
        if table.flag("disabled"):
            _check_disabled(table, bundled=bundled)
            disabled[mirror_id] = table.path
        else:
            entries.append(_read_mirror(table, mirror_id, bundled=bundled, origin=origin))
    return tuple(entries), disabled


def _check_disabled(table: Table, *, bundled: bool) -> None:
    if bundled:
        table.refuse("disabled", _("only an overlay can disable an entry"))
    table.allow(_DISABLED_KEYS)


def _read_mirror(table: Table, mirror_id: str, *, bundled: bool, origin: str) -> Entry:
    ecosystem = table.required("ecosystem")
    operator = table.required("operator") if bundled else table.text("operator") or mirror_id
    status = _read_status(table, bundled=bundled)
    # An internal address is never chosen, only recognised, and some exist without TLS only.
    secure = bundled and status is not Status.INTERNAL
    kind = _read_kind(table, ecosystem)
    fields: dict[str, Any] = {
        "id": mirror_id,
        "ecosystem": ecosystem,
        "operator": operator,
        "kind": kind,
        "url": table.url("url", table.required("url"), secure=secure),
        "status": status,
        "status_since": table.since("status_since"),
        "domain": table.text("domain") or operator,
        "rank": _read_rank(table, status),
        "replaces": _read_urls(table, "replaces") or ((GITHUB,) if kind in PREFIX_KINDS else ()),
        "registry": table.text("registry") or (REGISTRIES.get(ecosystem) if kind == "registry-mirror" else None),
        "aliases": _read_urls(table, "aliases"),
        "replaced_by": table.text("replaced_by"),
        "quirks": table.texts("quirks"),
        "evidence": table.texts("evidence"),
        "origin": origin,
    }
    fields.update(_read_recipes(table, secure=secure))
    _check_url(table, fields)
    return Entry(
        path=table.path,
        id=mirror_id,
        operator=operator,
        fields=fields,
        default=_read_default(table, status, kind),
        evidence_at=table.day("evidence_at"),
    )


def _read_status(table: Table, *, bundled: bool) -> Status:
    value = table.required("status") if bundled else table.text("status") or Status.ACTIVE
    return Status(table.one_of("status", value, list(Status)))


def _read_kind(table: Table, ecosystem: str) -> str:
    kind = table.text("kind") or _DEFAULT_KINDS.get(ecosystem) or table.required("kind")
    return table.one_of("kind", kind, KINDS)


def _read_rank(table: Table, status: Status) -> int | None:
    rank = table.whole("rank")
    if rank is not None and status is not Status.ACTIVE:
        table.refuse("rank", _("only an active entry can have a rank"))
    return rank


def _read_default(table: Table, status: Status, kind: str) -> bool | None:
    default = table.flag("default")
    if default and (status is not Status.ACTIVE or kind in UNUSABLE_KINDS):
        table.refuse("default", _("only an active entry of a usable kind can be in the default set"))
    return default


def _read_urls(table: Table, key: str) -> tuple[str, ...]:
    """URLs that are recognised, not written: http is as good as https."""
    urls = table.texts(key)
    for index, url in enumerate(urls):
        table.url(f"{key}[{index}]", url, secure=False)
    return urls


def _read_recipes(table: Table, *, secure: bool) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if "sync" in table:
        fields["sync"] = _read_sync(table.table("sync"))
    if "freshness" in table:
        fields["freshness"] = tuple([_read_recipe(recipe, secure=secure) for recipe in table.tables("freshness")])
    if "probe" in table:
        fields["probe"] = _read_probe(table.table("probe"), secure=secure)
    if "features" in table:
        fields["features"] = _read_features(table.table("features"))
    return fields


def _read_sync(sync: Table) -> Sync:
    sync.allow(_SYNC_KEYS)
    return Sync(documented=sync.text("documented"), source=sync.texts("source"), remark=sync.text("remark"))


def _read_recipe(recipe: Table, *, secure: bool) -> FreshnessRecipe:
    recipe.allow(_RECIPE_KEYS)
    kind = recipe.one_of("type", recipe.required("type"), _RECIPE_TYPES)
    return FreshnessRecipe(
        type=kind, url=recipe.url("url", recipe.required("url"), secure=secure), job=recipe.text("job")
    )


def _read_probe(probe: Table, *, secure: bool) -> dict[str, object]:
    probe.allow(_PROBE_URLS | _PROBE_NAMES)
    values = {key: probe.required(key) for key in probe}
    for key, value in values.items():
        if key in _PROBE_URLS:
            probe.url(key, value, secure=secure)
    return dict(values)


def _read_features(features: Table) -> dict[str, bool]:
    features.allow(_FEATURES)
    return {key: bool(features.flag(key)) for key in features}


def _check_url(table: Table, fields: Mapping[str, Any]) -> None:
    """The forms that the clients need: dockerd takes an origin, git puts a prefix before the rest of an address."""
    kind, url = fields["kind"], fields["url"]
    if kind == "registry-mirror" and not is_origin(url):
        table.refuse("url", _("a registry mirror is a scheme, a host and maybe a port, without a path"))
    if kind == "registry-mirror" and fields["registry"] != REGISTRIES.get(fields["ecosystem"]):
        # A client that is sent elsewhere would get other images under the same names.
        table.refuse("registry", _("mirrors of this registry belong to another ecosystem"))
    if kind in PREFIX_KINDS and not url.endswith("/"):
        table.refuse("url", _("the address of a {kind} has to end with a slash", kind=kind))
    for index, prefix in enumerate(fields["replaces"]):
        if kind in PREFIX_KINDS and not prefix.endswith("/"):
            table.refuse(f"replaces[{index}]", _("what a {kind} replaces has to end with a slash", kind=kind))
        if kind == "repo" and not prefix.endswith(("/", ".git")):
            # git-config(1), url.<base>.insteadOf: any URL that *starts with* the value is rewritten
            table.refuse(
                f"replaces[{index}]",
                _('this has to end with "/" or ".git", or git also takes repositories whose names begin with it'),
            )
