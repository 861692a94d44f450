"""`catalog`: show an entry, check a file; what changes catalogs is in `catalog_edit`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mirrorctl import files
from mirrorctl.catalog import bundled_text
from mirrorctl.catalog.layers import parse
from mirrorctl.catalog.merging import merge
from mirrorctl.commands import catalog_edit
from mirrorctl.commands.result import Result
from mirrorctl.commands.session import Session, served_ecosystems
from mirrorctl.errors import CatalogError, UsageError
from mirrorctl.model import Mirror, Scope
from mirrorctl.text import Text, _
from mirrorctl.values import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryData:
    """All that the catalog says of one mirror, and the texts of its evidence."""

    mirror: Mapping[str, object]
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidData:
    path: str
    mirrors: int
    message: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for: the words and options of the command line."""

    action: str
    what: str | None = None
    targets: tuple[str, ...] = ()
    identifier: str | None = None
    operator: str | None = None
    scope: Scope | None = None
    sha256: str | None = None
    reset: bool = False


def run(begin: Callable[[], Session], wish: Wish) -> Result[Any]:
    match wish:
        case Wish(action="show", what=str(what)):
            return show(begin(), what)
        case Wish(action="validate", what=str(what)):
            return validate(Path(what))
        case Wish(action="add", what=str(what), targets=(target,)):
            ecosystem = served_ecosystems((target,))[0]
            return catalog_edit.add(
                begin(), what, ecosystem=ecosystem, identifier=wish.identifier, operator=wish.operator, scope=wish.scope
            )
        case Wish(action="add", what=str()):
            raise UsageError(_("it is not said what the mirror is for"), hint=_("name one client with -t"))
        case Wish(action="remove", what=str(what)):
            return catalog_edit.remove(begin(), what, scope=wish.scope)
        case Wish(action="update", reset=True):
            return catalog_edit.reset(begin())
        case Wish(action="update", what=str(what)):
            return catalog_edit.update(begin(), what, sha256=wish.sha256)
        case _:
            pass
    raise UsageError(
        _("catalog takes show ID, validate FILE, add URL -t NAME, remove ID, update URL or update FILE"),
        hint=_("mirrorctl list --all shows every id"),
        subject=wish.action,
    )


def show(session: Session, identifier: str) -> Result[EntryData | ValidData]:
    for mirror in session.catalog.mirrors:
        if mirror.id == identifier:
            return Result(command="catalog", data=_entry(session, mirror))
    near = session.catalog.suggest(identifier)
    raise UsageError(
        _("there is no mirror {name}", name=identifier),
        hint=_("did you mean {names}?", names=", ".join(near)) if near else _("mirrorctl list --all shows every id"),
        subject=identifier,
    )


def _entry(session: Session, mirror: Mirror) -> EntryData:
    known = (session.catalog.evidence.get(key) for key in mirror.evidence)
    values = {field.name: getattr(mirror, field.name) for field in fields(mirror) if field.name != "evidence"}
    values["sync"] = mirror.sync.documented
    values["freshness"] = tuple(f"{recipe.type} {recipe.url}" for recipe in mirror.freshness)
    return EntryData(
        mirror=values,
        evidence=tuple(f"{item.ref} ({item.at}): {item.says}" for item in known if item is not None),
    )


def validate(path: Path) -> Result[EntryData | ValidData]:
    """Reads a catalog file as an overlay on the bundled one. Raises CatalogError naming the key that is wrong."""
    data = files.read(path)
    if data is None:
        raise CatalogError(_("{path}: there is no such catalog", path=path), subject=str(path))
    layer = parse(data.decode("utf-8-sig", "replace"), name=str(path), origin="named")
    merge([parse(bundled_text(), name="mirrors.toml", origin="bundled"), layer])
    count = len(layer.entries)
    return Result(
        command="catalog",
        data=ValidData(
            path=str(path), mirrors=count, message=_("{path} is sound; mirrors in it: {count}", path=path, count=count)
        ),
    )
