"""Gathers what a diagnosis needs to know of the machine. Reads, and asks clients and mirrors; changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import takewhile
from pathlib import Path

from mirrorctl import diagnosis, environment, files, places, process
from mirrorctl.catalog import Catalog, bundled_path
from mirrorctl.commands import status
from mirrorctl.commands.session import Options, Present, Session, find_clients, load_catalog, overlay_text, pick_scope
from mirrorctl.diagnosis import project, surroundings
from mirrorctl.diagnosis.case import Case
from mirrorctl.diagnosis.finding import Code, Finding, Severity
from mirrorctl.diagnosis.general import check_passwords
from mirrorctl.diagnosis.surroundings import Belonging
from mirrorctl.dialogue import Dialogue
from mirrorctl.errors import CatalogError, MirrorctlError
from mirrorctl.model import Client, Machine, Scope
from mirrorctl.targets import TARGETS
from mirrorctl.targets.base import Target
from mirrorctl.text import _

LOCK_LIMIT_BYTES = 16 * 1024 * 1024


# The catalog


def open_session(options: Options) -> tuple[Session, tuple[Finding, ...]]:
    """A session with whatever part of the catalog is in order, and what is wrong with the rest."""
    machine = environment.capture(options.root)
    try:
        return Session(machine=machine, catalog=load_catalog(machine, options.catalogs)), ()
    except CatalogError:
        catalog, findings = _sound_part(machine, options.catalogs)
        return Session(machine=machine, catalog=catalog), findings


def _sound_part(machine: Machine, given: tuple[Path, ...]) -> tuple[Catalog, tuple[Finding, ...]]:
    from mirrorctl.catalog import layers, merging  # noqa: PLC0415  start-up time

    bundled = bundled_path()
    found = [layers.parse(bundled.read_text(encoding="utf-8"), name=bundled.name, origin=layers.BUNDLED)]
    catalog = merging.merge(found)
    findings = []
    for origin, path in environment.catalog_files(machine, given):
        try:
            further = [*found, layers.parse(overlay_text(path), name=str(path), origin=origin)]
            catalog = merging.merge(further)
            found = further
        except MirrorctlError as error:
            findings.append(
                Finding(
                    code=Code.CATALOG_INVALID,
                    severity=Severity.ERROR,
                    subject=str(path),
                    path=path,
                    message=_("no command works with this catalog: {reason}", reason=error.message),
                    remedy=_("correct it; to see whether it is right: mirrorctl catalog validate {path}", path=path),
                )
            )
    return catalog, tuple(findings)


# The journal


def find_interrupted(session: Session) -> Iterator[Finding]:
    for entry in session.transactions():
        at = f"{entry.at:%Y-%m-%d %H:%M} UTC"
        if entry.state == "pending":
            yield Finding(
                code=Code.INTERRUPTED,
                severity=Severity.ERROR,
                subject=entry.id,
                message=_("a change of {at} was cut off, and some files may be changed and others not", at=at),
                remedy=_("mirrorctl recover, or mirrorctl doctor --fix, puts back what stood there before"),
            )
        elif entry.state == "damaged":
            yield Finding(
                code=Code.RECORD_DAMAGED,
                severity=Severity.WARNING,
                subject=entry.id,
                message=_("the record of the change of {at} is damaged, so it cannot be taken back", at=at),
                remedy=_("look into the files of your clients; what is right there is not touched"),
            )


# The clients


def open_cases(session: Session, names: tuple[str, ...]) -> Iterator[Case | Finding]:
    """The clients that are here with their files, and what keeps a file from being read."""
    clients, _missing = find_clients(session, names)
    asked = process.converse_all(
        {name: partial(_ask, TARGETS[name], session.machine, client) for name, client in clients.items()},
        session.machine,
    )
    for name, client in clients.items():
        target = TARGETS[name]
        contents: dict[Path, bytes | None] = {}
        for file in target.files(session.machine, client):
            try:
                contents[file.path] = files.read(file.path)
            except MirrorctlError as error:
                contents[file.path] = None
                yield _unread(target, file.path, error)
        yield Case(
            machine=session.machine,
            target=target,
            client=client,
            scope=pick_scope(session.machine, target, client, None),
            contents=contents,
            catalog=session.catalog,
            ours=session.written(name),
            said=asked[name],
        )


def _ask(target: Target, machine: Machine, client: Client) -> Dialogue[str]:
    """What the client itself has against its file, where it can check one without using it."""
    if target.NAME != "docker" or machine.root is not None:
        return ""
    from mirrorctl.diagnosis import docker  # noqa: PLC0415  start-up time

    scope = client.scope or target.SCOPES[0]
    path = next(file.path for file in target.files(machine, client) if file.scope is scope)
    return (yield from docker.ask(client, path))


def _unread(target: Target, path: Path, error: MirrorctlError) -> Finding:
    denied = isinstance(error, files.DeniedError)
    return Finding(
        code=Code.UNREADABLE,
        severity=Severity.WARNING,
        target=target.NAME,
        subject=str(path),
        path=path,
        message=_("this user may not read the file, and {target} may pass over it without a word", target=target.NAME)
        if denied
        else error.message,
        remedy=_("if it is meant for you and holds no password: {command}", command=f"sudo chmod a+r {path}")
        if denied
        else error.hint or _("make it a file that you may read"),
    )


def diagnose_case(session: Session, case: Case) -> Iterator[Finding]:
    yield from diagnosis.diagnose(case)
    yield from check_passwords(case, _modes(case))
    yield from _find_drift(session, case)


def _modes(case: Case) -> dict[Path, int]:
    found = {}
    for path, data in case.contents.items():
        if data is not None and path.suffix != ".lock":
            with suppress(OSError):
                found[path] = path.stat().st_mode
    return found


def _find_drift(session: Session, case: Case) -> Iterator[Finding]:
    history = session.transactions()
    present = Present(target=case.target, client=case.client, scope=case.scope, contents=case.contents)
    for scope in case.target.SCOPES:
        saved = status.last_written(history, case.name, scope)
        if saved is not None and status.is_drifted(present, saved):
            yield Finding(
                code=Code.DRIFT,
                severity=Severity.NOTE,
                target=case.name,
                subject=str(saved.path),
                path=saved.path,
                message=_("this file no longer says what mirrorctl wrote last: somebody has changed the setting"),
                remedy=_(
                    "if that was not meant: mirrorctl undo --force, or mirrorctl use WHICH -t {target}",
                    target=case.name,
                ),
            )


# Around them


def diagnose_surroundings(session: Session, cases: list[Case]) -> Iterator[Finding]:
    machine = session.machine
    if machine.root is not None:
        return
    yield from surroundings.diagnose_variables(machine.environ)
    saved = surroundings.token_file(machine.environ, machine.home).is_file()
    yield from surroundings.diagnose_token(machine.environ, saved=saved)
    yield from project.diagnose(_project_files(machine), session.catalog)
    if machine.euid > 0:
        name = places.user_name(machine.euid)
        yield from surroundings.diagnose_owners(_belongings(machine, cases), uid=machine.euid, name=name)


def _project_files(machine: Machine) -> dict[Path, bytes]:
    """Lock files from the working directory up to the root of its repository; without one, of the directory alone."""
    upwards = (machine.cwd, *machine.cwd.parents)
    inside = [place for place in upwards if (place / ".git").exists()][:1]
    places_ = [*takewhile(lambda place: place not in inside, upwards), *inside] if inside else [machine.cwd]
    found = {}
    for path in (place / name for place in places_ for name in project.NAMES):
        if path == machine.home / ".npmrc":
            continue  # the user's own
        with suppress(OSError):
            if path.is_file():
                with path.open("rb") as file:
                    found[path] = file.read(LOCK_LIMIT_BYTES)
    return found


def _belongings(machine: Machine, cases: list[Case]) -> tuple[Belonging, ...]:
    """Our own directories and the files of the clients, with the directories in which they are, inside the home."""
    own = [environment.state_directory(machine, Scope.USER), *(path for case in cases for path in case.contents)]
    found: dict[Path, Belonging] = {}
    for path in own:
        inside = takewhile(lambda place: place != machine.home, (path, *path.parents))
        for place in inside if path.is_relative_to(machine.home) else ():
            with suppress(OSError):
                found[place] = Belonging(path=place, uid=place.stat().st_uid)
    outermost = [each for each in found.values() if each.uid == 0 and not _below_root(each.path, found)]
    return tuple(outermost)


def _below_root(path: Path, found: dict[Path, Belonging]) -> bool:
    return any(parent in found and found[parent].uid == 0 for parent in path.parents)
