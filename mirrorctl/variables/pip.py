"""pip: PIP_INDEX_URL, which wins over every configuration file (pip documentation, "Configuration").

An empty variable does not count, and further indexes of the configuration stay: pip has no variable that takes them out.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from mirrorctl.formats.assignments import Assignment
from mirrorctl.model import Client, Machine, Mirror, Notice
from mirrorctl.redaction import redact
from mirrorctl.targets.common import is_loopback
from mirrorctl.text import _
from mirrorctl.variables.base import Assigned

NAME = "pip"
ECOSYSTEM = "pypi"
PROGRAMS = ("pip", "pip3", "pipx")
FLAGS = ("-i", "--index-url", "--pypi-url", "--no-index", "--isolated")
URL, ALIAS, TRUSTED = "PIP_INDEX_URL", "PIP_PYPI_URL", "PIP_TRUSTED_HOST"


def assign(machine: Machine, client: Client, mirrors: tuple[Mirror, ...], offered: tuple[Mirror, ...]) -> Assigned:  # noqa: ARG001
    gone: list[Assignment] = [(ALIAS, None)] if ALIAS in machine.environ else []
    url = mirrors[0].url if mirrors else client.default_url
    return Assigned(variables=(*gone, (URL, url)), notices=_plain(machine, url))


def _plain(machine: Machine, url: str | None) -> tuple[Notice, ...]:
    """Over http pip ignores an index whose host the user has not declared trusted."""
    parts = urlsplit(url or "")
    if url is None or parts.scheme != "http" or is_loopback(url):
        return ()
    host = parts.hostname or ""
    if host in machine.environ.get(TRUSTED, "").split():
        return ()
    message = _("pip ignores {url}: it is not https, and {host} is not trusted", url=redact(url), host=host)
    hint = _("choose an https mirror, or set {name}={host} yourself", name=TRUSTED, host=host)
    return (Notice(code="plain-http", message=message, hint=hint, subject=NAME),)
