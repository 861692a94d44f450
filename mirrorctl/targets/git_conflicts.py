"""What stands against rewriting addresses on this machine: rules that win, secrets that would leak, pushes.

Sources: git-config(1), "ENVIRONMENT" and `http.extraHeader`; gitcredentials(7) on helpers that are shell commands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mirrorctl.errors import ConflictError, UsageError
from mirrorctl.formats import decode, gitconfig
from mirrorctl.model import Client, Machine, Mirror, Notice, Override, Scope, Trust
from mirrorctl.redaction import has_userinfo, redact
from mirrorctl.targets.base import Contents
from mirrorctl.targets.git_client import GITHUB
from mirrorctl.targets.git_rules import FETCH, PUSH, Entry, Rule, fetch_url, push_url, rule_of, winner
from mirrorctl.text import Text, _

NAME = "git"

# A scheme, a host, and what follows it up to a boundary: git compares bytes and knows no hosts.
_ADDRESS = re.compile(r"(https?|git)://[^\s/?#@\\\"]+/[^\s\\\"]*", re.ASCII)
# Values of GIT_CONFIG_NOSYSTEM and GIT_CONFIG_GLOBAL.
_IGNORING: Mapping[Scope | None, frozenset[str]] = {
    Scope.SYSTEM: frozenset({"1", "true", "yes", "on"}),
    Scope.USER: frozenset({"", "/dev/null"}),
}


def is_ignored(machine: Machine, scope: Scope | None) -> bool:
    """Whether the environment keeps git from reading the files of `scope`."""
    return any(ignoring(machine, scope))


def ignoring(machine: Machine, scope: Scope | None) -> Iterator[Override]:
    """The variable that keeps git from reading the files of `scope`."""
    name = "GIT_CONFIG_NOSYSTEM" if scope is Scope.SYSTEM else "GIT_CONFIG_GLOBAL"
    value = machine.environ.get(name)
    if machine.root is None and value is not None and value.lower() in _IGNORING.get(scope, ()):
        yield Override(source="environment", name=name, value=value)


def check_scope(machine: Machine, scope: Scope) -> None:
    """Raises ConflictError where the environment keeps git from reading what would be written."""
    for found in ignoring(machine, scope):
        raise ConflictError(
            _("{name} keeps git from reading the files of scope {scope}", name=found.name, scope=scope.value),
            hint=_("unset {name} and run the command again", name=found.name),
            subject=NAME,
        )


def is_mirroring(rule: Rule) -> bool:
    """Whether a rule sends fetches of a whole address elsewhere: no shorthand, no identity."""
    return rule.key == FETCH and rule.base != rule.prefix and _ADDRESS.match(rule.prefix) is not None


def wanted_of(mirrors: tuple[Mirror, ...]) -> dict[str, Mirror]:
    """The mirror for each prefix, the most preferred one. Raises UsageError for what git would take too literally."""
    wanted: dict[str, Mirror] = {}
    for mirror in mirrors:
        if not mirror.replaces:
            raise UsageError(
                _("{mirror} does not say which addresses it stands for", mirror=mirror.id),
                hint=_('name them in the catalog: replaces = ["https://host/path/"]'),
                subject=mirror.id,
            )
        for prefix in mirror.replaces:
            _check_pair(mirror, prefix)
            wanted.setdefault(prefix, mirror)
    return wanted


def _check_pair(mirror: Mirror, prefix: str) -> None:
    for address in (mirror.url, prefix):
        if not _ADDRESS.fullmatch(address):
            raise UsageError(
                _("{address} cannot stand in a rule of git", address=redact(address)),
                hint=_("http(s)://host/path/, without name, password or blanks"),
                subject=mirror.id,
            )
    bounded = prefix.endswith("/") and mirror.url.endswith("/")
    whole = mirror.kind == "repo" and prefix.rstrip("/").count("/") > 2  # one repository, for one below a host
    if not bounded and not whole:
        raise UsageError(
            _("{url} in place of {prefix}: both have to end with a slash", url=mirror.url, prefix=prefix),
            hint=_("git compares prefixes; without the slash, other hosts and names would be rewritten too"),
            subject=mirror.id,
        )


# What would go wrong


def check(
    client: Client,
    wanted: Mapping[str, Mirror],
    dropped: Sequence[tuple[Path, Rule]],
    entries: list[Entry],
    contents: Contents,
    *,
    force: bool,
) -> Iterator[Notice]:
    """Notices about a change after which git reads `entries`. Raises ConflictError."""
    yield from _check_dropped(dropped, wanted, force=force)
    for prefix, mirror in wanted.items():
        _check_winner(prefix, mirror, entries, contents)
    yield from _check_headers(client, wanted, force=force)
    yield from _check_pushes(client, wanted, entries)
    if client.facts.get("lfs") == "yes":
        yield Notice(
            code="lfs",
            message=_("git-lfs fetches its files through the mirror too, and most mirrors have none"),
            hint=_("GIT_LFS_SKIP_SMUDGE=1 clones without them"),
            subject=NAME,
        )


def _check_dropped(
    dropped: Sequence[tuple[Path, Rule]], wanted: Mapping[str, Mirror], *, force: bool
) -> Iterator[Notice]:
    for path, rule in dropped:
        if rule.base == wanted[rule.prefix].url:
            continue
        values = {"path": path, "prefix": rule.prefix, "base": redact(rule.base)}
        if not force and (has_userinfo(rule.base) or not _ADDRESS.fullmatch(rule.base)):
            raise ConflictError(
                _("{path} sends {prefix} to {base}, which looks like a private setting", **values),
                hint=_("--replace-private replaces it; mirrorctl undo would put it back"),
                subject=str(path),
            )
        yield Notice(
            code="replaced",
            message=_("{path}: the rule that sent {prefix} to {base} is replaced", **values),
            subject=str(path),
        )


def _check_winner(prefix: str, mirror: Mirror, entries: list[Entry], contents: Contents) -> None:
    found = winner(prefix, entries)
    if found is None or found.rule.base == mirror.url:
        pushed = push_url(prefix, entries)
        if pushed != mirror.url:
            return
        found = winner(prefix, entries, PUSH) or found
    raise ConflictError(
        _(
            "{where} sends {prefix} to {base}, and git goes by what it reads first",
            where=_place(found, contents),
            prefix=prefix,
            base=redact(found.rule.base),
        )
        if found
        else _("git would not use the rule for {prefix}", prefix=prefix),
        hint=_("remove that rule and run the command again"),
        subject=found.origin if found else NAME,
    )


def _place(entry: Entry, contents: Contents) -> Text:
    if entry.scope == "command":
        return _("the environment (GIT_CONFIG_COUNT or GIT_CONFIG_PARAMETERS)")
    data = contents.get(Path(entry.origin))
    for variable in gitconfig.variables(decode(data)) if data else ():
        if rule_of(variable) == entry.rule:
            return _("{path}, line {line},", path=entry.origin, line=variable.line)
    return _("{path} (scope {scope})", path=entry.origin, scope=entry.scope)


def _check_headers(client: Client, wanted: Mapping[str, Mirror], *, force: bool) -> Iterator[Notice]:
    """Secrets that git would send to whatever host it talks to."""
    for origin in dict.fromkeys(json.loads(client.facts.get("headers") or "[]")):
        message = _("{origin} sets http.extraHeader for every host; the mirror would receive it", origin=origin)
        hint = _(
            "bind it to its host: git config http.{url}.extraHeader …, and remove the other", url=next(iter(wanted))
        )
        if not force:
            raise ConflictError(message, hint=hint, subject=origin)
        yield Notice(code="header", message=message, hint=hint, subject=origin)
    for origin in dict.fromkeys(json.loads(client.facts.get("helpers") or "[]")):
        yield Notice(
            code="helper",
            message=_("{origin} has a credential helper that is a command and answers for every host", origin=origin),
            hint=_(
                "bind it to its host, or a mirror that asks may be given your password: credential.{url}.helper",
                url=next(iter(wanted)),
            ),
            subject=origin,
        )


def _check_pushes(client: Client, wanted: Mapping[str, Mirror], entries: list[Entry]) -> Iterator[Notice]:
    """A pushurl is rewritten like an address to fetch from, whatever pushInsteadOf says."""
    for name, url in json.loads(client.facts.get("pushurls") or "[]"):
        if any(fetch_url(url, entries).startswith(mirror.url) for mirror in wanted.values()):
            yield Notice(
                code="pushurl",
                message=_("{name} of this repository would push to the mirror", name=name),
                hint=_("write it with a user name (https://git@…) or as ssh; git then leaves it alone"),
                subject=name,
            )


def check_upstream(dropped: Sequence[tuple[Path, Rule]], entries: list[Entry]) -> Iterator[Notice]:
    """What still rewrites an address after our rules are gone."""
    for prefix in dict.fromkeys([GITHUB, *(rule.prefix for _path, rule in dropped if rule.key == FETCH)]):
        found = winner(prefix, entries)
        if found and found.rule.base != found.rule.prefix:
            yield Notice(
                code="still-rewritten",
                message=_(
                    "{origin} still sends {prefix} to {base}, and mirrorctl did not write that",
                    origin=found.origin,
                    prefix=prefix,
                    base=redact(found.rule.base),
                ),
                subject=found.origin,
            )


def advice(mirrors: tuple[Mirror, ...]) -> tuple[Notice, ...]:
    found = []
    for mirror in mirrors:
        if mirror.trust is Trust.COMMUNITY:
            message = _("never answer a password prompt that names {url}", url=mirror.url)
            found.append(Notice(code="prompt", message=message, subject=NAME))
        for prefix in mirror.replaces if mirror.kind != "repo" else ():
            message = _(
                "private repositories are not on the mirror; to exempt an organisation: "
                "git config --global url.{prefix}ORG/.insteadOf {prefix}ORG/",
                prefix=prefix,
            )
            found.append(Notice(code="private", message=message, subject=NAME))
    return tuple(found)
