"""Mirrors of quay.io, asked as those of Docker Hub are, for images of their own (catalog: `[probe.quay]`)."""

from __future__ import annotations

from mirrorctl.ecosystems import docker

NAME = "quay"
WORKLOAD = docker.WORKLOAD
FALLBACK_S = docker.FALLBACK_S
walk = docker.walk
