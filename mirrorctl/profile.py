"""Profiles: one TOML file that states what every client of a machine shall use (docs/reference/profile.md). Pure.

Whatever is wrong with a file is a UsageError that names the file, the key path and the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from mirrorctl.catalog.syntax import Table, nearest_hint, read_toml
from mirrorctl.errors import CatalogError, UsageError
from mirrorctl.model import Scope, Trust
from mirrorctl.quantities import parse_duration, parse_size
from mirrorctl.redaction import has_userinfo
from mirrorctl.targets import TARGETS
from mirrorctl.text import _
from mirrorctl.values import dataclass

T = TypeVar("T")

SCHEMA = 1
FASTEST = "fastest"
FALLBACKS = ("keep", "upstream", "fail")
TOP_KEYS = frozenset({"schema", "which", "catalogs", "policy", "target"})
POLICY_KEYS = frozenset({"trust", "max-lag", "max-age", "deadline", "budget", "latency-only", "fallback"})
TARGET_KEYS = frozenset({"which", "scope", "replace-private", "force"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What may be chosen, and what measuring may cost. The defaults are those of `use`."""

    trust: Trust = Trust.COMPANY
    max_lag_s: float = 86400.0
    max_age_s: float | None = None
    deadline_s: float = 8.0
    budget_bytes: int = 25_000_000
    latency_only: bool = False
    fallback: str = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What one client shall use."""

    target: str
    which: str
    scope: Scope | None = None
    replace_private: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """`catalogs` are the files that the profile names, relative to its own directory."""

    wishes: tuple[Wish, ...]
    terms: Terms
    catalogs: tuple[str, ...] = ()


def parse(text: str, name: str) -> Profile:
    """The profile that `text` describes; `name` is the file, for messages."""
    try:
        return _profile(Table(read_toml(text, name), name, ""))
    except CatalogError as error:  # a profile is written in the syntax of catalogs
        raise UsageError(error.message, hint=error.hint, subject=name) from error


def _profile(top: Table) -> Profile:
    schema = top.whole("schema")
    if schema not in {None, SCHEMA}:
        reason = _("this file is of schema {schema}, and this program reads schema {ours}", schema=schema, ours=SCHEMA)
        top.refuse("schema", reason, _("Update mirrorctl-cn."))
    top.allow(TOP_KEYS)
    usual = _which(top) or FASTEST
    targets = top.table("target")
    wishes = tuple([_wish(targets, name, usual) for name in targets])
    if not wishes:
        top.refuse("target", _("the profile names no target"), _("write a table for each, as in [target.pip]"))
    return Profile(wishes=wishes, terms=_terms(top.table("policy")), catalogs=top.texts("catalogs"))


def _wish(targets: Table, name: str, usual: str) -> Wish:
    if name not in TARGETS:
        targets.refuse(name, _("there is no target {name}", name=name), nearest_hint(name, TARGETS))
    table = targets.table(name)
    table.allow(TARGET_KEYS)
    scope = table.text("scope")
    return Wish(
        target=name,
        which=_which(table) or usual,
        scope=Scope(table.one_of("scope", scope, list(Scope))) if scope else None,
        replace_private=bool(table.flag("replace-private")),
        force=bool(table.flag("force")),
    )


def _which(table: Table) -> str | None:
    which = table.text("which")
    if which and has_userinfo(which):
        table.refuse("which", _("a URL must not hold a user name or password; they belong into ~/.netrc or a keyring"))
    return which


def _terms(policy: Table) -> Terms:
    policy.allow(POLICY_KEYS)
    usual = Terms()
    trust, fallback = policy.text("trust"), policy.text("fallback")
    return Terms(
        trust=Trust(policy.one_of("trust", trust, list(Trust))) if trust else usual.trust,
        max_lag_s=_quantity(policy, "max-lag", parse_duration, usual.max_lag_s),
        max_age_s=_quantity(policy, "max-age", parse_duration, usual.max_age_s),
        deadline_s=_quantity(policy, "deadline", parse_duration, usual.deadline_s),
        budget_bytes=_quantity(policy, "budget", parse_size, usual.budget_bytes),
        latency_only=bool(policy.flag("latency-only")),
        fallback=policy.one_of("fallback", fallback, FALLBACKS) if fallback else usual.fallback,
    )


def _quantity(table: Table, key: str, read: Callable[[str], T], usual: T) -> T:
    text = table.text(key)
    if text is None:
        return usual
    try:
        return read(text)
    except UsageError as error:
        table.refuse(key, error.message, error.hint)
