"""The ecosystems that mirrors serve. Adding one: a module with the names of `Ecosystem`, and its line here."""

from __future__ import annotations

from mirrorctl.ecosystems import docker, git, go, huggingface, npm, pypi, registries, rustup
from mirrorctl.ecosystems.base import Ecosystem

ECOSYSTEMS: dict[str, Ecosystem] = {
    pypi.NAME: pypi,
    docker.NAME: docker,
    git.NAME: git,
    npm.NAME: npm,
    go.NAME: go,
    rustup.NAME: rustup,
    huggingface.NAME: huggingface,
    **{registry.NAME: registry for registry in registries.FURTHER},
}

__all__ = ["ECOSYSTEMS", "Ecosystem"]
