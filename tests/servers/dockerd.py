"""A Docker daemon of the tests' own, and Debian's docker-registry as origin and as pull-through mirror."""

from __future__ import annotations

import http.client
import json
import os
import random
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from servers.certificates import Authority
from servers.processes import background, until
from servers.workstation import search_path

PROGRAMS = ("dockerd", "docker", "docker-registry", "skopeo")


def missing() -> str | None:
    """Why there can be no daemon here, or None."""
    if os.geteuid() != 0:
        return "dockerd needs root"
    absent = [name for name in PROGRAMS if not shutil.which(name, path=search_path())]
    return f"not installed: {', '.join(absent)}" if absent else None


def free_port() -> int:
    """None of those that the kernel gives to whoever asks for any (ip(7)): nobody else gets it meanwhile."""
    for port in random.SystemRandom().sample(range(20_000, 30_000), 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise OSError("there is no free port")


def listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """A running docker-registry. `log` has one line for each request."""

    port: int
    log: Path
    tls: bool

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    def pulls(self, name: str) -> int:
        """How many manifests and blobs of `name` have been asked for."""
        lines = self.log.read_text(errors="replace").splitlines()
        return sum(f'"GET /v2/{name}/' in line or f'"HEAD /v2/{name}/' in line for line in lines)


@contextmanager
def registry(directory: Path, *, tls: Authority | None = None, remote: Registry | None = None) -> Iterator[Registry]:
    """docker-registry with storage in `directory`; a pull-through cache when there is a `remote`, which has to run."""
    directory.mkdir(parents=True)
    port = free_port()
    settings: dict[str, object] = {
        "version": "0.1",
        "log": {"level": "warn", "accesslog": {"disabled": False}},
        "storage": {"filesystem": {"rootdirectory": str(directory / "storage")}, "delete": {"enabled": True}},
        "http": {"addr": f"127.0.0.1:{port}"} | ({"tls": _tls(tls)} if tls else {}),
    }
    if remote:
        settings["proxy"] = {"remoteurl": remote.url}
    config = directory / "config.yml"
    config.write_text(json.dumps(settings))  # JSON is YAML
    found = Registry(port=port, log=directory / "log", tls=tls is not None)
    environ = {"PATH": search_path()} | (tls.environ if tls else {})
    argv = ("docker-registry", "serve", str(config))
    with background(argv, found.log, environ=environ, ready=lambda: listens(port)):
        yield found


def _tls(authority: Authority) -> dict[str, str]:
    return {"certificate": str(authority.certificate), "key": str(authority.key)}


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("docker", timeout=5)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))


def answers(path: Path) -> bool:
    connection = _UnixConnection(path)
    try:
        connection.request("GET", "/_ping")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Daemon:
    """A running dockerd. `config` is its daemon.json."""

    directory: Path
    config: Path
    pid: int

    @property
    def address(self) -> Path:
        return self.directory / "docker.sock"

    @property
    def log(self) -> str:
        return (self.directory / "log").read_text(errors="replace")

    @property
    def environ(self) -> dict[str, str]:
        return {"DOCKER_HOST": f"unix://{self.address}"}

    def docker(self, *args: str) -> str:
        env = {"PATH": search_path(), "HOME": str(self.directory), **self.environ}
        done = subprocess.run(
            ["docker", *args],
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert done.returncode == 0, f"docker {' '.join(args)}: {done.stderr}"
        return done.stdout.strip()

    def mirrors(self) -> list[str]:
        """What the daemon itself says that it uses."""
        return json.loads(self.docker("info", "--format", "{{json .RegistryConfig.Mirrors}}")) or []

    def answering_pid(self) -> int:
        """Who listens on the socket now."""
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.address))
            pid, _uid, _gid = struct.unpack("3i", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        assert isinstance(pid, int)
        return pid

    def reload(self) -> None:
        """What an administrator would do: a hangup, and a look at the log."""
        before = self.log.count("Reloaded configuration")
        os.kill(self.pid, 1)
        until(lambda: self.log.count("Reloaded configuration") > before, "reload")


@contextmanager
def dockerd(directory: Path, config: str, environ: dict[str, str], *flags: str) -> Iterator[Daemon]:
    """A daemon that has everything it owns in `directory`, removed at the end.

    No bridge and no firewall rules: it must not touch the machine's network.
    """
    directory.mkdir(parents=True)
    file = directory / "daemon.json"
    file.write_text(config)
    socket_path = directory / "docker.sock"
    options = {
        "config-file": file,
        "data-root": directory / "data",
        "exec-root": directory / "exec",
        "pidfile": directory / "pid",
        "host": f"unix://{socket_path}",
        "bridge": "none",
        "iptables": "false",
        "ip6tables": "false",
        "storage-driver": "vfs",
    }
    argv = ("dockerd", *(f"--{name}={value}" for name, value in options.items()), *flags)
    try:
        env = {"PATH": search_path(), "HOME": str(directory), **environ}
        with background(argv, directory / "log", environ=env, ready=lambda: answers(socket_path)) as process:
            daemon = Daemon(directory=directory, config=file, pid=process.pid)
            yield daemon
            if containers := daemon.docker("ps", "-aq").split():
                daemon.docker("rm", "-f", *containers)
    finally:
        shutil.rmtree(directory / "data", ignore_errors=True)


def root_filesystem(directory: Path, program: str = "/bin/sleep") -> Path:
    """A tar archive with one program of this machine and the libraries it needs (ldd(1))."""
    env = {"PATH": search_path()}
    needed = subprocess.run(["ldd", program], env=env, check=True, capture_output=True, text=True).stdout.split()
    libraries = [word for word in needed if word.startswith("/")]
    archive = directory / "root.tar"
    names = [name.lstrip("/") for name in (program, *libraries)]
    subprocess.run(["tar", "-chf", str(archive), "-C", "/", *names], env=env, check=True)
    return archive


def publish(daemon: Daemon, origin: Registry, archive: Path, *names: str) -> None:
    """Makes an image of the archive and puts it on `origin` as library/NAME:latest for each of `names`."""
    daemon.docker("import", str(archive), "seed:latest")
    for name in names:
        source, sink = "docker-daemon:seed:latest", f"docker://127.0.0.1:{origin.port}/library/{name}:latest"
        options = ("-q", f"--src-daemon-host=unix://{daemon.address}", "--dest-tls-verify=false")
        subprocess.run(
            ["skopeo", "copy", *options, source, sink],
            env={"PATH": search_path(), "HOME": str(daemon.directory)},
            check=True,
            capture_output=True,
        )
    daemon.docker("rmi", "-f", "seed:latest")
