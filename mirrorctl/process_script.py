"""Which file a command is, and which Python it runs in."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path


def program_of(name: str, path: str) -> str | None:
    """The program on PATH, or in the `sbin` beside one of its folders: there the PATH of users does not lead."""
    beside = [str(Path(folder).with_name("sbin")) for folder in path.split(os.pathsep) if Path(folder).name == "bin"]
    return shutil.which(name, path=path) or shutil.which(name, path=os.pathsep.join(beside))


def interpreter_of(script: str, path: str) -> str | None:
    """The Python that the command `script` runs in: the one its first line names.

    A command that is no script (a shim, a launcher) stands for the `python3` beside it on PATH. Where PATH has no such
    command, the one beside the Python of this program counts: on a fresh machine pip is in virtual environments only,
    and all of them read the same files of the user. Where there is no Python on PATH, that of this program answers.
    """
    for name in (script, f"{script}3"):
        found = shutil.which(name, path=path)
        if found and (named := _shebang(Path(found))):
            return named
        if found:
            break
    else:
        if sys.executable and Path(sys.executable).with_name(script).is_file():
            return sys.executable
    for name in ("python3", "python"):
        if found := shutil.which(name, path=path):
            return found
    return sys.executable or None


def _shebang(script: Path) -> str | None:
    try:
        with script.open("rb") as file:
            first = file.readline(512)
            second = file.readline(512)
    except OSError:
        return None
    if not first.startswith(b"#!"):
        return None
    words = os.fsdecode(first[2:].strip()).split()
    if words and Path(words[0]).name == "sh" and second.startswith(b"'''exec' "):  # how pip writes long paths
        words = os.fsdecode(second[9:].strip()).replace('"', "").split()
    if words and Path(words[0]).name == "env":
        return shutil.which(words[-1]) if "python" in words[-1] else None
    return shutil.which(words[0]) if words and "python" in Path(words[0]).name else None
