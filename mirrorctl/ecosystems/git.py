"""Git over smart HTTP, protocol version 2 (gitprotocol-http, gitprotocol-v2, gitprotocol-pack).

The walk is that of a clone: the advertisement, the refs, and the pack of a clone of depth 1, which is also what
bandwidth is measured with. A mirror is a copy of one repository, or a prefix that stands for a whole host.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mirrorctl.ecosystems.base import (
    Artefact,
    Asking,
    Canaries,
    Finding,
    Rejected,
    Reply,
    Request,
    Walk,
    check_no_portal,
    check_status,
    host_of,
)
from mirrorctl.model import Mirror, Workload
from mirrorctl.text import _

NAME = "git"

# A clone of a medium repository: advertisement, refs, one pack.
WORKLOAD = Workload(requests=3, bytes=30_000_000)
FALLBACK_S = 0.2  # CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS of libcurl

UPSTREAM = "https://github.com/"
PROTOCOL = {"Git-Protocol": "version=2"}
ADVERTISEMENT_LIMIT_BYTES = 16 * 1024
REFS_LIMIT_BYTES = 256 * 1024
POST_HEADERS = PROTOCOL | {
    "Content-Type": "application/x-git-upload-pack-request",
    "Accept": "application/x-git-upload-pack-result",
}
FLUSH, DELIMITER = b"0000", b"0001"

# The answer to `fetch`: perhaps a section of shallow commits, then the pack on band 1.
PACK_SIGNATURE = rb"(?s).{0,2048}?000dpackfile\n[0-9a-f]{4}\x01PACK"

_SYMREF = re.compile(rb" HEAD symref-target:(refs/[^\s\0]+)|[ \0]symref=HEAD:(refs/[^\s\0]+)")
_OBJECT = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def packet(line: bytes) -> bytes:
    """One pkt-line: four hexadecimal digits of length, themselves counted, and the content."""
    return b"%04x" % (len(line) + 4) + line


def packets(data: bytes) -> Iterator[bytes | None]:
    """The pkt-lines of `data`, None for flush, delimiter and end packets, up to the last whole one.

    Raises ValueError where there is no pkt-line.
    """
    at = 0
    while at + 4 <= len(data):
        if not re.fullmatch(rb"[0-9a-fA-F]{4}", data[at : at + 4]):
            raise ValueError(f"no pkt-line at byte {at}")
        size = int(data[at : at + 4], 16)
        if size < 4:
            yield None
            at += 4
            continue
        if at + size > len(data):
            return
        yield data[at + 4 : at + size]
        at += size


def walk(mirror: Mirror, canaries: Canaries) -> Walk:
    """Advertisement and HEAD of the first repository that is there; a pack of the last one, for measuring."""
    repositories = (mirror.url.rstrip("/"),) if mirror.kind == "repo" else _below(mirror, canaries)
    for place, repository in enumerate(repositories):
        head = yield from _head(repository)
        if head is None:
            continue
        heads = {repository: head}
        for larger in reversed(repositories[place + 1 :]):
            found = yield from _head_if_any(larger)
            if found:
                heads[larger] = found
                break
        return Finding(
            artefact=pack_of(*list(heads.items())[-1]),
            again=advertisement(repository),
            markers={f"object:{_name(known)}": sha for known, sha in heads.items()},
        )
    raise Rejected(
        "no-repository",
        _("{host} has none of the repositories that were asked for.", host=host_of(mirror.url)),
    )


def _below(mirror: Mirror, canaries: Canaries) -> tuple[str, ...]:
    """The addresses that known repositories have at a mirror that stands for (a part of) a host."""
    base = mirror.url if mirror.url.endswith("/") else f"{mirror.url}/"
    prefixes = mirror.replaces or (UPSTREAM,)
    upstream = [f"{UPSTREAM}{name.removesuffix('.git')}.git" for name in canaries.get("repositories", ())]
    return tuple(base + url.removeprefix(prefix) for url in upstream for prefix in prefixes if url.startswith(prefix))


def _name(repository: str) -> str:
    return "/".join(repository.split("/")[-2:]).removesuffix(".git")


def advertisement(repository: str) -> Request:
    return Request(
        url=f"{repository}/info/refs?service=git-upload-pack",
        headers=PROTOCOL,
        limit_bytes=ADVERTISEMENT_LIMIT_BYTES,
        whole=False,
        on_site=True,
    )


def _head(repository: str) -> Asking[str | None]:
    """HEAD of a repository; None when it is not there."""
    reply = yield advertisement(repository)
    if reply.status in (401, 404):  # what hosts answer for a repository that is not there
        return None
    return advertised_head(reply) or (yield from _listed_head(repository))


def _head_if_any(repository: str) -> Asking[str | None]:
    try:
        head = yield from _head(repository)
    except Rejected:
        return None
    return head


def advertised_head(reply: Reply) -> str:
    """HEAD as a server of version 0 or 1 advertises it at once; empty for version 2, which has to be asked."""
    check_status(reply)
    check_no_portal(reply, _("a repository"))
    try:
        lines = [line for line in packets(reply.body) if line]
    except ValueError:
        lines = []
    if lines and lines[0].rstrip() == b"# service=git-upload-pack":
        del lines[0]  # git-http-backend leaves it out in version 2, hosts of their own make keep it
    if not lines or not (lines[0].startswith(b"version ") or _OBJECT.match(lines[0])):
        raise Rejected("not-git", _("What {host} answered is not what a Git server answers.", host=host_of(reply.url)))
    if lines[0].rstrip() == b"version 2":
        return ""
    for line in lines:
        sha, _space, name = line.partition(b" ")
        if _OBJECT.fullmatch(sha) and name.split(b"\0")[0].rstrip() == b"HEAD":
            return sha.decode()
    raise Rejected("no-repository", _("The repository at {host} has no HEAD.", host=host_of(reply.url)))


def _listed_head(repository: str) -> Asking[str]:
    """HEAD as `ls-refs` lists it."""
    reply = yield ls_refs(repository, "HEAD")
    check_status(reply)
    check_no_portal(reply, _("the refs of a repository"))
    for name, value in refs_in(reply.body):
        if name == "HEAD":
            return value
    raise Rejected("not-git", _("{host} lists no HEAD for a repository that it has.", host=host_of(repository)))


def ls_refs(repository: str, *prefixes: str) -> Request:
    """Asks for the refs whose names begin with one of `prefixes` (gitprotocol-v2, ls-refs)."""
    question = packet(b"command=ls-refs\n") + packet(b"object-format=sha1") + DELIMITER
    question += packet(b"peel\n") + packet(b"symrefs\n")
    question += b"".join(packet(f"ref-prefix {prefix}\n".encode()) for prefix in prefixes) + FLUSH
    return Request(
        url=f"{repository}/git-upload-pack",
        method="POST",
        headers=POST_HEADERS,
        content=question,
        limit_bytes=REFS_LIMIT_BYTES,
        on_site=True,
    )


def refs_in(body: bytes) -> Iterator[tuple[str, str]]:
    """Name and object of each ref in an answer to ls-refs, or in an advertisement of version 0 or 1."""
    try:
        lines = [line for line in packets(body) if line]
    except ValueError:
        return
    for line in lines:
        value, _space, rest = line.partition(b" ")
        names = rest.split(b"\0")[0].split()
        if _OBJECT.fullmatch(value) and names:
            yield names[0].decode("utf-8", "replace"), value.decode()


def head_branch(body: bytes) -> str:
    """The name that HEAD stands for in what `refs_in` reads (symref-target, or the capability symref); empty if unsaid."""
    found = _SYMREF.search(body)
    return (found[1] or found[2]).decode("utf-8", "replace") if found else ""


def pack_of(repository: str, head: str) -> Artefact:
    """The pack of a clone of depth 1. It cannot be asked for in parts; reading stops when enough was seen."""
    question = packet(b"command=fetch") + packet(b"object-format=sha1") + DELIMITER
    question += packet(b"no-progress") + packet(b"ofs-delta") + packet(b"deepen 1")
    question += packet(f"want {head}\n".encode()) + packet(b"done\n") + FLUSH
    return Artefact(
        url=f"{repository}/git-upload-pack",
        name=head,
        method="POST",
        headers=POST_HEADERS,
        content=question,
        ranged=False,
        signature=PACK_SIGNATURE,
    )
