"""What an index says of a project: the digest of each file and of its metadata (PEP 658), what is yanked (PEP 592)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mirrorctl.ecosystems.base import Asking, Canaries, Request
from mirrorctl.ecosystems.pypi import FILE_HEADERS, project_page, version_of
from mirrorctl.ecosystems.pypi_page import File
from mirrorctl.ecosystems.survey import (
    BYTES,
    HASH,
    METADATA_BYTES,
    METADATA_HASH,
    YANKED,
    Observation,
    Place,
    Survey,
    all_samples,
    knows_nothing,
)
from mirrorctl.model import Mirror

PAGE_LIMIT_BYTES = 8 * 1024 * 1024
METADATA_BYTES_USUAL = 8 * 1024

samples_for = all_samples
knows = knows_nothing


def sample_of(text: str) -> str:
    """The name of a project as PEP 503 writes it."""
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?", text):
        raise ValueError(text)
    return re.sub(r"[-_.]+", "-", text).lower()


def usual_samples(canaries: Canaries) -> tuple[str, ...]:
    return canaries.get("small_projects", ())


def survey(mirror: Mirror, sample: str) -> Asking[Survey]:
    page = yield from project_page(mirror.url.rstrip("/"), sample, PAGE_LIMIT_BYTES)
    if page is None:
        return Survey(absent=frozenset({sample}))
    files = sorted(page.files, key=_appeal, reverse=True)
    return Survey(
        observations=tuple(item for file in files for item in _observations(sample, file)),
        places=tuple(place for file in files for place in _places(sample, file)),
        whole=frozenset({sample}),
    )


def _appeal(file: File) -> tuple[tuple[int, ...], bool, str]:
    """What a client would take first: the newest release, a wheel before an archive of sources."""
    return version_of(file), file.name.endswith(".whl"), file.name


def _observations(sample: str, file: File) -> Iterator[Observation]:
    stated = {
        HASH: _stated(file),
        METADATA_HASH: file.metadata.lower(),
        YANKED: "yes" if file.yanked else "no",
    }
    for kind, value in stated.items():
        if value or kind == HASH:  # that the file is there is worth saying, even without a digest
            yield Observation(sample=sample, subject=file.name, kind=kind, got=value)


def _stated(file: File) -> str:
    return f"{file.algorithm}:{file.digest.lower()}" if file.digest else ""


def _places(sample: str, file: File) -> Iterator[Place]:
    yield Place(
        sample=sample,
        subject=file.name,
        kind=BYTES,
        request=Request(url=file.url, headers=FILE_HEADERS),
        stated=_stated(file),
        size_bytes=file.size_bytes,
    )
    if file.metadata:
        yield Place(
            sample=sample,
            subject=file.name,
            kind=METADATA_BYTES,
            request=Request(url=f"{file.url}.metadata", headers=FILE_HEADERS),
            stated=file.metadata.lower(),
            size_bytes=METADATA_BYTES_USUAL,
        )
