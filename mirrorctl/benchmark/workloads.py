"""What is pulled: the syntax of a workload file (docs/reference/workloads.md). Pure.

A table for each workload; in it, by ecosystem, what one pull pulls:

    [team]
    description = "what a build of ours pulls"
    pypi = ["-r requirements.txt", "ruff"]
    docker = ["redis:7-alpine"]
    git = ["https://github.com/octo/hello.git"]

Everything that is wrong is a UsageError that names the file, the key and the reason.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NoReturn

from mirrorctl.errors import UsageError
from mirrorctl.reasons import complaint_of
from mirrorctl.text import N_, Text, _
from mirrorctl.values import dataclass

MAX_ITEMS = 100
MAX_WORKLOADS = 50
MAX_CHARS = 500  # of an item or a description
DESCRIPTION = "description"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")

# The workloads that come with the program, told in the reader's language.
BUILT_IN = {
    "small": N_("a few small files: the time is that of asking, not of carrying"),
    "typical": N_("what a fresh project or a small service pulls"),
    "large": N_("hundreds of megabytes: the time is that of the line"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A named workload: what one pull pulls, by ecosystem. A path in an item is relative to `folder`."""

    name: str
    description: Text
    items: Mapping[str, tuple[str, ...]]
    folder: Path


def parse(
    text: str, file: str, folder: Path, ecosystems: Collection[str], *, built_in: bool = False
) -> tuple[Task, ...]:
    """The workloads of a file, in its order. Raises UsageError."""
    try:
        document = tomllib.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise UsageError(
            _("{file}: this is not TOML: {reason}", file=file, reason=complaint_of(error)), subject=file
        ) from error
    if not document:
        raise UsageError(_("{file}: there is no workload in it", file=file), hint=_EXAMPLE, subject=file)
    if len(document) > MAX_WORKLOADS:
        _refuse(file, "", _("there are more than {count} workloads", count=MAX_WORKLOADS))
    return tuple(_task(file, name, table, folder, ecosystems, built_in=built_in) for name, table in document.items())


_EXAMPLE = _('a workload is a table: [team], then pypi = ["-r requirements.txt"]')


def _refuse(file: str, key: str, reason: Text, hint: Text | None = None) -> NoReturn:
    message = _("{file}: {key}: {reason}", file=file, key=key, reason=reason)
    raise UsageError(message if key else _("{file}: {reason}", file=file, reason=reason), hint=hint, subject=file)


def _task(file: str, name: str, table: object, folder: Path, ecosystems: Collection[str], *, built_in: bool) -> Task:
    if not _NAME.fullmatch(name):
        _refuse(file, repr(name), _("a name has up to 40 of a-z, 0-9, '.', '_' and '-'"))
    if not isinstance(table, dict):
        _refuse(file, name, _("this is not a table"), _EXAMPLE)
    known = {DESCRIPTION, *ecosystems}
    for key in table:
        if key not in known:
            _refuse(
                file, f"{name}.{key}", _("there is no such key; the keys are: {keys}", keys=", ".join(sorted(known)))
            )
    items = {key: _items(file, f"{name}.{key}", table[key]) for key in ecosystems if key in table}
    if not items:
        _refuse(file, name, _("it pulls nothing; name what, by {keys}", keys=", ".join(sorted(ecosystems))))
    description = table.get(DESCRIPTION, "")
    if not isinstance(description, str) or not _is_plain(description):
        _refuse(file, f"{name}.{DESCRIPTION}", _("this is not one line of text"))
    told = Text(BUILT_IN[name]) if built_in else Text("{text}", {"text": description})
    return Task(name=name, description=told, items=items, folder=folder)


def _items(file: str, key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        _refuse(file, key, _('this is not a list with something in it, as in ["one", "two"]'))
    if len(value) > MAX_ITEMS:
        _refuse(file, key, _("there are more than {count} items", count=MAX_ITEMS))
    found = []
    for number, item in enumerate(value):
        place = f"{key}[{number}]"
        if not isinstance(item, str) or not item.strip() or not _is_plain(item):
            _refuse(file, place, _("this is not one line of text"))
        found.append(item.strip())
    return tuple(dict.fromkeys(found))


def _is_plain(text: str) -> bool:
    return len(text) <= MAX_CHARS and (text.isprintable() or not text)
