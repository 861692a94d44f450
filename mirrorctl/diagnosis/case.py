"""What a diagnosis is told: one client with its files, and what is known of addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from mirrorctl.catalog import Catalog
from mirrorctl.diagnosis.finding import Code, Finding, Repair, Severity
from mirrorctl.diagnosis.known import find_dead, find_renamed, is_public, secure_twin
from mirrorctl.errors import FormatError
from mirrorctl.formats import decode
from mirrorctl.model import Client, Machine, Scope
from mirrorctl.redaction import redact
from mirrorctl.targets.base import Contents, Target
from mirrorctl.targets.common import host_of, is_loopback
from mirrorctl.text import Text, _
from mirrorctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`ours` are the addresses that mirrorctl has written for this client, `said` is what the client itself has
    against its file, where it could be asked.
    """

    machine: Machine
    target: Target
    client: Client
    scope: Scope
    contents: Contents
    catalog: Catalog
    ours: frozenset[str] = frozenset()
    said: str = ""

    @property
    def name(self) -> str:
        return self.target.NAME

    @property
    def ecosystem(self) -> str:
        return self.target.ECOSYSTEM

    def text(self, path: Path) -> str | None:
        data = self.contents.get(path)
        return None if data is None else decode(data)

    def may_change(self, path: Path) -> bool:
        """Whether the file is one that mirrorctl writes."""
        return any(file.path == path and file.scope for file in self.target.files(self.machine, self.client))

    @property
    def environ(self) -> dict[str, str]:
        """The variables that the client will see; nothing is known of an image's."""
        return dict(self.machine.environ) if self.machine.root is None else {}


Diagnosis: TypeAlias = Callable[[Case], Iterator[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an address stands: a line of a file, or a variable."""

    name: str
    path: Path | None = None
    line: int | None = None

    @property
    def said(self) -> str:
        """For a sentence: a path with its line, or the name of the variable."""
        if self.path is None:
            return self.name
        return f"{self.path}:{self.line}" if self.line else str(self.path)


Change: TypeAlias = Callable[[str | None], Repair | None]


def no_change(new: str | None) -> None:  # noqa: ARG001
    """For what is not ours to change."""
    return


def unreadable(case: Case, path: Path, error: FormatError) -> Finding:
    return Finding(
        code=Code.UNREADABLE,
        severity=Severity.ERROR,
        target=case.name,
        subject=str(path),
        path=path,
        line=error.line,
        message=_("{target} cannot use this file: {reason}", target=case.name, reason=error.reason),
        remedy=_("repair line {line}, or move the file away", line=error.line),
    )


def check_address(
    case: Case, url: str, place: Place, change: Change = no_change, *, ecosystem: str | None = None
) -> Iterator[Finding]:
    """What the catalog, and the scheme, say against an address. `change` gives the repair that puts another there.

    `ecosystem` is what the address serves, where that is not what the client is mainly about.
    """
    served = case.ecosystem if ecosystem is None else ecosystem
    if gone := find_dead(case.catalog, url, served):
        new = gone.successor.url if gone.successor else None
        yield Finding(
            code=Code.DEAD_MIRROR,
            severity=Severity.ERROR,
            target=case.name,
            subject=redact(url),
            path=place.path,
            line=place.line,
            message=_("{url} is a mirror that has been dead {when}", url=redact(url), when=gone.when),
            remedy=_remedy(case, place, change(new), new),
            repair=change(new),
        )
    elif renamed := find_renamed(case.catalog, url, served):
        new = renamed.successor.url if renamed.successor else None
        yield Finding(
            code=Code.RENAMED_MIRROR,
            severity=Severity.NOTE,
            target=case.name,
            subject=redact(url),
            path=place.path,
            line=place.line,
            message=_("{url} is the former address of a mirror; today it only redirects", url=redact(url)),
            remedy=_remedy(case, place, change(new), new),
            repair=change(new),
        )
    elif url.lower().startswith("http://") and not is_loopback(url):
        yield from _check_plain(case, url, place, change, served)


def _check_plain(case: Case, url: str, place: Place, change: Change, ecosystem: str) -> Iterator[Finding]:
    new = secure_twin(case.catalog, url, ecosystem)
    public = new is not None or is_public(case.catalog, host_of(url), ecosystem)
    yield Finding(
        code=Code.PLAIN_HTTP,
        severity=Severity.WARNING if public else Severity.NOTE,
        target=case.name,
        subject=redact(url),
        path=place.path,
        line=place.line,
        message=_("{url} is not https: whoever is on the way can change what you get", url=redact(url)),
        remedy=_remedy(case, place, change(new), new)
        if new
        else _("ask whoever runs it for an https address, and use that"),
        repair=change(new) if new else None,
    )


def _remedy(case: Case, place: Place, repair: Repair | None, new: str | None) -> Text:
    if repair is not None and new:
        return _("mirrorctl doctor --fix puts {url} in its place", url=new)
    if repair is not None:
        return _(
            "mirrorctl doctor --fix takes it out; mirrorctl use fastest -t {target} finds one that works",
            target=case.name,
        )
    if place.path is None:
        return _("unset {name}, here and where it is set at login", name=place.name)
    return _("put a mirror that works in its place: mirrorctl list -t {target} shows them", target=case.name)
