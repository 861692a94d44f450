"""What a Git server says of a repository: the object that each branch and tag points to, by `ls-refs` (gitprotocol-v2).

A sample is the address that the repository has upstream, without `.git`. What the objects hold needs no comparing: git
itself computes their names from their content.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mirrorctl.ecosystems.base import Asking, Canaries, Reply, Request, check_no_portal, check_status
from mirrorctl.ecosystems.git import UPSTREAM as GITHUB
from mirrorctl.ecosystems.git import advertised_head, advertisement, head_branch, ls_refs, pack_of, refs_in
from mirrorctl.ecosystems.survey import BRANCH, REF, UPSTREAM, Observation, Survey
from mirrorctl.model import Mirror
from mirrorctl.text import _
from mirrorctl.values import replace

LIMIT_BYTES = 2 * 1024 * 1024
TASTE_BYTES = 1024
PREFIXES = ("HEAD", "refs/heads/", "refs/tags/")


def sample_of(text: str) -> str:
    """`owner/name` at GitHub, or the address of a repository."""
    if re.fullmatch(r"[\w-][\w.-]{0,99}/[\w.-]{1,100}", text, re.ASCII):
        text = f"{GITHUB}{text}"
    if not re.fullmatch(r"https?://[^\s/?#@]+(?:/(?!\.\.?(?:/|$))[\w.~+-]+){1,20}/?", text, re.ASCII):
        raise ValueError(text)
    return text.rstrip("/").removesuffix(".git")


def usual_samples(canaries: Canaries) -> tuple[str, ...]:
    return tuple(map(sample_of, canaries.get("repositories", ())))


def samples_for(mirror: Mirror, samples: tuple[str, ...], *, chosen: bool) -> tuple[str, ...]:
    """A mirror of one repository is asked for that one, whatever the samples are, unless they were `chosen`."""
    own = tuple(map(sample_of, mirror.replaces[:1])) if mirror.kind == "repo" else ()
    fitting = tuple(sample for sample in samples if _address(mirror, sample))
    return fitting if chosen or fitting else own


def survey(mirror: Mirror, sample: str) -> Asking[Survey]:
    repository = _address(mirror, sample)
    reply = yield replace(advertisement(repository), limit_bytes=LIMIT_BYTES)
    if reply.status in (401, 404):
        return Survey(absent=frozenset({sample}))
    if not advertised_head(reply):  # version 2 has to be asked
        reply = yield replace(ls_refs(repository, *PREFIXES), limit_bytes=LIMIT_BYTES, whole=False)
        check_status(reply)
        check_no_portal(reply, _("the refs of a repository"))
    whole = len(reply.body) < LIMIT_BYTES
    return Survey(observations=tuple(_refs(sample, reply)), whole=frozenset({sample} if whole else ()))


def knows(mirror: Mirror, sample: str, value: str) -> Asking[bool | None]:
    """Whether an object is there: the server is asked for it, and only the beginning of the answer is read."""
    pack = pack_of(_address(mirror, sample), value)
    reply = yield Request(
        url=pack.url,
        method=pack.method,
        headers=pack.headers,
        content=pack.content,
        limit_bytes=TASTE_BYTES,
        whole=False,
    )
    if reply.status != 200:
        return None
    if re.match(pack.signature, reply.body):
        return True
    return False if re.match(rb"[0-9a-f]{4}ERR [^\n]{0,80}not our ref", reply.body) else None


def _refs(sample: str, reply: Reply) -> Iterator[Observation]:
    refs = list(refs_in(reply.body))
    # A clone checks out what the branch points to that HEAD names, whatever is said of HEAD itself (builtin/clone.c).
    branches, head = dict(refs), head_branch(reply.body)
    for name, said in refs:
        value = branches.get(head, said) if name == "HEAD" else said
        if not name.startswith(PREFIXES) or name.endswith("^{}"):
            continue
        kind = BRANCH if name.startswith("refs/heads/") else REF
        yield Observation(sample=sample, subject=f"{sample} {name}", kind=kind, got=value)


def _address(mirror: Mirror, sample: str) -> str:
    """Where the mirror has the repository; empty when it stands for others."""
    if mirror.kind == UPSTREAM:
        return f"{sample}.git"
    if mirror.kind == "repo":
        return mirror.url.rstrip("/") if sample in map(sample_of, mirror.replaces) else ""
    base = mirror.url if mirror.url.endswith("/") else f"{mirror.url}/"
    for prefix in mirror.replaces or (GITHUB,):
        if sample.startswith(prefix):
            return f"{base}{sample.removeprefix(prefix)}.git"
    return ""
