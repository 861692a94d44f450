"""Which of pip's files and variables has its way, and which is never heard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mirrorctl.diagnosis.case import Case, Place
from mirrorctl.diagnosis.finding import Code, Finding, Severity
from mirrorctl.diagnosis.known import mirror_of
from mirrorctl.diagnosis.pip_words import EXTRA, INDEX, Word
from mirrorctl.diagnosis.wording import decided_by, shadowed
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
        yield _extra(case, extra, _place_of(extra, places))


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
    read = loaded(case.machine, case.client, case.contents)
    for word in lost:
        weaker = scopes.get(word.place.path or Path()) is Scope.SYSTEM and strong.path is not None
        yield shadowed(
            case,
            word.word,
            word.place,
            strong if word.place.path in read else Place(name="PIP_CONFIG_FILE"),
            winner.value.strip(),
            meant=weaker,
        )
    if strong.path is None and not lost:
        yield decided_by(case, strong.name, winner.value)


def _extra(case: Case, extra: Option, place: Place) -> Finding:
    """Packages of the same name from two places, unless both are mirrors of the same."""
    urls = extra.value.split()
    mirrors = all(mirror_of(case.catalog, url, case.ecosystem) for url in urls)
    url = redact(urls[0]) if len(urls) == 1 else _("{url} and {count} more", url=redact(urls[0]), count=len(urls) - 1)
    return Finding(
        code=Code.EXTRA_INDEX,
        severity=Severity.NOTE if mirrors else Severity.WARNING,
        target=NAME,
        subject=redact(" ".join(urls)),
        path=place.path,
        line=place.line,
        message=_(
            "pip asks {url} for every package as well: that costs time, and never helps when one is down", url=url
        )
        if mirrors
        else _(
            "pip takes each package from whichever index has the newest version, {url} too: "
            "whoever can publish there can replace any package",
            url=url,
        ),
        remedy=_("take {name} out: a mirror needs no second index", name=EXTRA)
        if mirrors
        else _("serve private packages and public ones from one index, or pin them by hash"),
    )
