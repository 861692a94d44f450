"""git: rules in GIT_CONFIG_COUNT, GIT_CONFIG_KEY_n and GIT_CONFIG_VALUE_n (git-config(1), ENVIRONMENT; git 2.31).

What stands there already is kept, except a rule for the same address; a secret stays where it is and is not said again.
Of rules for the same address git follows the
first one it reads, and it reads files before the environment: a rule in a file cannot be outdone from here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from mirrorctl.errors import ConflictError
from mirrorctl.formats.assignments import Assignment
from mirrorctl.model import Client, Machine, Mirror
from mirrorctl.redaction import redact
from mirrorctl.targets import git_conflicts as conflicts
from mirrorctl.targets.git_client import entries_of
from mirrorctl.targets.git_rules import FETCH, NAMES, PUSH, Entry, Rule
from mirrorctl.text import _
from mirrorctl.variables.base import Assigned

NAME = "git"
ECOSYSTEM = "git"
PROGRAMS = ("git", "git-lfs", "gh")
FLAGS = ()
COUNT, KEY, VALUE = "GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_{}", "GIT_CONFIG_VALUE_{}"
MOST_PAIRS = 10_000


def assign(machine: Machine, client: Client, mirrors: tuple[Mirror, ...], offered: tuple[Mirror, ...]) -> Assigned:  # noqa: ARG001
    held = pairs_in(machine.environ)
    wanted = conflicts.wanted_of(mirrors)
    kept = [pair for pair in held if not _is_replaced(pair, held, wanted)]
    added = [pair for prefix, mirror in wanted.items() for pair in _rules(mirror.url, prefix)]
    pairs = [*kept, *(pair for pair in added if pair not in kept)]
    entries = _entries(client, held, pairs)
    if mirrors:
        notices = tuple(conflicts.check(client, wanted, (), entries, {}, force=False))
    else:
        notices = tuple(conflicts.check_upstream((), entries))
    return Assigned(variables=tuple(_assignments(pairs, held)), notices=notices)


def pairs_in(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """The variables of the environment that are for git, in order. Raises ConflictError for what git refuses."""
    count = environ.get(COUNT) or "0"
    broken = not (count.isascii() and count.isdecimal() and len(count) < 6 and int(count) <= MOST_PAIRS)
    number = 0 if broken else int(count)
    names = [(KEY.format(index), VALUE.format(index)) for index in range(number)]
    if broken or any(name not in environ for pair in names for name in pair):
        raise ConflictError(
            _(
                "{name} is {count}, and what belongs to it is not there, so that git refuses to run",
                name=COUNT,
                count=count,
            ),
            hint=_("unset {name}, or set it right", name=COUNT),
            subject=NAME,
        )
    return [(environ[key], environ[value]) for key, value in names]


def _rules(base: str, prefix: str) -> list[tuple[str, str]]:
    """Fetches go to the mirror, pushes stay where they were."""
    return [(f"url.{base}.insteadOf", prefix), (f"url.{prefix}.pushInsteadOf", prefix)]


def rule_of(pair: tuple[str, str]) -> Rule | None:
    key, value = pair
    section, _dot, rest = key.partition(".")
    base, _dot, name = rest.rpartition(".")
    found = section.lower() == "url" and base and name.lower() in NAMES
    return Rule(base=base, key=name.lower(), prefix=value) if found else None


def _is_replaced(pair: tuple[str, str], held: list[tuple[str, str]], wanted: Mapping[str, Mirror]) -> bool:
    """A rule for an address that is to have another one; for upstream, a rule that keeps its pushes, and that."""
    rule = rule_of(pair)
    if rule is None:
        return False
    ours = Rule(rule.prefix, PUSH, rule.prefix)
    if wanted:
        return rule.prefix in wanted and (rule.key == FETCH or rule == ours)
    guarded = any(rule_of(other) == ours for other in held)
    return guarded and (rule == ours or conflicts.is_mirroring(rule))


def _entries(client: Client, held: list[tuple[str, str]], pairs: list[tuple[str, str]]) -> list[Entry]:
    """What git will read: the files' rules, then those of the environment."""
    before = Counter(rule for pair in held if (rule := rule_of(pair)))
    found = []
    for entry in entries_of(client):
        if entry.scope == "command" and before[entry.rule]:
            before[entry.rule] -= 1
        else:
            found.append(entry)
    return [*found, *(Entry("command", "", rule) for pair in pairs if (rule := rule_of(pair)))]


def _assignments(pairs: list[tuple[str, str]], held: list[tuple[str, str]]) -> list[Assignment]:
    found: list[Assignment] = [(COUNT, str(len(pairs)) if pairs else None)] if pairs or held else []
    for index, (key, value) in enumerate(pairs):
        if held[index : index + 1] != [(key, value)] or not _is_secret(key, value):
            found += [(KEY.format(index), key), (VALUE.format(index), value)]
    for index in range(len(pairs), len(held)):
        found += [(KEY.format(index), None), (VALUE.format(index), None)]
    return found


def _is_secret(key: str, value: str) -> bool:
    return key.lower().endswith(".extraheader") or any(redact(text) != text for text in (key, value))
