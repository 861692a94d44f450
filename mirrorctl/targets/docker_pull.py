"""Pulls of images: `docker pull` where a daemon may be asked, else as dockerd would pull, over HTTP.

The daemon's list of mirrors is not touched. An image is pulled from a mirror by the mirror's own name,
`docker.m.example/library/busybox`, and directly as `registry-1.docker.io/library/busybox`, which goes past the mirrors
that the daemon has. What was pulled is removed at once, unless it was there before.

Sources: docker-pull(1), distribution/reference (the grammar of image names), moby registry/config.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from mirrorctl.dialogue import Dialogue, Fetch, Output, Run, Timed, measure, run
from mirrorctl.model import Client, Machine, Mirror
from mirrorctl.targets.base import Contents
from mirrorctl.targets.common import excerpt
from mirrorctl.targets.dockerd import HUB
from mirrorctl.targets.pulls import Pulled, Setup, join, result_of
from mirrorctl.text import Text, _
from mirrorctl.values import replace

DOCKER_HUB = "docker.io"
HOSTS = {DOCKER_HUB, "index.docker.io", "registry-1.docker.io"}
SIGN = rb"Pulling from|Pulling fs layer"
WARM, COLD = "Already exists", "Pulling fs layer"  # of a layer; neither is said of an image that was there as a whole
REMOVE_TIMEOUT_S = 120.0
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*(?::[\w][\w.-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?", re.ASCII)
_HOST = re.compile(r"(?:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)(?::\d+)?")


def check(item: str, folder: Path, read: Callable[[Path], bytes | None]) -> Text | None:  # noqa: ARG001
    host, name = split(item)
    if not _HOST.fullmatch(host) or not _NAME.fullmatch(name):
        return _("this is not the name of an image, as in redis:7-alpine or ghcr.io/octo/hello:latest")
    return None


def split(item: str) -> tuple[str, str]:
    """Registry and name: "redis:7" is ("docker.io", "library/redis:7"), as docker itself reads it."""
    first, slash, rest = item.partition("/")
    if not slash or not (set(first) & set(".:") or first == "localhost"):
        first, rest = DOCKER_HUB, item
    host = DOCKER_HUB if first in HOSTS else first
    return host, f"library/{rest}" if host == DOCKER_HUB and "/" not in rest else rest


def serves(mirror: Mirror, items: tuple[str, ...]) -> bool:
    return all(split(item)[0] == (mirror.registry or DOCKER_HUB) for item in items)


def upstream(client: Client, items: tuple[str, ...]) -> str | None:  # noqa: ARG001
    hosts = {split(item)[0] for item in items}
    return _address(hosts.pop(), None) if len(hosts) == 1 else None


def _address(host: str, mirror: Mirror | None) -> str:
    return mirror.url if mirror else HUB if host == DOCKER_HUB else f"https://{host}"


def _reference(item: str, mirror: Mirror | None) -> str:
    """The name by which the daemon pulls `item` from there and from nowhere else."""
    host, name = split(item)
    if "@" in name:  # a tag beside it says nothing any more
        name = re.sub(r":[^:/@]*@", "@", name)
    return f"{urlsplit(_address(host, mirror)).netloc}/{name}"


def prepare(machine: Machine, client: Client, contents: Contents, *, alone: bool) -> Dialogue[Setup]:  # noqa: ARG001
    bytes_ = _("what the busiest network interface received meanwhile, whoever asked for it")
    environ: dict[str, str | None] = {
        "DOCKER_CONFIG": "{scratch}",  # a login in the user's own would be shown to mirrors
        "DOCKER_CONTEXT": None,
        "DOCKER_HOST": client.facts.get("host"),
    }
    listed = Output(status=None)
    if not alone and client.facts.get("daemon") == "running":
        words = (
            "docker",
            "image",
            "ls",
            "--all",
            "--no-trunc",
            "--format",
            "{{.Repository}}:{{.Tag}}\n{{.Repository}}@{{.Digest}}",
        )
        listed = yield from run(*words, environ=environ, scratch=True)
    if listed.ok:
        return Setup(
            command="docker pull",
            cold=_("each image is removed after its pull; one whose layers were there before is no pull"),
            first_byte=_("until the daemon has read the manifest, the client's own start included"),
            bytes=bytes_,
            environ=environ,
            facts={"way": "daemon", "present": listed.stdout},
        )
    return Setup(
        command="GET /v2/ (manifest, configuration, three layers at a time)",
        cold=_("new connections for each pull; nothing is kept"),
        first_byte=_("until the registry first answers"),
        bytes=_("what the registry sent in its answers, without headers"),
        facts={"way": "registry"},
    )


def pull(
    setup: Setup,
    client: Client,  # noqa: ARG001
    items: tuple[str, ...],
    folder: Path,  # noqa: ARG001
    mirror: Mirror | None,
    timeout_s: float,
) -> Dialogue[Pulled]:
    by_daemon = setup.facts["way"] == "daemon"
    parts: list[Pulled] = []
    for item in items:
        left_s = timeout_s - sum(part.seconds for part in parts)
        part = yield from (_by_daemon(setup, item, mirror, left_s) if by_daemon else _by_http(item, mirror, left_s))
        parts.append(part)
        if part.error:
            break
    for item in items:  # after all of them: they may share layers
        yield from _remove(setup, item, mirror)
    return join(parts)


def _by_daemon(setup: Setup, item: str, mirror: Mirror | None, timeout_s: float) -> Dialogue[Pulled]:
    reference = _reference(item, mirror)
    if _is_present(setup, reference):
        return Pulled(seconds=0.0, error=_("{image} was on this machine before", image=reference))
    question = Run(argv=("docker", "pull", reference), environ=setup.environ, timeout_s=max(timeout_s, 0), scratch=True)
    found = yield from measure(Timed(run=question, sign=SIGN))
    pulled = result_of(
        found, _("docker could not pull {image}: {reason}", image=reference, reason=excerpt(found.output))
    )
    if pulled.error is None and (WARM in found.output.stdout or COLD not in found.output.stdout):
        return replace(
            pulled,
            error=_(
                "layers of {image} were on this machine before; --no-daemon pulls past the daemon", image=reference
            ),
        )
    return pulled


def _by_http(item: str, mirror: Mirror | None, timeout_s: float) -> Dialogue[Pulled]:
    host, name = split(item)
    found = yield from measure(Fetch(registry=_address(host, mirror), images=(name,), timeout_s=max(timeout_s, 0)))
    return result_of(found, _("{image} could not be pulled: {reason}", image=item, reason=found.output.stderr))


def _is_present(setup: Setup, reference: str) -> bool:
    last = reference.rpartition("/")[2]
    named = reference if ":" in last or "@" in last else f"{reference}:latest"
    return named in setup.facts.get("present", "").splitlines()


def _remove(setup: Setup, item: str, mirror: Mirror | None) -> Dialogue[bool]:
    """Removes what a pull has brought, and nothing that was there before. False if there was no answer."""
    reference = _reference(item, mirror)
    if setup.facts["way"] != "daemon" or _is_present(setup, reference):
        return True
    removed = yield from run(
        "docker", "image", "rm", reference, environ=setup.environ, scratch=True, timeout_s=REMOVE_TIMEOUT_S
    )
    return removed.status is not None


def tidy(setup: Setup, client: Client, items: tuple[str, ...], mirrors: tuple[Mirror, ...]) -> Dialogue[None]:  # noqa: ARG001
    for mirror in (None, *mirrors):
        for item in items:
            if not (yield from _remove(setup, item, mirror)):
                return
