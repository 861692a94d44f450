"""What a source says and serves, put so that it can be laid beside what another one does.

A surveyor is a module that has the names of `Surveyor`: it asks for one sample (a project, an image, a repository) as
the client would, and ends with observations. It judges nothing: that is done when all sources have been asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Protocol

from mirrorctl.ecosystems.base import Asking, Canaries, Rejected, Request
from mirrorctl.model import Mirror
from mirrorctl.values import dataclass, field

UPSTREAM = "upstream"  # the kind of a source that stands for upstream itself

# What kinds of observation there are. Of the first, the same name has the same value for ever.
HASH, METADATA_HASH, BYTES, METADATA_BYTES = "hash", "metadata-hash", "bytes", "metadata-bytes"
HEADER, MANIFEST, BLOB = "digest-header", "manifest", "blob"
TAG, REF, BRANCH, YANKED = "tag", "ref", "branch", "yanked"
SAMPLE = "sample"
MOVING = frozenset({TAG, REF, BRANCH, YANKED})
ADDRESSED = frozenset({HEADER, MANIFEST, BLOB})  # the name is the digest of the content


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One thing that a source says or serves. `subject` is the same for the same thing at every source.

    `got` is ALGORITHM:DIGEST, a commit, yes or no, or empty where the source says nothing; `stated` what the source
    itself says that it would be. `parts` are other values that stand for the same content: the platforms of an index.
    """

    sample: str
    subject: str
    kind: str
    got: str
    stated: str = ""
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Something whose bytes can be fetched, and what they are stated to be; the most telling places come first."""

    sample: str
    subject: str
    kind: str
    request: Request
    stated: str
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What was observed of some samples. `whole`: those of which everything was seen; `absent`: those not there.

    `trouble`: why there is no more of a sample, of which something has been observed.
    """

    observations: tuple[Observation, ...] = ()
    places: tuple[Place, ...] = ()
    whole: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    trouble: Mapping[str, Rejected] = field(default_factory=dict)


class Surveyor(Protocol):
    """How one ecosystem is surveyed."""

    # a sample as it is called everywhere here; raises ValueError for what cannot be one
    def sample_of(self, text: str) -> str: ...

    # what is asked for where nothing else is chosen
    def usual_samples(self, canaries: Canaries) -> tuple[str, ...]: ...

    # those of `samples` that the mirror can be asked for; with `chosen`, nothing is put in their place
    def samples_for(self, mirror: Mirror, samples: tuple[str, ...], *, chosen: bool) -> tuple[str, ...]: ...

    # everything about one sample; raises Rejected
    def survey(self, mirror: Mirror, sample: str) -> Asking[Survey]: ...

    # whether the source has, or had, `value` under whatever name; None when it cannot be told
    def knows(self, mirror: Mirror, sample: str, value: str) -> Asking[bool | None]: ...


def joined(surveys: Iterable[Survey]) -> Survey:
    """Several surveys of one source as one."""
    found = tuple(surveys)
    return Survey(
        observations=tuple(item for survey in found for item in survey.observations),
        places=tuple(place for survey in found for place in survey.places),
        whole=frozenset[str]().union(*(survey.whole for survey in found)),
        absent=frozenset[str]().union(*(survey.absent for survey in found)),
        trouble={sample: why for survey in found for sample, why in survey.trouble.items()},
    )


def digest_of(body: bytes, like: str = "sha256:") -> str:
    """ALGORITHM:DIGEST of `body`, by the algorithm of the digest `like`."""
    algorithm = like.partition(":")[0] or "sha256"
    return f"{algorithm}:{hashlib.new(algorithm, body).hexdigest()}"


def all_samples(mirror: Mirror, samples: tuple[str, ...], *, chosen: bool) -> tuple[str, ...]:  # noqa: ARG001
    """For mirrors that stand for their whole ecosystem."""
    return samples


def knows_nothing(mirror: Mirror, sample: str, value: str) -> Asking[bool | None]:  # noqa: ARG001
    """For ecosystems in which nothing moves, so that nothing has to be asked."""
    yield from ()
    return None
