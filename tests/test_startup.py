"""Start-up is a feature: what a command does not need is not imported. Asked of `sys.modules`, not of a clock."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Runs the program as `python -m mirrorctl` does and names on stderr what it has imported by then.
REPORT = """
import runpy, sys
sys.argv[0] = "mirrorctl"
status = 0
try:
    runpy.run_module("mirrorctl", run_name="__main__", alter_sys=True)
except SystemExit as ended:
    status = ended.code or 0
print("loaded:", *sys.modules, file=sys.stderr)
sys.exit(status)
"""
NEVER_FOR_HELP = {"asyncio", "httpx", "rich", "tomlkit"}


def loaded(*args: str) -> set[str]:
    ran = subprocess.run(
        [sys.executable, "-c", REPORT, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return set(ran.stderr.rpartition("loaded:")[2].split())


@pytest.mark.parametrize("args", [("--version",), ("--help",)], ids=" ".join)
def test_the_first_look_imports_next_to_nothing(args: tuple[str, ...]) -> None:
    assert not loaded(*args) & (NEVER_FOR_HELP | {"typer", "click", "tomllib", "subprocess"})


@pytest.mark.parametrize("command", ["use", "env", "exec", "apply", "probe", "list", "status", "undo", "history"])
def test_the_help_of_a_command_imports_no_heavy_library(command: str) -> None:
    assert not loaded(command, "--help") & NEVER_FOR_HELP


@pytest.mark.parametrize(
    "args",
    [
        ("list", "--json"),
        ("history", "--json"),
        ("env", "npm-npmmirror", "-t", "npm", "--json"),
        pytest.param(("status", "-t", "git", "--json"), marks=pytest.mark.client),
        pytest.param(("use", "tuna", "-t", "pip", "--dry-run", "--json"), marks=pytest.mark.client),
    ],
    ids=" ".join,
)
def test_commands_that_ask_no_mirror_import_no_network_library(args: tuple[str, ...]) -> None:
    assert not loaded(*args) & {"asyncio", "httpx", "rich"}
