"""The registry of targets. A new one is a function and a line here; mypy checks the module against the protocol.

A target is imported when it is asked for: most commands need one or two of them, and each has its own weight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping

from mirrorctl.targets.base import Target


def _pip() -> Target:
    from mirrorctl.targets import pip  # noqa: PLC0415

    return pip


def _uv() -> Target:
    from mirrorctl.targets import uv  # noqa: PLC0415

    return uv


def _docker() -> Target:
    from mirrorctl.targets import docker  # noqa: PLC0415

    return docker


def _git() -> Target:
    from mirrorctl.targets import git  # noqa: PLC0415

    return git


def _podman() -> Target:
    from mirrorctl.targets import podman  # noqa: PLC0415

    return podman


def _containerd() -> Target:
    from mirrorctl.targets import containerd  # noqa: PLC0415

    return containerd


def _buildkit() -> Target:
    from mirrorctl.targets import buildkit  # noqa: PLC0415

    return buildkit


def _pip_repairs() -> Target:
    from mirrorctl.targets import pip_repairs  # noqa: PLC0415
    from mirrorctl.targets.facets import facet  # noqa: PLC0415

    return facet(_pip(), pip_repairs)


def _git_repairs() -> Target:
    from mirrorctl.targets import git_repairs  # noqa: PLC0415
    from mirrorctl.targets.facets import facet  # noqa: PLC0415

    return facet(_git(), git_repairs)


def _catalog() -> Target:
    from mirrorctl.targets import overlay  # noqa: PLC0415
    from mirrorctl.targets.facets import facet  # noqa: PLC0415

    return facet(_pip(), overlay)  # of pip it has what every file has that nobody needs to be told of


# What a journal, and nobody else, may name (mirrorctl.targets.facets). None of them needs to be told of a change.
FACETS: dict[str, Callable[[], Target]] = {
    "pip/repairs": _pip_repairs,
    "git/repairs": _git_repairs,
    "catalog": _catalog,
}

# What else than its own ecosystem a target has mirrors of: further registries than Docker Hub.
FURTHER = dict.fromkeys(("podman", "containerd", "buildkit"), ("ghcr", "quay", "gcr", "k8s"))


class Registry(MutableMapping[str, Target]):
    """Targets by name, in the order in which they are shown. What each consumes is known without importing it."""

    def __init__(self, entries: dict[str, tuple[str, Callable[[], Target]]]) -> None:
        self._entries = entries

    def ecosystem(self, name: str) -> str:
        return self._entries[name][0]

    def ecosystems(self, name: str) -> tuple[str, ...]:
        """All that the target can have mirrors of, its own ecosystem first."""
        return (self.ecosystem(name), *FURTHER.get(name, ()))

    def __getitem__(self, name: str) -> Target:
        return FACETS[name]() if name in FACETS else self._entries[name][1]()

    def __setitem__(self, name: str, target: Target) -> None:
        self._entries[name] = (target.ECOSYSTEM, lambda: target)

    def __delitem__(self, name: str) -> None:
        del self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


TARGETS = Registry(
    {
        "pip": ("pypi", _pip),
        "uv": ("pypi", _uv),
        "docker": ("docker", _docker),
        "podman": ("docker", _podman),
        "containerd": ("docker", _containerd),
        "buildkit": ("docker", _buildkit),
        "git": ("git", _git),
    }
)
