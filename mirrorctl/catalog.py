"""The known mirrors: catalog files merged, and what can be asked of them (docs/reference/catalog.md). Pure.

Where the files are is decided elsewhere; only the bundled one is found here, beside the program.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from pathlib import Path

from mirrorctl.catalog_entry import GITHUB, UNUSABLE_KINDS, Entry
from mirrorctl.catalog_schema import BUNDLED, Evidence, Layer, OperatorEntry, parse
from mirrorctl.catalog_syntax import nearest, nearest_hint, refuse
from mirrorctl.catalog_url import normalise
from mirrorctl.errors import CatalogError
from mirrorctl.model import Mirror, Operator, Status, Trust
from mirrorctl.text import _
from mirrorctl.values import dataclass

__all__ = ["BUNDLED", "Catalog", "Evidence", "Layer", "bundled_text", "is_usable", "merge", "parse"]

DEFAULT_TRUST = frozenset({Trust.UNIVERSITY, Trust.COMPANY, Trust.PRIVATE})

_ORDER = {
    Status.ACTIVE: 0,
    Status.UNVERIFIED: 1,
    Status.RESTRICTED: 2,
    Status.LOGIN: 3,
    Status.INTERNAL: 4,
    Status.REDIRECTS: 5,
    Status.DEAD: 6,
}
_LEVEL = {Trust.COMMUNITY: 0, Trust.COMPANY: 1, Trust.UNIVERSITY: 1, Trust.PRIVATE: 2}
_UNRANKED = 1_000_000


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
        wanted = name.casefold()
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


def merge(layers: Sequence[Layer]) -> Catalog:
    """One catalog of all layers, weakest first. A mirror replaces the earlier one of its id as a whole."""
    operators: dict[str, Operator] = {}
    evidence: dict[str, Evidence] = {}
    canaries: dict[str, dict[str, tuple[str, ...]]] = {}
    entries: dict[str, tuple[Layer, Entry]] = {}
    ids: set[str] = set()  # disabled ones too
    hosts: dict[str, None] = {}
    for layer in layers:
        for stated in layer.operators:
            operators[stated.id] = _admit(stated, operators.get(stated.id), layer)
        evidence.update(layer.evidence)
        for ecosystem, groups in layer.canaries.items():
            canaries.setdefault(ecosystem, {}).update(groups)
        hosts.update(dict.fromkeys(layer.dead_docker_hosts))
        _disable(layer, entries)
        for entry in layer.entries:
            entries[entry.id] = layer, entry
            ids.add(entry.id)
            _check_operator(layer, entry, operators)
    for layer, entry in entries.values():
        _check_references(layer, entry, ids=ids, ecosystems=canaries.keys(), evidence=evidence.keys())
    return Catalog(
        mirrors=tuple(
            [
                _join(layer, entry, operators[entry.operator], evidence, entries.keys())
                for layer, entry in entries.values()
            ]
        ),
        operators=operators,
        evidence=evidence,
        canaries=canaries,
        catalog_date=max((layer.catalog_date for layer in layers if layer.catalog_date), default=date.min),
        dead_docker_hosts=tuple(hosts),
    )


def _admit(stated: OperatorEntry, earlier: Operator | None, layer: Layer) -> Operator:
    """An operator with what is stated of it, and with what was known before and is not stated anew.

    One of an overlay is private unless it says otherwise; one known before is not made more trusted.
    """
    trust = stated.trust or (earlier.trust if earlier else Trust.PRIVATE)
    if earlier and _LEVEL[trust] > _LEVEL[earlier.trust]:
        refuse(
            layer.name,
            f"operator.{stated.id}.trust",
            _("{id} is known as {trust}, and an overlay cannot raise that", id=stated.id, trust=earlier.trust),
            _("Declare an operator of your own for it."),
        )
    return Operator(
        id=stated.id,
        name=stated.name or (earlier.name if earlier else stated.id),
        name_zh=stated.name_zh or (earlier.name_zh if earlier else None),
        trust=trust,
        home=stated.home or (earlier.home if earlier else None),
    )


def _check_operator(layer: Layer, entry: Entry, operators: dict[str, Operator]) -> None:
    """A mirror of an overlay that names no operator has one of its own id, a private one if nobody declares it."""
    if entry.operator not in operators:
        if entry.operator != entry.id:
            reason = _("{name} is not known", name=entry.operator)
            refuse(layer.name, f"{entry.path}.operator", reason, nearest_hint(entry.operator, operators))
        operators[entry.id] = Operator(id=entry.id, name=entry.id, name_zh=None, trust=Trust.PRIVATE, home=None)
    if entry.default and operators[entry.operator].trust is Trust.COMMUNITY:
        refuse(layer.name, f"{entry.path}.default", _("a community mirror cannot be in the default set"))


def _disable(layer: Layer, entries: dict[str, tuple[Layer, Entry]]) -> None:
    for mirror_id, path in layer.disabled.items():
        if mirror_id not in entries:
            reason = _("{name} is not known", name=mirror_id)
            refuse(layer.name, f"{path}.id", reason, nearest_hint(mirror_id, entries))
        del entries[mirror_id]


def _join(
    layer: Layer,
    entry: Entry,
    operator: Operator,
    evidence: Mapping[str, Evidence],
    present: AbstractSet[str],
) -> Mirror:
    """The mirror of an entry. What an overlay adds is in the default set wherever that is allowed."""
    fields = dict(entry.fields)
    if fields["replaced_by"] not in present:  # disabled
        fields["replaced_by"] = None
    wanted = layer.origin != BUNDLED if entry.default is None else entry.default
    allowed = fields["status"] is Status.ACTIVE and fields["kind"] not in UNUSABLE_KINDS
    return Mirror(
        trust=operator.trust,
        default=wanted and allowed and operator.trust is not Trust.COMMUNITY,
        evidence_at=entry.evidence_at or max((evidence[key].at for key in fields["evidence"]), default=None),
        **fields,
    )


def _check_references(
    layer: Layer,
    entry: Entry,
    *,
    ids: AbstractSet[str],
    ecosystems: AbstractSet[str],
    evidence: AbstractSet[str],
) -> None:
    """What an entry names has to be there, in this layer or an earlier one."""
    fields = entry.fields
    named = [("ecosystem", fields["ecosystem"], ecosystems)]
    if fields["replaced_by"]:
        named.append(("replaced_by", fields["replaced_by"], ids))
    named += [(f"evidence[{index}]", key, evidence) for index, key in enumerate(fields["evidence"])]
    if "sync" in fields:
        named += [(f"sync.source[{index}]", key, evidence) for index, key in enumerate(fields["sync"].source)]
    for key, name, known in named:
        if name not in known:
            reason = _("{name} is not known", name=name)
            refuse(layer.name, f"{entry.path}.{key}", reason, nearest_hint(name, known))


def bundled_text() -> str:
    """The catalog that is installed with the program, or that of a checkout it runs from."""
    here = Path(__file__)
    for path in (here.with_name("mirrors.toml"), here.parents[1] / "mirrors.toml"):
        try:
            return path.read_text(encoding="utf-8")
        except FileNotFoundError:
            continue
    raise CatalogError(
        _("The catalog that belongs to the program is missing."),
        hint=_("Install mirrorctl-cn again."),
        subject="mirrors.toml",
    )
