"""Keeps the tests away from the machine they run on. A pytest plugin, loaded by conftest.py.

Network: a connection to anything but loopback, or asking for the address of a name, raises and fails the test.
Files: what the clients and the program keep for this machine's real users is the same after a session as before.
Environment: a test sees a home of its own and none of the variables that steer the clients.
"""

from __future__ import annotations

import ipaddress
import itertools
import os
import pwd
import socket
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

USER_FILES = (
    ".config/buildkit",
    ".config/containers",
    ".config/docker",
    ".config/git",
    ".config/mirrorctl",
    ".config/pip",
    ".config/uv",
    ".docker",
    ".git-credentials",
    ".gitconfig",
    ".local/share/mirrorctl",
    ".local/state/mirrorctl",
    ".netrc",
    ".pip",
)
SYSTEM_FILES = (
    "/etc/buildkit",
    "/etc/containerd",
    "/etc/containers",
    "/etc/docker",
    "/etc/gitconfig",
    "/etc/mirrorctl",
    "/etc/pip.conf",
    "/etc/uv",
    "/etc/xdg/pip",
    "/etc/xdg/uv",
    "/var/lib/mirrorctl",
)
# Whatever begins like this steers a client, or the program, from outside.
STEERING = (
    *("CONTAINERS_", "DOCKER_", "GIT_", "LC_", "MIRRORCTL_", "PIP_", "SSL_CERT_", "UV_", "XDG_"),
    *("HF_", "HOMEBREW_", "NPM_CONFIG_", "RUSTUP_DIST_", "RUSTUP_UPDATE_", "npm_config_"),
)
STEERING_NAMES = frozenset(
    {
        "ALL_PROXY",
        "CURL_CA_BUNDLE",
        "FTP_PROXY",
        "GOPROXY",
        "GOSUMDB",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "LANG",
        "LANGUAGE",
        "NETRC",
        "NO_COLOR",
        "NO_PROXY",
        "REQUESTS_CA_BUNDLE",
        "VIRTUAL_ENV",
    }
)
RESERVED = (".example", ".invalid", ".test")  # RFC 6761: these never resolve

Snapshot: TypeAlias = Mapping[Path, tuple[int, bytes]]


class ForbiddenConnectionError(AssertionError):
    """A test tried to reach something outside the machine."""


refused: list[str] = []


def is_local(host: object) -> bool:
    if host in {None, "", "localhost", b"localhost"}:
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False


def _refuse(what: str) -> None:
    refused.append(what)
    raise ForbiddenConnectionError(f"tests stay on loopback: {what}")


def _audit(event: str, args: tuple[object, ...]) -> None:
    if not event.startswith("socket."):
        return
    if event in {"socket.getaddrinfo", "socket.gethostbyname"} and not is_local(args[0]):
        name = args[0].decode() if isinstance(args[0], bytes) else str(args[0])
        if name.rstrip(".").endswith(RESERVED):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        _refuse(f"address of {name}")
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        sock, address = args[0], args[1]
        internet = isinstance(sock, socket.SocketType) and sock.family in {socket.AF_INET, socket.AF_INET6}
        if internet and isinstance(address, tuple) and not is_local(address[0]):
            _refuse(f"connection to {address}")


def machine_files(home: Path) -> tuple[Path, ...]:
    """What must not change: of `home`, of the user's real home, and of the system."""
    homes = {home, Path(pwd.getpwuid(os.getuid()).pw_dir)}
    return (*(place / name for place in sorted(homes) for name in USER_FILES), *map(Path, SYSTEM_FILES))


def snapshot(paths: tuple[Path, ...]) -> Snapshot:
    """Time of change and content of each file there is at or below `paths`."""
    found: dict[Path, tuple[int, bytes]] = {}
    for path in itertools.chain.from_iterable((path, *path.rglob("*")) for path in paths if path.exists()):
        if path.is_file():
            found[path] = (path.stat().st_mtime_ns, path.read_bytes() if os.access(path, os.R_OK) else b"")
    return found


def changes(before: Snapshot, after: Snapshot) -> list[Path]:
    return sorted(path for path in {*before, *after} if before.get(path) != after.get(path))


_watched = machine_files(Path.home())
_before = snapshot(_watched)
_numbers = itertools.count()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if changed := changes(_before, snapshot(_watched)):
        print(f"\nERROR: the tests changed files of this machine: {', '.join(map(str, changed))}", file=sys.stderr)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def steers(name: str) -> bool:
    return name.upper() in STEERING_NAMES or name.startswith(STEERING)


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A fresh home, and an environment in which nothing leads to this machine's own files."""
    place = tmp_path_factory.getbasetemp() / "homes" / str(next(_numbers))
    own = place / "home"
    own.mkdir(parents=True)
    for name in filter(steers, list(os.environ)):
        monkeypatch.delenv(name)
    for name, value in {
        "HOME": own,
        "LC_ALL": "C.UTF-8",
        "MIRRORCTL_STATE_DIR": place / "state",
        "XDG_CACHE_HOME": own / ".cache",
        "XDG_CONFIG_DIRS": place / "xdg",
        "XDG_CONFIG_HOME": own / ".config",
        "XDG_DATA_HOME": own / ".local/share",
        "XDG_RUNTIME_DIR": place / "run",
        "XDG_STATE_HOME": own / ".local/state",
    }.items():
        monkeypatch.setenv(name, str(value))
    refused.clear()
    before = snapshot(_watched)
    yield own
    assert not refused, f"tests stay on loopback: {refused}"
    assert not (changed := changes(before, snapshot(_watched))), f"files of this machine changed: {changed}"


sys.addaudithook(_audit)
