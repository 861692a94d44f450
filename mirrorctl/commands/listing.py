"""`list`: the catalog, as far as it concerns the targets asked for."""

from __future__ import annotations

from datetime import date

from mirrorctl.commands.result import Result
from mirrorctl.commands.session import Session, served_ecosystems
from mirrorctl.model import Mirror
from mirrorctl.targets import TARGETS
from mirrorctl.values import dataclass
from mirrorctl.variables import SPEAKERS


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorView:
    id: str
    ecosystem: str
    operator: str
    name: str
    name_zh: str | None
    url: str
    kind: str
    trust: str
    status: str
    status_since: str | None
    default: bool
    domain: str
    sync: str | None
    evidence_at: date | None
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListData:
    catalog_date: date | None
    mirrors: tuple[MirrorView, ...]
    hidden: int


def list_mirrors(session: Session, *, targets: tuple[str, ...] = (), everything: bool = False) -> Result[ListData]:
    """The default set and what overlays add; with `everything`, also dead, opt-in and unverified mirrors."""
    ecosystems = served_ecosystems(targets or (*TARGETS, *SPEAKERS))
    known = [mirror for mirror in session.catalog.mirrors if mirror.ecosystem in ecosystems]
    shown = [mirror for mirror in known if everything or mirror.default or mirror.origin != "bundled"]
    return Result(
        command="list",
        data=ListData(
            catalog_date=session.catalog.catalog_date,
            mirrors=tuple(_view(session, mirror) for mirror in shown),
            hidden=len(known) - len(shown),
        ),
    )


def _view(session: Session, mirror: Mirror) -> MirrorView:
    operator = session.catalog.operators.get(mirror.operator)
    return MirrorView(
        id=mirror.id,
        ecosystem=mirror.ecosystem,
        operator=mirror.operator,
        name=operator.name if operator else mirror.operator,
        name_zh=operator.name_zh if operator else None,
        url=mirror.url,
        kind=mirror.kind,
        trust=mirror.trust.value,
        status=mirror.status.value,
        status_since=mirror.status_since,
        default=mirror.default,
        domain=mirror.domain,
        sync=mirror.sync.documented,
        evidence_at=mirror.evidence_at,
        origin=mirror.origin,
    )
