"""The registry of targets. A new one is a line here, which mypy checks against the protocol."""

from __future__ import annotations

from mirrorctl.targets import docker, git, pip, uv
from mirrorctl.targets.base import Target

TARGETS: dict[str, Target] = {"pip": pip, "uv": uv, "docker": docker, "git": git}
