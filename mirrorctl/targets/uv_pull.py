"""Pulls by uv: `uv pip install` into an empty directory, with a cache of its own that is as empty.

Source: uv documentation, "Environment variables", "Caching" and "Configuration files" (UV_NO_CONFIG).
"""

from __future__ import annotations

from pathlib import Path

from mirrorctl.dialogue import Dialogue, Run, Timed, measure
from mirrorctl.model import Client, Machine, Mirror
from mirrorctl.targets import requirements
from mirrorctl.targets.base import Contents
from mirrorctl.targets.pulls import Pulled, Setup, leave_nothing, result_of
from mirrorctl.targets.uv_client import PLAIN, why
from mirrorctl.text import _

WORDS = (
    "pip",
    "install",
    "--verbose",
    "--only-binary=:all:",
    "--target={scratch}/packages",
    "--cache-dir={scratch}/cache",
)
# What it takes to reach any server, and which Python to install for; everything else that is configured stays out.
CARRIED = frozenset(
    {
        "UV_INSECURE_HOST",
        "UV_NATIVE_TLS",
        "UV_SYSTEM_CERTS",
        "UV_PYTHON",
        "UV_PYTHON_INSTALL_DIR",
        "UV_CONCURRENT_DOWNLOADS",
    }
)
FIRST_WITH_DEFAULT_INDEX = (0, 4, 23)
# The log says so as soon as the first project page has been read.
SIGN = rb"(?m)^DEBUG (?:Searching for a compatible version|Selecting:)"

check, serves, upstream = requirements.check, requirements.serves, requirements.upstream
tidy = leave_nothing


def prepare(machine: Machine, client: Client, contents: Contents, *, alone: bool) -> Dialogue[Setup]:  # noqa: ARG001
    yield from ()
    dropped: dict[str, str | None] = {
        name: None for name in machine.environ if name.startswith("UV_") and name not in CARRIED
    }
    return Setup(
        command="uv " + " ".join(WORDS).replace("{scratch}/", ""),
        cold=_("an empty cache and an empty directory for each pull, no configuration file; only wheels"),
        first_byte=_("until the first project page has been read, uv's own start included"),
        bytes=_("what the busiest network interface received meanwhile"),
        environ=dropped | PLAIN | {"UV_HTTP_RETRIES": None, "UV_HTTP_TIMEOUT": None, "UV_NO_CONFIG": "1"},
    )


def pull(
    setup: Setup,
    client: Client,
    items: tuple[str, ...],
    folder: Path,
    mirror: Mirror | None,
    timeout_s: float,
) -> Dialogue[Pulled]:
    known = not client.version or client.version >= FIRST_WITH_DEFAULT_INDEX
    index = {"UV_DEFAULT_INDEX" if known else "UV_INDEX_URL": mirror.url} if mirror else {}
    run = Run(
        argv=("uv", *WORDS, *requirements.words(items, folder)),
        environ={**setup.environ, **index},
        timeout_s=timeout_s,
        scratch=True,
    )
    found = yield from measure(Timed(run=run, sign=SIGN))
    return result_of(found, _("uv could not install: {reason}", reason=why(found.output)))
