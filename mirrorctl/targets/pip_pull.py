"""Pulls by pip: `pip download` into an empty directory, without a cache.

Sources: pip documentation, "Configuration" (PIP_CONFIG_FILE as os.devnull) and "Caching" (--no-cache-dir).
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from mirrorctl.dialogue import Dialogue, Run, Timed, measure
from mirrorctl.errors import MirrorctlError
from mirrorctl.model import Client, Machine, Mirror
from mirrorctl.targets import requirements
from mirrorctl.targets.base import Contents
from mirrorctl.targets.common import excerpt, is_loopback
from mirrorctl.targets.pip_client import LAUNCH, PLAIN
from mirrorctl.targets.pip_settings import merge, options
from mirrorctl.targets.pulls import Pulled, Setup, leave_nothing, result_of
from mirrorctl.text import _

WORDS = ("download", "--no-cache-dir", "--only-binary=:all:", "--progress-bar=off", "--dest={scratch}/files")
# What it takes to reach any server; everything else that is configured stays out.
CARRIED = ("cert", "client-cert", "proxy", "trusted-host")
# The first file, or its metadata (PEP 658), has begun to come in; the index has been read by then.
SIGN = rb"^\s*Downloading "

check, serves, upstream = requirements.check, requirements.serves, requirements.upstream
tidy = leave_nothing


def prepare(machine: Machine, client: Client, contents: Contents, *, alone: bool) -> Dialogue[Setup]:  # noqa: ARG001
    yield from ()
    try:
        in_force = options(merge(machine, client, contents), "download")
    except MirrorctlError:  # a file that pip cannot read either has nothing to carry over
        in_force = {}
    environ: dict[str, str | None] = {name: None for name in machine.environ if name.startswith("PIP_")}
    for name in CARRIED:
        if name in in_force:
            environ["PIP_" + name.upper().replace("-", "_")] = in_force[name].value
    return Setup(
        command="pip " + " ".join(WORDS).replace("{scratch}/", ""),
        cold=_(
            "no cache, an empty directory for each pull, no configuration file; only wheels, so that nothing is built"
        ),
        first_byte=_("until the first file, or its metadata, begins to come in, pip's own start included"),
        bytes=_("what the busiest network interface received meanwhile; the payload is the size of the files"),
        environ=environ | PLAIN | {"PIP_CONFIG_FILE": "/dev/null", "PYTHONUNBUFFERED": "1"},
    )


def pull(
    setup: Setup,
    client: Client,  # noqa: ARG001
    items: tuple[str, ...],
    folder: Path,
    mirror: Mirror | None,
    timeout_s: float,
) -> Dialogue[Pulled]:
    words = ("pip", "-c", LAUNCH, *WORDS, *requirements.words(items, folder))
    run = Run(
        argv=words,
        environ={**setup.environ, **_environ(setup, mirror)},
        timeout_s=timeout_s,
        interpreter=True,
        scratch=True,
    )
    found = yield from measure(Timed(run=run, sign=rb"(?m)" + SIGN, weigh="files/*"))
    return result_of(found, _("pip could not download: {reason}", reason=excerpt(found.output)))


def _environ(setup: Setup, mirror: Mirror | None) -> dict[str, str | None]:
    """An index over http has to be declared trusted, or pip does not ask it."""
    if mirror is None:
        return {}
    found: dict[str, str | None] = {"PIP_INDEX_URL": mirror.url}
    if mirror.url.startswith("http:") and not is_loopback(mirror.url):
        trusted = setup.environ.get("PIP_TRUSTED_HOST") or ""
        found["PIP_TRUSTED_HOST"] = f"{trusted} {urlsplit(mirror.url).netloc}".strip()
    return found
