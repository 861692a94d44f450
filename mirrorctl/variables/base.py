"""What a client is that takes its source from environment variables. Pure.

A client is one file in this folder and one line in its registry. Where a row of variables made of the mirror's address
is all there is to it, the file is one `Row`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from mirrorctl.formats.assignments import Assignment
from mirrorctl.model import Client, Machine, Mirror, Notice
from mirrorctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """What has to be set, in order, and what to know about it."""

    variables: tuple[Assignment, ...]
    notices: tuple[Notice, ...] = ()


class Speaker(Protocol):
    """A client that listens to variables."""

    @property
    def NAME(self) -> str: ...

    @property
    def ECOSYSTEM(self) -> str: ...

    # the commands that listen to the variables; the first one that is on PATH shows that the client is there
    @property
    def PROGRAMS(self) -> tuple[str, ...]: ...

    # words of a command line that win over the variables
    @property
    def FLAGS(self) -> tuple[str, ...]: ...

    # The variables for `mirrors` (none: upstream), most preferred first. `machine.environ` is where they will be set;
    # `offered` is what else the operator of the mirror has. Raises ConflictError where they could not take effect.
    def assign(
        self, machine: Machine, client: Client, mirrors: tuple[Mirror, ...], offered: tuple[Mirror, ...]
    ) -> Assigned: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A client whose variables are made of the address alone.

    `rows` maps names to templates: {url} stands for the address without slashes at its end. `rivals` are other
    spellings, which would win.
    """

    name: str
    ecosystem: str
    programs: tuple[str, ...]
    rows: Mapping[str, str]
    flags: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()

    @property
    def NAME(self) -> str:
        return self.name

    @property
    def ECOSYSTEM(self) -> str:
        return self.ecosystem

    @property
    def PROGRAMS(self) -> tuple[str, ...]:
        return self.programs

    @property
    def FLAGS(self) -> tuple[str, ...]:
        return self.flags

    def assign(
        self,
        machine: Machine,
        client: Client,  # noqa: ARG002
        mirrors: tuple[Mirror, ...],
        offered: tuple[Mirror, ...],  # noqa: ARG002
    ) -> Assigned:
        gone: list[Assignment] = [(name, None) for name in self.rivals if name in machine.environ]
        if not mirrors:
            return Assigned(variables=(*gone, *((name, None) for name in self.rows)))
        return Assigned(variables=(*gone, *fill(self.rows, mirrors[0]).items()))


def fill(rows: Mapping[str, str], mirror: Mirror) -> dict[str, str | None]:
    return {name: template.replace("{url}", mirror.url.rstrip("/")) for name, template in rows.items()}
