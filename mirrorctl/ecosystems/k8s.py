"""Mirrors of registry.k8s.io, asked as those of Docker Hub are, for images of their own (catalog: `[probe.k8s]`)."""

from __future__ import annotations

from mirrorctl.ecosystems import docker

NAME = "k8s"
WORKLOAD = docker.WORKLOAD
FALLBACK_S = docker.FALLBACK_S
walk = docker.walk
