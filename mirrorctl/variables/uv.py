"""uv: UV_DEFAULT_INDEX, and UV_INDEX_URL for versions that do not know it (uv documentation, "Environment variables")."""

from __future__ import annotations

from mirrorctl.formats.assignments import Assignment
from mirrorctl.model import Client, Machine, Mirror
from mirrorctl.variables.base import Assigned

NAME = "uv"
ECOSYSTEM = "pypi"
PROGRAMS = ("uv", "uvx", "pipx")
FLAGS = ("-i", "--index-url", "--default-index", "--no-index")
URL, OLD_URL = "UV_DEFAULT_INDEX", "UV_INDEX_URL"
FIRST_WITH_DEFAULT_INDEX = (0, 4, 23)


def assign(machine: Machine, client: Client, mirrors: tuple[Mirror, ...], offered: tuple[Mirror, ...]) -> Assigned:  # noqa: ARG001
    url = mirrors[0].url if mirrors else client.default_url
    old = bool(client.version) and client.version < FIRST_WITH_DEFAULT_INDEX
    if old:
        return Assigned(variables=((OLD_URL, url),))
    gone: list[Assignment] = [(OLD_URL, None)] if url is None and OLD_URL in machine.environ else []
    return Assigned(variables=(*gone, (URL, url)))
