"""What pip and uv have in common when they pull for a benchmark.

A workload names requirements for them (PEP 508, by name), and files of requirements as `-r FILE`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from mirrorctl.errors import MirrorctlError
from mirrorctl.model import Client, Mirror
from mirrorctl.text import Text, _

_REQUIREMENT = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\s*(?:\[[\w\s.,-]*\])?\s*(?:[<>=!~][^;@/]*)?(?:;[^@/]*)?"
)
_FILE = re.compile(r"-r\s*(\S.*)")
# What in a file of requirements would lead both ways to the same place.
_ELSEWHERE = re.compile(
    rb"^[ \t]*(?:(-i|-f|--index-url|--extra-index-url|--find-links|--no-index)\b|-e\b|--editable\b)|@[ \t]*\w+(?:\+\w+)?://",
    re.MULTILINE,
)


def check(item: str, folder: Path, read: Callable[[Path], bytes | None]) -> Text | None:
    """Why `item` cannot be compared, or None."""
    found = _FILE.fullmatch(item)
    if found is None:
        return None if _REQUIREMENT.fullmatch(item) else _("this is neither a requirement by name nor -r FILE")
    path = folder / found[1]
    try:
        data = read(path)
    except MirrorctlError as error:
        return error.message
    if data is None:
        return _("there is no file {path}", path=path)
    if elsewhere := _ELSEWHERE.search(data):
        line = data.count(b"\n", 0, elsewhere.end()) + 1
        return _("{path}, line {line}: it names a source of its own, which no mirror stands for", path=path, line=line)
    return None


def serves(mirror: Mirror, items: tuple[str, ...]) -> bool:  # noqa: ARG001
    """A mirror has the whole index."""
    return True


def upstream(client: Client, items: tuple[str, ...]) -> str | None:  # noqa: ARG001
    return client.default_url


def words(items: Iterable[str], folder: Path) -> Iterator[str]:
    """The items as pip and uv take them on the command line."""
    for item in items:
        if found := _FILE.fullmatch(item):
            yield from ("-r", str(folder / found[1]))
        else:
            yield item
