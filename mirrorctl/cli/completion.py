"""What may be typed next: commands, options, and the values they take, mirrors and changes by name among them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import typer

from mirrorctl.cli.app import application
from mirrorctl.cli.console import Console
from mirrorctl.cli.overview import COMMANDS, names
from mirrorctl.errors import MirrorctlError
from mirrorctl.render.language import translator

EMPTY = "+"  # stands for a word that is still empty, for shells that drop empty arguments
Candidate = tuple[str, str]  # what to type, and what it is


def candidates(words: Sequence[str], console: Console) -> tuple[Candidate, ...]:
    """What the last of `words` may become. Nothing where files are meant, or nobody can know."""
    *before, last = words or [""]
    last = "" if last == EMPTY else last
    if "--" in before:
        return ()
    before, last = _without_equals(before, last)
    return tuple(found for found in _all(before, last, console) if found[0].startswith(last))


def _without_equals(before: list[str], last: str) -> tuple[list[str], str]:
    """`--target = pi`, as bash has it, and `--target=pi` are both `--target pi`."""
    if last == "=":
        return before, ""
    if before[-1:] == ["="]:
        return before[:-1], last
    if last.startswith("--") and "=" in last:
        name, _equals, value = last.partition("=")
        return [*before, name], value
    return before, last


def _all(before: list[str], last: str, console: Console) -> Iterator[Candidate]:
    typed = next((word for word in before if word in names()), None)
    group: Any = typer.main.get_command(application(typed or "history"))
    command = group.commands[typed] if typed else group
    options = [each for each in command.params if each.param_type_name == "option"]
    translate = translator(console.language)
    if before and (option := _named(options, before[-1])) is not None and not option.is_flag:
        yield from _values(option, console, typed)
    elif last.startswith("-"):
        for option in options:
            if option.multiple or not set(option.opts) & set(before):
                yield max(option.opts, key=len), translate(option.help or "")
    elif command is group:
        yield from ((name, translate(summary)) for _title, part in COMMANDS for name, summary in part)
    else:
        position = _count_of_arguments(before[before.index(str(typed)) + 1 :], options)
        arguments = [each for each in command.params if each.param_type_name == "argument"]
        if position < len(arguments) or (arguments and arguments[-1].nargs == -1):
            yield from _values(arguments[min(position, len(arguments) - 1)], console, typed)


def _named(options: list[Any], word: str) -> Any:
    return next((option for option in options if word in option.opts), None)


def _count_of_arguments(words: list[str], options: list[Any]) -> int:
    count, is_value = 0, False
    for word in words:
        option = _named(options, word)
        count += not is_value and not word.startswith("-")
        is_value = option is not None and not option.is_flag
    return count


def _values(parameter: Any, console: Console, command: str | None) -> Iterator[Candidate]:
    """The words that a parameter takes, by what its help calls them."""
    choices = getattr(parameter.type, "choices", None)
    kind = str(parameter.metavar or "").strip("[].…")
    if choices is not None:
        yield from ((str(getattr(choice, "value", choice)), "") for choice in choices)
    elif kind == "NAME":
        from mirrorctl.targets import TARGETS

        yield from ((name, TARGETS.ecosystem(name)) for name in TARGETS)
    elif kind == "WHICH":
        yield from (("fastest", ""), ("upstream", ""))
        yield from _mirrors(console)
    elif command == "undo":
        yield from _changes(console)
    elif kind.split("|")[0] == "ID":
        yield from _mirrors(console)
    elif "|" in kind and kind.islower():
        yield from ((word, "") for word in kind.split("|"))


def _mirrors(console: Console) -> Iterator[Candidate]:
    """Operators first, for they are what one remembers; then their mirrors."""
    try:
        catalog = console.session().catalog
    except MirrorctlError:
        return
    mirrors = catalog.mirrors
    operators: dict[str, list[str]] = {}
    for mirror in mirrors:
        operators.setdefault(mirror.operator, []).append(mirror.ecosystem)
    yield from ((name, ", ".join(dict.fromkeys(serves))) for name, serves in sorted(operators.items()))
    yield from ((mirror.id, mirror.url) for mirror in mirrors)


def _changes(console: Console) -> Iterator[Candidate]:
    try:
        changes = console.session().transactions()
    except MirrorctlError:
        return
    for change in changes:
        if change.state == "applied":
            yield change.id, f"{change.at:%Y-%m-%d %H:%M} {change.command}"
