"""go: GOPROXY, and GOSUMDB where the proxy does not pass on the checksum database (Go Modules Reference).

A module that the proxy does not have comes from its origin. Checksums are never switched off: where the proxy cannot be
asked for them, the name under which the database is reached from the mainland of China takes the place of its own.
"""

from __future__ import annotations

from mirrorctl.formats.assignments import Assignment
from mirrorctl.model import Client, Machine, Mirror
from mirrorctl.variables.base import Assigned

NAME = "go"
ECOSYSTEM = "go"
PROGRAMS = ("go",)
FLAGS = ()
CHECKSUMS = "sum.golang.google.cn"  # known to go itself as an alias, with the same key


def assign(machine: Machine, client: Client, mirrors: tuple[Mirror, ...], offered: tuple[Mirror, ...]) -> Assigned:  # noqa: ARG001
    if not mirrors:
        own = machine.environ.get("GOSUMDB") == CHECKSUMS
        return Assigned(variables=(("GOPROXY", None), *([("GOSUMDB", None)] if own else [])))
    variables: list[Assignment] = [("GOPROXY", f"{mirrors[0].url.rstrip('/')},direct")]
    if mirrors[0].features.get("sumdb") is False and not machine.environ.get("GOSUMDB"):
        variables.append(("GOSUMDB", CHECKSUMS))
    return Assigned(variables=tuple(variables))
