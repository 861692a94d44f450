"""git as a reader of its own files, to compare with."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from typing import TypeAlias

from mirrorctl.formats import decode, encode
from mirrorctl.formats.gitconfig import Variable

Listing: TypeAlias = list[tuple[str, str | None]]


def read_by_git(text: str) -> Listing | None:
    """Every setting by git itself, None when it refuses the file."""
    run = subprocess.run(
        ["git", "config", "--file", "-", "--no-includes", "--list", "-z"],
        input=encode(text),
        capture_output=True,
        check=False,
    )
    entries = [entry.partition("\n") for entry in decode(run.stdout).split("\0")[:-1]]
    return [(key, value if equals else None) for key, equals, value in entries] if run.returncode == 0 else None


def listing(variables: Iterable[Variable]) -> Listing:
    """The variables as git lists them."""
    return [(".".join(part for part in names(variable) if part is not None), variable.value) for variable in variables]


def names(variable: Variable) -> tuple[str | None, str | None, str]:
    has_section = variable.section or variable.subsection is not None
    return variable.section if has_section else None, variable.subsection, variable.name


def alike(found: Listing | None) -> Listing | None:
    """Blanks inside a bare value are single spaces to git before 2.45, and what they are to later ones."""
    return [(key, value and re.sub(r"[ \t\r]", " ", value)) for key, value in found] if found is not None else None
