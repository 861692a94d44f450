"""The clients that read registries.conf: which of them is here, and a question to a registry through it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mirrorctl.dialogue import Dialogue, Output, run
from mirrorctl.model import Client, Machine, Mirror, Reason, Scope
from mirrorctl.redaction import redact
from mirrorctl.targets import podman_files
from mirrorctl.targets.common import excerpt, version_of
from mirrorctl.targets.registries import CANARIES, HUB, registry_of
from mirrorctl.text import _
from mirrorctl.values import replace

PROGRAMS = ("podman", "buildah", "skopeo", "crio")
# Elsewhere than on Linux, podman runs in a virtual machine, which has files of its own.
ELSEWHERE = ("skopeo",)
TRIED = re.compile(r'Trying to access \\?"([^"\\]+)')
# What asks for a manifest, keeps nothing, and says in its log where it asked.
QUESTIONS = {
    "skopeo": ("skopeo", "--debug", "inspect", "--raw", "docker://{}"),
    "podman": ("podman", "--log-level=debug", "manifest", "inspect", "{}"),
}


def find(machine: Machine) -> Dialogue[Client | None]:
    """The first of the programs that is here; and the drop-ins, whose names nobody can guess."""
    here = []
    version: tuple[int, ...] = ()
    for name in PROGRAMS if machine.platform.startswith("linux") else ELSEWHERE:
        output = yield from run(name, "--version", remember=True)
        if output.ok:
            here.append(name)
            version = version or version_of(output.stdout)
    if not here:
        return None
    listed = yield from _drop_ins(machine, Scope.SYSTEM, Scope.USER)
    return Client(
        target="podman",
        version=version,
        scope=Scope.SYSTEM if machine.euid == 0 else None,
        running=bool({*here} & QUESTIONS.keys()),
        default_url=f"https://{HUB}",
        facts={"programs": " ".join(here), "drop-ins": listed},
    )


def explore(machine: Machine, client: Client) -> Dialogue[Client]:
    """The client of an image, with the drop-ins that are there."""
    listed = yield from _drop_ins(machine, Scope.SYSTEM)
    return replace(client, facts={**client.facts, "drop-ins": listed})


def _drop_ins(machine: Machine, *scopes: Scope) -> Dialogue[str]:
    folders = [str(podman_files.drop_in(machine, scope).parent) for scope in scopes]
    listed = yield from run("find", "-H", *folders, "-maxdepth", "1", "-name", "*.conf")
    return listed.stdout


def ask(machine: Machine, client: Client, mirrors: tuple[Mirror, ...]) -> Dialogue[Reason | None]:
    """Asks for one manifest of each registry, as the client finds it; its log names where it looked."""
    here = client.facts.get("programs", "").split()
    # skopeo knows nothing of the variables that name another file.
    order = reversed(QUESTIONS) if podman_files.named_file(machine) else iter(QUESTIONS)
    program = next((name for name in order if name in here), None)
    if program is None:
        return None
    for registry, mirror in _firsts(mirrors):
        image = str(mirror.probe.get("image") or CANARIES.get(registry, ""))
        if not image:
            continue
        place = image if ":" in image else f"{image}:latest"
        argv = [word.format(f"{registry}/{place}") for word in QUESTIONS[program]]
        output = yield from run(*argv, timeout_s=60)
        tried = TRIED.findall(output.stdout + output.stderr)
        wanted = mirror.url.partition("://")[2].rstrip("/")
        if not tried or not tried[0].startswith(f"{wanted}/"):
            used = redact(tried[0]) if tried else excerpt(output)
            detail = _("{program} asks {used}, not {wanted}", program=program, used=used, wanted=wanted)
            return Reason(code="not-effective", detail=detail)
        if not output.ok or len(tried) > 1:
            detail = _(
                "{program} cannot get {image} from {url}: {said}",
                program=program,
                image=image,
                url=mirror.url,
                said=_said(output),
            )
            return Reason(code="mirror-failed", detail=detail)
    return None


def _said(output: Output) -> str:
    """Why, in a line: of the mirror, where another place had it, or of the last that was asked."""
    lines = [line for line in output.stderr.splitlines() if "level=fatal" in line or "Accessing " in line]
    return excerpt(Output(status=1, stderr=lines[0])) if lines else excerpt(output)


def _firsts(mirrors: tuple[Mirror, ...]) -> Iterator[tuple[str, Mirror]]:
    """The most preferred mirror of each registry."""
    found: dict[str, Mirror] = {}
    for mirror in mirrors:
        found.setdefault(registry_of(mirror), mirror)
    yield from found.items()
