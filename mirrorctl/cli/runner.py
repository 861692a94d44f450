"""Runs a command line: builds the commands in the reader's language, and turns every failure into an exit code."""

from __future__ import annotations

import errno
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeGuard

import typer

from mirrorctl import __version__
from mirrorctl.cli.console import Console
from mirrorctl.errors import ExitCode, MirrorctlError, WriteError
from mirrorctl.reasons import reason_of
from mirrorctl.text import _

# What goes wrong with an output that is a file.
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


def run(words: list[str]) -> int:
    console = Console(_language(words))
    # Known before the words are parsed, so that a mistake among them is reported in the form asked for.
    console.json = "--json" in words[: words.index("--")] if "--" in words else "--json" in words
    console.command = next((word for word in words if not word.startswith("-")), "mirrorctl")
    try:
        from mirrorctl.cli.app import application

        code = application(console.command)(words, standalone_mode=False, prog_name="mirrorctl", obj=console)
        sys.stdout.flush()
        return code if isinstance(code, int) else ExitCode.OK
    except MirrorctlError as error:
        return console.fail(error)
    except typer.TyperException as error:
        from mirrorctl.cli.mistakes import usage_error
        from mirrorctl.cli.overview import names

        return console.fail(usage_error(error, words, names()))
    except (KeyboardInterrupt, typer.Abort):
        console.tell([""])
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001  the last line of defence: a bug is reported, not thrown at the user
        return report_full(words, error) if is_full(error) else _report_bug(console, error)


def is_full(error: Exception) -> TypeGuard[OSError]:
    """Whether it is about what stdout leads to: an error about a file of a path names it."""
    return isinstance(error, OSError) and error.filename is None and error.errno in FULL


def report_full(words: list[str], error: OSError) -> int:
    """What was to be said on stdout goes nowhere now."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Console(_language(words)).fail(
        WriteError(_("the output could not be written: {reason}", reason=reason_of(error)))
    )


def _language(words: list[str]) -> str | None:
    for index, word in enumerate(words):
        if word == "--":
            break
        if word == "--lang":
            return words[index + 1] if index + 1 < len(words) else None
        if word.startswith("--lang="):
            return word.removeprefix("--lang=")
    return None


class _BugError(MirrorctlError):
    code = "bug"
    exit_code = ExitCode.BUG


def _report_bug(console: Console, error: Exception) -> int:
    path = _write_crash_log(error)
    return console.fail(
        _BugError(
            _("mirrorctl has a bug: {kind}: {text}", kind=type(error).__name__, text=_redacted(str(error))),
            hint=_("the details are in {path}; they hold no passwords and help to mend it", path=path)
            if path
            else None,
        )
    )


def _write_crash_log(error: Exception) -> Path | None:
    import platform
    import traceback

    from mirrorctl import environment, files
    from mirrorctl.model import Scope
    from mirrorctl.places import own_rules

    now = datetime.now(UTC)
    text = "\n".join(
        [
            f"mirrorctl {__version__}, Python {platform.python_version()}, {platform.platform()}, {now:%Y-%m-%dT%H:%M:%SZ}",
            f"command: {sys.argv[1:2]}",
            "",
            "".join(traceback.format_exception(error)),
        ]
    )
    try:
        machine = environment.capture()
        path = environment.state_directory(machine, Scope.USER) / f"crash-{now:%Y%m%dT%H%M%S}.log"
        files.keep(path, _redacted(text).encode("utf-8", "backslashreplace"), own_rules(machine))
    except (OSError, MirrorctlError):
        return None
    return path


def _redacted(text: str) -> str:
    from mirrorctl.redaction import redact

    return redact(text)
