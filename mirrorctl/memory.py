"""Remembers what programs said of themselves: versions and defaults, which change only when the program does.

Asking every client anew would be most of what a quick command takes. An answer is kept under the program's path, time and
size and all that was asked, in the user's cache directory. Losing it costs a moment, nothing else; so no failure to
read or write it is worth a word.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from mirrorctl.dialogue import Output, Run
from mirrorctl.model import Machine

KEPT = 64
LIMIT_BYTES = 512 * 1024
# What a program's words about itself may depend on, beside the program.
VARIABLES = ("LANG", "LC_ALL", "LC_CTYPE", "VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "PYTHONUTF8")


def cache_file(machine: Machine) -> Path:
    base = machine.environ.get("XDG_CACHE_HOME", "").strip()
    return (Path(base) if base else machine.home / ".cache") / "mirrorctl" / "answers.json"


def key_of(question: Run, programs: tuple[str, ...], machine: Machine) -> str | None:
    """What an answer is kept under; None when one of `programs` cannot be looked at."""
    stamps = []
    for program in programs:
        try:
            kind = os.stat(program)  # noqa: PTH116  a string is what there is
        except OSError:
            return None
        stamps.append([program, kind.st_mtime_ns, kind.st_size, kind.st_ino])
    variables = [machine.environ.get(name) for name in VARIABLES]
    return json.dumps([question.argv, sorted(question.environ.items()), stamps, variables])


def recall(key: str, machine: Machine) -> Output | None:
    entry = _load(cache_file(machine), machine).get(key)
    return Output(status=0, stdout=entry) if isinstance(entry, str) else None


def keep(key: str, output: Output, machine: Machine) -> None:
    """Keeps the answer of a program that succeeded."""
    if not output.ok:
        return
    path = cache_file(machine)
    answers = _load(path, machine)
    answers.pop(key, None)
    answers[key] = output.stdout
    while len(answers) > KEPT:
        answers.pop(next(iter(answers)))
    temp = path.with_name(f".{path.name}-{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            json.dump(answers, file)
        temp.replace(path)


def _load(path: Path, machine: Machine) -> dict[str, object]:
    """The answers kept, none if the file is not the user's own: sudo may have left HOME as it was."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_uid != machine.euid:
                return {}
            found = json.loads(file.read(LIMIT_BYTES))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
