"""Every index and trusted host that pip may go by, where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mirrorctl.diagnosis.case import Case, Place
from mirrorctl.diagnosis.finding import Item
from mirrorctl.formats import ini
from mirrorctl.targets import pip_repairs
from mirrorctl.targets.pip_settings import ALIASES

INDEX, EXTRA, TRUSTED = "index-url", "extra-index-url", "trusted-host"


class Word(NamedTuple):
    """One address or host where it stands. `item` is what the repairing lens calls it; None: not its to change."""

    key: str
    section: str
    word: str
    place: Place
    item: Item | None


def words_of(path: Path, document: ini.Document, *, may_change: bool) -> Iterator[Word]:
    for option in document.options:
        name = ini.normalise(option.name)
        for word in pip_repairs.words_of(option) if option.value.strip() else ():
            place = Place(name=f"{option.section}.{name}", path=path, line=option.line)
            item = (option.section, name, word) if may_change and name in pip_repairs.KEYS else None
            yield Word(ALIASES.get(name, name), option.section, word, place, item)


def variables(case: Case) -> Iterator[Word]:
    for variable, value in case.environ.items():
        name = ini.normalise(variable.removeprefix("PIP_")) if variable.startswith("PIP_") else ""
        key = ALIASES.get(name, name)
        if key in {INDEX, EXTRA, TRUSTED}:
            for word in [value] if key == INDEX else value.split():
                yield Word(key, "", word, Place(name=variable), None)
