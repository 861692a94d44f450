"""`completion`: the script for a shell, and the words that this script asks for while somebody types."""

from __future__ import annotations

import sys
from pathlib import Path

from mirrorctl.cli.console import Console
from mirrorctl.errors import UsageError
from mirrorctl.render.screen import visible
from mirrorctl.text import _

SHELLS = ("bash", "zsh", "fish", "powershell")
WORDS = "words"


def print_completion(console: Console, shell: str, words: tuple[str, ...]) -> None:
    if shell == WORDS:
        from mirrorctl.cli.completion import candidates

        # Whoever types sees what this prints, in the middle of his line: one line each, and no control character.
        for value, about in candidates(words, console):
            print(visible(value) + "\t" + " ".join(visible(about).split()))
    elif shell in SHELLS:
        sys.stdout.write((Path(__file__).parent / shell).read_text(encoding="utf-8"))
    else:
        raise UsageError(
            _("there is no completion for {shell}", shell=shell),
            hint=_("the shells are: {names}", names=", ".join(SHELLS)),
        )
