"""The clients of container registries that are no dockerd: what of them is here, and a containerd of one's own."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

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
    log = (directory / "log").open("wb")
    with log, subprocess.Popen(["containerd", "-c", str(config)], env=environ, stdout=log, stderr=log) as process:
        try:
            until = time.monotonic() + 30
            while not socket.exists():
                assert process.poll() is None, (directory / "log").read_text()
                assert time.monotonic() < until, (directory / "log").read_text()
                time.sleep(0.05)
            yield socket
        finally:
            process.terminate()
            process.wait(30)
