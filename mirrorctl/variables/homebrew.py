"""Homebrew: bottles and their index from one tree, and brew itself from a Git repository (brew(1), ENVIRONMENT).

The remotes of brew and of the core tap are the repositories that the same operator has in the catalog, if any: since
brew 4.0 the core tap is for developers only, and operators have begun to drop it.
"""

from __future__ import annotations

from mirrorctl.formats.assignments import Assignment
from mirrorctl.model import Client, Machine, Mirror, Status
from mirrorctl.variables.base import Assigned, fill

NAME = "homebrew"
ECOSYSTEM = "homebrew"
PROGRAMS = ("brew",)
FLAGS = ()
BOTTLES = {"HOMEBREW_API_DOMAIN": "{url}/api", "HOMEBREW_BOTTLE_DOMAIN": "{url}"}
REMOTES = {
    "HOMEBREW_BREW_GIT_REMOTE": "https://github.com/Homebrew/brew.git",
    "HOMEBREW_CORE_GIT_REMOTE": "https://github.com/Homebrew/homebrew-core.git",
}


def assign(machine: Machine, client: Client, mirrors: tuple[Mirror, ...], offered: tuple[Mirror, ...]) -> Assigned:  # noqa: ARG001
    if not mirrors:
        return Assigned(variables=tuple((name, None) for name in (*BOTTLES, *REMOTES)))
    variables: list[Assignment] = [*fill(BOTTLES, mirrors[0]).items()]
    for name, upstream in REMOTES.items():
        held = [other for other in offered if upstream in other.replaces and other.status is Status.ACTIVE]
        variables += [(name, other.url) for other in held[:1]]
    return Assigned(variables=tuple(variables))
