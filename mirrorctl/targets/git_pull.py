"""Pulls by git: `git clone` into an empty directory, by a rewriting rule that stands in the environment alone.

Sources: git-clone(1), git-config(1) on GIT_CONFIG_COUNT and http.*, git(1) on GIT_CONFIG_GLOBAL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from mirrorctl.dialogue import Dialogue, Run, Timed, measure, run
from mirrorctl.model import Client, Machine, Mirror
from mirrorctl.redaction import has_userinfo
from mirrorctl.targets.base import Contents
from mirrorctl.targets.common import excerpt
from mirrorctl.targets.git_client import ANONYMOUS, PATIENCE_S
from mirrorctl.targets.pulls import Pulled, Setup, join, leave_nothing, result_of
from mirrorctl.text import Text, _

WORDS = ("clone", "--progress")
PLACE = "{scratch}/clone"
FIRST_WITH_COUNT = (2, 31)
# What it takes to reach any server. No header and no helper: a mirror is told no secrets.
CARRIED = r"^http\.(proxy|proxyauthmethod|proxysslcainfo|sslcainfo|sslcapath|sslbackend|schannel.*|version)$"
SIGN = rb"remote: |Receiving objects"
_URL = re.compile(r"https?://[^\s/?#]+/[^\s?#]+")

tidy = leave_nothing


def check(item: str, folder: Path, read: Callable[[Path], bytes | None]) -> Text | None:  # noqa: ARG001
    if not _URL.fullmatch(item) or has_userinfo(item):
        return _("this is not the https address of a public repository")
    return None


def serves(mirror: Mirror, items: tuple[str, ...]) -> bool:
    return all(_prefix(mirror, item) is not None for item in items)


def _prefix(mirror: Mirror, item: str) -> str | None:
    return next((prefix for prefix in mirror.replaces if item.startswith(prefix)), None)


def upstream(client: Client, items: tuple[str, ...]) -> str | None:  # noqa: ARG001
    return items[0] if len(items) == 1 else None


def prepare(machine: Machine, client: Client, contents: Contents, *, alone: bool) -> Dialogue[Setup]:  # noqa: ARG001
    listed = yield from run("git", "config", "-z", "--get-regexp", CARRIED, timeout_s=PATIENCE_S)
    carried = dict(item.partition("\n")[::2] for item in listed.stdout.split("\0") if item) if listed.ok else {}
    dropped: dict[str, str | None] = {
        name: None
        for name in machine.environ
        if name.startswith("GIT_") and not name.startswith(("GIT_SSL_", "GIT_PROXY"))
    }
    return Setup(
        command="git " + " ".join(WORDS),
        cold=_("an empty directory for each clone, no configuration file, no credentials"),
        first_byte=_("until the server's first word on the objects, after its list of refs"),
        bytes=_("what the busiest network interface received meanwhile; the payload is the size of the pack"),
        environ=dropped
        | dict(ANONYMOUS)
        | {
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_LFS_SKIP_SMUDGE": "1",
            "HOME": "{scratch}",
            "XDG_CONFIG_HOME": "{scratch}",
        },
        facts=carried,
    )


def pull(
    setup: Setup,
    client: Client,
    items: tuple[str, ...],
    folder: Path,  # noqa: ARG001
    mirror: Mirror | None,
    timeout_s: float,
) -> Dialogue[Pulled]:
    parts: list[Pulled] = []
    for item in items:
        left_s = timeout_s - sum(part.seconds for part in parts)
        parts.append((yield from _clone(setup, client, item, mirror, left_s)))
        if parts[-1].error:
            break
    return join(parts)


def _clone(setup: Setup, client: Client, item: str, mirror: Mirror | None, timeout_s: float) -> Dialogue[Pulled]:
    rules = dict(setup.facts)
    if mirror and (prefix := _prefix(mirror, item)):
        rules[f"url.{mirror.url}.insteadOf"] = prefix
    old = client.version and client.version < FIRST_WITH_COUNT
    environ = {**setup.environ, **(parameters_of(rules) if old else environ_of(rules))}
    question = Run(argv=("git", *WORDS, "--", item, PLACE), environ=environ, timeout_s=max(timeout_s, 0), scratch=True)
    found = yield from measure(Timed(run=question, sign=SIGN, weigh="clone/.git/objects/pack/*.pack"))
    return result_of(found, _("git could not clone {url}: {reason}", url=item, reason=excerpt(found.output)))


def parameters_of(rules: Mapping[str, str]) -> dict[str, str | None]:
    """The same for versions before: what `git -c` tells its children (config.c, git_config_push_parameter).

    The option itself would show a proxy's password to everybody who lists processes.
    """
    quoted = (
        "'" + f"{name}={value}".replace("'", "'\\''").replace("!", "'\\!'") + "'" for name, value in rules.items()
    )
    return {"GIT_CONFIG_PARAMETERS": " ".join(quoted)}


def environ_of(rules: Mapping[str, str]) -> dict[str, str | None]:
    """Variables that stand for lines of a configuration file (git-config(1), GIT_CONFIG_COUNT)."""
    found: dict[str, str | None] = {"GIT_CONFIG_COUNT": str(len(rules))}
    for number, (name, value) in enumerate(rules.items()):
        found[f"GIT_CONFIG_KEY_{number}"] = name
        found[f"GIT_CONFIG_VALUE_{number}"] = value
    return found
