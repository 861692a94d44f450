"""Typer's view of the program: the group, and the commands of `mirrorctl.cli.verbs` in it."""

from __future__ import annotations

from importlib import import_module

import typer

from mirrorctl.cli.console import Command, Group
from mirrorctl.cli.overview import command_summary, names


def application(*chosen: str) -> typer.Typer:
    """The program with the commands `chosen`; all of them, if one is no command or none is named.

    Typer looks into the signature of each command that it is given, so a run gives it the one that was typed.
    """
    app = typer.Typer(
        cls=Group,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(mirrorctl)
    known = names()
    for name in chosen if chosen and set(chosen) <= set(known) else known:
        verb = import_module(f"mirrorctl.cli.verbs.{name}")
        app.command(name, cls=Command, help=command_summary(name))(verb.command)
    return app


def mirrorctl() -> None:
    """Options may stand before the command too."""
