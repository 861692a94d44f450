"""What stands against a mirror of Docker Hub on this machine: other settings, other daemons, a login.

Sources: dockerd(8) on flags and file, containerd's docs/hosts.md, docker-login(1), moby#42022.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mirrorctl.errors import ClientError, ConfigError, ConflictError, UsageError
from mirrorctl.model import Client, Machine, Mirror, Notice, Override, Scope, Trust
from mirrorctl.redaction import redact
from mirrorctl.targets.base import Contents
from mirrorctl.targets.dockerd import config_file, flag_values, json_object
from mirrorctl.text import Text, _

NAME = "docker"
KEY = "registry-mirrors"
FLAG = "--registry-mirror"
HOST = "host"  # the table of hosts.toml

_DEFAULTS = "/etc/default/docker"
_HOSTS = "/etc/docker/certs.d/docker.io/hosts.toml"
_HUB_LOGINS = frozenset({"https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"})
# What every supported version takes. Before 25.0 a path keeps the daemon from starting, and up to 28.2 `--validate`
# says "configuration OK" to a name and password, with which it does not start either.
_URL = re.compile(r"https?://([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?/?", re.IGNORECASE)


def files(machine: Machine) -> tuple[Path, ...]:
    """What is looked at and never written."""
    return (machine.path(_HOSTS), machine.path(_DEFAULTS), *_login_files(machine))


def _login_files(machine: Machine) -> tuple[Path, ...]:
    """Where `docker login` keeps what it knows, for the user and for the one who called sudo."""
    if machine.root is not None:
        return ()
    found = [config_file(machine, machine.environ.get("DOCKER_CONFIG"))]
    if caller := machine.environ.get("SUDO_USER"):
        found.append(Path("/home") / caller / ".docker" / "config.json")
    return tuple(found)


# The daemon


def scope_of(client: Client) -> Scope:
    """The scope that configures the daemon in use."""
    return Scope.USER if client.facts.get("rootless") == "yes" else Scope.SYSTEM


def check_daemon(client: Client, scope: Scope) -> None:
    """Raises ClientError for a daemon that is not ours to configure, ConflictError where it reads another file."""
    if why := why_foreign(client):
        raise ClientError(why, hint=_("its configuration was left alone"), subject=NAME)
    used = scope_of(client)
    if client.facts.get("daemon") == "running" and scope is not used:
        raise ConflictError(
            _("the Docker daemon in use does not read the file of scope {scope}", scope=scope.value),
            hint=_("run the command again with --scope {scope}", scope=used.value),
            subject=NAME,
        )


def why_foreign(client: Client) -> Text | None:
    """Why the daemon in use is not ours to configure, if it is not."""
    match client.facts.get("foreign"):
        case "remote":
            return _("docker talks to {host}, which is not on this machine", host=redact(client.facts["host"]))
        case "desktop":
            return _("Docker Desktop keeps its own file: in its settings, under Docker Engine, registry-mirrors")
        case "snap":
            return _("the Docker of the snap store keeps its file in /var/snap/docker and is restarted by snap")
        case "elsewhere":
            return _("the daemon behind {socket} does not run on this machine", socket=client.facts["socket"])
        case _:
            return None


# The file


def check_url(url: str) -> None:
    if not _URL.fullmatch(url):
        raise UsageError(
            _("{url} cannot be a mirror of Docker Hub", url=redact(url)),
            hint=_("dockerd takes http(s)://host[:port], without path, query, name or password"),
            subject=NAME,
        )


def check_keys(path: Path, frame: object) -> Iterator[Notice]:
    """The key of ours in other spellings. dockerd does not start with most; the name of the flag it ignores."""
    for key, _value in frame if isinstance(frame, list) else ():
        if key == "registry-mirror":
            yield Notice(
                code="ignored-key",
                message=_('{path}: dockerd ignores "registry-mirror"; the key is "registry-mirrors"', path=path),
                subject=str(path),
            )
        elif key.lower().replace("_", "-") in {KEY, "registrymirrors"}:
            raise ConfigError(
                _(
                    '{path}: with the key "{key}" dockerd does not start; it is "{right}"',
                    path=path,
                    key=key,
                    right=KEY,
                ),
                hint=_("the file is untouched; rename the key and run the command again"),
                subject=str(path),
            )


# Precedence


def flags(client: Client) -> list[str]:
    """The mirrors that the daemon's command line names."""
    return [str(url) for url in json.loads(client.facts.get("flags") or "[]")]


def overrides(machine: Machine, client: Client, contents: Contents) -> tuple[Override, ...]:
    """What wins over the file of a running daemon. `docker info` knows nothing of a hosts.toml."""
    found = [Override(source="flag", name=FLAG, value=redact(url)) for url in flags(client)]
    if client.facts.get("images") == "containerd":
        path = machine.path(_HOSTS)
        found += [Override(source=str(path), name=HOST, value=redact(url)) for url in _hosts(contents.get(path))]
    return tuple(found)


def check_precedence(machine: Machine, client: Client, contents: Contents, *, force: bool) -> Iterator[Notice]:
    """Raises ConflictError for a flag or a file with which the change would have no effect, or a fatal one."""
    if flags(client):
        raise _flag_conflict(_("the command line of dockerd"), FLAG)
    if defaults := defaults_flag(machine, contents):
        if client.facts.get("daemon") not in {"running", "denied"} and not force:
            raise _flag_conflict(_("DOCKER_OPTS in {path}", path=defaults), FLAG)
        yield Notice(
            code="leftover-flag",
            message=_("{path} sets {flag}; dockerd would not start if its service read that", path=defaults, flag=FLAG),
            hint=_("take it out: the file daemon.json says the same"),
            subject=str(defaults),
        )
    path = machine.path(_HOSTS)
    if client.facts.get("images") != "graph" and (hosts := _hosts(contents.get(path))):
        message = _(
            "{path} names {host}: with the containerd image store dockerd uses that, not registry-mirrors",
            path=path,
            host=redact(hosts[0]),
        )
        if client.facts.get("images") == "containerd" and not force:
            raise ConflictError(message, hint=_("remove that file, or put the mirror into it"), subject=str(path))
        yield Notice(code="hosts-toml", message=message, subject=str(path))


def defaults_flag(machine: Machine, contents: Contents) -> Path | None:
    """The file of shell variables from which Debian's service would give dockerd a mirror, if it would."""
    path = machine.path(_DEFAULTS)
    return path if any(flag_values(_option_words(contents.get(path)), FLAG)) else None


def _flag_conflict(where: Text, flag: str) -> ConflictError:
    return ConflictError(
        _(
            "{where} has {flag}; together with registry-mirrors in the file dockerd would not start",
            where=where,
            flag=flag,
        ),
        hint=_("remove the flag, restart dockerd, and run the command again"),
        subject=NAME,
    )


def _option_words(data: bytes | None) -> Sequence[str]:
    """The words of DOCKER_OPTS in a file of shell variables."""
    text = (data or b"").decode("utf-8", "replace")
    found = re.findall(r"^[ \t]*(?:export[ \t]+)?DOCKER_OPTS=(.*)$", text, re.MULTILINE)
    return found[-1].replace('"', " ").replace("'", " ").split() if found else ()


def _hosts(data: bytes | None) -> list[str]:
    """The hosts that a hosts.toml of containerd puts before the registry. A broken one is ignored there too."""
    import tomllib  # noqa: PLC0415  start-up time

    try:
        document = tomllib.loads((data or b"").decode())
    except ValueError:
        return []
    hosts = document.get(HOST)
    return [str(host) for host in hosts] if isinstance(hosts, dict) else []


# The login


def check_login(
    machine: Machine, client: Client, contents: Contents, mirrors: tuple[Mirror, ...], *, force: bool
) -> Iterator[Notice]:
    """With graph drivers, dockerd hands the login of Docker Hub to a mirror that asks for one (moby#42022).

    Raises ConflictError for a mirror that an individual runs, unless `force`.
    """
    path = hub_login(machine, contents)
    if client.facts.get("images") == "containerd" or path is None:
        return
    for mirror in mirrors:
        if mirror.trust not in {Trust.COMMUNITY, Trust.COMPANY}:
            continue
        message = _(
            "{path} holds a login of Docker Hub, and dockerd would hand it to {url} if that asks (moby#42022)",
            path=path,
            url=mirror.url,
        )
        hint = _("docker logout first, or pull without a login; a mirror run by an individual is refused till then")
        if mirror.trust is Trust.COMMUNITY and not force:
            raise ConflictError(message, hint=hint, subject=str(path))
        yield Notice(code="hub-login", message=message, hint=_("docker logout, or a mirror that you trust with it"))


def hub_login(machine: Machine, contents: Contents) -> Path | None:
    """The file with a login of Docker Hub, if there is one."""
    return next((path for path in _login_files(machine) if _has_hub_login(contents.get(path))), None)


def _has_hub_login(data: bytes | None) -> bool:
    settings = json_object((data or b"").decode("utf-8", "replace"))
    if settings is None:
        return False
    if settings.get("credsStore"):
        return True  # what a store holds is not looked up
    return bool(_HUB_LOGINS & {*_names(settings.get("auths")), *_names(settings.get("credHelpers"))})


def _names(value: Any) -> list[str]:
    return [str(name) for name in value] if isinstance(value, dict) else []
