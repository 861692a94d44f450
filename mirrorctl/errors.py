"""What can go wrong, and the exit code each has (docs/reference/exit-codes.md).

MirrorctlError(message, hint, subject)   code            exit
├── UsageError          options or names that make no sense         usage            2
├── CatalogError        a catalog file is wrong: file, key, why     catalog         10
├── ConfigError         the client's file cannot be understood      config          11
├── ConflictError       a change cannot take effect, or would       conflict        12
│                       overwrite what somebody else wrote
├── WriteError          permission, read-only, disk full …          write           13
├── NoMirrorError       nothing eligible: configuration untouched   no-mirror       20
├── ClientError         a client binary is missing or failed        client          21
├── VerifyError         the client refused the change; rolled back  verify          22
└── MismatchError       a mirror serves other bytes than upstream   mismatch        23
Anything else is a bug: one line, a crash log, exit 3.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar

from mirrorctl.text import Text


class ExitCode(IntEnum):
    """Exit codes are part of the contract: new ones may be added, an unknown one is a failure."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    BUG = 3
    WOULD_CHANGE = 4
    CATALOG = 10
    CONFIG = 11
    CONFLICT = 12
    WRITE = 13
    NO_MIRROR = 20
    CLIENT = 21
    VERIFY = 22
    MISMATCH = 23
    INTERRUPTED = 130


class MirrorctlError(Exception):
    """An expected failure: what happened, where, and what to do next.

    `code` is the stable name scripts match on, `subject` the file, mirror or target concerned.
    """

    code: ClassVar[str] = "failure"
    exit_code: ClassVar[ExitCode] = ExitCode.FAILURE

    def __init__(self, message: Text, *, hint: Text | None = None, subject: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.subject = subject


class UsageError(MirrorctlError):
    code = "usage"
    exit_code = ExitCode.USAGE


class CatalogError(MirrorctlError):
    code = "catalog"
    exit_code = ExitCode.CATALOG


class ConfigError(MirrorctlError):
    code = "config"
    exit_code = ExitCode.CONFIG


class ConflictError(MirrorctlError):
    code = "conflict"
    exit_code = ExitCode.CONFLICT


class WriteError(MirrorctlError):
    code = "write"
    exit_code = ExitCode.WRITE


class NoMirrorError(MirrorctlError):
    code = "no-mirror"
    exit_code = ExitCode.NO_MIRROR


class ClientError(MirrorctlError):
    code = "client"
    exit_code = ExitCode.CLIENT


class VerifyError(MirrorctlError):
    code = "verify"
    exit_code = ExitCode.VERIFY


class MismatchError(MirrorctlError):
    code = "mismatch"
    exit_code = ExitCode.MISMATCH


class FormatError(ValueError):
    """A text does not follow its syntax. Formats raise it; whoever knows the path turns it into a ConfigError.

    `line` and `column` count from 1, in characters.
    """

    def __init__(self, reason: Text, *, line: int, column: int = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.column = column
