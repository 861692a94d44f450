"""The registry of clients that can be told by variables. A new one is a function and a line here.

A client is imported when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from mirrorctl.variables.base import Speaker


def _pip() -> Speaker:
    from mirrorctl.variables import pip  # noqa: PLC0415

    return pip


def _uv() -> Speaker:
    from mirrorctl.variables import uv  # noqa: PLC0415

    return uv


def _git() -> Speaker:
    from mirrorctl.variables import git  # noqa: PLC0415

    return git


def _npm() -> Speaker:
    from mirrorctl.variables import npm  # noqa: PLC0415

    return npm.CLIENT


def _go() -> Speaker:
    from mirrorctl.variables import go  # noqa: PLC0415

    return go


def _rustup() -> Speaker:
    from mirrorctl.variables import rustup  # noqa: PLC0415

    return rustup.CLIENT


def _huggingface() -> Speaker:
    from mirrorctl.variables import huggingface  # noqa: PLC0415

    return huggingface


def _homebrew() -> Speaker:
    from mirrorctl.variables import homebrew  # noqa: PLC0415

    return homebrew


class Registry(Mapping[str, Speaker]):
    """Clients by name, in the order in which they are shown. What each consumes is known without importing it."""

    def __init__(self, entries: dict[str, tuple[str, Callable[[], Speaker]]]) -> None:
        self._entries = entries

    def ecosystem(self, name: str) -> str:
        return self._entries[name][0]

    def __getitem__(self, name: str) -> Speaker:
        return self._entries[name][1]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


SPEAKERS = Registry(
    {
        "pip": ("pypi", _pip),
        "uv": ("pypi", _uv),
        "git": ("git", _git),
        "npm": ("npm", _npm),
        "go": ("go", _go),
        "rustup": ("rustup", _rustup),
        "huggingface": ("huggingface", _huggingface),
        "homebrew": ("homebrew", _homebrew),
    }
)
