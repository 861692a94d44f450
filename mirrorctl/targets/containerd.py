"""containerd where Kubernetes or nerdctl pulls through it: a hosts.toml for each registry. Read anew at every pull.

Sources: containerd, docs/hosts.md and docs/cri/registry.md. The containerd that dockerd keeps to itself is not meant:
that of dockerd is set by daemon.json.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mirrorctl.dialogue import Dialogue, Output, run
from mirrorctl.dialogue import read as read_file
from mirrorctl.errors import ConflictError, FormatError
from mirrorctl.formats import decode
from mirrorctl.model import REGISTRIES, Client, Machine, Mirror, Notice, Override, Reason, Scope
from mirrorctl.redaction import redact
from mirrorctl.targets import containerd_lens, registries
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
from mirrorctl.targets.common import is_private, unreadable, version_of
from mirrorctl.targets.registries import HUB
from mirrorctl.text import _
from mirrorctl.values import replace

NAME = "containerd"
ECOSYSTEM = "docker"
SCOPES = (Scope.SYSTEM,)
CAPACITY = 2
TRACES = ("/usr/bin/kubelet", "/usr/bin/crictl", "/usr/local/bin/nerdctl", "/usr/bin/nerdctl")
LOCK = None
CONFIG = "/etc/containerd/config.toml"
HABITUAL = "/etc/containerd/certs.d"
# Who pulls through containerd, and is not dockerd.
USERS = ("nerdctl", "crictl", "kubelet")
# The plugin that pulls for Kubernetes, of containerd 1 and 2.
PLUGINS = {1: "io.containerd.grpc.v1.cri", 2: "io.containerd.cri.v1.images"}

read, write, frame = containerd_lens.read, containerd_lens.write, containerd_lens.frame
drain = drain_nothing
accept = accept_anything
activate = activate_nothing


# The client


# What a configuration has in it that may say where hosts.toml are.
TELLING = (b"config_path", b"mirrors", b"imports")


def inspect(machine: Machine) -> Dialogue[Client | None]:
    """None for a containerd that has nobody but dockerd to pull through it, and has not been told where hosts.toml are."""
    output = yield from run("containerd", "--version", remember=True)
    if not output.ok:
        return None
    users = []
    for name in USERS:
        found = yield from run(name, "--version", remember=True)
        users += [name] if found.ok else []
    config = yield from read_file(machine.path(CONFIG))
    if not users and not any(word in (config or b"") for word in TELLING):
        return None  # as a distribution delivers it; asking would cost every command a moment
    said = yield from run("containerd", "config", "dump")  # the whole configuration, with what the file does not say
    settings = _settings(said)
    registry = {} if _is_off(settings) else _registry(settings)
    if not users and not registry.get("config_path") and not registry.get("mirrors"):
        return None
    version = version_of(output.stdout.split(" v", 1)[-1])
    return client_of(version, registry, " ".join(users))


def client_of(version: tuple[int, ...], registry: dict[str, Any], users: str) -> Client:
    folders = str(registry.get("config_path") or "").split(":")
    return Client(
        target=NAME,
        version=version,
        running=False,  # nothing is pulled: that would leave something in its store
        default_url=f"https://{HUB}",
        facts={"config_path": folders[0], "users": users, "old": "yes" if registry.get("mirrors") else ""},
    )


def _settings(output: Output) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415  start-up time

    try:
        return tomllib.loads(output.stdout) if output.ok else {}
    except ValueError:
        return {}


def _is_off(settings: dict[str, Any]) -> bool:
    return any(str(name) in {"cri", *PLUGINS.values()} for name in settings.get("disabled_plugins") or [])


def _registry(settings: dict[str, Any]) -> dict[str, Any]:
    """What the plugin for Kubernetes says of registries, in whichever version it is there."""
    plugins = settings.get("plugins")
    for name in PLUGINS.values():
        table = plugins.get(name) if isinstance(plugins, dict) else None
        registry = table.get("registry") if isinstance(table, dict) else None
        if isinstance(registry, dict):
            return registry
    return {}


def assume(machine: Machine) -> Client:  # noqa: ARG001
    return Client(target=NAME, default_url=f"https://{HUB}", facts={"users": "image"})


def explore(machine: Machine, client: Client) -> Dialogue[Client]:
    """The client of an image, with the folder that its configuration names, if it names another one."""
    config = yield from read_file(machine.path(CONFIG))
    registry = _registry(_settings(Output(status=0, stdout=decode(config or b""))))
    folder = str(registry.get("config_path") or "").split(":")[0]
    return replace(client, facts={**client.facts, "config_path": folder}) if folder.startswith("/") else client


# The files


def files(machine: Machine, client: Client) -> tuple[ConfigFile, ...]:
    found = [ConfigFile(path=path, scope=None) for path in (machine.path(CONFIG), _default(machine, client))]
    paths = (_file(machine, client, registry) for registry in REGISTRIES.values())
    return (*found, *(ConfigFile(path=path, scope=Scope.SYSTEM) for path in paths))


def _folder(machine: Machine, client: Client) -> Path:
    return machine.path(client.facts.get("config_path") or HABITUAL)


def _file(machine: Machine, client: Client, registry: str) -> Path:
    return _folder(machine, client) / registry / "hosts.toml"


def _default(machine: Machine, client: Client) -> Path:
    """What counts for registries without a file of their own."""
    return _folder(machine, client) / "_default" / "hosts.toml"


def _hosts(path: Path, contents: Contents) -> list[str]:
    try:
        return list(map(str, read(decode(contents.get(path) or b""), path) or []))
    except FormatError as error:
        raise unreadable(path, error) from error


# What is in force


def state(machine: Machine, client: Client, contents: Contents, scope: Scope) -> State:  # noqa: ARG001
    found = {name: _hosts(_file(machine, client, name), contents) for name in REGISTRIES.values()}
    default = _default(machine, client)
    others = containerd_lens.hosts(contents.get(default))
    path = _file(machine, client, HUB)
    used = found[HUB] or (others if contents.get(path) is None else [])
    return State(
        path=path,
        urls=tuple(url for name in found for url in found[name]),
        effective_url=used[0] if used else f"https://{HUB}",
        overrides=tuple(
            Override(source=str(default), name="_default", value=redact(url)) for url in others if used == others
        ),
        notices=(*_unread(machine, client, contents), *_deaf(machine, client, contents)),
    )


def _unread(machine: Machine, client: Client, contents: Contents) -> Iterator[Notice]:
    """That containerd's own configuration does not name the folder, with the lines that would."""
    if client.facts.get("config_path"):
        return
    said = (
        Output(status=0, stdout=decode(contents.get(machine.path(CONFIG)) or b"")) if machine.root else Output(status=1)
    )
    if HABITUAL in str(_registry(_settings(said)).get("config_path", "")).split(":"):
        return  # of an image, where containerd itself cannot be asked
    plugin = PLUGINS[2 if client.version >= (2,) else 1]
    place = f'[plugins."{plugin}".registry]'
    yield Notice(
        code="no-config-path",
        message=_("Kubernetes does not read {folder}: {config} names no config_path", folder=HABITUAL, config=CONFIG)
        if not client.facts.get("old")
        else _("Kubernetes uses the mirrors in {config} itself, not {folder}", folder=HABITUAL, config=CONFIG),
        hint=_(
            "add to {config}: {place} and below it config_path = {folder}, without registry.mirrors; then restart "
            "containerd. nerdctl reads the folder as it is",
            config=CONFIG,
            place=place,
            folder=f'"{HABITUAL}"',
        ),
        subject=CONFIG,
    )


def _deaf(machine: Machine, client: Client, contents: Contents) -> Iterator[Notice]:
    for registry in REGISTRIES.values():
        path = _file(machine, client, registry)
        for url in containerd_lens.deaf(contents.get(path)):
            yield Notice(
                code="capabilities",
                message=_(
                    "{path} lets {url} serve not all: its capabilities lack pull or resolve", path=path, url=redact(url)
                ),
                hint=_('its table there needs capabilities = ["pull", "resolve"]'),
                subject=str(path),
            )


# What to write


def decide(
    machine: Machine,
    client: Client,
    contents: Contents,
    scope: Scope,  # noqa: ARG001
    mirrors: tuple[Mirror, ...],
    *,
    known: frozenset[str],
    ours: frozenset[str],
    force: bool,
) -> Decision:
    if not mirrors:
        return _back(machine, client, contents, known | ours, force=force)
    chosen = registries.chosen(mirrors, NAME)
    default = _default(machine, client)
    others = [url for url in containerd_lens.hosts(contents.get(default)) if is_private(url, public=known, ours=ours)]
    settings, notices = [], list(_unread(machine, client, contents))
    for registry, urls in chosen.items():
        path = _file(machine, client, registry)
        if others and contents.get(path) is None and not force:
            raise ConflictError(
                _(
                    "{path} sends {registry} to {url}, and a file of its own would end that",
                    path=default,
                    registry=registry,
                    url=redact(others[0]),
                ),
                hint=_("--replace-private makes that file all the same"),
                subject=str(default),
            )
        value = registries.merged(_hosts(path, contents), urls, ours)
        settings.append(Setting(path=path, value=value))
    notices += (each for each in _deaf(machine, client, contents) if each.subject in {str(s.path) for s in settings})
    return Decision(settings=tuple(settings), notices=(*notices, *_logins(client, mirrors)))


def _logins(client: Client, mirrors: tuple[Mirror, ...]) -> Iterator[Notice]:
    """The plugin for Kubernetes gives a pull secret to every host that asks, unless the secret names another one."""
    others = registries.strangers(mirrors)
    if others and client.facts.get("users") != "nerdctl":
        yield Notice(
            code="pull-secrets",
            message=_(
                "containerd would hand the imagePullSecrets of a pod to {url} if that asks for a login",
                url=others[0].url,
            ),
            hint=_("use them for registries of your own alone, or a mirror that you trust with them"),
            subject=NAME,
        )


def _back(machine: Machine, client: Client, contents: Contents, public: frozenset[str], *, force: bool) -> Decision:
    settings: list[Setting] = []
    notices: list[Notice] = []
    for registry in REGISTRIES.values():
        path = _file(machine, client, registry)
        rest = registries.without(_hosts(path, contents), public, force=force)
        settings.append(Setting(path=path, value=rest or None))
        notices += registries.left(str(path), rest)
    hub = _file(machine, client, HUB)
    if contents.get(hub) is None:
        default = _default(machine, client)
        notices += registries.left(str(default), containerd_lens.hosts(contents.get(default)), removable=False)
    return Decision(settings=tuple(settings), notices=tuple(notices))


# Taking effect


def verify(machine: Machine, client: Client, mirrors: tuple[Mirror, ...]) -> Dialogue[Reason | None]:  # noqa: ARG001
    yield from ()
    return None


def next_steps(machine: Machine, client: Client, mirrors: tuple[Mirror, ...]) -> tuple[Notice, ...]:  # noqa: ARG001
    return ()
