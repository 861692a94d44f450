"""The command line. `main` is what the console script calls.

Answers that need no machinery (`--version`, the list of commands) are given before anything heavy is imported.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from mirrorctl import __version__


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code (docs/reference/exit-codes.md)."""
    words = list(sys.argv[1:] if argv is None else argv)
    _open_streams()
    try:
        code = _main(words)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough, as with `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        from mirrorctl.cli.runner import is_full, report_full

        if not is_full(error):
            raise
        return report_full(words, error)
    return code


def _open_streams() -> None:
    """Puts /dev/null in the place of standard streams that are closed, lest a file of somebody takes their number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
            raw = io.FileIO(number, "w" if number else "r", closefd=False)
            setattr(sys, name, io.TextIOWrapper(io.BufferedWriter(raw) if number else io.BufferedReader(raw)))


def _main(words: list[str]) -> int:
    if words in (["--version"], ["-V"]):
        print(f"mirrorctl {__version__}")
        return 0
    if not words or any(word in {"--help", "-h"} for word in words[:1]) or _only_language(words):
        from mirrorctl.cli.overview import overview

        print(overview(words, os.environ))
        return 0 if words else 2
    from mirrorctl.cli.runner import run

    return run(words)


def _only_language(words: list[str]) -> bool:
    """`--lang zh --help`: the one option that may come before --help."""
    return len(words) == 3 and words[0] == "--lang" and words[2] in {"--help", "-h"}


if __name__ == "__main__":
    sys.exit(main())
