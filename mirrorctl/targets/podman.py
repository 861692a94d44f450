"""podman, and whatever else reads containers-registries.conf(5): buildah, skopeo, CRI-O.

A registry that has a table keeps it, where it stands, and our mirrors go before those that are there. For the others
there is a drop-in of our own. Logins: the clients look up what they know for the mirror's own host, and hand a mirror
nothing that belongs to the registry.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from mirrorctl.errors import ConflictError, FormatError
from mirrorctl.formats import decode
from mirrorctl.model import REGISTRIES, Client, Machine, Mirror, Notice, Override, Scope, Value
from mirrorctl.redaction import redact
from mirrorctl.targets import podman_client, podman_lens, podman_policy, registries
from mirrorctl.targets import podman_files as model
from mirrorctl.targets.base import (
    ConfigFile,
    Contents,
    Decision,
    Setting,
    State,
    accept_anything,
    activate_nothing,
    drain_nothing,
)
from mirrorctl.targets.common import is_private, unreadable
from mirrorctl.targets.podman_files import Found
from mirrorctl.targets.registries import HUB
from mirrorctl.text import _

NAME = "podman"
ECOSYSTEM = "docker"
SCOPES = (Scope.USER, Scope.SYSTEM)
CAPACITY = 2
TRACES = ("/usr/bin/podman", "/usr/bin/buildah", "/usr/bin/skopeo", "/usr/bin/crio", "/usr/local/bin/podman")
LOCK = None

inspect = podman_client.find
explore = podman_client.explore
verify = podman_client.ask
read, write, frame = podman_lens.read, podman_lens.write, podman_lens.frame
drain = drain_nothing
accept = accept_anything
activate = activate_nothing


def assume(machine: Machine) -> Client:  # noqa: ARG001
    return Client(target=NAME, default_url=f"https://{HUB}")


def files(machine: Machine, client: Client) -> tuple[ConfigFile, ...]:
    return model.config_files(machine, client)


# What is in force


def state(machine: Machine, client: Client, contents: Contents, scope: Scope) -> State:
    found = model.tables(machine, client, contents)
    hub = found.get(HUB)
    written = {path: registries.grouped(_value(path, contents)) for path in _own(machine, client, scope)}
    urls: dict[str, list[str]] = {}
    for mirrors in written.values():
        urls |= mirrors
    overrides = [
        Override(source=str(by.path), name=registry, value=redact(", ".join(by.urls) or str(by.table.get("location"))))
        for path, mirrors in written.items()
        for registry in mirrors
        if (by := found.get(registry)) and by.path != path
    ]
    return State(
        path=hub.path if hub and hub.scope is scope else model.drop_in(machine, scope),
        urls=tuple(url for name in sorted(urls, key=lambda name: (name != HUB, name)) for url in urls[name]),
        effective_url=hub.urls[0] if hub and hub.urls else f"https://{hub.location if hub else HUB}",
        overrides=(*_variable(machine), *overrides),
        notices=tuple(_notices(found)),
    )


def _own(machine: Machine, client: Client, scope: Scope) -> list[Path]:
    return [file.path for file in model.config_files(machine, client) if file.scope is scope]


def _value(path: Path, contents: Contents) -> Value:
    """What a file says; nothing, for one that is of version 1 or cannot be edited."""
    try:
        return read(decode(contents.get(path) or b""), path)
    except FormatError:
        return None


def _variable(machine: Machine) -> tuple[Override, ...]:
    named = model.named_file(machine)
    return (Override(source="environment", name=named[0], value=str(named[1])),) if named else ()


def _notices(found: dict[str, Found]) -> Iterator[Notice]:
    yield from _longer(found, {prefix for prefix, by in found.items() if by.urls})
    for prefix, by in found.items():
        if by.digests_alone:
            yield Notice(
                code="digest-only",
                message=_("{path} lets the mirrors of {registry} serve digests alone", path=by.path, registry=prefix),
                hint=_("what is pulled by a tag does not come from them"),
                subject=str(by.path),
            )


def _longer(found: dict[str, Found], having: Collection[str]) -> Iterator[Notice]:
    for prefix, by in found.items():
        if "/" in prefix and prefix.partition("/")[0] in having:
            yield Notice(
                code="longer-prefix",
                message=_("{path} has a table of its own for {prefix}, which wins", path=by.path, prefix=prefix),
                subject=str(by.path),
            )


# What to write


def decide(
    machine: Machine,
    client: Client,
    contents: Contents,
    scope: Scope,
    mirrors: tuple[Mirror, ...],
    *,
    known: frozenset[str],
    ours: frozenset[str],
    force: bool,
) -> Decision:
    found = model.tables(machine, client, contents)
    if not mirrors:
        return _back(machine, client, contents, scope, ours | known, force=force)
    chosen = registries.chosen(mirrors, NAME)
    for mirror in mirrors:
        podman_policy.check_url(mirror.url, client.version)
    _refuse_hidden(machine, contents, scope)
    values: dict[Path, dict[str, list[str]]] = {}
    for registry, urls in chosen.items():
        by = found.get(registry)
        if not force:
            podman_policy.refuse(registry, found, public=known | ours)
        path = _place(machine, scope, registry, by, public=known | ours, force=force)
        value = values.setdefault(path, registries.grouped(_checked(path, contents)))
        value[registry] = registries.merged(value.get(registry, []), urls, ours)
    settings = tuple(Setting(path=path, value=registries.rows(value)) for path, value in values.items())
    return Decision(settings=settings, notices=tuple(_moved(found, chosen)))


def _checked(path: Path, contents: Contents) -> Value:
    try:
        return read(decode(contents.get(path) or b""), path)
    except FormatError as error:
        raise unreadable(path, error) from error


def _refuse_hidden(machine: Machine, contents: Contents, scope: Scope) -> None:
    """The system's files are not read by whoever has a registries.conf of his own."""
    users = model.main_file(machine, Scope.USER)
    if scope is Scope.SYSTEM and not machine.root and not model.named_file(machine) and contents.get(users) is not None:
        raise ConflictError(
            _("podman does not read the files of the system for this user: {path} takes their place", path=users),
            hint=_("run the command again with --scope user"),
            subject=str(users),
        )


def _place(
    machine: Machine, scope: Scope, registry: str, by: Found | None, *, public: frozenset[str], force: bool
) -> Path:
    """The file for the mirrors of a registry. Raises ConflictError where another one wins or would be hidden."""
    own = model.drop_in(machine, scope)
    if by is None:
        return own
    if by.scope is scope:
        return by.path
    if by.scope is Scope.USER:
        raise ConflictError(
            _(
                "podman would not follow {path}: {other} says how {registry} is pulled",
                path=own,
                other=by.path,
                registry=registry,
            ),
            hint=_("run the command again with --scope user"),
            subject=str(by.path),
        )
    private = any(is_private(url, public=public, ours=frozenset()) for url in by.urls)
    if (private or not podman_lens.is_plain(by.table)) and not force:
        raise ConflictError(
            _(
                "{path} says how {registry} is pulled, and {own} would take its place",
                path=by.path,
                registry=registry,
                own=own,
            ),
            hint=_("--scope system changes that file; --replace-private replaces what it says for this user"),
            subject=str(by.path),
        )
    return own


def _moved(found: dict[str, Found], chosen: dict[str, list[str]]) -> Iterator[Notice]:
    yield from _longer(found, chosen)
    yield from (each for each in _notices({name: by for name, by in found.items() if name in chosen}))
    yield from _elsewhere(found, chosen)


def _elsewhere(found: dict[str, Found], concerned: Collection[str]) -> Iterator[Notice]:
    for registry in concerned:
        by = found.get(registry)
        if by and by.location not in {registry, ""}:
            yield Notice(
                code="other-location",
                message=_(
                    "{path} has {registry} pulled from {location} when no mirror has it",
                    path=by.path,
                    registry=registry,
                    location=redact(by.location),
                ),
                subject=str(by.path),
            )


def _back(
    machine: Machine, client: Client, contents: Contents, scope: Scope, public: frozenset[str], *, force: bool
) -> Decision:
    """Takes what is ours, or known, out of every file of the scope."""
    settings: list[Setting] = []
    notices: list[Notice] = []
    for path in _own(machine, client, scope):
        current = registries.grouped(_value(path, contents))
        rest = {name: registries.without(urls, public, force=force) for name, urls in current.items()}
        if rest != current:
            settings.append(Setting(path=path, value=registries.rows(rest) or None))
        notices += registries.left(str(path), [url for urls in rest.values() for url in urls])
    notices += _elsewhere(model.tables(machine, client, contents), REGISTRIES.values())
    if not settings:
        path = model.drop_in(machine, scope)
        settings.append(Setting(path=path, value=_value(path, contents)))
    return Decision(settings=tuple(settings), notices=tuple(notices))


def next_steps(machine: Machine, client: Client, mirrors: tuple[Mirror, ...]) -> tuple[Notice, ...]:  # noqa: ARG001
    if "crio" not in client.facts.get("programs", "").split():
        return ()
    message = _("CRI-O reads its files when it is reloaded: systemctl reload crio")
    return (Notice(code="reload", message=message, subject=NAME),)
