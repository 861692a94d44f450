"""How git rewrites addresses: a pure model of `url.<base>.insteadOf` and `pushInsteadOf`.

Source: git-config(1), `url.<base>.insteadOf`; remote.c of git (`make_rewrite`, `alias_url`), the same from 2.39 to 2.53.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from mirrorctl.errors import FormatError
from mirrorctl.formats import gitconfig
from mirrorctl.formats.gitconfig import Variable
from mirrorctl.text import _
from mirrorctl.values import dataclass

T = TypeVar("T")

FETCH = "insteadof"
PUSH = "pushinsteadof"
NAMES = {FETCH: "insteadOf", PUSH: "pushInsteadOf"}  # as people write them
_SCOPES = ("system", "global", "local", "worktree", "command")


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """An address that begins with `prefix` begins with `base` instead, for fetching or for pushing."""

    base: str
    key: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule where git has read it: `scope` and `origin` as `git config --show-scope --show-origin` say."""

    scope: str
    origin: str
    rule: Rule


def rules_in(text: str) -> list[Rule]:
    """The rules of a configuration file, in its order. Raises FormatError."""
    return [rule for variable in gitconfig.variables(text) if (rule := rule_of(variable))]


def rule_of(variable: Variable) -> Rule | None:
    if variable.section != "url" or variable.name not in NAMES or variable.subsection is None or variable.value is None:
        return None
    return Rule(base=variable.subsection, key=variable.name, prefix=variable.value)


def without_others(text: str, wanted: Counter[T], item_of: Callable[[Variable], T | None]) -> str:
    """The text without the variables that are items and not `wanted`. What is there already is taken from `wanted`."""
    doomed = []
    for variable in gitconfig.variables(text):
        item = item_of(variable)
        if item is None:
            continue
        if wanted[item]:
            wanted[item] -= 1
        else:
            doomed.append(variable)
    return gitconfig.remove(text, doomed) if doomed else text


def winner(url: str, entries: Iterable[Entry], key: str = FETCH) -> Entry | None:
    """The rule that git applies to `url`.

    The longest prefix wins. Among equals it is the one whose base was read first, be it with another prefix.
    """
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.rule.key == key:
            groups.setdefault(entry.rule.base, []).append(entry)
    best: Entry | None = None
    for entry in (entry for group in groups.values() for entry in group):
        if url.startswith(entry.rule.prefix) and (best is None or len(entry.rule.prefix) > len(best.rule.prefix)):
            best = entry
    return best


def fetch_url(url: str, entries: Iterable[Entry]) -> str:
    """Where git really fetches `url` from."""
    found = winner(url, entries)
    return found.rule.base + url.removeprefix(found.rule.prefix) if found else url


def push_url(url: str, entries: Sequence[Entry]) -> str:
    """Where git really pushes to, for a remote without a `pushurl`."""
    found = winner(url, entries, PUSH)
    return found.rule.base + url.removeprefix(found.rule.prefix) if found else fetch_url(url, entries)


def with_file(
    entries: Sequence[Entry], origin: str, scope: str, later: frozenset[str], rules: Sequence[Rule]
) -> list[Entry]:
    """`entries` when the file `origin` holds `rules`. Those it had keep their place, new ones come after them.

    `later` are the files of the same scope that are read after this one.
    """
    missing = Counter(rules)
    result: list[Entry] = []
    after_own: int | None = None
    for entry in entries:
        if entry.origin != origin:
            result.append(entry)
        elif missing[entry.rule]:
            missing[entry.rule] -= 1
            result.append(entry)
            after_own = len(result)
    at = next((i for i, entry in enumerate(result) if _comes_after(entry, scope, later)), len(result))
    at = at if after_own is None else after_own
    new = [Entry(scope, origin, rule) for rule in _last_of(rules, missing)]
    return [*result[:at], *new, *result[at:]]


def _comes_after(entry: Entry, scope: str, later: frozenset[str]) -> bool:
    if entry.scope == scope or entry.scope not in _SCOPES:
        return entry.origin in later
    return _SCOPES.index(entry.scope) > _SCOPES.index(scope)


def _last_of(rules: Sequence[Rule], counts: Counter[Rule]) -> list[Rule]:
    """The last `counts` of each rule, in order."""
    left = Counter(counts)
    found = []
    for rule in reversed(rules):
        if left[rule] > 0:
            left[rule] -= 1
            found.append(rule)
    return found[::-1]


# The frame: all that is not a rule, by a second reader that keeps values as they are written.

_ITEM = re.compile(
    r"""
    [ \t\r\n]++
    | (?P<comment> [#;][^\n]*+ )
    | \[ (?P<section> [A-Za-z0-9.-]++ ) (?: [ \t]++ "(?P<subsection> (?: [^"\\\n] | \\. )*+ )" )? [ \t]*+ \]
    | (?P<name> [A-Za-z][A-Za-z0-9-]*+ ) [ \t]*+
      (?: = (?P<value> (?: " (?: [^"\\\n] | \\\r?\n | \\. )*+ " | [^"\\\n#;] | \\\r?\n | \\. )*+ (?: [#;][^\n]*+ )? ) )?
      (?= \r?\n | \r?\Z )
    """,
    re.VERBOSE,
)


def frame(text: str) -> list[tuple[str, ...]]:
    """Every comment and every variable that is not a rule, in order. Raises FormatError."""
    found: list[tuple[str, ...]] = []
    section, at = "", len("\ufeff") if text.startswith("\ufeff") else 0
    while at < len(text):
        item = _ITEM.match(text, at)
        if item is None:
            raise FormatError(_("not a line of a git configuration"), line=text.count("\n", 0, at) + 1)
        at = item.end()
        if item["comment"]:
            found.append((item["comment"].rstrip(),))
        elif item["section"]:
            name, subsection = item["section"].lower(), item["subsection"]
            section = name if subsection is None else name + "." + re.sub(r"\\(.)", r"\1", subsection)
        elif item["name"] and not (section.startswith("url.") and item["name"].lower() in NAMES):
            found.append((section, item["name"].lower(), (item["value"] or "").strip()))
    return found
