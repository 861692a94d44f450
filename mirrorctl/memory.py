"""Remembers what would take longer to find out again: what programs say of themselves, and the catalog as it was read.

Asking every client and parsing the catalog would be most of what a quick command takes. What is kept is kept under the
path, time and size of the files it comes from, in the user's cache directory, and believed only if the file is the
user's own. Losing it costs a moment, nothing else; so no failure to read or write it is worth a word.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

from mirrorctl import __version__, files
from mirrorctl.dialogue import Output, Run
from mirrorctl.disk import REAL, read_all
from mirrorctl.errors import WriteError
from mirrorctl.model import Machine
from mirrorctl.places import own_rules, reach

KEPT = 64
LIMIT_BYTES = 4 * 1024 * 1024
KINDS = frozenset({"mirrorctl.catalog", "mirrorctl.model", "mirrorctl.text"})  # where the classes of kept values are
# What a program's words about itself may depend on, beside the program.
VARIABLES = ("LANG", "LC_ALL", "LC_CTYPE", "VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "PYTHONUTF8")


def cache_file(machine: Machine, name: str = "answers.json") -> Path:
    base = machine.environ.get("XDG_CACHE_HOME", "").strip()
    # A relative path is invalid and to be ignored (XDG Base Directory Specification).
    return (Path(base) if base.startswith("/") else machine.home / ".cache") / "mirrorctl" / name


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
    _write(path, json.dumps(answers).encode("ascii"), machine)


def stamp_of(paths: tuple[Path, ...]) -> str:
    """What changes when one of the files does, or the program."""
    found = []
    for path in paths:
        try:
            kind = path.stat()
            found.append([str(path), kind.st_mtime_ns, kind.st_size, kind.st_ino])
        except OSError:
            found.append([str(path)])
    return json.dumps([__version__, sys.version_info[:3], found])


def recall_value(name: str, key: str, machine: Machine) -> object:
    """What was kept under `name`, or None. Only values of this program are let in, whatever the file holds."""
    import pickle  # noqa: PLC0415  start-up time: not every command needs it

    class Reader(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            # A name with dots would lead through a module to whatever that has imported.
            if (module in KINDS and name.isidentifier()) or (module, name) == ("datetime", "date"):
                found = super().find_class(module, name)
                if isinstance(found, type) and found.__module__ == module:
                    return found
            raise pickle.UnpicklingError(f"{module}.{name} is no value of ours")

    data = _read(cache_file(machine, f"{name}.pickle"), machine)
    head, _newline, body = data.partition(b"\n")
    if head != key.encode():
        return None
    try:
        return Reader(BytesIO(body)).load()
    except Exception:  # noqa: BLE001  a damaged cache may fail in any way
        return None


def keep_value(name: str, key: str, value: object, machine: Machine) -> None:
    import pickle  # noqa: PLC0415

    _write(cache_file(machine, f"{name}.pickle"), key.encode() + b"\n" + pickle.dumps(value), machine)


def _write(path: Path, data: bytes, machine: Machine) -> None:
    with suppress(OSError, WriteError):
        files.keep(path, data, own_rules(machine))


def _load(path: Path, machine: Machine) -> dict[str, object]:
    try:
        found = json.loads(_read(path, machine) or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _read(path: Path, machine: Machine) -> bytes:
    """The bytes of a file that is the user's own: sudo may have left HOME as it was."""
    with suppress(OSError, WriteError), reach(path, own_rules(machine), REAL) as place:
        file = os.open(place.name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW, dir_fd=place.folder)
        try:
            found = os.fstat(file)
            if stat.S_ISREG(found.st_mode) and found.st_uid == machine.euid:
                return read_all(REAL, file, LIMIT_BYTES)
        finally:
            os.close(file)
    return b""
