"""What every command starts from: the machine, the catalog, and the clients that are present."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from mirrorctl import environment, files, memory, process
from mirrorctl.catalog import Catalog, bundled_path
from mirrorctl.dialogue import Dialogue
from mirrorctl.disk import REAL, Disk
from mirrorctl.errors import CatalogError, ClientError, ConfigError, MirrorctlError, UsageError, WriteError
from mirrorctl.journal import Journal
from mirrorctl.model import Client, Machine, Notice, Scope, Transaction
from mirrorctl.places import rules_for
from mirrorctl.targets import TARGETS
from mirrorctl.targets.base import Contents, Target
from mirrorctl.text import N_, Text, _
from mirrorctl.values import dataclass
from mirrorctl.variables import SPEAKERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of every command that concern more than the output."""

    catalogs: tuple[Path, ...] = ()
    root: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    machine: Machine
    catalog: Catalog
    disk: Disk = REAL

    def journal(self, scope: Scope) -> Journal:
        directory = environment.state_directory(self.machine, scope)
        return Journal(directory, rules_for(self.machine, Scope.USER), self.disk)

    def journals(self) -> tuple[Journal, ...]:
        """Every journal there may be, each directory once."""
        found = {journal.directory: journal for journal in map(self.journal, Scope)}
        return tuple(found.values())

    def transactions(self) -> tuple[Transaction, ...]:
        """The history of all scopes, the latest first."""
        found = [transaction for record in self.journals() for transaction in record.transactions()]
        return tuple(sorted(found, key=lambda transaction: transaction.id, reverse=True))

    def written(self, name: str) -> frozenset[str]:
        """The mirrors that we have written for a target before, in whatever file."""
        return frozenset(
            url
            for entry in self.transactions()
            if entry.state != "rolled_back"
            for file in entry.files
            if file.target == name
            for url in file.urls
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """A client that is on the machine, in the scope asked for, with the contents of all its files."""

    target: Target
    client: Client
    scope: Scope
    contents: Contents


def begin(options: Options) -> Session:
    machine = environment.capture(options.root)
    return Session(machine=machine, catalog=load_catalog(machine, options.catalogs))


def load_catalog(machine: Machine, given: tuple[Path, ...]) -> Catalog:
    """The bundled catalog with every overlay. Read anew when one of the files has changed, else remembered."""
    bundled = bundled_path()
    overlays = environment.catalog_files(machine, given)
    updated = environment.updated_catalog(machine)
    bases = (bundled, updated) if environment.is_own(updated, machine) else (bundled,)
    key = memory.stamp_of((*bases, *(path for _origin, path in overlays)))
    remembered = memory.recall_value("catalog", key, machine)
    if isinstance(remembered, Catalog):
        return remembered
    from mirrorctl.catalog import layers, merging  # noqa: PLC0415  start-up time: mostly the catalog is remembered

    found = [layers.newest([layers.parse(overlay_text(path), name=path.name, origin=layers.BUNDLED) for path in bases])]
    found += [layers.parse(overlay_text(path), name=str(path), origin=origin) for origin, path in overlays]
    catalog = merging.merge(found)
    memory.keep_value("catalog", key, catalog, machine)
    return catalog


def overlay_text(path: Path) -> str:
    try:
        data = files.read(path)
    except (ConfigError, WriteError) as error:
        raise CatalogError(error.message, hint=error.hint, subject=str(path)) from error
    if data is None:
        raise CatalogError(_("{path}: there is no such catalog", path=path), subject=str(path))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CatalogError(
            _("{path}: not UTF-8: {reason}", path=path, reason=error.reason), subject=str(path)
        ) from error


def named_targets(names: tuple[str, ...]) -> tuple[str, ...]:
    """`names`, each once, or the names of all targets. Raises UsageError for an unknown one."""
    for name in names:
        if name not in TARGETS:
            raise UsageError(
                _("there is no target {name}", name=name),
                hint=_("the targets are: {names}", names=", ".join(TARGETS)),
                subject=name,
            )
    return tuple(dict.fromkeys(names) or TARGETS)


def named_ecosystems(names: tuple[str, ...]) -> tuple[str, ...]:
    """What the targets called `names` have mirrors of; of all targets, what each is mainly about."""
    if names:
        return tuple(
            dict.fromkeys(ecosystem for name in named_targets(names) for ecosystem in TARGETS.ecosystems(name))
        )
    return tuple(dict.fromkeys(TARGETS.ecosystem(name) for name in TARGETS))


def served_ecosystems(names: tuple[str, ...]) -> tuple[str, ...]:
    """The same, where `names` may also be those of clients that have no file and are told by variables alone."""
    spoken = {name: SPEAKERS.ecosystem(name) for name in names if name in SPEAKERS and name not in TARGETS}
    found = [(spoken[name],) if name in spoken else named_ecosystems((name,)) for name in names]
    return tuple(dict.fromkeys(each for ecosystems in found for each in ecosystems)) or named_ecosystems(())


def find_clients(
    session: Session, names: tuple[str, ...], concerned: tuple[str, ...] | None = None
) -> tuple[dict[str, Client], list[Notice]]:
    """The clients that are present, by target. One that was named and is missing raises ClientError.

    `concerned` are the targets to look for where none is named; all of them if it is not given.
    """
    targets = tuple(TARGETS[name] for name in named_targets(names or concerned or ()))
    if session.machine.root is not None:
        return _assume_clients(session.machine, targets, named=bool(names))
    dialogues: dict[str, Callable[[], Dialogue[Client | None]]] = {
        target.NAME: partial(target.inspect, session.machine) for target in targets
    }
    answers = process.converse_all(dialogues, session.machine)
    message = N_("{target} is not on this machine")
    notices = [_missing(target.NAME, message) for target in targets if answers[target.NAME] is None]
    if names and notices:
        first = notices[0]
        hint = _("install it and run the command again; --root prepares an image without it")
        raise ClientError(first.message, hint=hint, subject=first.subject)
    return {name: client for name, client in answers.items() if client is not None}, notices


def _assume_clients(
    machine: Machine, targets: tuple[Target, ...], *, named: bool
) -> tuple[dict[str, Client], list[Notice]]:
    """In an image nothing can be asked: a client is there if its program is, or if it was named."""
    found, notices = {}, []
    for target in targets:
        if named or any(machine.path(trace).exists() for trace in target.TRACES):
            found[target.NAME] = _look_into(machine, target)
        else:
            notices.append(_missing(target.NAME, N_("{target} is not in the image")))
    return found, notices


def _look_into(machine: Machine, target: Target) -> Client:
    """The client as the files of the image have it, for a target that has more of them than can be known beforehand."""
    client = target.assume(machine)
    explore = getattr(target, "explore", None)
    return process.converse(explore(machine, client), machine) if explore else client


def _missing(name: str, message: str) -> Notice:
    return Notice(code="client-missing", message=Text(message, {"target": name}), subject=name)


def pick_scope(machine: Machine, target: Target, client: Client, wanted: Scope | None) -> Scope:
    """The scope to work in: the one asked for, `system` in an image, else the client's habitual one."""
    if machine.root is not None:
        wanted = Scope.SYSTEM
    scope = wanted or client.scope or target.SCOPES[0]
    if scope not in target.SCOPES:
        raise UsageError(
            _("{target} has no {scope} scope", target=target.NAME, scope=scope.value),
            hint=_("its scopes are: {scopes}", scopes=", ".join(scope.value for scope in target.SCOPES)),
            subject=target.NAME,
        )
    return scope


def read_files(machine: Machine, target: Target, client: Client, scope: Scope) -> Present:
    """Reads every file that the client reads. Only a file of `scope` has to be readable."""
    contents: dict[Path, bytes | None] = {}
    for file in target.files(machine, client):
        try:
            contents[file.path] = files.read(file.path)
        except MirrorctlError:
            if file.scope is scope:
                raise
            contents[file.path] = None
    return Present(target=target, client=client, scope=scope, contents=contents)
