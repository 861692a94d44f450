"""Which of pip's files and variables has its way, and which is never heard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mirrorctl.diagnosis.case import Case, Place
from mirrorctl.diagnosis.finding import Code, Finding, Severity
from mirrorctl.diagnosis.pip_words import EXTRA, INDEX, Word
from mirrorctl.errors import ConfigError
from mirrorctl.model import Scope
from mirrorctl.redaction import redact
from mirrorctl.targets.common import same_url
from mirrorctl.targets.pip_settings import ENVIRONMENT, TRUE, Option, loaded, merge, options
from mirrorctl.text import _

NAME = "pip"


def check_precedence(case: Case, words: list[Word]) -> Iterator[Finding]:
    try:
        settings = merge(case.machine, case.client, case.contents)
    except ConfigError as error:
        path = Path(error.subject) if error.subject else None
        if path and not any(word.place.path == path for word in words):
            return  # said where its syntax was looked at
        yield Finding(
            code=Code.UNREADABLE,
            severity=Severity.ERROR,
            target=NAME,
            subject=error.subject,
            path=path,
            message=error.message,
            remedy=error.hint or _("repair the file"),
        )
        return
    in_force = options(settings, "install")
    places = {(word.place.path, word.place.name): word.place for word in words}
    winner = in_force.get(INDEX)
    if winner:
        yield from _shadowed(case, winner, words, places)
    off = in_force.get("no-index")
    if winner and off and off.value.strip().lower() in TRUE:
        place = _place_of(off, places)
        yield Finding(
            code=Code.NO_INDEX,
            severity=Severity.WARNING,
            target=NAME,
            subject=off.name,
            path=place.path,
            line=place.line,
            message=_("no-index is on, so pip asks no index at all, {url} included", url=redact(winner.value.strip())),
            remedy=_("take no-index out, unless pip is meant to work from find-links alone"),
        )
    if extra := in_force.get(EXTRA):
        yield _extra(extra, _place_of(extra, places))


def _place_of(option: Option, places: dict[tuple[Path | None, str], Place]) -> Place:
    path = None if option.source == ENVIRONMENT else Path(option.source)
    return places.get((path, option.name), Place(name=option.name, path=path))


def _shadowed(
    case: Case, winner: Option, words: list[Word], places: dict[tuple[Path | None, str], Place]
) -> Iterator[Finding]:
    """Addresses that pip never asks, because another file or a variable has its way."""
    strong = _place_of(winner, places)
    scopes = {file.path: file.scope for file in case.target.files(case.machine, case.client)}
    lost = [
        word
        for word in words
        if word.key == INDEX
        and word.section in {"global", "install"}
        and word.place != strong
        and word.place.path is not None
        and not same_url(word.word, winner.value)
    ]
    for word in lost:
        weaker = scopes.get(word.place.path or Path()) is Scope.SYSTEM and strong.path is not None
        yield Finding(
            code=Code.SHADOWED,
            severity=Severity.NOTE if weaker else Severity.WARNING,
            target=NAME,
            subject=redact(word.word),
            path=word.place.path,
            line=word.place.line,
            message=_(
                "pip does not use this: {winner} says {url} and wins", winner=strong.said, url=redact(winner.value)
            )
            if word.place.path in loaded(case.machine, case.client, case.contents)
            else _("pip does not read this file while PIP_CONFIG_FILE is set"),
            remedy=_("keep one of the two; to change what pip uses, edit {winner}", winner=strong.said)
            if strong.path
            else _("unset {name}, here and where it is set at login", name=strong.name),
        )
    if strong.path is None and not lost:
        yield Finding(
            code=Code.OVERRIDE,
            severity=Severity.NOTE,
            target=NAME,
            subject=strong.name,
            message=_(
                "{name} is set, and wins over whatever the files of {target} say: {url}",
                name=strong.name,
                target=NAME,
                url=redact(winner.value),
            ),
            remedy=_("unset {name} where it is set at login, if that is not meant", name=strong.name),
        )


def _extra(extra: Option, place: Place) -> Finding:
    return Finding(
        code=Code.EXTRA_INDEX,
        severity=Severity.WARNING,
        target=NAME,
        subject=redact(" ".join(extra.value.split())),
        path=place.path,
        line=place.line,
        message=_(
            "pip takes each package from whichever index has the newest version, {url} too: "
            "whoever can publish there can replace any package",
            url=redact(" ".join(extra.value.split())),
        ),
        remedy=_(
            "a mirror needs no second index: take {name} out. Private packages: one index that has both", name=EXTRA
        ),
    )
