"""What a target is: a client whose configuration is written.

A target is a module that has the names of `Target`; the registry in `mirrorctl.targets` is where mypy checks it.
Everything here is pure. What has to be asked of the machine is a dialogue (`mirrorctl.dialogue`).

Every target is a lens on each of its files: `read` gives the one setting that is ours as a JSON value, `write` gives
the text with that setting changed and every other character as it was. The laws, for every text that `read` accepts
(the path is left out):

    GetPut  write(text, read(text)) == text
    PutGet  read(write(text, value)) == value
    PutPut  write(write(text, v), w) == write(text, w)   as far as `read` and `frame` can tell
    Frame   frame(write(text, value)) == frame(text)
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, TypeAlias

from mirrorctl.dialogue import Dialogue
from mirrorctl.model import Client, Machine, Mirror, Notice, Override, Reason, Scope, Value
from mirrorctl.values import dataclass

# What stands in each file that the client reads; None where there is no file.
Contents: TypeAlias = Mapping[Path, bytes | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFile:
    """A file that the client reads. `scope` is None for one that is never written, only looked at."""

    path: Path
    scope: Scope | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a file shall say."""

    path: Path
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What has to be written where, for the client to use the chosen mirrors."""

    settings: tuple[Setting, ...]
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the client uses now, and who says so.

    `path` is the file of the scope that decides or would be written, `urls` what it configures, most preferred
    first (none: upstream). `effective_url` is what the client really uses first, overrides included.
    """

    path: Path
    urls: tuple[str, ...]
    effective_url: str | None
    overrides: tuple[Override, ...] = ()
    notices: tuple[Notice, ...] = ()


class Target(Protocol):
    """One client. Implemented by a module of `mirrorctl.targets`."""

    @property
    def NAME(self) -> str: ...

    @property
    def ECOSYSTEM(self) -> str: ...

    # the scopes it can be configured in, the habitual one first
    @property
    def SCOPES(self) -> tuple[Scope, ...]: ...

    # how many mirrors of one upstream it can hold at once
    @property
    def CAPACITY(self) -> int: ...

    # paths of the program, by which it is recognised in an image
    @property
    def TRACES(self) -> tuple[str, ...]: ...

    # what follows a file's name in the name of the lock file that the client itself would take; None: it takes none
    @property
    def LOCK(self) -> str | None: ...

    # finds the client and learns what only it knows; None when it is not on the machine
    def inspect(self, machine: Machine) -> Dialogue[Client | None]: ...

    # the client as it will be in an image (`--root`), where nothing can be asked
    def assume(self, machine: Machine) -> Client: ...

    # every file the client reads, the weakest first
    def files(self, machine: Machine, client: Client) -> tuple[ConfigFile, ...]: ...

    # what is in force in `scope`; raises ConfigError for a file that cannot be understood
    def state(self, machine: Machine, client: Client, contents: Contents, scope: Scope) -> State: ...

    # what to write for `mirrors` (none: upstream), most preferred first. `ours` are the URLs that we wrote before.
    # Raises ConflictError when the change could not take effect or would destroy a private setting (unless `force`),
    # and ConfigError.
    def decide(
        self,
        machine: Machine,
        client: Client,
        contents: Contents,
        scope: Scope,
        mirrors: tuple[Mirror, ...],
        *,
        known: frozenset[str],
        ours: frozenset[str],
        force: bool,
    ) -> Decision: ...

    # the lens; all three raise FormatError. `path` only tells one syntax from another (uv.toml, pyproject.toml).
    def read(self, text: str, path: Path) -> Value: ...

    def write(self, text: str, path: Path, value: Value) -> str: ...

    # all that is not ours, by a parser other than the lens, for comparison
    def frame(self, text: str, path: Path) -> object: ...

    # a value that has to be in force before `value` can be written, or None
    def drain(self, value: Value) -> Value: ...

    # asks the client that is installed whether it could read `data` in the place of the file, which is not written
    # yet; a reason when it says that it could not
    def accept(self, machine: Machine, client: Client, path: Path, data: bytes) -> Dialogue[Reason | None]: ...

    # makes the running client take the files up; a reason when it did not. `urls` is what has to be in force.
    def activate(self, machine: Machine, client: Client, urls: tuple[str, ...]) -> Dialogue[Reason | None]: ...

    # a real pull through the real client, its configuration and nothing else; a reason when it failed
    def verify(self, machine: Machine, client: Client, mirrors: tuple[Mirror, ...]) -> Dialogue[Reason | None]: ...

    # what the user still has to do or know
    def next_steps(self, machine: Machine, client: Client, mirrors: tuple[Mirror, ...]) -> tuple[Notice, ...]: ...


# Defaults that a target adopts by assignment.


def drain_nothing(value: Value) -> Value:  # noqa: ARG001
    return None


def activate_nothing(
    machine: Machine,  # noqa: ARG001
    client: Client,  # noqa: ARG001
    urls: tuple[str, ...],  # noqa: ARG001
) -> Dialogue[Reason | None]:
    """For clients that read their files anew each time they run."""
    yield from ()
    return None


def accept_anything(
    machine: Machine,  # noqa: ARG001
    client: Client,  # noqa: ARG001
    path: Path,  # noqa: ARG001
    data: bytes,  # noqa: ARG001
) -> Dialogue[Reason | None]:
    """For clients that cannot be asked, or whose answer takes as long as the pull that comes after the change."""
    yield from ()
    return None
