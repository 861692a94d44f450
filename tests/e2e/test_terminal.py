"""With a person at the terminal: a question before anything is written, life signs while measuring, Ctrl-C."""

from __future__ import annotations

import signal
import sys

import pytest
from servers.processes import until
from servers.web import Faults, Server
from servers.workstation import Workstation, tree

pytestmark = pytest.mark.client


@pytest.mark.parametrize("answer", ["n", ""], ids=["no", "nothing"])
def test_nothing_is_written_without_a_yes(machine: Workstation, answer: str) -> None:
    with machine.terminal("use", "near", "-t", "pip", "--lang", "en") as terminal:
        terminal.read_until("[y/N]")
        assert "+index-url" in terminal.seen, "the change is shown before the question"
        terminal.type(f"{answer}\n")
        terminal.end()
    assert tree(machine.home) == {}


def test_a_yes_is_enough(machine: Workstation, index_mirror: Server) -> None:
    with machine.terminal("use", "near", "-t", "pip", "--no-verify", "--lang", "en") as terminal:
        terminal.read_until("[y/N]")
        terminal.type("y\n")
        assert terminal.end() == 0
    assert index_mirror.url in (machine.home / ".config/pip/pip.conf").read_text()


def test_measuring_shows_signs_of_life_on_a_terminal_only(machine: Workstation, index_mirror: Server) -> None:
    """While the only mirror keeps silent, its name is already there."""
    with (
        index_mirror.failing(Faults(silent=True)),
        machine.terminal("probe", "-t", "pip", "--deadline", "30s", "--lang", "en") as terminal,
    ):
        terminal.read_until("near-index")
        assert terminal.process.poll() is None
    quiet = machine.mirrorctl("probe", "-t", "pip").ended(0)
    assert "\x1b" not in quiet.stdout + quiet.stderr


def test_interrupted_while_measuring(machine: Workstation, index_mirror: Server) -> None:
    with (
        index_mirror.failing(Faults(silent=True)),
        machine.terminal("use", "fastest", "-t", "pip", "-y", "--deadline", "30s") as terminal,
    ):
        until(lambda: bool(index_mirror.hits), "a request")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end() == 130
        assert "Traceback" not in terminal.seen
    assert tree(machine.home, machine.state) == {}


def test_no_colour_on_request(machine: Workstation) -> None:
    with machine.terminal("list", "--no-color") as terminal:
        assert terminal.end() == 0
    assert "\x1b[" not in terminal.seen


def test_a_reader_that_has_seen_enough_is_no_error(bare: Workstation) -> None:
    ran = bare.run("sh", "-c", '"$0" -m mirrorctl list --all | head -n 1', sys.executable)
    assert ran.stderr == ""


def test_without_a_name_one_is_chosen_from_a_list(choice: Workstation, slow_index: Server) -> None:
    """Also the slower one, found by typing."""
    with choice.terminal("use", "-t", "pip", "--no-verify", "--lang", "en") as terminal:
        terminal.read_until("which mirror?")
        terminal.type("far\r")
        terminal.read_until("[y/N]")
        terminal.type("y\n")
        assert terminal.end() == 0
    assert slow_index.url in (choice.home / ".config/pip/pip.conf").read_text()


@pytest.mark.parametrize("keys", ["\x1b", "\x03"], ids=["escape", "ctrl-c"])
def test_leaving_the_list_changes_nothing(machine: Workstation, keys: str) -> None:
    with machine.terminal("use", "-t", "pip", "--lang", "en") as terminal:
        terminal.read_until("which mirror?")
        terminal.type(keys)
        assert terminal.end() == 130
        assert "Traceback" not in terminal.seen
    assert not (machine.home / ".config").exists()


def test_without_a_terminal_a_name_is_needed(machine: Workstation) -> None:
    assert "WHICH is missing" in machine.mirrorctl("use", "--lang", "en").ended(2).stderr
