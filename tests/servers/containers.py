"""The clients of container registries that are no dockerd: what of them is here, and a containerd of one's own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from servers.processes import background
from servers.workstation import search_path

CLIENTS = ("skopeo", "podman", "containerd", "ctr")


def missing() -> str | None:
    absent = [name for name in CLIENTS if not shutil.which(name, path=search_path())]
    return f"not installed: {', '.join(absent)}" if absent else None


@contextmanager
def containerd(directory: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    """A containerd that serves nobody but a test, by its socket. It needs root."""
    directory.mkdir(parents=True, exist_ok=True)
    socket, config = directory / "sock", directory / "config.toml"
    config.write_text(
        'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
        f'root = "{directory}/root"\nstate = "{directory}/state"\n[grpc]\n  address = "{socket}"\n'
    )
    with background(("containerd", "-c", str(config)), directory / "log", environ=environ, ready=socket.exists):
        yield socket
