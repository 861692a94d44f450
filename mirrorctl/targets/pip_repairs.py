"""pip's files through a wider lens: every index and every trusted host, for what `doctor` repairs.

The value is a list of [section, option, word], sorted by section and option; the words of one option keep their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from mirrorctl.formats import ini
from mirrorctl.model import Value
from mirrorctl.targets import pip

NAME = "pip/repairs"
LISTS = frozenset({"extra-index-url", "trusted-host"})
KEYS = LISTS | {pip.KEY}


def words_of(option: ini.Option) -> list[str]:
    """What the option holds: one address, or a list that pip splits at blanks."""
    return option.value.split() if ini.normalise(option.name) in LISTS else [option.value]


def read(text: str, path: Path) -> Value:  # noqa: ARG001
    options = [option for option in ini.scan(text).options if ini.normalise(option.name) in KEYS]
    options.sort(key=lambda option: (option.section, ini.normalise(option.name)))
    return [[option.section, ini.normalise(option.name), word] for option in options for word in words_of(option)]


def write(text: str, path: Path, value: Value) -> str:
    before, after = _grouped(read(text, path)), _grouped(value)
    for section, name in sorted({*before, *after}):
        words = after.get((section, name), [])
        if words != before.get((section, name), []):
            text = ini.put(text, section, name, " ".join(words) if words else None)
    return text


def _grouped(value: Value) -> dict[tuple[str, str], list[str]]:
    items: Sequence[Sequence[str]] = value if isinstance(value, list) else []
    ordered = sorted(items, key=lambda item: (item[0], item[1]))
    return {key: [item[2] for item in group] for key, group in groupby(ordered, key=lambda item: (item[0], item[1]))}


def frame(text: str, path: Path) -> object:  # noqa: ARG001
    """All other options by section. A section with none of them is as good as none, for `write` may have made it."""
    found = pip.parsed(text)
    left = {name: {key: value for key, value in own.items() if key not in KEYS} for name, own in found.items()}
    return {name: own for name, own in left.items() if own}
