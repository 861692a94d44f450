"""Docker Engine: `registry-mirrors` in daemon.json, taken up by a reload.

Sources: dockerd(8), "Daemon configuration file" in Docker's documentation, moby daemon/reload.go, moby#42022.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from mirrorctl.dialogue import Dialogue
from mirrorctl.errors import FormatError
from mirrorctl.formats import decode, jsondoc
from mirrorctl.model import Client, Machine, Mirror, Notice, Reason, Scope, Value
from mirrorctl.redaction import redact
from mirrorctl.targets import docker_conflicts as conflicts
from mirrorctl.targets import dockerd, dockerd_control
from mirrorctl.targets.base import ConfigFile, Contents, Decision, Setting, State
from mirrorctl.targets.common import unreadable
from mirrorctl.targets.dockerd import HUB, normalise, same
from mirrorctl.text import _

NAME = "docker"
ECOSYSTEM = "docker"
SCOPES = (Scope.SYSTEM, Scope.USER)  # user: a rootless daemon
CAPACITY = 3
TRACES = ("/usr/bin/dockerd", "/usr/sbin/dockerd", "/usr/local/bin/dockerd")
LOCK = None
KEY = "registry-mirrors"

inspect = dockerd.find


def assume(machine: Machine) -> Client:  # noqa: ARG001
    return Client(target=NAME, default_url=HUB, facts={"daemon": "image"})


# Files


def files(machine: Machine, client: Client) -> tuple[ConfigFile, ...]:
    found = [ConfigFile(path=_daemon_file(machine, client, Scope.SYSTEM), scope=Scope.SYSTEM)]
    if machine.root is None:
        found.append(ConfigFile(path=_daemon_file(machine, client, Scope.USER), scope=Scope.USER))
    return (*found, *(ConfigFile(path=path, scope=None) for path in conflicts.files(machine)))


def _daemon_file(machine: Machine, client: Client, scope: Scope) -> Path:
    if (named := client.facts.get("config")) and scope is conflicts.scope_of(client):
        return Path(named)
    if scope is Scope.SYSTEM:
        return machine.path("/etc/docker/daemon.json")
    base = machine.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else machine.home / ".config") / "docker" / "daemon.json"


# The lens


def read(text: str, path: Path) -> Value:  # noqa: ARG001
    value = jsondoc.get(text, KEY)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        offset = max(text.find(f'"{KEY}"'), 0)
        raise FormatError(_('"{key}" is not a list of addresses', key=KEY), line=text.count("\n", 0, offset) + 1)
    return value


def write(text: str, path: Path, value: Value) -> str:
    before = read(text, path)
    if before == value:
        return text
    return jsondoc.put(text, KEY, None if value is None else [str(item) for item in value])


def frame(text: str, path: Path) -> object:  # noqa: ARG001
    try:
        pairs = json.loads(text, object_pairs_hook=tuple, parse_float=str, parse_int=str) if text.strip() else ()
    except (ValueError, RecursionError) as error:
        raise FormatError(_("not JSON: {reason}", reason=str(error)), line=getattr(error, "lineno", 1)) from error
    return [pair for pair in pairs if pair[0] != KEY]


def drain(value: Value) -> Value:
    """Without the key, a reload leaves the mirrors of before in force; an empty list clears them."""
    return [] if value is None else None


def _read_file(path: Path, contents: Contents) -> list[str] | None:
    text = decode(contents.get(path) or b"")
    try:
        value = read(text, path)
    except FormatError as error:
        raise unreadable(path, error) from error
    return None if value is None else [str(item) for item in value]


# State


def state(machine: Machine, client: Client, contents: Contents, scope: Scope) -> State:
    path = _daemon_file(machine, client, scope)
    urls = _read_file(path, contents) or []
    in_use = client.facts.get("daemon") == "running" and scope is conflicts.scope_of(client)
    overrides = conflicts.overrides(machine, client, contents) if in_use else ()
    used = _live(client) if in_use else urls
    spelled = {normalise(url): url for url in urls}
    first = [item.value for item in overrides if item.name == conflicts.HOST] or used
    return State(
        path=path,
        urls=tuple(urls),
        effective_url=spelled.get(normalise(first[0]), first[0]) if first else HUB,
        overrides=overrides,
        notices=tuple(_notices(client, path, scope, urls, overridden=bool(overrides))),
    )


def _notices(client: Client, path: Path, scope: Scope, urls: list[str], *, overridden: bool) -> Iterator[Notice]:
    """What keeps the file from being the whole truth."""
    if scope is not conflicts.scope_of(client):
        return
    live = _live(client)
    if why := conflicts.why_foreign(client):
        yield Notice(code="not-ours", message=why, subject=NAME)
    elif client.facts.get("daemon") == "denied":
        message = _("dockerd may not be asked by this user, so this is what {path} says", path=path)
        yield Notice(code="denied", message=message, subject=NAME)
    elif client.facts.get("daemon") == "running" and not overridden and not same(live, urls):
        used = redact(", ".join(live)) or HUB
        yield Notice(
            code="not-in-force",
            message=_("dockerd uses {mirrors}, not what {path} says", mirrors=used, path=path),
            hint=_("it reads the file when it is reloaded: systemctl reload docker")
            if urls
            else _("a reload does not clear them; this does: mirrorctl use upstream -t docker"),
            subject=NAME,
        )


def _live(client: Client) -> list[str]:
    return [str(url) for url in json.loads(client.facts.get("mirrors") or "[]")]


# Decision


def decide(
    machine: Machine,
    client: Client,
    contents: Contents,
    scope: Scope,
    mirrors: tuple[Mirror, ...],
    *,
    known: frozenset[str],
    ours: frozenset[str],
    force: bool,
) -> Decision:
    conflicts.check_daemon(client, scope)
    path = _daemon_file(machine, client, scope)
    current = _read_file(path, contents)
    if not mirrors:
        rest = _without(current, ours | known, client, force=force)
        return Decision(settings=(Setting(path=path, value=rest),), notices=_left(path, rest))
    for mirror in mirrors:
        conflicts.check_url(mirror.url)
    notices = (
        *conflicts.check_keys(path, frame(decode(contents.get(path) or b""), path)),
        *conflicts.check_precedence(machine, client, contents, force=force),
        *conflicts.check_login(machine, client, contents, mirrors, force=force),
    )
    return Decision(settings=(Setting(path=path, value=_with(current or [], mirrors, ours)),), notices=notices)


def _left(path: Path, rest: list[str] | None) -> tuple[Notice, ...]:
    if not rest:
        return ()
    return (
        Notice(
            code="kept",
            message=_(
                "{path} keeps {mirrors}, which mirrorctl did not write", path=path, mirrors=redact(", ".join(rest))
            ),
            hint=_("--replace-private takes them out too"),
            subject=NAME,
        ),
    )


def _without(current: list[str] | None, public: frozenset[str], client: Client, *, force: bool) -> list[str] | None:
    """What is left of the list for upstream; no key when nothing is, unless an empty list stood or has to stand there."""
    if current is None:  # the key may have been deleted from under a running daemon
        return [] if _live(client) and not conflicts.flags(client) else None
    gone = {normalise(url) for url in public}
    rest = [] if force else [url for url in current if normalise(url) not in gone]
    return rest if rest or not current else None


def _with(current: list[str], mirrors: tuple[Mirror, ...], ours: frozenset[str]) -> list[str]:
    """Our mirrors, first to last, then what the user has there. An address keeps the spelling it has."""
    spelled = {normalise(url): url for url in reversed(current)}
    chosen = {normalise(mirror.url): mirror.url for mirror in mirrors}
    gone = {normalise(url) for url in ours} | chosen.keys()
    return [*(spelled.get(key, url) for key, url in chosen.items()), *(u for u in current if normalise(u) not in gone)]


# Taking effect


def accept(machine: Machine, client: Client, path: Path, data: bytes) -> Dialogue[Reason | None]:  # noqa: ARG001
    return (yield from dockerd_control.try_file(client, path, data))


def activate(machine: Machine, client: Client, urls: tuple[str, ...]) -> Dialogue[Reason | None]:  # noqa: ARG001
    """Reloads a running daemon; one that does not run reads the file when it starts."""
    if client.facts.get("daemon") not in {"running", "denied"}:
        return None
    return (yield from dockerd_control.reload(client, urls))


def verify(machine: Machine, client: Client, mirrors: tuple[Mirror, ...]) -> Dialogue[Reason | None]:  # noqa: ARG001
    if client.facts.get("daemon") != "running" or not mirrors:
        return None
    return (yield from dockerd_control.pull_manifest(client, mirrors))


def next_steps(machine: Machine, client: Client, mirrors: tuple[Mirror, ...]) -> tuple[Notice, ...]:  # noqa: ARG001
    found = []
    if client.facts.get("daemon") == "stopped":
        found.append(
            Notice(
                code="not-running", message=_("dockerd does not run; it reads the file when it starts"), subject=NAME
            )
        )
    if client.facts.get("daemon") == "running":
        message = _("docker build may keep the mirrors of before for up to five minutes for images it has just used")
        found.append(Notice(code="build-cache", message=message, subject=NAME))
    if mirrors:
        message = _("the mirrors serve Docker Hub alone; images of other registries come from where they came")
        found.append(Notice(code="hub-only", message=message, subject=NAME))
    return tuple(found)
