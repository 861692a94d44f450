"""The known mirrors, and what can be asked of them (docs/reference/catalog.md). Pure.

This module is all that a command needs of a catalog that has been read before. Files are read by `layers`, put
together by `merging`.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from pathlib import Path
from typing import NamedTuple

from mirrorctl.catalog.addresses import normalise
from mirrorctl.errors import CatalogError
from mirrorctl.model import Mirror, Operator, Status, Trust
from mirrorctl.text import _
from mirrorctl.values import dataclass

DEFAULT_TRUST = frozenset({Trust.UNIVERSITY, Trust.COMPANY, Trust.PRIVATE})
GITHUB = "https://github.com/"
# Recognised where they are configured, and never chosen.
UNUSABLE_KINDS = frozenset({"download-prefix", "release-mirror", "namespace-copy", "unrelated"})

_ORDER = {
    Status.ACTIVE: 0,
    Status.UNVERIFIED: 1,
    Status.RESTRICTED: 2,
    Status.LOGIN: 3,
    Status.INTERNAL: 4,
    Status.REDIRECTS: 5,
    Status.DEAD: 6,
}
_UNRANKED = 1_000_000


class Evidence(NamedTuple):
    """Where a statement of the catalog comes from. `at` is the first day of a period that is not known better."""

    key: str
    ref: str
    at: date
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """All layers merged. `mirrors` stand in the order of the files; `canaries` are by ecosystem and purpose."""

    mirrors: tuple[Mirror, ...]
    operators: Mapping[str, Operator]
    evidence: Mapping[str, Evidence]
    canaries: Mapping[str, Mapping[str, tuple[str, ...]]]
    catalog_date: date
    dead_docker_hosts: tuple[str, ...]

    def of(self, ecosystem: str) -> tuple[Mirror, ...]:
        return tuple([mirror for mirror in self.mirrors if mirror.ecosystem == ecosystem])

    def find(self, which: str, ecosystem: str) -> tuple[Mirror, ...]:
        """The mirrors that `which` names: the one of that id, in whatever state it is, or what an operator of that
        id has to offer: for each thing it replaces the best that is not dead. Empty when there is none.
        """
        mirrors = self.of(ecosystem)
        for mirror in mirrors:
            if mirror.id == which:
                return (mirror,)
        offered = [mirror for mirror in mirrors if mirror.operator == which and mirror.status is not Status.DEAD]
        best: dict[tuple[str, ...], Mirror] = {}
        for mirror in sorted(filter(is_usable, offered), key=_preference):
            best.setdefault((*mirror.replaces, mirror.registry or ""), mirror)
        return tuple(best.values())

    def by_url(self, url: str, ecosystem: str) -> Mirror | None:
        """The mirror that `url` belongs to, dead ones included. A later layer wins."""
        wanted = normalise(url)
        for mirror in reversed(self.mirrors):
            if mirror.ecosystem == ecosystem and wanted in map(normalise, (mirror.url, *mirror.aliases)):
                return mirror
        return None

    def candidates(self, ecosystem: str, *, trust: AbstractSet[Trust] = DEFAULT_TRUST) -> tuple[Mirror, ...]:
        """What a race may choose from, best rank first: the default set as far as `trust` goes, opt-in community
        mirrors if `trust` names them, and every private mirror. For git, only what stands for all of GitHub.
        """
        chosen = [mirror for mirror in self.of(ecosystem) if is_usable(mirror) and _may_race(mirror, trust)]
        return tuple(sorted(chosen, key=_preference))

    def suggest(self, name: str) -> tuple[str, ...]:
        """Ids of operators and mirrors that may have been meant, operators whose name contains `name` first."""
        from mirrorctl.catalog.syntax import nearest  # noqa: PLC0415  only for a message

        wanted = name.casefold()
        if wanted in self.operators:  # known, so what is missing is theirs
            return tuple(mirror.id for mirror in self.mirrors if mirror.operator == wanted)[:3]
        named = [
            operator.id
            for operator in self.operators.values()
            if wanted in f"{operator.name} {operator.name_zh or ''} {operator.home or ''}".casefold()
        ]
        ids = [*self.operators, *(mirror.id for mirror in self.mirrors)]
        return tuple(dict.fromkeys([*named, *nearest(wanted, ids)]))[:3]


def is_usable(mirror: Mirror) -> bool:
    """Whether a client can be pointed at it at all. Some entries are there to be recognised only."""
    return mirror.kind not in UNUSABLE_KINDS and (mirror.ecosystem != "git" or bool(mirror.replaces))


def _may_race(mirror: Mirror, trust: AbstractSet[Trust]) -> bool:
    if mirror.status is not Status.ACTIVE or (mirror.ecosystem == "git" and GITHUB not in mirror.replaces):
        return False
    if mirror.trust is Trust.PRIVATE:
        return True
    return mirror.trust in trust and (mirror.default or mirror.trust is Trust.COMMUNITY)


def _preference(mirror: Mirror) -> tuple[int, int]:
    return _ORDER[mirror.status], mirror.rank or _UNRANKED


def bundled_path() -> Path:
    """The catalog that is installed with the program, or that of a checkout it runs from."""
    package = Path(__file__).parents[1]
    for path in (package / "mirrors.toml", package.parent / "mirrors.toml"):
        if path.is_file():
            return path
    raise CatalogError(
        _("The catalog that belongs to the program is missing."),
        hint=_("Install mirrorctl-cn again."),
        subject="mirrors.toml",
    )


def bundled_text() -> str:
    return bundled_path().read_text(encoding="utf-8")
