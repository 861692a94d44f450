"""Asking git what it reads, and fetching through it. Dialogues only.

Sources: git-config(1), git-var(1), git-ls-remote(1), git(1) on GIT_TERMINAL_PROMPT and GIT_ASKPASS.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from mirrorctl.dialogue import Dialogue, Output, run
from mirrorctl.model import Client, Machine, Mirror, Reason
from mirrorctl.redaction import redact
from mirrorctl.targets.common import excerpt, refusal, version_of
from mirrorctl.targets.git_rules import NAMES, Entry, Rule
from mirrorctl.text import _

GITHUB = "https://github.com/"
CANARIES = ("octocat/Hello-World", "git/git", "octo/hello")  # public repositories below GITHUB

_ASKED = (
    r"^(url\..*\.(push)?insteadof|http\.extraheader|http\.(.*\.)?sslverify|credential\.helper|remote\..*\.(push)?url|"
    r"filter\.lfs\..*|lfs\..*)$"
)
# Nobody is asked for a password, and no stored one is offered: the address is a public repository.
ANONYMOUS: Mapping[str, str | None] = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "SSH_ASKPASS": "true"}
_NO_SECRETS = ("-c", "credential.helper=", "-c", "http.extraHeader=")
OFF = frozenset({"false", "no", "off", "0"})  # as git reads a switch (git-config(1), "Values")
PATIENCE_S = 5.0  # git reads its files in a moment, unless one of them is a pipe
FIRST_TO_NAME_ITS_FILE = (2, 42)
_NOTHING_READ: Mapping[str, str | None] = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_COUNT": "0",
    "GIT_CONFIG_PARAMETERS": None,
    "GIT_DIR": "/dev/null",
    "HOME": "/dev/null",
    "XDG_CONFIG_HOME": "/dev/null",
}
_ABSENT = re.compile(r"not found|not exported|could not read username|authentication failed", re.IGNORECASE)


def find(machine: Machine) -> Dialogue[Client | None]:  # noqa: ARG001
    """git, with what it reads in the working directory.

    Facts: `entries` (JSON: scope, origin, base, key, prefix of each rule, in git's order), `headers` and `helpers`
    (JSON: the origins of unscoped http.extraHeader and of helpers that are shell commands), `pushurls` and `remotes`
    (JSON: name and value), `unchecked` (JSON: origin and name of each http.sslVerify that is off), `lfs` (yes or no),
    `system` (the system file), `broken` (git's words where it cannot read its files).
    """
    said = yield from run("git", "--version", environ=_NOTHING_READ, remember=True)
    if said.status is None:
        return None
    version = version_of(said.stdout)
    listed, columns = yield from _list()
    place = Output(status=1)
    if version >= FIRST_TO_NAME_ITS_FILE and listed.status is not None:
        place = yield from run("git", "var", "GIT_CONFIG_SYSTEM", timeout_s=PATIENCE_S)
    broken = listed.status == 128
    facts = {
        "broken": excerpt(listed) if broken else "",
        "system": place.stdout.strip() if place.ok else "",
        **_facts_of(_items(listed.stdout, columns) if listed.ok else ()),
    }
    return Client(target="git", version=version, default_url=GITHUB, facts=facts)


def _list() -> Dialogue[tuple[Output, int]]:
    """What git reads, and how many columns tell where: scopes from 2.26, origins from 2.8."""
    flags = ["--show-scope", "--show-origin"]
    listed = yield from run("git", "config", *flags, "-z", "--get-regexp", _ASKED, timeout_s=PATIENCE_S)
    while listed.status == 129 and flags:  # git's usage error
        flags.pop(0)
        listed = yield from run("git", "config", *flags, "-z", "--get-regexp", _ASKED, timeout_s=PATIENCE_S)
    return listed, len(flags)


def _facts_of(items: Iterable[tuple[str, str, str, str]]) -> dict[str, str]:
    entries: list[tuple[str, str, str, str, str]] = []
    headers: list[str] = []
    helpers: list[str] = []
    pushurls: list[tuple[str, str]] = []
    remotes: list[tuple[str, str]] = []
    unchecked: list[tuple[str, str]] = []
    lfs = False
    for scope, origin, name, value in items:
        section, last = name.partition(".")[0], name.rpartition(".")[2]
        if section == "url":
            entries.append((scope, origin, name[len("url.") : -len(last) - 1], last, value))
        elif last == "sslverify":
            unchecked += [(origin, name)] if value.lower() in OFF else []
        elif section == "http":  # an empty one takes back those before it
            headers = [*headers, origin] if value else []
        elif section == "credential":
            helpers = [*helpers, *([origin] if value.startswith("!") else [])] if value else []
        elif section == "remote":
            (pushurls if last == "pushurl" else remotes).append((name, value))
        else:
            lfs = True
    return {
        "entries": json.dumps(entries),
        "headers": json.dumps(headers),
        "helpers": json.dumps(helpers),
        "pushurls": json.dumps(pushurls),
        "remotes": json.dumps(remotes),
        "unchecked": json.dumps(unchecked),
        "lfs": "yes" if lfs else "no",
    }


def _items(listing: str, columns: int) -> Iterator[tuple[str, str, str, str]]:
    """Scope, origin, name and value of each variable in the output of `git config -z`; "" for what is not told."""
    fields = listing.split("\0")[:-1]
    for at in range(0, len(fields), columns + 1):
        *place, item = fields[at : at + columns + 1]
        scope, origin = ("", "", *place)[-2:]
        name, _newline, value = item.partition("\n")
        yield scope, origin.removeprefix("file:"), name, value


def entries_of(client: Client) -> list[Entry]:
    """The rules as git has read them, in its order."""
    found = json.loads(client.facts.get("entries") or "[]")
    return [Entry(scope, origin, Rule(base, key, prefix)) for scope, origin, base, key, prefix in found if key in NAMES]


# Fetching


def fetch_refs(mirrors: tuple[Mirror, ...]) -> Dialogue[Reason | None]:
    """Has git ask for the refs of a public repository below everything that the mirrors stand for."""
    for mirror in mirrors:
        for prefix in mirror.replaces:
            if reason := (yield from _fetch(mirror, prefix)):
                return reason
    return None


def _fetch(mirror: Mirror, prefix: str) -> Dialogue[Reason | None]:
    names = []
    rewritten = Output(status=0)
    for name in canaries(mirror, prefix):
        rewritten = yield from run("git", "ls-remote", "--get-url", prefix + name)
        if rewritten.stdout.strip() == mirror.url + name:  # else a rule of the user's exempts it
            names.append(name)
    if not names:
        used = rewritten.stdout.strip() or excerpt(rewritten)
        return Reason(code="not-in-force", detail=_("git uses {url} for {prefix}", url=redact(used), prefix=prefix))
    said = Output(status=0)
    for name in names:
        said = yield from run("git", *_NO_SECRETS, "ls-remote", prefix + name, "HEAD", environ=ANONYMOUS, timeout_s=30)
        if said.ok and re.match(r"[0-9a-f]{40,64}\tHEAD", said.stdout):
            return None
        if not _ABSENT.search(said.stderr):
            break
    if _ABSENT.search(said.stderr) and not known_to_exist(mirror, prefix):
        return None  # the mirror answers; which repositories are there is not known
    return Reason(code="fetch-failed", detail=_("{url}: {said}", url=mirror.url, said=excerpt(said)))


def known_to_exist(mirror: Mirror, prefix: str) -> bool:
    return prefix == GITHUB or not prefix.endswith("/") or "repository" in mirror.probe


def canaries(mirror: Mirror, prefix: str) -> tuple[str, ...]:
    """What to ask for behind `prefix`: nothing more where that is a repository."""
    if not prefix.endswith("/"):
        return ("",)
    named = [str(mirror.probe["repository"])] if "repository" in mirror.probe else []
    return tuple(dict.fromkeys([*named, *CANARIES]))


def try_file(client: Client, path: Path, data: bytes) -> Dialogue[Reason | None]:
    """Lets git read a file as if it were there. What it includes is left out: from here, git would look elsewhere."""
    if not client.version:
        return None
    output = yield from run(
        "git", "config", "--file", "-", "--no-includes", "--list", environ=_NOTHING_READ, stdin=data
    )
    return refusal(output, path, "git") if output.status and "bad config" in output.stderr else None
