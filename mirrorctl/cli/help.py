"""The help of a command in the reader's language.

Typer's own words come from gettext's default domain, which knows the locale and not `--lang`, and it counts a wide
character as one column. So the text is made here, from typer's parameters, in the manner of the overview.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mirrorctl.render.screen import entry, width, wrap
from mirrorctl.text import N_, _
from mirrorctl.values import dataclass

COMMON = "common_"  # how the names of the options of every command begin
LEFT_COLUMNS = 20
LEAST_COLUMNS, MOST_COLUMNS = 50, 100

Translate = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Section:
    """A list of parameters: what is typed, and what it means."""

    title: str
    rows: tuple[tuple[str, str], ...]


def command_help(command: Any, ctx: Any, translate: Translate, columns: int) -> str:
    """Usage, summary, and a list of all parameters. `columns`: how wide the terminal is."""
    columns = min(max(columns, LEAST_COLUMNS), MOST_COLUMNS)
    first = wrap(usage(command, ctx, translate), columns - 2).replace("\n", "\n  ")
    lines = [first, "", translate(command.help)]
    for section in sections(command, ctx, translate):
        lines += ["", _("{label}:", label=section.title).render(translate)]
        lines += (line for row in section.rows for line in _entry(*row, columns))
    return "\n".join(lines) + "\n"


def usage(command: Any, ctx: Any, translate: Translate) -> str:
    words = " ".join(_usage_of(each) for each in _shown(command, ctx) if each.param_type_name == "argument")
    text = _("usage: {command} [OPTION]... {arguments}", command=ctx.command_path, arguments=words)
    return text.render(translate).rstrip()


def sections(command: Any, ctx: Any, translate: Translate) -> tuple[Section, ...]:
    """What the command takes: arguments, options of its own, options of every command."""
    every = _shown(command, ctx)
    arguments = [each for each in every if each.param_type_name == "argument"]
    options = [each for each in every if each.param_type_name == "option"]
    groups = (
        (N_("Arguments"), arguments),
        (N_("Options"), [each for each in options if not _is_common(each)]),
        (N_("Options of every command"), [each for each in options if _is_common(each)]),
    )
    return tuple(
        Section(translate(title), tuple((_left(each, ctx), _right(each, translate)) for each in parameters))
        for title, parameters in groups
        if parameters
    )


def _shown(command: Any, ctx: Any) -> list[Any]:
    return [each for each in command.get_params(ctx) if not each.hidden]


def _is_common(parameter: Any) -> bool:
    return bool(parameter.name.startswith(COMMON)) or parameter.name == "help"


def _usage_of(argument: Any) -> str:
    name: str = argument.metavar
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _entry(left: str, right: str, columns: int) -> Iterator[str]:
    if width(left) > LEFT_COLUMNS:
        yield f"  {left}"
        left = ""
    yield entry(f"  {left}", right, LEFT_COLUMNS + 4, columns)


def _left(parameter: Any, ctx: Any) -> str:
    """`-t, --target NAME`"""
    if parameter.param_type_name == "argument":
        return str(parameter.metavar).strip("[]")
    value = "" if parameter.is_flag else f" {parameter.metavar or parameter.make_metavar(ctx).strip('[]<>')}"
    return ", ".join(sorted(parameter.opts, key=len)) + value


def _right(parameter: Any, translate: Translate) -> str:
    text = translate(N_("Show this help") if parameter.name == "help" else parameter.help)
    if parameter.param_type_name == "argument" or parameter.is_flag or not parameter.default:
        return text
    default = str(getattr(parameter.default, "value", parameter.default))
    return _("{text} [default: {value}]", text=text, value=default).render(translate)
