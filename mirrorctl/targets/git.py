"""git: `url.<mirror>.insteadOf` for what a mirror serves, and pushes that stay where they were.

Sources: git-config(1), "FILES", "ENVIRONMENT", `url.<base>.insteadOf`, `http.extraHeader`; gitcredentials(7).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from mirrorctl.dialogue import Dialogue
from mirrorctl.errors import ConfigError, FormatError
from mirrorctl.formats import decode, gitconfig
from mirrorctl.model import Client, Machine, Mirror, Notice, Override, Reason, Scope, Value
from mirrorctl.redaction import redact
from mirrorctl.targets import git_client, git_rules
from mirrorctl.targets import git_conflicts as conflicts
from mirrorctl.targets.base import ConfigFile, Contents, Decision, Setting, State, activate_nothing, drain_nothing
from mirrorctl.targets.common import unreadable
from mirrorctl.targets.git_client import GITHUB
from mirrorctl.targets.git_rules import FETCH, NAMES, PUSH, Entry, Rule, fetch_url, winner, with_file
from mirrorctl.text import _
from mirrorctl.values import dataclass

NAME = "git"
ECOSYSTEM = "git"
SCOPES = (Scope.USER, Scope.SYSTEM)
CAPACITY = 1
TRACES = ("/usr/bin/git", "/usr/local/bin/git")
LOCK = ".lock"

inspect = git_client.find
activate = activate_nothing
drain = drain_nothing

_SCOPE_NAMES = {Scope.SYSTEM: "system", Scope.USER: "global"}


def assume(machine: Machine) -> Client:  # noqa: ARG001
    return Client(target=NAME, default_url=GITHUB)


# Files


def files(machine: Machine, client: Client) -> tuple[ConfigFile, ...]:
    """In the order in which git reads them; of rules for the same prefix, the first one counts."""
    named = machine.environ.get("GIT_CONFIG_SYSTEM") or client.facts.get("system") or "/etc/gitconfig"
    if machine.root is not None:
        return (ConfigFile(path=machine.path("/etc/gitconfig"), scope=Scope.SYSTEM),)
    user = (ConfigFile(path=path, scope=Scope.USER) for path in _user_files(machine))
    return (ConfigFile(path=machine.cwd / named, scope=Scope.SYSTEM), *user)


def _user_files(machine: Machine) -> tuple[Path, ...]:
    named = machine.environ.get("GIT_CONFIG_GLOBAL")
    if named is not None and not conflicts.is_ignored(machine, Scope.USER):
        return (machine.cwd / named,)
    base = machine.environ.get("XDG_CONFIG_HOME")
    return ((Path(base) if base else machine.home / ".config") / "git" / "config", machine.home / ".gitconfig")


# The lens: the value is every rule of the file, sorted, those for fetching first. Whose they are, `decide` knows.


def read(text: str, path: Path) -> Value:  # noqa: ARG001
    return _value_of(git_rules.rules_in(text))


def _value_of(rules: list[Rule]) -> list[list[str]]:
    return [[rule.base, rule.key, rule.prefix] for rule in sorted(rules, key=_order)]


def _order(rule: Rule) -> tuple[str, str, str]:
    return rule.key, rule.base, rule.prefix


def write(text: str, path: Path, value: Value) -> str:  # noqa: ARG001
    wanted = Counter(Rule(item[0], item[1], item[2]) for item in value or [])
    text = git_rules.without_others(text, wanted, git_rules.rule_of)
    for rule in wanted.elements():
        text = gitconfig.add(text, "url", rule.base, NAMES[rule.key], rule.prefix)
    return text


def frame(text: str, path: Path) -> object:  # noqa: ARG001
    return git_rules.frame(text)


# What is in force


def _entries(machine: Machine, client: Client, contents: Contents) -> list[Entry]:
    """Every rule in the order in which git reads them, with what the files hold now. Raises ConfigError."""
    found = git_client.entries_of(client)
    for file in files(machine, client):
        if not conflicts.is_ignored(machine, file.scope):
            found = _with_file(machine, client, found, file.path, _rules(contents, file.path))
    return found


def _with_file(machine: Machine, client: Client, entries: list[Entry], path: Path, rules: list[Rule]) -> list[Entry]:
    every = files(machine, client)
    own = next(file for file in every if file.path == path)
    siblings = [file.path for file in every if file.scope is own.scope]
    later = frozenset(str(sibling) for sibling in siblings[siblings.index(path) + 1 :])
    scope = "system" if own.scope is Scope.SYSTEM else "global"
    return with_file(entries, str(path), scope, later, rules)


def _rules(contents: Contents, path: Path) -> list[Rule]:
    try:
        return git_rules.rules_in(decode(contents.get(path) or b""))
    except FormatError as error:
        raise unreadable(path, error) from error


def state(machine: Machine, client: Client, contents: Contents, scope: Scope) -> State:
    entries = _entries(machine, client, contents)
    rules = {path: _rules(contents, path) for path in _paths(machine, client, scope)}
    mirrored = [rule for held in rules.values() for rule in held if conflicts.is_mirroring(rule)]
    mirrored.sort(key=lambda rule: rule.prefix != GITHUB)
    outranking = (winner(prefix, entries) for prefix in dict.fromkeys([GITHUB, *(rule.prefix for rule in mirrored)]))
    notices: tuple[Notice, ...] = ()
    if client.facts.get("broken"):
        notices = (
            Notice(
                code="unreadable",
                message=_("git cannot read its configuration: {said}", said=client.facts["broken"]),
                subject=NAME,
            ),
        )
    return State(
        path=_target(rules, contents, tuple(rule.prefix for rule in mirrored) or (GITHUB,)),
        urls=tuple(dict.fromkeys(rule.base for rule in mirrored)),
        effective_url=fetch_url(GITHUB, entries),
        overrides=(
            *conflicts.ignoring(machine, scope),
            *(_override(entry) for entry in outranking if entry and Path(entry.origin) not in rules),
        ),
        notices=notices,
    )


def _override(entry: Entry) -> Override:
    source = "environment" if entry.scope == "command" else entry.origin
    name = f"url.{redact(entry.rule.base)}.{NAMES[entry.rule.key]}"
    return Override(source=source, name=name, value=entry.rule.prefix)


def _paths(machine: Machine, client: Client, scope: Scope) -> tuple[Path, ...]:
    return tuple(file.path for file in files(machine, client) if file.scope is scope)


def _target(rules: Mapping[Path, list[Rule]], contents: Contents, prefixes: tuple[str, ...]) -> Path:
    """The file to write: the first that has a rule for `prefixes`, else the one that `git config` would write.

    That is the last of those that exist, or the last.
    """
    deciding = [path for path, held in rules.items() if any(r.key == FETCH and r.prefix in prefixes for r in held)]
    existing = [path for path in rules if contents.get(path) is not None]
    return deciding[0] if deciding else (existing or list(rules))[-1]


# Decision


@dataclass(slots=True)
class _Draft:
    """What the files of the scope will hold, and the rules taken out on the way, each with its file."""

    rules: dict[Path, list[Rule]]
    dropped: list[tuple[Path, Rule]]

    def drop(self, path: Path, rule: Rule) -> None:
        self.rules[path].remove(rule)
        self.dropped.append((path, rule))


def decide(
    machine: Machine,
    client: Client,
    contents: Contents,
    scope: Scope,
    mirrors: tuple[Mirror, ...],
    *,
    known: frozenset[str],
    ours: frozenset[str],
    force: bool,
) -> Decision:
    before = {path: _rules(contents, path) for path in _paths(machine, client, scope)}
    if client.facts.get("broken"):
        raise ConfigError(
            _("git cannot read its configuration: {said}", said=client.facts["broken"]),
            hint=_("repair that line; until then no git command works"),
            subject=NAME,
        )
    draft = _Draft(rules={path: list(rules) for path, rules in before.items()}, dropped=[])
    bases = {base.rstrip("/") for base in ours | known}
    wanted = conflicts.wanted_of(mirrors)
    target = _target(before, contents, tuple(wanted) or (GITHUB,))
    if mirrors:
        conflicts.check_scope(machine, scope)
        _draft_mirrors(draft, target, wanted, bases)
    else:
        _draft_upstream(draft, bases)
    entries = _entries(machine, client, contents)
    for path, rules in draft.rules.items():
        entries = _with_file(machine, client, entries, path, rules)
    entries = _keep_pushes(machine, client, draft, target, wanted, bases, entries)
    if mirrors:
        notices = conflicts.check(client, wanted, draft.dropped, entries, contents, force=force)
    else:
        notices = conflicts.check_upstream(draft.dropped, entries)
    settings = [
        Setting(path=path, value=_value_of(rules))
        for path, rules in draft.rules.items()
        if path == target or Counter(rules) != Counter(before[path])
    ]
    return Decision(settings=tuple(settings), notices=tuple(notices))


def _draft_mirrors(draft: _Draft, target: Path, wanted: Mapping[str, Mirror], bases: set[str]) -> None:
    """One rule for each prefix, in `target`; any other rule for the same prefix in these files would be dead, or win."""
    for path, rules in draft.rules.items():
        for rule in tuple(rules):
            if rule.prefix not in wanted:
                continue
            stale = rule.key == FETCH and (rule.base != wanted[rule.prefix].url or path != target)
            if stale or (rule.key == PUSH and rule.base.rstrip("/") in bases):
                draft.drop(path, rule)
    for prefix, mirror in wanted.items():
        rule = Rule(mirror.url, FETCH, prefix)
        if rule not in draft.rules[target]:
            draft.rules[target].append(rule)


def _keep_pushes(
    machine: Machine,
    client: Client,
    draft: _Draft,
    target: Path,
    wanted: Mapping[str, Mirror],
    bases: set[str],
    entries: list[Entry],
) -> list[Entry]:
    """Adds the identity rules that keep pushes on upstream, except where the user has a rule for pushes."""
    for prefix, mirror in wanted.items():
        found = winner(prefix, entries, PUSH)
        theirs = found and found.rule.base.rstrip("/") not in bases | {mirror.url.rstrip("/")}
        if found and theirs and (found.rule.prefix == prefix or found.rule.base != found.rule.prefix):
            continue
        draft.rules[target].append(Rule(prefix, PUSH, prefix))
        entries = _with_file(machine, client, entries, target, draft.rules[target])
    return entries


def _draft_upstream(draft: _Draft, bases: set[str]) -> None:
    """Takes out the rules of mirrors, and the identity rules for pushes that came with them."""
    for path, rules in draft.rules.items():
        for rule in tuple(rules):
            if rule.base.rstrip("/") in bases:
                draft.drop(path, rule)
    freed = {rule.prefix for _path, rule in draft.dropped if rule.key == FETCH}
    for path, rules in draft.rules.items():
        for rule in tuple(rules):
            if rule.key == PUSH and rule.base == rule.prefix in freed:
                draft.drop(path, rule)


def accept(machine: Machine, client: Client, path: Path, data: bytes) -> Dialogue[Reason | None]:  # noqa: ARG001
    return (yield from git_client.try_file(client, path, data))


def verify(machine: Machine, client: Client, mirrors: tuple[Mirror, ...]) -> Dialogue[Reason | None]:  # noqa: ARG001
    return (yield from git_client.fetch_refs(mirrors))


def next_steps(machine: Machine, client: Client, mirrors: tuple[Mirror, ...]) -> tuple[Notice, ...]:  # noqa: ARG001
    return conflicts.advice(mirrors)
