"""Having a running Docker daemon take up its file, and pulling through it.

Sources: the Engine API reference (/info, /distribution/{name}/json), moby daemon/reload.go, dockerd(8) on SIGHUP.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from mirrorctl.dialogue import Dialogue, Output, call, hangup, run, wait
from mirrorctl.model import Client, Mirror, Reason
from mirrorctl.targets.common import excerpt, refusal
from mirrorctl.targets.dockerd import HUB, json_object, same
from mirrorctl.text import _

FIRST_WITH_VALIDATE = (23,)
REFUSED = "unable to configure the Docker daemon"
RELOAD_STEPS = 100
RELOAD_STEP_S = 0.1
PULL_TIMEOUT_S = 120.0
MANIFEST_TIMEOUT_S = 60.0  # a mirror that accepts connections and is silent costs the daemon 15 s
CANARIES = ("library/hello-world", "library/busybox")
_LOOPBACK = re.compile(r"http://(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?/?", re.IGNORECASE)


# Taking up the file


def try_file(client: Client, path: Path, data: bytes) -> Dialogue[Reason | None]:
    """Lets dockerd read a daemon.json as if it were there. What it accepts may still be fatal; what it refuses is."""
    if client.version < FIRST_WITH_VALIDATE:
        return None
    output = yield from run("dockerd", "--validate", "--config-file", "/dev/stdin", stdin=data)
    said = f"{output.stdout}{output.stderr}"
    return refusal(output, path, "dockerd") if output.status and REFUSED in said else None


def reload(client: Client, urls: tuple[str, ...]) -> Dialogue[Reason | None]:
    """Has the daemon read its file again, without a restart, and waits until `urls` are what it uses."""
    pid = client.facts.get("pid", "")
    delivered = (yield from hangup(int(pid))) if pid else False
    if not delivered:
        user = ("--user",) if client.facts.get("rootless") == "yes" else ()
        output = yield from run("systemctl", *user, "reload", "docker.service")
        if not output.ok:
            return Reason(
                code="not-reloaded",
                detail=_("dockerd could not be told to read its configuration again; it takes the rights of its user"),
            )
    live: list[str] = []
    for _step in range(RELOAD_STEPS):
        live = yield from _ask_mirrors(client)
        if same(live, urls):
            return None
        yield from wait(RELOAD_STEP_S)
    return Reason(
        code="not-in-force",
        detail=_(
            "dockerd read its configuration again and still uses {mirrors}; its log says why",
            mirrors=", ".join(live) or HUB,
        ),
    )


def _ask_mirrors(client: Client) -> Dialogue[list[str]]:
    output = yield from run("docker", "info", "--format", "{{json .RegistryConfig.Mirrors}}")
    if output.status is None and "not found" in output.stderr:
        output = yield from call(Path(client.facts["socket"]), "/info")
        info = json_object(output.stdout) or {}
        return list((info.get("RegistryConfig") or {}).get("Mirrors") or [])
    try:
        return list(json.loads(output.stdout) or []) if output.ok else []
    except ValueError:
        return []


# Pulling


def pull_manifest(client: Client, mirrors: tuple[Mirror, ...]) -> Dialogue[Reason | None]:
    """Has the daemon fetch a manifest from the first mirror by its name, and then as for a pull.

    The first shows that this daemon, with its own proxies and certificates, gets manifests from the mirror: an
    upstream in reach would hide a mirror that gives none. The second shows that pulls work.
    """
    live = yield from _ask_mirrors(client)
    if not same(live[: len(mirrors)], (mirror.url for mirror in mirrors)):
        return Reason(
            code="not-in-force", detail=_("docker info names other mirrors: {mirrors}", mirrors=", ".join(live) or HUB)
        )
    images = _canaries(mirrors)
    if reason := (yield from _pull_by_name(client, mirrors[0].url, images)):
        return reason
    output = yield from _ask_manifest(client, "", images)
    if output.status == 200:
        return None
    return (yield from _pull(client, images[0], _said(output)))


def _pull_by_name(client: Client, url: str, images: Sequence[str]) -> Dialogue[Reason | None]:
    scheme, _colons, place = url.rstrip("/").partition("://")
    if scheme.lower() == "http" and not _LOOPBACK.fullmatch(url):
        return None  # by its name, dockerd would ask it with TLS
    output = yield from _ask_manifest(client, f"{place}/", images)
    if output.status == 200 or (output.status is None and "timed out" not in output.stderr):
        return None  # it has one; or the socket is not ours to use
    return Reason(
        code="mirror-failed",
        detail=_("dockerd cannot pull {image} from {url}: {said}", image=images[0], url=url, said=_said(output)),
    )


def _canaries(mirrors: tuple[Mirror, ...]) -> tuple[str, ...]:
    """Images to ask for: the mirror's own suggestion first."""
    named = [str(mirror.probe["image"]) for mirror in mirrors[:1] if "image" in mirror.probe]
    return tuple(dict.fromkeys([*named, *CANARIES]))


def _ask_manifest(client: Client, place: str, images: Sequence[str]) -> Dialogue[Output]:
    """The answer for the first of `images` that exists, else the first answer."""
    answers = []
    for image in images:
        output = yield from call(
            Path(client.facts["socket"]), f"/distribution/{place}{image}/json", timeout_s=MANIFEST_TIMEOUT_S
        )
        answers.append(output)
        if output.status == 200:
            return output
        if output.status != 404:
            break
    return answers[0] if answers[-1].status == 404 else answers[-1]


def _said(output: Output) -> str:
    message = (json_object(output.stdout) or {}).get("message")
    return str(message or output.stderr or output.stdout or output.status).strip()


def _pull(client: Client, image: str, otherwise: str) -> Dialogue[Reason | None]:
    """Pulls a tiny image and removes it, if it was not there before.

    Without the user's configuration: a login in it would be handed to a mirror that asks for one (moby#42022).
    """
    short = image.removeprefix("library/")
    environ = {"DOCKER_CONFIG": "{scratch}", "DOCKER_HOST": client.facts["host"], "DOCKER_CONTEXT": None}
    present = yield from run("docker", "image", "inspect", "--format", "{{.Id}}", short)
    output = yield from run("docker", "pull", "--quiet", short, environ=environ, scratch=True, timeout_s=PULL_TIMEOUT_S)
    if output.ok and not present.ok:
        yield from run("docker", "image", "rm", short)
    if output.ok:
        return None
    return Reason(
        code="pull-failed",
        detail=_("docker cannot pull {image}: {said}", image=short, said=excerpt(output) or otherwise),
    )
