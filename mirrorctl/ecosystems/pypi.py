"""Python package indexes: PEP 503 (HTML), PEP 691 (JSON), PEP 700 (sizes and upload times).

The walk is pip's: the page of a project, a file that the page links to, compared with the page's digest, and a
large file for measuring. The requests are worded as pip words them (pip/_internal/index/collector.py).
"""

from __future__ import annotations

import re

from mirrorctl.ecosystems.base import (
    Artefact,
    Asking,
    Canaries,
    Finding,
    Rejected,
    Reply,
    Request,
    Walk,
    ask_gently,
    check_digest,
    check_no_portal,
    check_status,
    content_range_size,
    host_of,
    is_html,
    visible,
)
from mirrorctl.ecosystems.freshness import PATIENCE_S, feed_markers, feed_request, page_markers
from mirrorctl.ecosystems.pypi_page import JSON_TYPE, SERIAL, File, Page, parse_page
from mirrorctl.model import Mirror, Workload
from mirrorctl.text import _
from mirrorctl.values import replace

NAME = "pypi"

# A project of medium size: a dozen index pages and wheels, one of them large.
WORKLOAD = Workload(requests=12, bytes=30_000_000)
FALLBACK_S = 15.0  # pip tries one address after another, with its whole --timeout for each; uv asks both

PAGE_HEADERS = {
    "Accept": f"{JSON_TYPE}, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01",
    "Cache-Control": "max-age=0",
}
FILE_HEADERS = {"Accept": "*/*"}
PAGE_LIMIT_BYTES = 1024 * 1024
SMALL_LIMIT_BYTES = 256 * 1024
LARGE_BYTES = 4_000_000  # below that a file says little about bandwidth
WHEEL_MAGIC = b"PK\x03\x04"
HEAD_BYTES = 1024  # of a large file, to learn its size and to see that ranges work


def walk(mirror: Mirror, canaries: Canaries) -> Walk:
    """A page, a small file of it compared with the page's digest, a large file, and how fresh the mirror is."""
    index = mirror.url.rstrip("/")
    page = yield from _first_page(index, canaries.get("small_projects", ()))
    yield from _check_small_file(page)
    artefact = yield from _large_file(index, canaries.get("large_projects", ()))
    markers = yield from _root_markers(index)
    for recipe in mirror.freshness:
        request = feed_request(recipe)
        reply = (yield from ask_gently(request)) if request else None
        markers |= feed_markers(recipe, reply) if reply else {}
    again = Request(url=page.url, headers=PAGE_HEADERS, limit_bytes=PAGE_LIMIT_BYTES, on_site=True)
    # The first time something may have had to be fetched from elsewhere; what a client waits for is the second time.
    yield from ask_gently(replace(again, method="HEAD", patience_s=PATIENCE_S))
    if artefact and artefact.ranged:
        yield from ask_gently(replace(_head_of(artefact.url), patience_s=PATIENCE_S))
    return Finding(artefact=artefact, again=again, markers=markers)


def _first_page(index: str, projects: tuple[str, ...]) -> Asking[Page]:
    for project in projects:
        page = yield from project_page(index, project)
        if page:
            return page
    raise Rejected(
        "not-an-index",
        _(
            "{host} has none of the projects that every index has: {projects}.",
            host=host_of(index),
            projects=", ".join(projects),
        ),
    )


def project_page(index: str, project: str, limit_bytes: int = PAGE_LIMIT_BYTES) -> Asking[Page | None]:
    """The page of a project; None when the mirror does not have the project."""
    reply = yield Request(url=f"{index}/{project}/", headers=PAGE_HEADERS, limit_bytes=limit_bytes, on_site=True)
    if reply.status == 404:
        return None
    check_status(reply)
    page = parse_page(reply)
    if page.files:
        return page
    if is_html(reply) and not _names_project(reply, project):
        raise Rejected(
            "captive-portal",
            _(
                "{host} answered with a web page that is not the page of {project}: a login page?",
                host=host_of(reply.url),
                project=project,
            ),
        )
    if is_html(reply):
        raise Rejected(
            "no-files", _("The page of {project} at {host} links to no file.", project=project, host=host_of(index))
        )
    raise Rejected("not-an-index", _("What {host} answered is not a project page (PEP 503).", host=host_of(reply.url)))


def _names_project(reply: Reply, project: str) -> bool:
    return project.encode() in reply.body.lower() and b"links for" in reply.body.lower()


def _check_small_file(page: Page) -> Asking[None]:
    """Fetches one small file whole. Files that turn out large are passed over, twice."""
    newest_first = sorted((file for file in page.files if file.digest), key=version_of, reverse=True)
    files = sorted(newest_first, key=lambda file: file.size_bytes or SMALL_LIMIT_BYTES)
    if not files:
        raise Rejected("no-digests", _("The mirror states no digests, so that what it serves cannot be checked."))
    for file in files[:3]:
        try:
            reply = yield Request(url=file.url, headers=FILE_HEADERS, limit_bytes=SMALL_LIMIT_BYTES)
        except Rejected as rejected:
            if rejected.code != "too-large":
                raise
            continue
        check_status(reply)
        check_digest(reply.body, file.algorithm, file.digest, file.name)
        return


def version_of(file: File) -> tuple[int, ...]:
    """The release as numbers; () for pre-releases and whatever else is no plain version."""
    found = re.match(r"[^-]+-(\d{1,18}(?:\.\d{1,18})*)(?:-|\.t|\.zip)", file.name)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def _large_file(index: str, projects: tuple[str, ...]) -> Asking[Artefact | None]:
    """A file that is large enough to measure with, seen to be served; None when there is none."""
    for project in projects:
        large = yield from project_page(index, project)
        for file in sorted(large.files if large else (), key=_demand, reverse=True)[:1]:
            artefact = yield from _check_large_file(file)
            if artefact:
                return artefact
    return None


def _demand(file: File) -> tuple[bool, tuple[int, ...], bool, str]:
    """Most asked for is the newest wheel, the one for Linux: a mirror that caches on demand has it at hand."""
    linux = "manylinux" in file.name and "x86_64" in file.name
    return file.name.endswith(".whl"), version_of(file), linux, file.name


def _head_of(url: str) -> Request:
    headers = FILE_HEADERS | {"Range": f"bytes=0-{HEAD_BYTES - 1}"}
    return Request(url=url, headers=headers, limit_bytes=HEAD_BYTES, whole=False)


def _check_large_file(file: File) -> Asking[Artefact | None]:
    reply = yield _head_of(file.url)
    check_status(reply, 200, 206)
    ranged = reply.status == 206
    size = content_range_size(reply) if ranged else int(reply.headers.get("content-length", "0"))
    signature = re.escape(WHEEL_MAGIC) if file.name.endswith((".whl", ".zip")) else b""
    if not re.match(signature, reply.body):
        check_no_portal(reply, _("the file {name}", name=visible(file.name)))
        raise Rejected("hash-mismatch", _("{name} is not the archive that its name says.", name=visible(file.name)))
    if size is not None and size < LARGE_BYTES:
        return None
    return Artefact(
        url=file.url,
        name=file.digest or file.name,
        headers=FILE_HEADERS,
        size_bytes=size,
        ranged=ranged,
        signature=signature,
    )


def _root_markers(index: str) -> Asking[dict[str, str | int | float]]:
    """What the root of the index tells of its age; its end holds the serial (PEP 381), 30 MB further down."""
    reply = yield from ask_gently(
        Request(url=f"{index}/", method="HEAD", headers=PAGE_HEADERS, patience_s=PATIENCE_S, timed=False)
    )
    if reply is None or reply.status != 200:
        return {}
    markers = page_markers(reply)
    if "root_serial" not in markers and reply.headers.get("accept-ranges", "").lower() == "bytes":
        tail = yield from ask_gently(
            Request(
                url=f"{index}/",
                headers=PAGE_HEADERS | {"Range": "bytes=-120"},
                limit_bytes=120,
                whole=False,
                patience_s=PATIENCE_S,
                timed=False,
            )
        )
        serial = SERIAL.search(tail.body.decode("latin-1")) if tail and tail.status == 206 else None
        markers |= {"root_serial": int(serial[1])} if serial else {}
    return markers
