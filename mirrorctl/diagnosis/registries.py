"""What is wrong with the files of podman, containerd and BuildKit, which have mirrors of several registries.

Sources: containers-registries.conf(5); containerd, docs/hosts.md; BuildKit, docs/buildkitd.toml.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mirrorctl.diagnosis.case import Case, Place, check_address, unreadable
from mirrorctl.diagnosis.finding import Code, Finding, Severity, line_of
from mirrorctl.diagnosis.general import diagnose_unknown, ecosystem_of
from mirrorctl.diagnosis.known import find_dead
from mirrorctl.errors import FormatError
from mirrorctl.formats import position, tomldoc
from mirrorctl.redaction import redact
from mirrorctl.targets import containerd_lens, podman_lens, podman_syntax
from mirrorctl.text import _

CAPABILITIES = frozenset({"pull", "resolve", "push"})
FIRST_WITH_MARK = (5,)  # podman: earlier ones stop at a byte order mark


def diagnose(case: Case) -> Iterator[Finding]:
    def refuse(text: str, path: Path) -> None:
        _refuse(case, text, path)

    yield from diagnose_unknown(case, refuse)
    if case.name == "podman":
        yield from _check_locations(case)
    yield from _check_others(case, refuse)


def _check_others(case: Case, refuse: Callable[[str, Path], None]) -> Iterator[Finding]:
    """The files that mirrorctl does not write, and that the client reads."""
    for file in case.target.files(case.machine, case.client):
        text = case.text(file.path)
        if file.scope is None and text is not None:
            try:
                refuse(text, file.path)
            except FormatError as error:
                yield unreadable(case, file.path, error)
            if file.path.name == "hosts.toml":
                for url in containerd_lens.hosts(text.encode()):
                    place = Place(name=case.name, path=file.path, line=line_of(text, url))
                    yield from check_address(case, url, place)


def _refuse(case: Case, text: str, path: Path) -> None:
    """Raises FormatError for what the client itself cannot read."""
    if case.name == "podman":
        if text.startswith("\ufeff") and case.client.version < FIRST_WITH_MARK:
            raise FormatError(_("it begins with a byte order mark; save it as UTF-8 without one"), line=1)
        podman_syntax.refuse(text, drop_in=path.parent.suffix == ".d")
        return
    document = tomldoc.parse(text)
    if case.name == "containerd":
        _refuse_capabilities(text, document.get("host", {}))


def _refuse_capabilities(text: str, hosts: object) -> None:
    for url, table in hosts.items() if isinstance(hosts, dict) else ():
        named = table.get("capabilities", []) if isinstance(table, dict) else []
        for word in named if isinstance(named, list) else []:
            if word not in CAPABILITIES:
                raise FormatError(
                    _("“{word}” is no capability of {url}", word=str(word), url=redact(str(url))),
                    line=position(text, max(text.find(f'"{word}"'), 0))[0],
                )


def _check_locations(case: Case) -> Iterator[Finding]:
    """A mirror in the place of the registry itself: where it is dead, there is nothing behind it."""
    for file in case.target.files(case.machine, case.client):
        text = case.text(file.path)
        try:
            tables = podman_lens.tables(text or "")
        except FormatError:
            continue  # said already
        for table in tables:
            yield from _check_slashes(file.path, text or "", table)
            prefix, location = podman_lens.prefix_of(table), str(table.get("location", ""))
            gone = find_dead(case.catalog, f"https://{location}", ecosystem_of(case, prefix)) if location else None
            if gone:
                yield Finding(
                    code=Code.DEAD_MIRROR,
                    severity=Severity.ERROR,
                    target=case.name,
                    subject=location,
                    path=file.path,
                    line=line_of(text or "", f'"{location}"'),
                    message=_(
                        "{registry} is pulled from {location} and from nowhere else, a mirror that has been dead {when}",
                        registry=prefix,
                        location=location,
                        when=gone.when,
                    ),
                    remedy=_(
                        'write location = "{registry}" there; then: mirrorctl use fastest -t {target}',
                        registry=prefix,
                        target=case.name,
                    ),
                )


def _check_slashes(path: Path, text: str, table: dict[str, Any]) -> Iterator[Finding]:
    """With a slash behind it, the location of a mirror begins no name of an image, and every pull fails."""
    mirrors = table.get("mirror", [])
    for mirror in mirrors if isinstance(mirrors, list) else []:
        location = str(mirror.get("location", "")) if isinstance(mirror, dict) else ""
        if location.endswith("/"):
            yield Finding(
                code=Code.BAD_URL,
                severity=Severity.ERROR,
                target="podman",
                subject=location,
                path=path,
                line=line_of(text, f'"{location}"'),
                message=_(
                    "{location} ends with a slash, and podman pulls nothing from {registry} any more",
                    location=location,
                    registry=podman_lens.prefix_of(table),
                ),
                remedy=_("take the slash out"),
            )
