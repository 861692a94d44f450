"""Finding the Docker daemon, and what it says of itself.

Sources: dockerd(8), docker-info(1), docker-context-inspect(1), systemd.service(5), unix(7), proc(5).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from mirrorctl.dialogue import Dialogue, call, peer, read, run
from mirrorctl.formats import decode
from mirrorctl.model import Client, Machine, Scope
from mirrorctl.targets.common import version_of

HUB = "https://registry-1.docker.io/"  # what dockerd uses when no mirror is configured
HABITUAL_SOCKET = "/var/run/docker.sock"


def find(machine: Machine) -> Dialogue[Client | None]:
    """The daemon that the `docker` command talks to, or one that is installed and does not run.

    Facts, all strings: `daemon` (running, denied, stopped), `foreign` (why it is not ours to configure: remote,
    desktop, snap, elsewhere, or nothing), `host`, `socket`, `pid`, `config` (what --config-file says), `flags` (the
    --registry-mirror flags), `mirrors` (in force; both JSON), `images` (containerd, graph), `rootless` (yes, no).
    """
    host = yield from _find_host(machine)
    info, denied = yield from _ask_info(host)
    if info and "host" in info and "ServerVersion" not in info:
        return None  # podman answers to the same name
    if info is None:
        return (yield from _find_stopped(machine, host, denied=denied))
    facts = _facts_of(info, host)
    if not facts["foreign"]:
        facts |= yield from _find_process(machine, facts)
    return _client(str(info["ServerVersion"]), facts)


def _client(version: str, facts: dict[str, str]) -> Client:
    return Client(
        target="docker",
        version=version_of(version),
        scope=Scope.USER if facts["rootless"] == "yes" else None,
        running=facts["daemon"] == "running",
        default_url=HUB,
        facts=facts,
    )


def _find_host(machine: Machine) -> Dialogue[str]:
    """The address of the daemon, as DOCKER_HOST or the current context name it (docker-context(1))."""
    if host := machine.environ.get("DOCKER_HOST"):
        return host
    folder = machine.environ.get("DOCKER_CONFIG")
    settings = json_object(decode((yield from read(config_file(machine, folder))) or b""))
    chosen = machine.environ.get("DOCKER_CONTEXT") or (settings or {}).get("currentContext") or "default"
    if chosen != "default":
        output = yield from run("docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
        if output.stdout.strip():
            return output.stdout.strip()
    return f"unix://{HABITUAL_SOCKET}"


def config_file(machine: Machine, folder: str | None) -> Path:
    return (Path(folder) if folder else machine.home / ".docker") / "config.json"


def _ask_info(host: str) -> Dialogue[tuple[dict[str, Any] | None, bool]]:
    """What the daemon says of itself, and whether we were denied to ask. A local one is asked without a detour."""
    if host.startswith("unix://"):
        output = yield from call(Path(host.removeprefix("unix://")), "/info")
    else:
        output = yield from run("docker", "info", "--format", "{{json .}}")
    info = json_object(output.stdout)
    if info and ("host" in info or info.get("ServerVersion")):
        return info, False
    return None, "permission denied" in output.stderr.lower()


def _facts_of(info: dict[str, Any], host: str) -> dict[str, str]:
    options = info.get("SecurityOptions") or []
    driver = info.get("DriverStatus") or []
    registries = info.get("RegistryConfig") or {}
    foreign = ""
    if not host.startswith("unix://"):
        foreign = "remote"
    elif info.get("OperatingSystem") == "Docker Desktop":
        foreign = "desktop"
    elif str(info.get("DockerRootDir", "")).startswith("/var/snap/"):
        foreign = "snap"
    return {
        "daemon": "running",
        "foreign": foreign,
        "host": host,
        "socket": host.removeprefix("unix://"),
        "mirrors": json.dumps(registries.get("Mirrors") or []),
        "images": "containerd" if any("io.containerd" in str(pair) for pair in driver) else "graph",
        "rootless": "yes" if any("name=rootless" in str(option) for option in options) else "no",
    }


def _find_process(machine: Machine, facts: dict[str, str]) -> Dialogue[dict[str, str]]:
    """The process behind the socket and what its flags say; `foreign` when it is not on this machine."""
    first = yield from peer(Path(facts["socket"]))
    words = yield from _read_words(first)
    pid = first
    if not _is_dockerd(words):
        activated = first is None or first == 1 or any("systemd" in word for word in words[:1])
        pid, words = (yield from _find_by_service(machine, facts)) if activated else (None, ())
    if pid is None:
        return {"foreign": "elsewhere"}
    return {"pid": str(pid), **(yield from _facts_of_flags(words, pid))}


def _find_by_service(machine: Machine, facts: dict[str, str]) -> Dialogue[tuple[int | None, tuple[str, ...]]]:
    """The daemon by its pid file, or as systemd knows it: the listener is systemd's where a socket unit starts it."""
    rootless = facts["rootless"] == "yes"
    directory = machine.environ.get("XDG_RUNTIME_DIR", "/run") if rootless else "/var/run"
    content = yield from read(Path(directory) / "docker.pid")
    found = (content or b"").decode("ascii", "replace").strip()
    for attempt in ("file", "systemd"):
        if attempt == "systemd":
            user = ("--user",) if rootless else ()
            output = yield from run("systemctl", *user, "show", "--property=MainPID", "--value", "docker.service")
            found = output.stdout.strip()
        if found.isdigit() and int(found):
            words = yield from _read_words(int(found))
            if _is_dockerd(words):
                return int(found), words
    return None, ()


def _find_stopped(machine: Machine, host: str, *, denied: bool) -> Dialogue[Client | None]:
    output = yield from run("dockerd", "--version", remember=True)
    if not output.ok:
        return None
    facts = {
        "daemon": "denied" if denied else "stopped",
        "foreign": "" if host.startswith("unix://") else "remote",
        "host": host,
        "socket": host.removeprefix("unix://"),
        "mirrors": "[]",
        "images": "",
        "rootless": "no",
    }
    pid: int | None = None
    words: tuple[str, ...] = ()
    if denied:
        pid, words = yield from _find_by_service(machine, facts)
        facts["pid"] = str(pid or "")
    if not words:
        unit = yield from run("systemctl", "show", "--property=ExecStart", "--value", "docker.service")
        command = re.search(r"argv\[\]=(.*?) ;", unit.stdout)
        words = tuple(command[1].split()) if command else ()
    facts |= yield from _facts_of_flags(words, pid)
    return _client(output.stdout, facts)


def _read_words(pid: int | None) -> Dialogue[tuple[str, ...]]:
    """The command line of a process (proc(5))."""
    content = (yield from read(Path(f"/proc/{pid}/cmdline"))) if pid else None
    return tuple((content or b"").decode("utf-8", "surrogateescape").rstrip("\0").split("\0"))


def _is_dockerd(words: Sequence[str]) -> bool:
    return Path(words[0]).name.startswith("dockerd") if words else False


def _facts_of_flags(words: Sequence[str], pid: int | None) -> Dialogue[dict[str, str]]:
    config = next(flag_values(words, "--config-file"), "")
    if config and not config.startswith("/") and pid:
        directory = yield from run("readlink", f"/proc/{pid}/cwd")
        config = str(Path(directory.stdout.strip() or "/") / config)
    return {"config": config, "flags": json.dumps(list(flag_values(words, "--registry-mirror")))}


def flag_values(words: Sequence[str], name: str) -> Iterator[str]:
    """Every value of the flag `name` on a command line, as `--flag value` or `--flag=value`."""
    for index, word in enumerate(words):
        if word == name and index + 1 < len(words):
            yield words[index + 1]
        elif word.startswith(f"{name}="):
            yield word.removeprefix(f"{name}=")


def json_object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def normalise(url: str) -> str:
    """`url` as dockerd reports it: scheme and host in lower case, a slash at the end."""
    return url.lower().rstrip("/") + "/"


def same(left: Iterable[str], right: Iterable[str]) -> bool:
    """Whether two lists mean the same mirrors in the same order; dockerd drops repetitions."""
    return list(dict.fromkeys(map(normalise, left))) == list(dict.fromkeys(map(normalise, right)))
