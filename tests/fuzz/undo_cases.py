"""Files of clients, changes of ours to them, and edits of their users, for hypothesis."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from mirrorctl.errors import ConfigError, FormatError
from mirrorctl.formats import decode, encode
from mirrorctl.model import SavedFile, Scope, Value
from mirrorctl.planning import make_edit
from mirrorctl.targets import TARGETS
from mirrorctl.targets.base import Setting, Target

# In the long form: MIRRORCTL_EXAMPLES=5000 python -m pytest tests/fuzz
EXAMPLES = int(os.environ.get("MIRRORCTL_EXAMPLES", "40"))

PATHS = {
    "pip": Path("/home/u/.config/pip/pip.conf"),
    "uv": Path("/home/u/.config/uv/uv.toml"),
    "git": Path("/home/u/.gitconfig"),
    "docker": Path("/etc/docker/daemon.json"),
}
URLS = ("https://one.example/simple", "https://two.example/simple", "https://three.example/a/b/")
TOKEN = "# kept by its user: "  # what a user adds

PIP_LINES = [
    "# c",
    "; c",
    "",
    "[global]",
    "[install]",
    "[list]",
    "timeout = 60",
    "timeout=61",
    "format = columns",
    "index-url = https://old.example/simple",
    "index-url=https://old.example/a  ",
    "extra-index-url =",
    "  a",
]
GIT_LINES = [
    "[user]",
    "\tname = A",
    "# c",
    "",
    '[url "https://old.example/"]',
    "\tinsteadOf = https://github.com/",
    "[core]",
    "  editor = vi ; x",
    "[alias]",
    '\tl = "log \\',
    '  -1"',
    '[url "https://x.example/"]',
    "\tpushInsteadOf = https://y.example/",
]
UV_LINES = [
    "# c",
    "",
    "native-tls = true",
    "offline = false",
    "[pip]",
    'link-mode = "copy"',
    "[[index]]",
    'name = "own"',
    'url = "https://own.example/simple"',
    "default = true",
    'index-url = "https://i.example/"',
]
LINES = {"pip": PIP_LINES, "git": GIT_LINES, "uv": UV_LINES}


# Where a file has to begin, apart from comments, and what may stand in it more than once.
FIRST = {"pip": "[global]", "git": "[user]", "uv": ""}
AGAIN = {"pip": "#;", "git": "#\t[", "uv": "#"}


def line_texts(name: str) -> st.SearchStrategy[str]:
    """Mostly what the client can read; most series of lines drawn freely are refused, and drawing them in vain takes long."""
    ends = st.sampled_from(["\n", "\n", "\n", "\r\n"])
    lines = st.sampled_from(LINES[name])
    free = st.lists(lines, max_size=12)
    comments = st.lists(st.sampled_from(["# c", "", "# d"]), max_size=2)
    once = st.lists(lines, max_size=12).map(lambda found: _once(found, FIRST[name], AGAIN[name]))
    readable = st.tuples(comments, once).map(lambda parts: [*parts[0], *parts[1]])
    chosen = st.one_of(*[readable] * 9, free)
    texts = st.tuples(chosen, ends, st.lists(st.integers(0, 12), max_size=2), st.booleans())
    return texts.map(lambda drawn: _joined(*drawn))


def _once(lines: list[str], first: str, again: str) -> list[str]:
    """`lines` behind `first`, of each option and each section the first alone."""
    seen: dict[str, str] = {}
    for number, line in enumerate([first, *lines]):
        free = not line or line[0] in again
        seen.setdefault(str(number) if free else line.partition("=")[0].strip(), line)
    return [*seen.values()] if first else [*seen.values()][1:]


def _joined(lines: list[str], end: str, others: list[int], cut: bool) -> str:
    """The lines with their `end`, apart from `others`, which have the other one; the last one may have none."""
    other = "\n" if end == "\r\n" else "\r\n"
    text = "".join(line + (other if number in others else end) for number, line in enumerate(lines))
    return text[:-1] if cut else text


def json_texts() -> st.SearchStrategy[str]:
    leaves = st.booleans() | st.integers(-9, 9) | st.sampled_from(["a", "é", ""]) | st.none()
    members = st.dictionaries(st.sampled_from(["debug", "log-level", "dns", "hosts", "x"]), leaves, max_size=4)
    mirrors = st.none() | st.lists(st.sampled_from(["https://old.example", *URLS]), unique=True, max_size=3)
    shapes = st.sampled_from([None, 2, 4, "\t"])

    def build(parts: tuple[dict[str, Any], list[str] | None, Any, str]) -> str:
        found, held, indent, end = parts
        if held is not None:
            found = {**found, "registry-mirrors": held}
        return json.dumps(found, indent=indent, ensure_ascii=False) + end

    return st.tuples(members, mirrors, shapes, st.sampled_from(["", "\n"])).map(build)


def texts(name: str) -> st.SearchStrategy[str]:
    return json_texts() if name == "docker" else line_texts(name)


def befores(name: str) -> st.SearchStrategy[bytes | None]:
    return st.none() | texts(name).map(encode)


def values(name: str) -> st.SearchStrategy[Value]:
    if name == "docker":
        return st.none() | st.lists(st.sampled_from(URLS), unique=True, max_size=3)
    if name == "git":
        rules = st.tuples(
            st.sampled_from(URLS), st.sampled_from(["insteadof", "pushinsteadof"]), st.just("https://g.example/")
        )
        return st.lists(rules.map(list), unique_by=tuple, max_size=3).map(_in_gits_order)
    return st.none() | st.sampled_from(URLS)


def _in_gits_order(rules: list[list[str]]) -> Value:
    git, path = TARGETS["git"], PATHS["git"]
    return git.read(git.write("", path, rules), path)


def readable(target: Target, before: bytes | None, path: Path) -> None:
    """Only files that the target accepts are of interest."""
    try:
        target.read(decode(before or b""), path)
        target.frame(decode(before or b""), path)
    except FormatError:
        assume(False)


def change(name: str, before: bytes | None, value: Value) -> SavedFile:
    """Our change of the file to `value`, as the journal has it."""
    target, path = TARGETS[name], PATHS[name]
    readable(target, before, path)
    try:
        edit = make_edit(target, Setting(path=path, value=value), before)
    except ConfigError:  # the client reads it, and yet nothing can be added to it
        assume(False)
        raise
    assume(edit.changed)
    return SavedFile(
        target=name,
        scope=Scope.USER,
        path=path,
        before=edit.before,
        after=edit.after,
        interim=edit.interim,
        drained=edit.drained,
        value_before=edit.value_before,
        value_after=edit.value_after,
    )


def insert(text: str, after: str, token: str) -> str:
    """`token` on a line of its own behind the line `after`, which stands there once."""
    lines = text.splitlines(keepends=True)
    at = lines.index(after)
    return "".join([*lines[: at + 1], token, *lines[at + 1 :]])


def follower(text: str, line: str) -> str | None:
    """The line behind `line`. Where we took one away, it cannot be told which of two new neighbours comes first."""
    lines = text.splitlines(keepends=True)
    at = lines.index(line) + 1
    return lines[at] if at < len(lines) else None
