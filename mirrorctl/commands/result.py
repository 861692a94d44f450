"""What a command returns: data, notices and an exit code. Renderers make text or JSON of it."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

from mirrorctl.errors import ExitCode, MirrorctlError
from mirrorctl.model import Notice
from mirrorctl.values import dataclass

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result(Generic[T_co]):
    command: str
    data: T_co
    warnings: tuple[Notice, ...] = ()
    errors: tuple[Notice, ...] = ()
    exit_code: ExitCode = ExitCode.OK
    partial: bool = False

    @property
    def status(self) -> Literal["success", "partial", "error"]:
        if self.partial:
            return "partial"
        return "error" if self.errors else "success"


def notice_of(error: MirrorctlError) -> Notice:
    return Notice(code=error.code, message=error.message, hint=error.hint, subject=error.subject)
