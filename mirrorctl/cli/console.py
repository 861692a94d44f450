"""What every command line has in common: the options of the output, and the output itself."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from mirrorctl.cli.overview import OPTIONS, overview
from mirrorctl.commands.result import Result
from mirrorctl.commands.session import Options, Session, begin
from mirrorctl.errors import MirrorctlError, UsageError
from mirrorctl.render.language import choose_language, translator
from mirrorctl.render.screen import wants_colour
from mirrorctl.render.text import Writer, conversation, error_lines
from mirrorctl.text import _

if TYPE_CHECKING:
    from mirrorctl.commands.outcome import UseData

T = TypeVar("T")


class Console:
    """How this run talks: set by the options of every command, wherever they stand on the command line."""

    def __init__(self, language: str | None = None) -> None:
        self.json = False
        self.quiet = False
        self.verbose = False
        self.no_color = False
        self.catalogs: tuple[Path, ...] = ()
        self.root: Path | None = None
        self.language = choose_language(language, os.environ)
        self.command = "mirrorctl"

    def writer(self, stream: TextIO) -> Writer:
        colour = wants_colour(stream, os.environ, no_color=self.no_color)
        return Writer(translate=translator(self.language), colour=colour)

    def session(self) -> Session:
        return begin(Options(catalogs=self.catalogs, root=self.root))

    @property
    def interactive(self) -> bool:
        return sys.stdin.isatty() and sys.stderr.isatty() and not self.json

    @property
    def lively(self) -> bool:
        """Whether progress is to be drawn."""
        return sys.stderr.isatty() and not (self.json or self.quiet) and os.environ.get("TERM") != "dumb"

    def tell(self, lines: Iterable[str]) -> None:
        """The conversation, on stderr."""
        sys.stdout.flush()
        for line in lines:
            print(line, file=sys.stderr)

    def finish(
        self,
        result: Result[T],
        lines: Callable[[T, Writer], Iterable[str]] | None = None,
        draw: Callable[[T], None] | None = None,
    ) -> NoReturn:
        """Shows a result, as `lines` or as `draw` has it, and ends the command with its exit code."""
        if self.json:
            from mirrorctl.render.envelope import envelope

            print(envelope(result, translator(self.language)))
        else:
            if draw is not None:
                draw(result.data)
            for line in lines(result.data, self.writer(sys.stdout)) if lines else ():
                print(line)
            self.tell(conversation(result, self.writer(sys.stderr), quiet=self.quiet))
        raise typer.Exit(int(result.exit_code))

    def fail(self, error: MirrorctlError) -> int:
        """Shows an error that ended a command before it had a result."""
        if self.json:
            from mirrorctl.render.envelope import error_envelope

            print(error_envelope(self.command, error, translator(self.language)))
        else:
            self.tell(error_lines(error, self.writer(sys.stderr)))
        return int(error.exit_code)

    def confirm(self, data: UseData) -> bool:
        """Shows the plan and asks. Raises UsageError where nobody can answer."""
        from mirrorctl.render.changes import plan_lines

        return self.ask(lambda writer: plan_lines(data, writer))

    def ask(self, lines: Callable[[Writer], Iterable[str]]) -> bool:
        """Whether the user agrees to what `lines` say. Raises UsageError where nobody can answer."""
        if not self.interactive:
            raise UsageError(
                _("nobody is there to confirm the change, so nothing was written"),
                hint=_("-y confirms it, --dry-run shows it"),
            )
        writer = self.writer(sys.stderr)
        self.tell(lines(writer))
        question = writer.say(_("Apply this? [y/N] "))
        sys.stderr.write(question)
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in {"y", "yes", "是", "好"}


def console_of(ctx: typer.Context) -> Console:
    console: Console = ctx.obj
    return console


def _store(name: str) -> Callable[[typer.Context, Any, Any], None]:
    def keep(ctx: typer.Context, param: Any, value: Any) -> None:  # noqa: ARG001  the signature of a callback
        if not value:
            return
        console: Console = ctx.find_root().obj
        if name == "catalogs":
            console.catalogs += tuple(Path(item) for item in value)
        elif name == "lang":
            console.language = choose_language(value, os.environ)
        else:
            setattr(console, name, Path(value) if name == "root" else value)

    return keep


FLAGS: tuple[tuple[str, list[str], dict[str, Any]], ...] = (
    ("json", ["--json"], {"is_flag": True}),
    ("catalogs", ["--catalog"], {"multiple": True, "metavar": "FILE"}),
    ("root", ["--root"], {"metavar": "DIR"}),
    ("lang", ["--lang"], {"metavar": "zh|en"}),
    ("quiet", ["-q", "--quiet"], {"is_flag": True}),
    ("verbose", ["-v", "--verbose"], {"is_flag": True}),
    ("no_color", ["--no-color"], {"is_flag": True}),
)


def _common_options() -> list[TyperOption]:
    """The options of every command. Their values go to the Console, not to the command."""
    return [
        TyperOption(
            param_decls=[f"common_{name}", *flags], expose_value=False, callback=_store(name), help=summary, **extra
        )
        for (name, flags, extra), (_usage, summary) in zip(FLAGS, OPTIONS, strict=False)
    ]


class Command(TyperCommand):
    """A command that takes the options of every command, and shows its help in the reader's language."""

    def __init__(self, *args: Any, **extra: Any) -> None:
        super().__init__(*args, **extra)
        self.params.extend(_common_options())

    def format_help(self, ctx: Any, formatter: Any) -> None:
        from mirrorctl.cli.help import command_help

        columns = shutil.get_terminal_size().columns
        formatter.write(command_help(self, ctx, translator(ctx.find_root().obj.language), columns))


class Group(TyperGroup):
    """The group of all commands, with the same options."""

    def __init__(self, *args: Any, **extra: Any) -> None:
        super().__init__(*args, **extra)
        self.params.extend(_common_options())

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write(overview(["--lang", ctx.obj.language], os.environ))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in self.commands and not args[0].startswith("-"):
            from mirrorctl.cli.mistakes import unknown_command

            raise unknown_command(args[0], self.commands)
        return super().resolve_command(ctx, args)
