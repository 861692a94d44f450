"""The ecosystems that mirrors serve. Adding one: a module with the names of `Ecosystem`, and its line here."""

from __future__ import annotations

from mirrorctl.ecosystems import docker, gcr, ghcr, git, go, huggingface, k8s, npm, pypi, quay, rustup
from mirrorctl.ecosystems.base import Ecosystem

ECOSYSTEMS: dict[str, Ecosystem] = {
    pypi.NAME: pypi,
    docker.NAME: docker,
    git.NAME: git,
    npm.NAME: npm,
    go.NAME: go,
    rustup.NAME: rustup,
    huggingface.NAME: huggingface,
    ghcr.NAME: ghcr,
    quay.NAME: quay,
    gcr.NAME: gcr,
    k8s.NAME: k8s,
}

__all__ = ["ECOSYSTEMS", "Ecosystem"]
