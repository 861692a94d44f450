"""What `doctor` can find: its codes, and one finding with its remedy (docs/reference/findings.md lists them all)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from mirrorctl.model import Value
from mirrorctl.redaction import redact
from mirrorctl.text import Text
from mirrorctl.values import dataclass, replace


class Severity(StrEnum):
    """error: something does not work. warning: it works otherwise than it says, or is not safe. note: good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Code(StrEnum):
    """Stable names, for scripts. None is ever renamed."""

    # what a file says
    UNREADABLE = "unreadable"
    BAD_URL = "bad-url"
    IGNORED = "ignored"
    DEAD_MIRROR = "dead-mirror"
    RENAMED_MIRROR = "renamed-mirror"
    PLAIN_HTTP = "plain-http"
    TRUSTED_HOST = "trusted-host"
    SSL_VERIFY = "ssl-verify"
    PASSWORD_READABLE = "password-readable"  # noqa: S105  the name of a finding
    OWNED_BY_ROOT = "owned-by-root"
    # what wins over it
    SHADOWED = "shadowed"
    OVERRIDE = "override"
    NO_INDEX = "no-index"
    EXTRA_INDEX = "extra-index"
    NOT_IN_FORCE = "not-in-force"
    DRIFT = "drift"
    # docker
    DAEMON_REFUSES = "daemon-refuses"
    FLAG_AND_FILE = "flag-and-file"
    HUB_LOGIN = "hub-login"
    # git
    WIDE_REWRITE = "wide-rewrite"
    FOREIGN_REWRITE = "foreign-rewrite"
    PUSH_TO_MIRROR = "push-to-mirror"
    REMOTE_ON_MIRROR = "remote-on-mirror"
    SECRET_TO_MIRROR = "secret-to-mirror"  # noqa: S105
    # around them
    LOCK_FILE = "lock-file"
    PROXY_MALFORMED = "proxy-malformed"
    MIRROR_UNREACHABLE = "mirror-unreachable"
    MIRROR_STALE = "mirror-stale"
    INTERRUPTED = "interrupted"
    RECORD_DAMAGED = "record-damaged"
    CATALOG_INVALID = "catalog-invalid"


# An item of a lens value: the words that make it up. (url,) where the value is an address or a list of addresses.
Item: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What to change in one file: pairs of an item and the one that takes its place.

    `lens` names the target whose lens reads the items (`mirrorctl.targets`). None on the left adds an item, None on
    the right takes one out. An item that is not there any more is left alone.
    """

    lens: str
    path: Path
    changes: tuple[tuple[Item | None, Item | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong: `subject` is the address, host, key or file that it is about."""

    code: Code
    severity: Severity
    message: Text
    remedy: Text
    target: str | None = None
    subject: str | None = None
    path: Path | None = None
    line: int | None = None
    repair: Repair | None = None


def items_of(value: Value) -> list[Item]:
    """The items of a lens value: its addresses, or whatever rows it has."""
    if isinstance(value, str):
        return [(value,)]
    return [(item,) if isinstance(item, str) else tuple(item) for item in value or []]


_ORDER = {severity: number for number, severity in enumerate(Severity)}


def rank(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each once, what does not work first; otherwise in the order found. None says a password."""
    once: dict[tuple[object, ...], Finding] = {}
    for found in map(_without_secrets, findings):
        key = (found.code, found.target, found.subject, found.path, found.line)
        once[key] = _with_repair_of(once[key], found) if key in once else found
    return tuple(sorted(once.values(), key=lambda finding: _ORDER[finding.severity]))


def _with_repair_of(finding: Finding, other: Finding) -> Finding:
    """One finding of two that say the same, as of two spellings of an address: what mends the one mends the other."""
    ours, theirs = finding.repair, other.repair
    if ours is None or theirs is None or (ours.lens, ours.path) != (theirs.lens, theirs.path):
        return finding
    further = tuple(change for change in theirs.changes if change not in ours.changes)
    return replace(finding, repair=replace(ours, changes=(*ours.changes, *further)))


def _without_secrets(finding: Finding) -> Finding:
    """The finding as people may see it: whatever has words of a file in it has no password of it."""
    return replace(
        finding,
        message=_redacted(finding.message),
        remedy=_redacted(finding.remedy),
        subject=redact(finding.subject) if finding.subject else finding.subject,
    )


def _redacted(text: Text) -> Text:
    values = {
        name: _redacted(value) if isinstance(value, Text) else redact(value) if isinstance(value, str) else value
        for name, value in text.values.items()
    }
    return Text(text.template, values)


def line_of(text: str, needle: str) -> int | None:
    """The line, from 1, in which `needle` stands first."""
    at = text.find(needle)
    return text.count("\n", 0, at) + 1 if needle and at >= 0 else None
