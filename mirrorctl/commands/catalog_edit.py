"""`catalog add`, `catalog remove` and `catalog update`: a catalog of one's own, and a newer one than came with the program."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from mirrorctl import environment, files
from mirrorctl.catalog import bundled_text
from mirrorctl.catalog.layers import BUNDLED, Layer, newest, parse
from mirrorctl.catalog.merging import merge
from mirrorctl.commands import transaction
from mirrorctl.commands.change import Change, Switches
from mirrorctl.commands.outcome import EditView, undo_command
from mirrorctl.commands.result import Result
from mirrorctl.commands.session import Session, overlay_text
from mirrorctl.errors import CatalogError, UsageError
from mirrorctl.formats import decode
from mirrorctl.model import Client, Plan, Scope, Value
from mirrorctl.places import own_rules
from mirrorctl.planning import diff, make_edit
from mirrorctl.redaction import redact
from mirrorctl.targets import TARGETS
from mirrorctl.targets.base import Setting
from mirrorctl.targets.overlay import NAME, with_entry, without_entry
from mirrorctl.text import _
from mirrorctl.values import dataclass

KINDS = {"git": "url-prefix", "docker": "registry-mirror"}
LIMIT_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayData:
    """What `add` and `remove` did to the overlay at `path`; `undo` is the command that takes it back, `use` one that makes use of it."""

    id: str
    path: str
    transaction: str | None
    changed: bool
    edits: tuple[EditView, ...]
    undo: str | None = None
    use: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateData:
    """The catalog that is in force afterwards, and how it differs from the one before. Ids of mirrors."""

    path: str
    source: str
    sha256: str
    catalog_date: date
    changed: bool
    added: tuple[str, ...]
    removed: tuple[str, ...]
    other: tuple[str, ...]


# The user's own entries


def add(
    session: Session,
    url: str,
    *,
    ecosystem: str,
    identifier: str | None = None,
    operator: str | None = None,
    scope: Scope | None = None,
) -> Result[OverlayData]:
    """Writes an entry into the overlay of the user, or of the system. One of the same id is replaced."""
    entry = {"id": identifier or _name_for(url, ecosystem), "ecosystem": ecosystem, "url": url}
    if ecosystem == "git" and not url.endswith("/"):
        entry["url"] = f"{url}/"
    if operator:
        entry["operator"] = operator
    if ecosystem in KINDS:
        entry["kind"] = KINDS[ecosystem]
    path, data, text = _overlay(session, scope)
    return _write(session, path, data, entry["id"], with_entry(text, path, entry), scope, verb="add")


def remove(session: Session, identifier: str, *, scope: Scope | None = None) -> Result[OverlayData]:
    """Takes an entry out of that overlay. Raises UsageError when it is not in it."""
    path, data, text = _overlay(session, scope)
    value = without_entry(text, path, identifier)
    found = next((mirror for mirror in session.catalog.mirrors if mirror.id == identifier), None)
    if len(value) == len(TARGETS[NAME].read(text, path) or []):
        raise UsageError(
            _("{id} is not in {path}", id=identifier, path=path),
            hint=_('an entry of another layer is taken out by an entry with this id and "disabled = true"')
            if found
            else _("mirrorctl list --all shows every id"),
            subject=identifier,
        )
    return _write(session, path, data, identifier, value, scope, verb="remove")


def _name_for(url: str, ecosystem: str) -> str:
    """`pypi.acme.example` becomes `pypi-acme`: what tells hosts apart, with the ecosystem before it."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:  # what is wrong with it is said when the entry is read
        host = ""
    labels = [label for label in host.split(".") if label not in {"www", "mirror", "mirrors"}]
    words = [word for word in labels[:-1] or labels if word != ecosystem]
    name = "".join(char if char.isalnum() else "-" for char in "-".join([ecosystem, *words]).lower())
    return name[:64].strip("-") or ecosystem


def _overlay(session: Session, scope: Scope | None) -> tuple[Path, bytes | None, str]:
    """Where it is, its bytes, and the text. Read once: what somebody writes meanwhile must not pass for known."""
    path = environment.overlay_path(session.machine, scope or Scope.USER)
    data = files.read(path)
    return path, data, decode(data or b"").removeprefix("\ufeff")


def _write(
    session: Session,
    path: Path,
    before: bytes | None,
    identifier: str,
    value: Value,
    scope: Scope | None,
    *,
    verb: str,
) -> Result[OverlayData]:
    target = TARGETS[NAME]
    edit = make_edit(target, Setting(path=path, value=value), before)
    # What would not be a sound catalog is refused before it is written, with the key that is wrong.
    merge([parse(bundled_text(), name="mirrors.toml", origin=BUNDLED), _layer(decode(edit.after or b""), path)])
    done = None
    if edit.changed:
        where = Scope.SYSTEM if scope is Scope.SYSTEM or session.machine.root else Scope.USER
        plan = Plan(target=NAME, scope=where, mirrors=(), urls=(), edits=(edit,))
        change = Change(target=target, client=Client(target=NAME), plan=plan, live=False)
        transaction.recover(session)
        label = f"catalog {verb} {identifier}"
        done = transaction.commit(session, (change,), command=label, switches=Switches(verify=False))
    data = OverlayData(
        id=identifier,
        path=str(path),
        transaction=done,
        changed=edit.changed,
        edits=(EditView(path=str(path), diff=diff(edit)),) if edit.changed else (),
        undo=f"{undo_command(session.machine)} {done}" if done else None,
        use=f"mirrorctl use {identifier}" if done and verb == "add" else None,
    )
    return Result(command="catalog", data=data)


def _layer(text: str, path: Path) -> Layer:
    return parse(text, name=str(path), origin="user")


# A newer catalog


def update(session: Session, source: str, *, sha256: str | None = None) -> Result[UpdateData]:
    """Takes the catalog at `source`, a file or an https address, in the place of the bundled one.

    It has to be as sound as the bundled one, and not older: nobody can bring back mirrors that were taken out.
    """
    data = _fetched(session, source) if "://" in source else _local(Path(source))
    source = redact(source)
    digest = hashlib.sha256(data).hexdigest()
    if sha256 and sha256.lower() != digest:
        raise CatalogError(
            _("{source} has the SHA-256 {found}, not {expected}", source=source, found=digest, expected=sha256),
            hint=_("nothing was changed; the file may have been altered on its way"),
            subject=source,
        )
    new = parse(data.decode("utf-8-sig", "replace"), name=source, origin=BUNDLED)
    merge([new])
    path = environment.updated_catalog(session.machine)
    before = _present(session)
    _refuse_older(new, before, source)
    with files.explained(path):
        files.keep(path, data, own_rules(session.machine))
    return Result(command="catalog", data=_difference(before, new, path, source, digest))


def reset(session: Session) -> Result[UpdateData]:
    """Goes back to the catalog that came with the program."""
    path = environment.updated_catalog(session.machine)
    before = _present(session)
    bundled = parse(bundled_text(), name="mirrors.toml", origin=BUNDLED)
    with files.explained(path):
        files.discard(path, own_rules(session.machine))
    digest = hashlib.sha256(bundled_text().encode()).hexdigest()
    return Result(command="catalog", data=_difference(before, bundled, path, BUNDLED, digest))


def _local(path: Path) -> bytes:
    data = files.read(path)
    if data is None:
        raise CatalogError(_("{path}: there is no such catalog", path=path), subject=str(path))
    return data


def _fetched(session: Session, url: str) -> bytes:
    if not url.startswith("https://"):
        raise UsageError(
            _("{url} cannot be taken: only https proves where a catalog comes from", url=redact(url)),
            hint=_("fetch it by other means, and give the file"),
        )
    from mirrorctl.probing.documents import fetch  # noqa: PLC0415  httpx loads when it is used

    return fetch(url, session.machine.environ, limit_bytes=LIMIT_BYTES)


def _present(session: Session) -> Layer:
    """The catalog in force, without overlays."""
    bundled = parse(bundled_text(), name="mirrors.toml", origin=BUNDLED)
    path = environment.updated_catalog(session.machine)
    if not environment.is_own(path, session.machine):
        return bundled
    try:
        updated = parse(overlay_text(path), name=str(path), origin=BUNDLED)
    except CatalogError:  # that is what an update is for
        return bundled
    return newest([bundled, updated])


def _refuse_older(new: Layer, present: Layer, source: str) -> None:
    if (new.catalog_date or date.min) < (present.catalog_date or date.min):
        raise CatalogError(
            _(
                "{source} is of {new}, and the catalog in force is of {old}",
                source=source,
                new=new.catalog_date,
                old=present.catalog_date,
            ),
            hint=_(
                "nothing was changed; mirrorctl catalog update --reset goes back to the one that came with the program"
            ),
            subject=source,
        )


def _difference(before: Layer, after: Layer, path: Path, source: str, digest: str) -> UpdateData:
    old, new = ({entry.id: entry for entry in layer.entries} for layer in (before, after))
    other = tuple(name for name in new if name in old and repr(new[name]) != repr(old[name]))
    added, removed = tuple(name for name in new if name not in old), tuple(name for name in old if name not in new)
    return UpdateData(
        path=str(path),
        source=source,
        sha256=digest,
        catalog_date=after.catalog_date or date.min,
        changed=bool(added or removed or other),
        added=added,
        removed=removed,
        other=other,
    )
