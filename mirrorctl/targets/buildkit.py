"""BuildKit with a daemon of its own: `mirrors` of the registries in buildkitd.toml. Read when buildkitd starts.

The BuildKit inside dockerd goes by daemon.json, and a builder of `docker buildx create` by the file that it was
created with. Source: BuildKit, docs/buildkitd.toml.md. A mirror is given what the client knows for the mirror's own
host, and nothing that belongs to the registry (session/auth).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mirrorctl.dialogue import Dialogue, run
from mirrorctl.errors import ConflictError, FormatError
from mirrorctl.formats import decode
from mirrorctl.model import Client, Machine, Mirror, Notice, Reason, Scope
from mirrorctl.targets import buildkit_lens, registries
from mirrorctl.targets.base import (
    ConfigFile,
    Contents,
    Decision,
    Setting,
    State,
    accept_anything,
    activate_nothing,
    drain_nothing,
)
from mirrorctl.targets.common import unreadable, version_of
from mirrorctl.targets.registries import HUB
from mirrorctl.text import _

NAME = "buildkit"
ECOSYSTEM = "docker"
SCOPES = (Scope.SYSTEM, Scope.USER)  # user: a rootless daemon
CAPACITY = 2
TRACES = ("/usr/bin/buildkitd", "/usr/local/bin/buildkitd")
LOCK = None
FILE = "buildkitd.toml"

read, write, frame = buildkit_lens.read, buildkit_lens.write, buildkit_lens.frame
drain = drain_nothing
accept = accept_anything
activate = activate_nothing


def inspect(machine: Machine) -> Dialogue[Client | None]:
    output = yield from run("buildkitd", "--version", remember=True)
    if not output.ok:
        return None
    return Client(
        target=NAME,
        version=version_of(output.stdout),
        scope=None if machine.euid == 0 else Scope.USER,
        running=False,  # one that runs has not read what is new
        default_url=f"https://{HUB}",
    )


def assume(machine: Machine) -> Client:  # noqa: ARG001
    return Client(target=NAME, default_url=f"https://{HUB}")


def files(machine: Machine, client: Client) -> tuple[ConfigFile, ...]:  # noqa: ARG001
    scopes = (Scope.SYSTEM,) if machine.root else SCOPES
    return tuple(ConfigFile(path=_file(machine, scope), scope=scope) for scope in scopes)


def _file(machine: Machine, scope: Scope) -> Path:
    if scope is Scope.SYSTEM:
        return machine.path("/etc/buildkit") / FILE
    base = machine.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else machine.home / ".config") / "buildkit" / FILE


def _held(path: Path, contents: Contents) -> dict[str, list[str]]:
    try:
        return registries.grouped(read(decode(contents.get(path) or b""), path))
    except FormatError as error:
        raise unreadable(path, error) from error


def state(machine: Machine, client: Client, contents: Contents, scope: Scope) -> State:  # noqa: ARG001
    path = _file(machine, scope)
    held = _held(path, contents)
    hub = held.get(HUB, [])
    others = [url for registry in held if registry != HUB for url in held[registry]]
    return State(path=path, urls=(*hub, *others), effective_url=hub[0] if hub else f"https://{HUB}")


def decide(
    machine: Machine,
    client: Client,  # noqa: ARG001
    contents: Contents,
    scope: Scope,
    mirrors: tuple[Mirror, ...],
    *,
    known: frozenset[str],
    ours: frozenset[str],
    force: bool,
) -> Decision:
    path = _file(machine, scope)
    held = _held(path, contents)
    if not mirrors:
        rest = {name: registries.without(urls, known | ours, force=force) for name, urls in held.items()}
        kept = [url for urls in rest.values() for url in urls]
        setting = Setting(path=path, value=registries.rows(rest) or None)
        return Decision(settings=(setting,), notices=registries.left(str(path), kept))
    for registry, urls in registries.chosen(mirrors, NAME).items():
        _refuse_other_scheme(path, contents, [url for url in urls if url not in held.get(registry, [])])
        held[registry] = registries.merged(held.get(registry, []), urls, ours)
    return Decision(settings=(Setting(path=path, value=registries.rows(held)),))


def _refuse_other_scheme(path: Path, contents: Contents, urls: Iterable[str]) -> None:
    """The names of mirrors have no scheme: http is for this machine, and for what a table of its own says so of."""
    text = decode(contents.get(path) or b"")
    for url in urls:
        other = buildkit_lens.asked(text, url)
        if other != url:
            host = url.partition("://")[2]
            raise ConflictError(
                _("BuildKit would ask {other}, not {url}", other=other, url=url),
                hint=_(
                    "{table} of {path} decides that: its line “http” has to be {value}",
                    table=f'[registry."{host}"]',
                    path=path,
                    value="true" if url.startswith("http:") else "false",
                ),
                subject=str(path),
            )


def verify(machine: Machine, client: Client, mirrors: tuple[Mirror, ...]) -> Dialogue[Reason | None]:  # noqa: ARG001
    yield from ()
    return None


def next_steps(machine: Machine, client: Client, mirrors: tuple[Mirror, ...]) -> tuple[Notice, ...]:  # noqa: ARG001
    message = _("buildkitd reads its file when it starts: restart it when no build is running")
    hint = _("a builder of docker buildx keeps the file it was created with: docker buildx create --buildkitd-config")
    return (Notice(code="restart", message=message, hint=hint, subject=NAME),)
