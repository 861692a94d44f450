"""git's files through a wider lens: the rules, and whether certificates are checked, for what `doctor` repairs.

The value is a sorted list: [base, key, prefix] of each rule, and [url, "sslverify", value] of each http.<url>.sslVerify,
with "" for the url of the one that holds for every host.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from mirrorctl.formats import gitconfig
from mirrorctl.model import Value
from mirrorctl.targets import git_rules
from mirrorctl.targets.git_rules import NAMES

NAME = "git/repairs"
SSL = "sslverify"
_SPELLING = {**NAMES, SSL: "sslVerify"}


def item_of(variable: gitconfig.Variable) -> tuple[str, str, str] | None:
    """The item that a variable is, if it is one."""
    if rule := git_rules.rule_of(variable):
        return rule.base, rule.key, rule.prefix
    if (variable.section, variable.name) == ("http", SSL) and variable.value is not None and variable.subsection != "":
        return variable.subsection or "", SSL, variable.value
    return None


def read(text: str, path: Path) -> Value:  # noqa: ARG001
    items = filter(None, map(item_of, gitconfig.variables(text)))
    return [list(item) for item in sorted(items, key=lambda item: (item[1], item[0], item[2]))]


def write(text: str, path: Path, value: Value) -> str:  # noqa: ARG001
    wanted = Counter((item[0], item[1], item[2]) for item in value or [])
    text = git_rules.without_others(text, wanted, item_of)
    for place, name, content in wanted.elements():
        section = "http" if name == SSL else "url"
        text = gitconfig.add(text, section, place if section == "url" else place or None, _SPELLING[name], content)
    return text


def frame(text: str, path: Path) -> object:  # noqa: ARG001
    """Every comment and every variable that is not an item, in order."""
    return [
        item
        for item in git_rules.frame(text)
        if not (len(item) == 3 and item[1] == SSL and (item[0] == "http" or item[0].startswith("http.")))
    ]
