"""Mirrors of gcr.io, asked as those of Docker Hub are, for images of their own (catalog: `[probe.gcr]`)."""

from __future__ import annotations

from mirrorctl.ecosystems import docker

NAME = "gcr"
WORKLOAD = docker.WORKLOAD
FALLBACK_S = docker.FALLBACK_S
walk = docker.walk
