"""Tab: what is offered, and that the real shells offer it."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from mirrorctl.cli.completion import candidates
from mirrorctl.cli.console import Console

SHELLS = Path(__file__).resolve().parents[2] / "mirrorctl/cli/shells"


def offered(*words: str) -> list[str]:
    return [value for value, _about in candidates(words, Console("en"))]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["und"], ["undo"]),
        (["--lang", "zh", "und"], ["undo"]),
        (["use", "fast"], ["fastest"]),
        (["use", "pypi-tun"], ["pypi-tuna"]),
        (["use", "--dry-run", "fast"], ["fastest"]),
        (["use", "-t", "pip", "fast"], ["fastest"]),
        (["use", "fastest", "-t", "p"], ["pip"]),
        (["use", "fastest", "--target=p"], ["pip"]),
        (["use", "fastest", "--target", "=", "p"], ["pip"]),
        (["use", "fastest", "--scope", "s"], ["system"]),
        (["use", "fastest", "--sco"], ["--scope"]),
        (["use", "fastest", "--scope", "user", "--sco"], []),
        (["use", "fastest", "-t", "pip", "--targ"], ["--target"]),
        (["use", "fastest", "tu"], []),
        (["catalog", "v"], ["validate"]),
        (["catalog", "show", "pypi-tun"], ["pypi-tuna"]),
        (["use", "fastest", "--catalog", ""], []),
        (["use", "--", "fast"], []),
    ],
    ids=" ".join,
)
def test_what_is_offered(words: Sequence[str], expected: list[str]) -> None:
    found = offered(*words)
    assert [value for value in found if value in expected] == expected
    assert bool(found) == bool(expected)


@pytest.mark.parametrize("words", [[], [""], ["+"]], ids=["nothing", "empty", "mark"])
def test_commands_come_first(words: Sequence[str]) -> None:
    assert offered(*words)[0] == "use"


def test_what_has_files_as_its_value_leaves_them_to_the_shell() -> None:
    assert offered("use", "fastest", "--catalog", "") == []


def test_what_is_said_of_a_word_is_in_the_readers_language() -> None:
    assert dict(candidates(["undo"], Console("zh")))["undo"] != dict(candidates(["undo"], Console("en")))["undo"]


def type_into(argv: Sequence[str], home: Path, first: str, keys: str, until: str) -> str:
    """What a shell shows after `keys`, typed when it has said `ready`; up to `until`, or until it has been silent for a minute."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    environ = os.environ | {"HOME": str(home), "ZDOTDIR": str(home), "TERM": "xterm", "PATH": path, "PS1": "> "}
    mine, its = pty.openpty()
    command = ["setsid", "--ctty", *argv]  # fish wants a terminal that is its own
    with subprocess.Popen(command, env=environ, cwd=home, stdin=its, stdout=its, stderr=its) as shell:
        os.close(its)
        try:
            os.write(mine, f"{first}; echo rea''dy\n".encode())
            seen = _read(mine, "ready")
            os.write(mine, keys.encode())
            return _read(mine, until, seen)
        finally:
            shell.kill()
            os.close(mine)


def _read(side: int, until: str, seen: str = "") -> str:
    start = len(seen)
    while until not in seen[start:] and select.select([side], [], [], 60)[0]:
        seen += os.read(side, 65536).decode(errors="replace")
    return seen[start:]


@pytest.mark.parametrize(
    ("argv", "first"),
    [
        (["bash", "--norc", "-i"], 'eval "$(mirrorctl completion bash)"'),
        (["zsh", "-f", "-i"], 'autoload -U compinit; compinit -D; eval "$(mirrorctl completion zsh)"'),
        (["fish", "--no-config", "-i"], "mirrorctl completion fish | source"),
    ],
    ids=["bash", "zsh", "fish"],
)
@pytest.mark.parametrize(
    ("keys", "until"),
    [("mirrorctl cata\tv\t", "validate"), ("mirrorctl use pypi-tun\t", "pypi-tuna")],
    ids=["words", "mirrors"],
)
def test_a_shell_completes(argv: Sequence[str], first: str, keys: str, until: str, home: Path) -> None:
    if not shutil.which(argv[0]):
        pytest.skip(f"not installed: {argv[0]}")
    assert until in type_into(argv, home, first, keys, until)
