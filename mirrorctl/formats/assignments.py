"""Environment variables, as the shells and the files that set them want them written. Pure.

| form | read by | sources |
|---|---|---|
| sh | `eval` of sh, bash, zsh | POSIX, Shell Command Language, 2.2.2 Single-Quotes |
| fish | `source` of fish | fish documentation, "Quotes" |
| powershell | `Invoke-Expression` of PowerShell | about_Quoting_Rules: the typographic quotes count as ' |
| dotenv | docker --env-file, Compose, python-dotenv, `. file` | what all of them understand alike |
| dockerfile | ENV of a Dockerfile | Dockerfile reference, "ENV", "Environment replacement" |
| github | the file that GITHUB_ENV names | GitHub Docs, "Workflow commands", one line for each variable |

No form can hold a line break or another control character: a value with one is refused, whoever it came from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeAlias

from mirrorctl.errors import UsageError
from mirrorctl.text import _

Assignment: TypeAlias = tuple[str, str | None]  # None: it is taken out of the environment

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BARE = re.compile(r"[A-Za-z0-9_./:@%+,=~-]*")
_SINGLE_QUOTES = re.compile("['\u2018\u2019\u201a\u201b]")


def render(assignments: Iterable[Assignment], form: str) -> list[str]:
    """One line for each assignment, in their order. Raises UsageError for what the form cannot say."""
    write = FORMS[form]
    found = []
    for name, value in assignments:
        _check(name, value)
        found.append(write(name, value))
    return found


def _check(name: str, value: str | None) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(_("{name} is no name of a variable", name=repr(name)))
    if value is not None and not value.isprintable():
        raise UsageError(
            _("the value of {name} holds a line break or another control character", name=name),
            hint=_("no format can carry that safely; nothing was printed"),
            subject=name,
        )


def _sh(name: str, value: str | None) -> str:
    if value is None:
        return f"unset {name}"
    return f"export {name}=" + "'" + value.replace("'", r"'\''") + "'"


def _fish(name: str, value: str | None) -> str:
    if value is None:
        return f"set -e {name}"
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{escaped}'"


def _powershell(name: str, value: str | None) -> str:
    if value is None:
        return f"Remove-Item Env:{name} -ErrorAction SilentlyContinue"
    return f"$env:{name} = '" + _SINGLE_QUOTES.sub(lambda quote: quote[0] * 2, value) + "'"


def _dotenv(name: str, value: str | None) -> str:
    if value is None:
        raise _cannot_unset(name, "dotenv")
    if _BARE.fullmatch(value):
        return f"{name}={value}"
    if "'" in value or "\\" in value:
        raise UsageError(
            _(
                "the readers of dotenv files do not agree on a quote or a backslash, as in the value of {name}",
                name=name,
            ),
            hint=_("another --format can say it"),
            subject=name,
        )
    return f"{name}='{value}'"


def _dockerfile(name: str, value: str | None) -> str:
    if value is None:
        raise _cannot_unset(name, "dockerfile")
    return f'ENV {name}="' + re.sub(r'([\\"$])', r"\\\1", value) + '"'


def _github(name: str, value: str | None) -> str:
    if value is None:
        raise _cannot_unset(name, "github")
    return f"{name}={value}"


def _cannot_unset(name: str, form: str) -> UsageError:
    return UsageError(
        _("{name} would have to be unset, and {form} has no word for that", name=name, form=form),
        hint=_("sh, fish and powershell have: --format sh"),
        subject=name,
    )


FORMS: dict[str, Callable[[str, str | None], str]] = {
    "sh": _sh,
    "fish": _fish,
    "powershell": _powershell,
    "dotenv": _dotenv,
    "dockerfile": _dockerfile,
    "github": _github,
}
# These are read on another machine, or in another environment, than the one in which they are printed.
FOR_ELSEWHERE = frozenset({"dotenv", "dockerfile"})
