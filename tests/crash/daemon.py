"""A client that runs all the time, like dockerd: it takes its file up when told, and keeps mirrors whose key is gone."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from mirrorctl import dialogue
from mirrorctl.dialogue import Dialogue
from mirrorctl.model import Client, Machine, Reason
from mirrorctl.targets import docker
from mirrorctl.targets.base import Target
from mirrorctl.text import _


@dataclass(slots=True)
class Daemon:
    """`in_force` are its mirrors, `reloads` how often it was told."""

    path: Path = Path("/nowhere")
    in_force: list[str] = field(default_factory=list)
    reloads: int = 0
    stubborn: bool = False  # takes up nothing
    picky: bool = False  # would read nothing but what it has
    gone: bool = False

    def start(self, path: Path) -> None:
        self.path = path
        self.in_force = self.says()

    def says(self) -> list[str]:
        return list(json.loads(self.path.read_bytes() or b"{}").get(docker.KEY) or []) if self.path.exists() else []

    def activate(self, machine: Machine, client: Client, urls: tuple[str, ...]) -> Dialogue[Reason | None]:
        data = yield from dialogue.read(self.path)
        self.reloads += 1
        found = json.loads(data or b"{}")
        if docker.KEY in found:
            self.in_force = list(found[docker.KEY])
        if self.in_force == list(urls) and not self.stubborn:
            return None
        return Reason(code="not-in-force", detail=_("it uses {urls}", urls=self.in_force))

    def accept(self, machine: Machine, client: Client, path: Path, data: bytes) -> Dialogue[Reason | None]:
        yield from ()
        return Reason(code="refused", detail=_("too new")) if self.picky else None

    def target(self) -> Target:
        """A target with docker's lens."""

        def inspect(machine: Machine) -> Dialogue[Client | None]:
            yield from ()
            return None if self.gone else Client(target="daemon")

        names = {
            name: getattr(docker, name)
            for name in ("read", "write", "frame", "drain", "verify", "LOCK", "KEY", "ECOSYSTEM", "SCOPES")
        }
        return cast(
            "Target",
            SimpleNamespace(**names, NAME="daemon", inspect=inspect, activate=self.activate, accept=self.accept),
        )
