"""What is wrong with git's rules, certificates and remotes.

Sources: git-config(1) on `url.<base>.insteadOf`, `http.sslVerify`, `http.extraHeader`; gitcredentials(7).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from mirrorctl.diagnosis.case import Case, unreadable
from mirrorctl.diagnosis.finding import Code, Finding, Repair, Severity
from mirrorctl.diagnosis.git_rewrites import Rewrite, check_rewrites
from mirrorctl.diagnosis.known import find_dead, mirror_of
from mirrorctl.diagnosis.wording import unset
from mirrorctl.errors import FormatError
from mirrorctl.formats import gitconfig
from mirrorctl.redaction import redact
from mirrorctl.targets import git_conflicts as conflicts
from mirrorctl.targets import git_repairs
from mirrorctl.targets.git_client import OFF, entries_of
from mirrorctl.targets.git_rules import Entry, fetch_url, rule_of
from mirrorctl.text import _

NAME = "git"


def diagnose(case: Case) -> Iterator[Finding]:
    rewrites: list[Rewrite] = []
    for file in case.target.files(case.machine, case.client):
        text = case.text(file.path)
        if text is None:
            continue
        try:
            variables = gitconfig.variables(text)
        except FormatError as error:
            yield unreadable(case, file.path, error)
            continue
        scope = "system" if file.scope and file.scope.value == "system" else "global"
        rewrites += [
            Rewrite(Entry(scope, str(file.path), rule), file.path, variable.line, ours=True)
            for variable in variables
            if (rule := rule_of(variable))
        ]
        yield from _unchecked(case, file.path, variables)
    told = entries_of(case.client)
    known = {str(rewrite.path) for rewrite in rewrites}
    rewrites += [Rewrite(entry, _path_of(case, entry.origin), None) for entry in told if entry.origin not in known]
    yield from _broken(case)
    yield from _ignored(case, rewrites)
    yield from check_rewrites(case, rewrites, told or [rewrite.entry for rewrite in rewrites])
    yield from _unchecked_elsewhere(case)
    entries = told or [rewrite.entry for rewrite in rewrites]
    yield from _remotes(case, entries)
    yield from _secrets(case, entries)


def _path_of(case: Case, origin: str) -> Path | None:
    return None if not origin or origin.startswith("command") else case.machine.cwd / origin


def _broken(case: Case) -> Iterator[Finding]:
    said = case.client.facts.get("broken")
    if said:
        yield Finding(
            code=Code.UNREADABLE,
            severity=Severity.ERROR,
            target=NAME,
            subject=NAME,
            message=_("git cannot read its configuration, so no git command works: {said}", said=said),
            remedy=_("repair that line in an editor; git config cannot do it, for it reads the file too"),
        )


def _ignored(case: Case, rewrites: list[Rewrite]) -> Iterator[Finding]:
    """Files with rules that a variable keeps git from reading."""
    for file in case.target.files(case.machine, case.client):
        lost = any(rewrite.path == file.path for rewrite in rewrites)
        for override in conflicts.ignoring(case.machine, file.scope) if lost else ():
            yield Finding(
                code=Code.OVERRIDE,
                severity=Severity.WARNING,
                target=NAME,
                subject=override.name,
                path=file.path,
                message=_("git does not read this file while {name} is set, so its rules are void", name=override.name),
                remedy=unset(override.name),
            )


# Certificates


def _unchecked(case: Case, path: Path, variables: tuple[gitconfig.Variable, ...]) -> Iterator[Finding]:
    for variable in variables:
        item = git_repairs.item_of(variable)
        if item is None or item[1] != git_repairs.SSL or item[2].lower() not in OFF:
            continue
        url = item[0]
        safe = not url or bool(mirror_of(case.catalog, url, NAME)) or url.startswith("https://github.com")
        yield Finding(
            code=Code.SSL_VERIFY,
            severity=Severity.WARNING,
            target=NAME,
            subject=f"http.{url}.sslVerify" if url else "http.sslVerify",
            path=path,
            line=variable.line,
            message=_("git checks no certificate of {url}: anybody on the way can change what you clone", url=url)
            if url
            else _("git checks no certificate at all: anybody on the way can change what you clone"),
            remedy=_(
                "mirrorctl doctor --fix takes it out. A server with a certificate of its own: "
                "git config --global http.https://HOST/.sslCAInfo FILE"
            )
            if safe
            else _("if it has a certificate of its own: git config --global http.{url}.sslCAInfo FILE", url=url),
            repair=Repair(lens=git_repairs.NAME, path=path, changes=((item, None),)) if safe else None,
        )


def _unchecked_elsewhere(case: Case) -> Iterator[Finding]:
    """In the repository, in a file that is included, on the command line, in the environment."""
    own = {str(file.path) for file in case.target.files(case.machine, case.client)}
    places = [(origin, name) for origin, name in json.loads(case.client.facts.get("unchecked") or "[]")]
    found = [(_path_of(case, origin), name) for origin, name in places if origin not in own]
    if case.environ.get("GIT_SSL_NO_VERIFY"):
        found.append((None, "GIT_SSL_NO_VERIFY"))
    for path, name in found:
        command = f"git config --file {path} --unset-all {name}" if path else f"unset {name}"
        yield Finding(
            code=Code.SSL_VERIFY,
            severity=Severity.WARNING,
            target=NAME,
            subject=name,
            path=path,
            message=_("{name}: git checks no certificate, and anybody on the way can change what you clone", name=name),
            remedy=_("run: {command}", command=command),
        )


# Remotes and secrets


def _remotes(case: Case, entries: list[Entry]) -> Iterator[Finding]:
    """Remotes of the repository that were made with the address of a mirror: no rule, and no undo, reaches them."""
    for name, url in json.loads(case.client.facts.get("remotes") or "[]"):
        mirror = mirror_of(case.catalog, url, NAME)
        if mirror is None or not url.startswith((mirror.url, *mirror.aliases)):
            continue
        base = next(base for base in (mirror.url, *mirror.aliases) if url.startswith(base))
        upstream = mirror.replaces[0] + url.removeprefix(base) if mirror.replaces and base == mirror.url else ""
        remote = name.removeprefix("remote.").rpartition(".")[0]
        dead = find_dead(case.catalog, url, NAME)
        yield Finding(
            code=Code.REMOTE_ON_MIRROR,
            severity=Severity.ERROR if dead else Severity.WARNING,
            target=NAME,
            subject=remote,
            message=_("remote {name} of this repository is on {url}, a mirror that has been dead {when}",
                      name=remote, url=redact(url), when=dead.when)
            if dead
            else _("remote {name} of this repository is on the mirror {url}, and pushes go there as well",
                   name=remote, url=redact(url)),
            remedy=_("run: {command}", command=f"git remote set-url {remote} {redact(upstream) or 'https://github.com/…'}"),
        )  # fmt: skip
    for name, url in json.loads(case.client.facts.get("pushurls") or "[]"):
        used = fetch_url(url, entries)
        if used != url and mirror_of(case.catalog, used, NAME):
            yield Finding(
                code=Code.PUSH_TO_MIRROR,
                severity=Severity.WARNING,
                target=NAME,
                subject=name,
                message=_("{name} of this repository would push to the mirror", name=name),
                remedy=_("write it with a user name (https://git@…) or as ssh; git then leaves it alone"),
            )


def _secrets(case: Case, entries: list[Entry]) -> Iterator[Finding]:
    """Secrets that git sends to whatever host it talks to, where a rule makes that somebody else's."""
    base = next((entry.rule.base for entry in entries if mirror_of(case.catalog, entry.rule.base, NAME)), None)
    if base is None:
        return
    kinds = {
        "headers": (
            "http.extraHeader",
            _("git sends http.extraHeader to every host, the mirror {url} included", url=base),
        ),
        "helpers": (
            "credential.helper",
            _("a credential helper answers whoever asks, the mirror {url} included", url=base),
        ),
    }
    for fact, (name, message) in kinds.items():
        for origin in dict.fromkeys(json.loads(case.client.facts.get(fact) or "[]")):
            yield Finding(
                code=Code.SECRET_TO_MIRROR,
                severity=Severity.WARNING,
                target=NAME,
                subject=name,
                path=_path_of(case, origin),
                message=message,
                remedy=_("bind it to its host: {name}", name="http.https://github.com/.extraHeader")
                if fact == "headers"
                else _("bind it to its host: {name}", name="credential.https://github.com.helper"),
            )
