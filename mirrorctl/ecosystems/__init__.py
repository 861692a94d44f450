"""The ecosystems that mirrors serve. Adding one: a module with the names of `Ecosystem`, and its line here."""

from __future__ import annotations

from mirrorctl.ecosystems import docker, git, pypi
from mirrorctl.ecosystems.base import Ecosystem

ECOSYSTEMS: dict[str, Ecosystem] = {pypi.NAME: pypi, docker.NAME: docker, git.NAME: git}

__all__ = ["ECOSYSTEMS", "Ecosystem"]
