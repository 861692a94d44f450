"""Findings that several clients share, in the same words."""

from __future__ import annotations

from mirrorctl.diagnosis.case import Case, Place
from mirrorctl.diagnosis.finding import Code, Finding, Repair, Severity
from mirrorctl.redaction import redact
from mirrorctl.text import Text, _


def unset(name: str) -> Text:
    return _("unset {name}, here and where it is set at login", name=name)


def shadowed(case: Case, url: str, place: Place, strong: Place, used: str, *, meant: bool) -> Finding:
    """The address at `place` is never asked, because `used` at `strong` is. `meant`: that is how scopes work."""
    return Finding(
        code=Code.SHADOWED,
        severity=Severity.NOTE if meant else Severity.WARNING,
        target=case.name,
        subject=redact(url),
        path=place.path,
        line=place.line,
        message=_(
            "{target} does not use this: {winner} says {url} and wins",
            target=case.name,
            winner=strong.said,
            url=redact(used),
        ),
        remedy=_("keep one of the two; to change what {target} uses, edit {path}", target=case.name, path=strong.path)
        if strong.path
        else unset(strong.name),
    )


def decided_by(case: Case, variable: str, url: str) -> Finding:
    return Finding(
        code=Code.OVERRIDE,
        severity=Severity.NOTE,
        target=case.name,
        subject=variable,
        message=_(
            "{name} is set, and wins over whatever the files of {target} say: {url}",
            name=variable,
            target=case.name,
            url=redact(url),
        ),
        remedy=_("unset {name} where it is set at login, if that is not meant", name=variable),
    )


def unchecked(case: Case, host: str, place: Place, remedy: Text, repair: Repair | None = None) -> Finding:
    return Finding(
        code=Code.TRUSTED_HOST,
        severity=Severity.WARNING,
        target=case.name,
        subject=host,
        path=place.path,
        line=place.line,
        message=_(
            "{target} does not check the certificate of {host}, so anybody on the way can pose as it",
            target=case.name,
            host=host,
        ),
        remedy=remedy,
        repair=repair,
    )
