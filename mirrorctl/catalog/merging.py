"""Layers merged into one catalog. Where the bundled one is found is said here; the others' places are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date

from mirrorctl.catalog import UNUSABLE_KINDS, Catalog, Evidence
from mirrorctl.catalog.entries import Entry
from mirrorctl.catalog.layers import BUNDLED, Layer, OperatorEntry
from mirrorctl.catalog.syntax import nearest_hint, refuse
from mirrorctl.model import Mirror, Operator, Status, Trust
from mirrorctl.text import _

_LEVEL = {Trust.COMMUNITY: 0, Trust.COMPANY: 1, Trust.UNIVERSITY: 1, Trust.PRIVATE: 2}


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
