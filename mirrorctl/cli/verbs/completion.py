from __future__ import annotations

from typing import Annotated

import typer

from mirrorctl.cli.console import console_of
from mirrorctl.text import N_


def command(
    ctx: typer.Context,
    shell: Annotated[
        str, typer.Argument(metavar="bash|zsh|fish|powershell", help=N_("The shell to print the script for"))
    ],
    words: Annotated[list[str] | None, typer.Argument(metavar="[WORDS]", help=N_("What that script asks with"))] = None,
) -> None:
    from mirrorctl.cli.shells import print_completion

    print_completion(console_of(ctx), shell, tuple(words or ()))
