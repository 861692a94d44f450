"""What pip says and does when it is run: where it lives, which index it uses, whether a download works."""

from __future__ import annotations

import json

from mirrorctl.dialogue import Dialogue, Output, run
from mirrorctl.model import Client, Machine, Mirror, Reason
from mirrorctl.redaction import redact
from mirrorctl.targets.common import excerpt, same_url, version_of
from mirrorctl.text import _

# A small wheel without dependencies that every mirror of the index has.
PROJECT = "six"
DOWNLOAD = (
    "--no-deps",
    "--no-cache-dir",
    "--only-binary=:all:",
    *("--retries", "1"),
    *("--timeout", "15"),
    *("-d", "{scratch}/wheels"),
    PROJECT,
)
# Nothing is asked of anybody, and nothing said, beyond what the command is for.
PLAIN = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_QUIET": "0",
    "PIP_REQUIRE_VIRTUALENV": "0",
}
# `--dry-run` came with 22.2; a Python that belongs to the distribution (PEP 668) refuses to install without it.
FIRST_WITH_DRY_RUN = (22, 2)

# The directory a Python is started in must not be able to stand in for pip.
_SAFE_PATH = "import sys; sys.path = [path for path in sys.path if path]"
FACTS = f"""\
{_SAFE_PATH}
import json, locale, pip
facts = {{"prefix": sys.prefix, "version": pip.__version__, "encoding": locale.getpreferredencoding(False)}}
try:
    from pip._internal.models.index import PyPI
    facts["default"] = PyPI.simple_url
except Exception:
    pass
if not sys.platform.startswith("linux"):
    from pip._internal.configuration import get_configuration_files
    found = get_configuration_files().items()
    facts["files"] = "\\n".join("\\t".join([getattr(kind, "value", kind)] + paths) for kind, paths in found)
print(json.dumps(facts))
"""
LAUNCH = f"{_SAFE_PATH}; import runpy; runpy.run_module('pip', run_name='__main__', alter_sys=True)"


def find(machine: Machine) -> Dialogue[Client | None]:
    output = yield from run("pip", "-c", FACTS, interpreter=True, environ=_locale(machine), remember=True)
    if not output.ok:
        return None
    facts: dict[str, str] = json.loads(output.stdout)
    default = facts.pop("default", None) or (yield from _ask_default())
    return Client(target="pip", version=version_of(facts["version"]), default_url=default, facts=facts)


def _locale(machine: Machine) -> dict[str, str | None]:
    """What decides in which encoding pip reads its files, as the user has it."""
    return {"LC_ALL": machine.environ.get("LC_ALL")}


def _ask_default() -> Dialogue[str | None]:
    """The default that pip's own help names; nothing of the user's configuration shows in it."""
    quiet = dict.fromkeys(("PIP_INDEX_URL", "PIP_PYPI_URL"))
    output = yield from _pip("install", "--help", environ={**quiet, "PIP_CONFIG_FILE": "/dev/null"})
    _before, found, after = "".join(output.stdout.split()).partition("--index-url<url>")
    _before, found, after = after.partition("(default")
    return after.partition(")")[0] if found else None


def _pip(*words: str, environ: dict[str, str | None], scratch: bool = False, timeout_s: float = 20) -> Dialogue[Output]:
    output = yield from run(
        "pip", "-c", LAUNCH, *words, interpreter=True, environ=environ, scratch=scratch, timeout_s=timeout_s
    )
    return output


def try_download(machine: Machine, client: Client, mirrors: tuple[Mirror, ...]) -> Dialogue[Reason | None]:
    """Asks pip which index it uses, then downloads one wheel, from that index and nowhere else."""
    wanted = mirrors[0].url if mirrors else client.default_url
    plain = {**_locale(machine), **PLAIN}
    dry = () if client.version and client.version < FIRST_WITH_DRY_RUN else ("--dry-run", "--report", "/dev/null")
    output = yield from _pip("-v", "install", *dry, "-r", "/dev/null", environ=plain)
    if reason := _wrong_index(output, wanted, client):
        return reason
    # Further indexes and folders of the user could hide that the mirror has failed; an empty one takes their place.
    alone = {**plain, "PIP_EXTRA_INDEX_URL": "{scratch}", "PIP_FIND_LINKS": "{scratch}"}
    output = yield from _pip("download", *DOWNLOAD, environ=alone, scratch=True, timeout_s=90)
    if not output.ok:
        return Reason(code="pull-failed", detail=_("pip could not download: {reason}", reason=excerpt(output)))
    return _wrong_index(output, wanted, client)


def _wrong_index(output: Output, wanted: str | None, client: Client) -> Reason | None:
    """The index that pip says it looks in. It names none when it is its default, and none when it fails early."""
    lines = [line.partition(":")[2] for line in output.stdout.splitlines() if line.startswith("Looking in indexes:")]
    if not lines and not output.ok:
        return None
    used = lines[0].split(",")[0].strip() if lines else client.default_url
    if same_url(used, wanted):
        return None
    detail = _("pip looks in {used}, not in {wanted}", used=redact(used or "?"), wanted=redact(wanted or "?"))
    return Reason(code="not-effective", detail=detail)
