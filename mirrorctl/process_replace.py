"""Gives the process over to another program, so that its exit code and the signals are its own."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from mirrorctl.errors import ClientError
from mirrorctl.reasons import reason_of
from mirrorctl.text import _


def replace_process(argv: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Becomes the program `argv[0]`, looked up on the PATH of `environ`. Raises ClientError when it cannot be run."""
    sys.stdout.flush()
    sys.stderr.flush()
    for name in ("SIGPIPE", "SIGXFSZ"):  # Python ignores them, and what is ignored stays so in the next program
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    try:
        os.execvpe(argv[0], list(argv), dict(environ))  # noqa: S606  there is to be no shell
    except (OSError, ValueError) as error:
        raise ClientError(
            _(
                "{program} could not be run: {reason}",
                program=argv[0],
                reason=reason_of(error) if isinstance(error, OSError) else str(error),
            ),
            hint=_("nothing was changed; the program is looked for on PATH"),
            subject=argv[0],
        ) from error
