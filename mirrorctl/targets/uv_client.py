"""What uv says and does when it is run."""

from __future__ import annotations

import re
from pathlib import Path

from mirrorctl.dialogue import Dialogue, Output, run
from mirrorctl.model import Client, Machine, Mirror, Reason
from mirrorctl.redaction import redact
from mirrorctl.targets.common import address, excerpt, refusal, version_of
from mirrorctl.text import _

# A small wheel without dependencies that every mirror of the index has.
PROJECT = "six"
INSTALL = (
    *("pip", "install", "--verbose"),
    *("--target", "{scratch}/packages"),
    "--no-deps",
    "--no-cache",
    *("--only-binary", ":all:"),
    PROJECT,
)
# No other source, no long waiting, no download of a Python; and the log as `--verbose` has it.
PLAIN: dict[str, str | None] = {
    "RUST_LOG": None,
    "UV_EXTRA_INDEX_URL": None,
    "UV_FIND_LINKS": None,
    "UV_HTTP_RETRIES": "1",
    "UV_HTTP_TIMEOUT": "15",
    "UV_INDEX": None,
    "UV_NO_PROGRESS": "1",
    "UV_PYTHON_DOWNLOADS": "never",
    "UV_PYTHON_PREFERENCE": "system",
}
_DEFAULT = re.compile(r"by\s+default:\s*<([^>\s]+)>")
_PAGE = re.compile(rf"""(https?://[^\s`'"<>]+)/{PROJECT}/""")


def find(machine: Machine) -> Dialogue[Client | None]:  # noqa: ARG001
    """The version, and the default index, which the help names without asking a Python or reading a file."""
    output = yield from run("uv", "--version", remember=True)
    if not output.ok:
        return None
    told = yield from run("uv", "pip", "install", "--help", remember=True)
    default = _DEFAULT.search(told.stdout)
    return Client(target="uv", version=version_of(output.stdout), default_url=default[1] if default else None)


def try_install(machine: Machine, client: Client, mirrors: tuple[Mirror, ...]) -> Dialogue[Reason | None]:  # noqa: ARG001
    """Installs one wheel into an empty directory. The log names the index that uv asked for it."""
    wanted = mirrors[0].url if mirrors else client.default_url
    output = yield from run("uv", *INSTALL, environ=PLAIN, scratch=True, timeout_s=90)
    asked = _PAGE.findall(output.stderr)
    if wanted and asked and address(wanted) not in map(address, asked):
        detail = _("uv asks {used}, not {wanted}", used=redact(asked[0]), wanted=redact(wanted))
        return Reason(code="not-effective", detail=detail)
    if not output.ok:
        return Reason(code="pull-failed", detail=_("uv could not install: {reason}", reason=why(output)))
    return None


def why(output: Output) -> str:
    """The error with its causes in one line."""
    lines = [line for line in output.stderr.splitlines() if not line.startswith(("DEBUG", "TRACE", "WARN"))]
    at = next((index for index, line in enumerate(lines) if line.startswith("error:")), 0)
    causes = [line.strip() for line in lines[at + 1 :] if re.match(r"\s+(cause|caused by):", line, re.IGNORECASE)]
    found = "; ".join([*lines[at : at + 1], *causes])
    return excerpt(Output(status=1, stderr=found))


def try_file(machine: Machine, client: Client, path: Path, data: bytes) -> Dialogue[Reason | None]:  # noqa: ARG001
    """Lets uv read a uv.toml as if it were there. It does not read a pyproject.toml in that way."""
    if not client.version or path.name != "uv.toml":
        return None
    output = yield from run("uv", "--config-file", "/dev/stdin", "cache", "dir", stdin=data)
    return refusal(output, path, "uv") if output.status and "Failed to parse" in output.stderr else None
