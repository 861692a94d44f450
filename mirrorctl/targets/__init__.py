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


def _pip_repairs() -> Target:
    from mirrorctl.targets import pip_repairs  # noqa: PLC0415
    from mirrorctl.targets.facets import facet  # noqa: PLC0415

    return facet(_pip(), pip_repairs)


def _git_repairs() -> Target:
    from mirrorctl.targets import git_repairs  # noqa: PLC0415
    from mirrorctl.targets.facets import facet  # noqa: PLC0415

    return facet(_git(), git_repairs)


# What a journal, and nobody else, may name (mirrorctl.targets.facets). None of them needs to be told of a change.
FACETS: dict[str, Callable[[], Target]] = {"pip/repairs": _pip_repairs, "git/repairs": _git_repairs}


class Registry(MutableMapping[str, Target]):
    """Targets by name, in the order in which they are shown. What each consumes is known without importing it."""

    def __init__(self, entries: dict[str, tuple[str, Callable[[], Target]]]) -> None:
        self._entries = entries

    def ecosystem(self, name: str) -> str:
        return self._entries[name][0]

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


TARGETS = Registry({"pip": ("pypi", _pip), "uv": ("pypi", _uv), "docker": ("docker", _docker), "git": ("git", _git)})
