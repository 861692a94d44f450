"""Whom `env` and `exec` concern: the clients named, those that a command runs, those that are here."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import PurePath

from mirrorctl import process
from mirrorctl.commands import selection
from mirrorctl.commands.choice import Request
from mirrorctl.commands.selection import FASTEST, UPSTREAM
from mirrorctl.commands.session import Session
from mirrorctl.errors import UsageError
from mirrorctl.model import Client, Machine
from mirrorctl.redaction import redact
from mirrorctl.targets import TARGETS
from mirrorctl.text import _
from mirrorctl.variables import SPEAKERS
from mirrorctl.variables.base import Speaker


def concerned_names(session: Session, request: Request, command: Sequence[str]) -> tuple[str, ...]:
    """The clients named; else those that the command runs; else those that what was asked for has anything for."""
    _check_names(request)
    running = _program(command)
    concerned = tuple(name for name in SPEAKERS if running in SPEAKERS[name].PROGRAMS) if running else ()
    return tuple(dict.fromkeys(request.targets)) or concerned or _offered(session, request.which)


def _check_names(request: Request) -> None:
    for name in request.targets:
        if name in SPEAKERS:
            continue
        if name in TARGETS:
            raise UsageError(
                _("{target} does not listen to variables", target=name),
                hint=_("it has a file: mirrorctl use {which} -t {target}", which=redact(request.which), target=name),
                subject=name,
            )
        raise UsageError(
            _("there is no client {name}", name=name),
            hint=_("the clients are: {names}", names=", ".join(SPEAKERS)),
            subject=name,
        )


def _offered(session: Session, which: str) -> tuple[str, ...]:
    """The clients that an id, an operator or an address is for. An address has to be one of the catalog."""
    if which in {FASTEST, UPSTREAM}:
        return tuple(SPEAKERS)
    found = tuple(name for name in SPEAKERS if _offers(session, which, SPEAKERS.ecosystem(name)))
    if "://" in which and not found:
        raise UsageError(
            _("{url} is not in the catalog", url=which),
            hint=_("say what it is a mirror for: mirrorctl env {url} -t pip", url=which),
        )
    return found or tuple(SPEAKERS)


def is_certain(session: Session, which: str) -> bool:
    """Whether an id or an address says by itself which ecosystem it is for."""
    return "://" in which or any(mirror.id == which for mirror in session.catalog.mirrors)


def _offers(session: Session, which: str, ecosystem: str) -> bool:
    if "://" in which:
        return session.catalog.by_url(which, ecosystem) is not None
    found = session.catalog.find(which, ecosystem)
    return any(selection.is_whole(mirror) or mirror.id == which for mirror in found)


def _program(command: Sequence[str]) -> str:
    """What a command runs, as far as its words tell: the module behind `python -m`, else the program."""
    if not command:
        return ""
    name = PurePath(command[0]).name
    if name.startswith("python") and len(command) > 2 and command[1] == "-m":
        return command[2]
    return name


def find_speakers(machine: Machine, speakers: Sequence[Speaker], *, named: bool, elsewhere: bool) -> dict[str, Client]:
    """The clients with what they say of themselves. Whoever is named need not be here."""
    asking = {
        name: partial(TARGETS[name].inspect, machine) for speaker in speakers if (name := speaker.NAME) in TARGETS
    }
    answers = {} if elsewhere or machine.root else process.converse_all(asking, machine)
    found = {}
    for speaker in speakers:
        client = answers.get(speaker.NAME)
        here = client is not None or (speaker.NAME not in answers and _is_here(machine, speaker))
        if here or named:
            found[speaker.NAME] = client or Client(target=speaker.NAME)
    return found


def _is_here(machine: Machine, speaker: Speaker) -> bool:
    path = machine.environ.get("PATH")
    return any(shutil.which(program, path=path) for program in speaker.PROGRAMS)
