"""Mirrors of ghcr.io, asked as those of Docker Hub are, for images of their own (catalog: `[probe.ghcr]`)."""

from __future__ import annotations

from mirrorctl.ecosystems import docker

NAME = "ghcr"
WORKLOAD = docker.WORKLOAD
FALLBACK_S = docker.FALLBACK_S
walk = docker.walk
