"""The values that flow through the program. Frozen, without input or output; units stand in the names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from mirrorctl.measured import Reason as Reason
from mirrorctl.measured import Way as Way
from mirrorctl.measured import Workload as Workload
from mirrorctl.text import Text
from mirrorctl.values import dataclass, field

# A setting as a lens reads it. None: the key is not there. Lists, not tuples, so that JSON gives back what it got.
Value: TypeAlias = str | list[str] | list[list[str]] | None

# The registry of container images that each ecosystem of such mirrors is about.
REGISTRIES: Mapping[str, str] = {
    "docker": "docker.io",
    "ghcr": "ghcr.io",
    "quay": "quay.io",
    "gcr": "gcr.io",
    "k8s": "registry.k8s.io",
}


class Scope(StrEnum):
    """Which of a client's files is meant."""

    USER = "user"
    SYSTEM = "system"
    PROJECT = "project"


class Trust(StrEnum):
    """Who sees your traffic."""

    UNIVERSITY = "university"
    COMPANY = "company"
    COMMUNITY = "community"
    PRIVATE = "private"


class Status(StrEnum):
    """What the evidence says of a mirror (docs/reference/catalog.md)."""

    ACTIVE = "active"
    UNVERIFIED = "unverified"
    RESTRICTED = "restricted"
    INTERNAL = "internal"
    LOGIN = "login"
    REDIRECTS = "redirects"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Who runs mirrors. One outage, and one decision about trust, concerns all of an operator's mirrors."""

    id: str
    name: str
    name_zh: str | None
    trust: Trust
    home: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """How often a mirror says it synchronises, and who says so. Documentation, never a measured lag."""

    documented: str | None = None
    source: tuple[str, ...] = ()
    remark: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshnessRecipe:
    """One way to learn how old a mirror's content is: a feed or a marker, by its type."""

    type: str
    url: str
    job: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """One URL that serves an ecosystem, with what is known about it."""

    id: str
    ecosystem: str
    operator: str
    url: str
    kind: str
    trust: Trust
    status: Status
    status_since: str | None = None
    domain: str  # failure domain: mirrors that share one go down, or go stale, together
    default: bool = False  # in the default set: active, evidenced, not community
    rank: int | None = None
    replaces: tuple[str, ...] = ()  # git: the upstream URL prefixes it serves
    registry: str | None = None  # container images: the registry it mirrors
    aliases: tuple[str, ...] = ()  # further URLs of the same mirror, recognised in configurations
    replaced_by: str | None = None
    sync: Sync = field(default_factory=Sync)
    freshness: tuple[FreshnessRecipe, ...] = ()
    probe: Mapping[str, object] = field(default_factory=dict)
    features: Mapping[str, bool] = field(default_factory=dict)
    quirks: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    evidence_at: date | None = None
    origin: str = "bundled"  # the catalog layer it came from


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the program knows of where it runs. Captured once, at the edge."""

    environ: Mapping[str, str]
    home: Path
    cwd: Path
    platform: str
    euid: int
    root: Path | None = None  # an image to be treated as /

    def path(self, absolute: str) -> Path:
        """A path of the system, below `root` when an image is being prepared."""
        return self.root / absolute.lstrip("/") if self.root else Path(absolute)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A client program as found on the machine.

    `scope` is the one that this installation is configured in, where that is not the habitual one; `running` is False
    for a daemon that does not run and so cannot be asked whether a change works.
    """

    target: str
    version: tuple[int, ...] = ()
    scope: Scope | None = None
    running: bool = True
    default_url: str | None = None  # what the client uses when nothing is configured, as it says itself
    facts: Mapping[str, str] = field(default_factory=dict)  # whatever else its target needs to remember


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Something that wins over the file we would write."""

    source: str  # "environment", "flag", or the path of the winning file
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something to tell: a stable code for scripts, a message and a next step for people."""

    code: str
    message: Text
    hint: Text | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One measurement of one mirror. A failure is a probe with a reason, never a missing row.

    Seconds are of the first connection to the mirror; `ttfb_s` is from the request on a ready connection to the
    first byte, redirects included. `setup_s` is what all connections of a pull take, where files come from another
    host than the index; `wait_s` is what a client loses besides on an address that does not answer. The true bandwidth
    is likely between the low and the high one; `confirmed`: it held over a long transfer. None means not measured.
    `ways` are those to the mirror's own host; none of them is known behind a `proxy`.
    """

    mirror: Mirror
    connect_s: float | None = None  # name lookup and TCP
    tls_s: float | None = None
    ttfb_s: float | None = None
    setup_s: float | None = None
    wait_s: float = 0.0
    bandwidth_bytes_per_s: float | None = None
    bandwidth_low_bytes_per_s: float | None = None
    bandwidth_high_bytes_per_s: float | None = None
    confirmed: bool = False
    lag_s: float | None = None
    lag_basis: str | None = None
    proxy: str | None = None
    ways: tuple[Way, ...] = ()
    read_bytes: int = 0
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """An eligible mirror and the seconds that the workload is predicted to take through it, likely within low and high.

    `confidence` is high, medium or low; `explanation` says why the mirror stands where it stands.
    """

    probe: Probe
    predicted_s: float
    low_s: float | None = None
    high_s: float | None = None
    confidence: str = "low"
    explanation: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The outcome of measuring one ecosystem, best first."""

    ecosystem: str
    workload: Workload
    ranked: tuple[Ranked, ...]
    rejected: tuple[Probe, ...]
    elapsed_s: float = 0.0
    read_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEdit:
    """One file before and after. None stands for no file.

    `interim` is a content that has to be in force before `after` is written: dockerd keeps mirrors whose key
    disappears, so the list is emptied first. `drained` is the same for the way back from `after` to `before`.
    `folders` were made for the file and go with it if nothing else is in them; `mode` is that of a file made anew.
    """

    path: Path
    before: bytes | None
    after: bytes | None
    interim: bytes | None = None
    drained: bytes | None = None
    value_before: Value = None
    value_after: Value = None
    folders: tuple[Path, ...] = ()
    mode: int | None = None

    @property
    def changed(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one target needs to use `mirrors` (none: upstream). Data; nothing has happened yet.

    `urls` is what the client has to report as in force afterwards.
    """

    target: str
    scope: Scope
    mirrors: tuple[Mirror, ...]
    urls: tuple[str, ...]
    edits: tuple[FileEdit, ...]
    notices: tuple[Notice, ...] = ()

    @property
    def changed(self) -> bool:
        return any(edit.changed for edit in self.edits)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedFile:
    """One file of a transaction, as the journal keeps it.

    `value_before` and `value_after` are the setting that the target's lens reads in the bytes before and after,
    `urls` the mirrors that were written, `interim` and `drained` the bytes that may stand there in between, `folders`
    the directories that were missing (see FileEdit). `mode` is that of the file before.
    """

    target: str
    scope: Scope
    path: Path
    before: bytes | None
    after: bytes | None
    interim: bytes | None = None
    drained: bytes | None = None
    lock: str | None = None
    value_before: Value = None
    value_after: Value = None
    urls: tuple[str, ...] = ()
    folders: tuple[Path, ...] = ()
    mode: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A change that was made, or begun, by one command."""

    id: str
    at: datetime
    command: str
    state: str  # applied, undone, rolled_back, pending; damaged: nothing else is known of it
    files: tuple[SavedFile, ...]
    undoes: str | None = None  # the transaction that this one took back
