"""What any client can suffer from: files that it cannot read, and dead mirrors in its own setting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mirrorctl.diagnosis.case import Case, Place, check_address, unreadable
from mirrorctl.diagnosis.finding import Code, Finding, Severity, line_of
from mirrorctl.errors import FormatError, MirrorctlError
from mirrorctl.redaction import has_userinfo, redact
from mirrorctl.text import _


def diagnose_unknown(case: Case) -> Iterator[Finding]:
    """A client that nothing special is known of."""
    for file in case.target.files(case.machine, case.client):
        text = case.text(file.path)
        if text is None or file.scope is None:
            continue
        try:
            case.target.read(text, file.path)
        except FormatError as error:
            yield unreadable(case, file.path, error)
    try:
        state = case.target.state(case.machine, case.client, case.contents, case.scope)
    except MirrorctlError:
        return
    for url in state.urls:
        line = line_of(case.text(state.path) or "", url)
        yield from check_address(case, url, Place(name=case.name, path=state.path, line=line))
    for override in state.overrides:
        variable = override.source == "environment"
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


def _path(source: str) -> Path | None:
    return Path(source) if source.startswith("/") else None


def check_passwords(case: Case, modes: dict[Path, int]) -> Iterator[Finding]:
    """Addresses with a password in files that every user of the machine may read. `modes` are permission bits."""
    for path, mode in modes.items():
        text = case.text(path) or ""
        if not mode & 0o004:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if has_userinfo(line) and not line.lstrip().startswith(("#", ";", "//")) and "***" in redact(line):
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
