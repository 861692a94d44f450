"""What any client can suffer from: files that it cannot read, and dead mirrors in its own setting."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from mirrorctl.diagnosis.case import Case, Place, check_address, unreadable
from mirrorctl.diagnosis.finding import Code, Finding, Item, Repair, Severity, items_of, line_of
from mirrorctl.errors import FormatError, MirrorctlError
from mirrorctl.model import REGISTRIES, Value
from mirrorctl.redaction import redact
from mirrorctl.targets import FURTHER
from mirrorctl.targets.common import host_of
from mirrorctl.text import _

# user:password@ in an address of the web, or a name so long that it has to be a token.
_SECRET = re.compile(r"https?://(?:[^\s/?#@:\"']*:[^\s/?#@\"'$<]+|[^\s/?#@:\"'$<]{20,})@")


def diagnose_unknown(case: Case, refuse: Callable[[str, Path], None] | None = None) -> Iterator[Finding]:
    """A client that nothing special is known of. `refuse` raises FormatError where the client cannot read a file.

    Without it, what the lens refuses counts as that.
    """
    for file in case.target.files(case.machine, case.client):
        text = case.text(file.path)
        if text is None or file.scope is None:
            continue
        try:
            if refuse:
                refuse(text, file.path)
        except FormatError as error:
            yield unreadable(case, file.path, error)
            continue
        try:
            items = items_of(case.target.read(text, file.path))
        except FormatError as error:
            yield _uneditable(case, file.path, error) if refuse else unreadable(case, file.path, error)
            continue
        for item in dict.fromkeys(items):
            line = line_of(text, item[0]) or line_of(text, host_of(item[0]))
            place = Place(name=case.name, path=file.path, line=line)
            registry = item[1] if len(item) > 1 else file.path.parent.name
            change = partial(_repair, case, file.path, item)
            yield from check_address(case, item[0], place, change, ecosystem=ecosystem_of(case, registry))
    try:
        state = case.target.state(case.machine, case.client, case.contents, case.scope)
    except MirrorctlError:
        return
    for override in state.overrides:
        variable = override.source == "environment"
        if not variable and not state.urls:
            continue  # of two files there is but one
        yield Finding(
            code=Code.OVERRIDE if variable else Code.SHADOWED,
            severity=Severity.WARNING if state.urls else Severity.NOTE,
            target=case.name,
            subject=override.name,
            path=None if variable else _path(override.source),
            message=_(
                "{name} wins over {path}: {value}", name=override.name, path=state.path, value=redact(override.value)
            ),
            remedy=_("unset {name} where it is set at login, if that is not meant", name=override.name)
            if variable
            else _("keep one of the two"),
        )


def ecosystem_of(case: Case, registry: str) -> str:
    """What the mirrors of a registry belong to; "" where nothing is known of any."""
    named = next((name for name, each in REGISTRIES.items() if each == registry.partition("/")[0]), "")
    return named if case.name in FURTHER else case.ecosystem


def _uneditable(case: Case, path: Path, error: FormatError) -> Finding:
    return Finding(
        code=Code.UNREADABLE,
        severity=Severity.NOTE,
        target=case.name,
        subject=str(path),
        path=path,
        line=error.line,
        message=_(
            "{target} reads this file, but mirrorctl cannot change it: {reason}", target=case.name, reason=error.reason
        ),
        remedy=_("nothing, unless mirrorctl is to set mirrors there"),
    )


def _repair(case: Case, path: Path, item: Item, new: str | None) -> Repair | None:
    text = case.text(path) or ""
    if new and not _can_be(case, path, text, item, (new, *item[1:])):
        return None
    return Repair(lens=case.name, path=path, changes=((item, (new, *item[1:]) if new else None),))


def _can_be(case: Case, path: Path, text: str, old: Item, new: Item) -> bool:
    """Whether the file can say `new` in the place of `old`: in buildkitd.toml, http is a matter of another table."""
    value = case.target.read(text, path)
    if not isinstance(value, list):
        return True
    rows = [new if each == old else each for each in items_of(value)]
    changed: Value = [str(row[0]) for row in rows] if isinstance(value[0], str) else [list(row) for row in rows]
    try:
        case.target.write(text, path, changed)
    except FormatError:
        return False
    return True


def _path(source: str) -> Path | None:
    return Path(source) if source.startswith("/") else None


def check_passwords(case: Case, modes: dict[Path, int]) -> Iterator[Finding]:
    """Addresses with a password in files that every user of the machine may read. `modes` are permission bits."""
    for path, mode in modes.items():
        text = case.text(path) or ""
        if not mode & 0o004:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if _SECRET.search(line) and not line.lstrip().startswith(("#", ";", "//")):
                yield Finding(
                    code=Code.PASSWORD_READABLE,
                    severity=Severity.WARNING,
                    target=case.name,
                    subject=str(path),
                    path=path,
                    line=number,
                    message=_("there is a password in this address, and every user of the machine may read the file"),
                    remedy=_("run: {command}; better, keep it in ~/.netrc", command=f"chmod 600 {path}"),
                )
                break
