"""What a benchmark has found, as data. Its JSON is made of these classes, key by key (docs/reference/json.md)."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from mirrorctl.text import Text
from mirrorctl.values import dataclass

# `via` of the pulls that use no mirror. No mirror of a catalog can have this id.
DIRECT = "direct"


class Difference(StrEnum):
    """What the interval of a speed-up says of a mirror, compared with the direct way."""

    FASTER = "faster"
    SLOWER = "slower"
    NONE = "none"  # the interval spans 1
    UNKNOWN = "unknown"  # too few pulls succeeded, or it is the direct way itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One pull. `seconds` is from the start of the client to its end, whether it succeeded or not.

    `first_byte_s` is from the start of the client to the first answer of the server that the client tells of,
    `bytes` what came in over the network, `payload_bytes` the files themselves; None where that cannot be known.
    A pull that was cut off at the time limit has `timed_out`, and an `error` as every failed one has.
    """

    via: str
    round: int  # from 1
    started_at: datetime
    seconds: float
    first_byte_s: float | None
    bytes: int | None
    payload_bytes: int | None
    ok: bool
    timed_out: bool = False
    error: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """All pulls of one workload by one way.

    The median is over all `runs`: one that failed or was cut off had not finished, and stands above every one that
    did. None stands for a value that the runs do not give: for `median_s` that half of them did not finish, for
    `high_s` and `speedup_high` that there is no upper bound. `first_byte_s` and `bytes_per_s` are medians of the pulls
    that succeeded; the rate is that of the files themselves where their size is known. `runs` counts all pulls, `failures` those that failed before the time limit, `timeouts` those that
    were cut off at it. Those of the direct way have no speed-up.
    """

    via: str
    median_s: float | None
    low_s: float | None
    high_s: float | None
    first_byte_s: float | None
    bytes: int | None
    bytes_per_s: float | None
    speedup: float | None
    speedup_low: float | None
    speedup_high: float | None
    runs: int
    failures: int
    timeouts: int
    difference: Difference = Difference.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a `via` leads. `url` is redacted, and None where the direct way has no single address."""

    via: str
    url: str | None
    operator: str | None
    trust: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadReport:
    """One workload of one client: every pull in the order in which it was made, and what they say.

    `items` are what one pull pulls: requirements, images or repositories. `sources` and `summary` begin with the direct
    way, the fastest mirror first after it.
    """

    target: str
    name: str
    description: Text
    items: tuple[str, ...]
    sources: tuple[Source, ...]
    runs: tuple[Run, ...]
    summary: tuple[Summary, ...]
    verdict: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetMethod:
    """How one client was made to pull: its command line, what kept it cold, what the figures of bytes mean."""

    target: str
    command: str
    cold: Text
    first_byte: Text
    bytes: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """How the pulls were made and what was computed from them.

    At most `rounds` rounds, in each of which every way has its turn in random order; no more of them, after
    `least_rounds`, once every interval is at most `narrow` of its value wide. `seed` repeats order and intervals.
    """

    rounds: int
    least_rounds: int
    timeout_s: float
    narrow: float
    confidence: float
    resamples: int
    seed: int
    targets: tuple[TargetMethod, ...]
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientVersion:
    target: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where the pulls were made. Nothing in it names a person: no host name, no user name, no address of the machine.

    `network` are the interfaces that are up, `proxies` the proxy variables as "name=value", without passwords.
    """

    mirrorctl: str
    machine: str
    os: str
    cpu: str
    cpus: int
    memory_bytes: int | None
    load: float | None  # of the last minute before the first pull
    network: tuple[str, ...]
    proxies: tuple[str, ...]
    clients: tuple[ClientVersion, ...]
    catalog_date: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchReport:
    """What `bench` found. `interrupted`: it was ended before all rounds were made, and says what it has."""

    workloads: tuple[WorkloadReport, ...]
    method: Method
    environment: Environment
    started_at: datetime
    elapsed_s: float
    interrupted: bool = False
