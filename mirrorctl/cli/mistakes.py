"""What is wrong with a command line, in our words: typer's know one language only."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from mirrorctl.errors import UsageError
from mirrorctl.text import Text, _

_SUPERFLUOUS = re.compile(r"Got unexpected extra argument.*? \((.*)\)", re.DOTALL)


def unknown_command(name: str, commands: Collection[str]) -> UsageError:
    from difflib import get_close_matches

    near = get_close_matches(name, commands)
    return UsageError(
        _("there is no command {name}", name=repr(name)),
        hint=_("did you mean {names}?", names=", ".join(near)) if near else _("mirrorctl --help lists the commands"),
        subject=name,
    )


def usage_error(error: Any, words: Sequence[str], commands: Collection[str]) -> UsageError:
    """The error for a TyperException that `words` have led to."""
    command = next((word for word in words if word in commands), None)
    if command is None:
        return UsageError(_what(error), hint=_("mirrorctl --help lists the commands"))
    return UsageError(_what(error), hint=_("mirrorctl {command} --help shows what it takes", command=command))


def _what(error: Any) -> Text:  # noqa: PLR0911  one case per kind of mistake
    """By the kind of exception. These classes have no public name, so what they are called is all there is to go by."""
    match type(error).__name__:
        case "NoSuchOption":
            return _no_option(error)
        case "MissingParameter":
            return _("{name} is missing", name=_name_of(error.param))
        case "BadOptionUsage" if "does not take" in error.message:
            return _("{name} takes no value", name=error.option_name)
        case "BadOptionUsage":
            return _("{name} takes a value", name=error.option_name)
        case "BadParameter" if choices := getattr(error.param.type, "choices", None):
            values = ", ".join(str(getattr(each, "value", each)) for each in choices)
            return _("{name} takes one of: {values}", name=_name_of(error.param), values=values)
    if found := _SUPERFLUOUS.fullmatch(error.message):
        return _("nothing more is expected here: {words}", words=found[1])
    if error.message.startswith("Missing command"):
        return _("a command is missing")
    return _("{reason}", reason=error.format_message())


def _no_option(error: Any) -> Text:
    if not error.possibilities:
        return _("there is no option {name}", name=error.option_name)
    names = ", ".join(sorted(error.possibilities))
    return _("there is no option {name}; similar ones are {names}", name=error.option_name, names=names)


def _name_of(parameter: Any) -> str:
    """As the help shows it."""
    if parameter.param_type_name == "argument":
        return str(parameter.metavar).strip("[]")
    return str(max(parameter.opts, key=len))
