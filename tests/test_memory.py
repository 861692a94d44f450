"""What is remembered, and what is not believed."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from mirrorctl import memory
from mirrorctl.dialogue import Output, Run
from mirrorctl.model import Machine, Notice
from mirrorctl.text import _
from mirrorctl.values import replace

QUESTION = Run(argv=("tool", "--version"), remember=True)
NOTICE = Notice(code="x", message=_("said {name}", name="it"))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    environ = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    return Machine(environ=environ, home=tmp_path, cwd=tmp_path, platform="linux", euid=os.geteuid())


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    path = tmp_path / "tool"
    path.write_text("#!/bin/sh\n")
    return path


def test_an_answer_is_kept_until_the_program_changes(machine: Machine, tool: Path) -> None:
    key = memory.key_of(QUESTION, (str(tool),), machine)
    assert key
    assert memory.recall(key, machine) is None
    memory.keep(key, Output(status=0, stdout="tool 1"), machine)
    assert memory.recall(key, machine) == Output(status=0, stdout="tool 1")
    tool.write_text("#!/bin/sh\n# newer\n")
    changed = memory.key_of(QUESTION, (str(tool),), machine)
    assert changed
    assert memory.recall(changed, machine) is None


def test_a_failure_is_not_kept(machine: Machine, tool: Path) -> None:
    key = memory.key_of(QUESTION, (str(tool),), machine)
    assert key
    memory.keep(key, Output(status=1, stdout="tool 1"), machine)
    assert memory.recall(key, machine) is None


def test_a_program_that_is_not_there_has_no_key(machine: Machine) -> None:
    assert memory.key_of(QUESTION, ("/nowhere/tool",), machine) is None


def test_a_value_is_kept_under_its_key(machine: Machine) -> None:
    memory.keep_value("notice", "k1", NOTICE, machine)
    assert memory.recall_value("notice", "k1", machine) == NOTICE
    assert memory.recall_value("notice", "k2", machine) is None
    assert memory.recall_value("other", "k1", machine) is None


def test_the_files_are_for_the_user_alone(machine: Machine) -> None:
    memory.keep_value("notice", "k", NOTICE, machine)
    path = memory.cache_file(machine, "notice.pickle")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_file_of_another_user_is_not_believed(machine: Machine) -> None:
    """As when sudo leaves HOME at that of the caller."""
    memory.keep_value("notice", "k", NOTICE, machine)
    other = Machine(
        environ=machine.environ, home=machine.home, cwd=machine.cwd, platform="linux", euid=machine.euid + 1
    )
    assert memory.recall_value("notice", "k", other) is None


class Harm:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("harm",)


@pytest.mark.parametrize("body", [b"", b"\x80", b"garbage", pickle.dumps(Harm())], ids=["empty", "cut", "junk", "harm"])
def test_a_damaged_file_is_as_good_as_none(machine: Machine, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(machine.home)
    path = memory.cache_file(machine, "notice.pickle")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"k\n" + body)
    assert memory.recall_value("notice", "k", machine) is None
    assert not (machine.home / "harm").exists()


def test_a_place_that_cannot_be_written_costs_nothing_but_the_memory(machine: Machine) -> None:
    (machine.home / "cache").write_text("a file where the directory should be")
    memory.keep_value("notice", "k", NOTICE, machine)
    assert memory.recall_value("notice", "k", machine) is None


def test_a_stamp_changes_with_its_files(tmp_path: Path) -> None:
    path = tmp_path / "mirrors.toml"
    stamps = [memory.stamp_of((path,))]
    path.write_text("a")
    stamps.append(memory.stamp_of((path,)))
    path.write_text("ab")
    stamps.append(memory.stamp_of((path,)))
    assert len(set(stamps)) == len(stamps)


def through(module: str, name: str) -> bytes:
    """A pickle that calls `name`, looked up in `module` by its dots, with the word harm."""
    words = b"".join(b"\x8c" + bytes([len(word)]) + word.encode() for word in (module, name))
    return b"\x80\x04" + words + b"\x93\x8c\x04harm\x85R."


@pytest.mark.parametrize("place", [("mirrorctl.memory", "os.mkdir"), ("mirrorctl.files", "REMEDIES"), ("os", "mkdir")])
def test_nothing_is_reached_through_modules_of_ours(
    machine: Machine, place: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(machine.home)
    path = memory.cache_file(machine, "notice.pickle")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"k\n" + through(*place))
    assert memory.recall_value("notice", "k", machine) is None
    assert not (machine.home / "harm").exists()


def test_a_pipe_in_the_place_of_the_file_holds_nobody_up(machine: Machine) -> None:
    path = memory.cache_file(machine, "notice.pickle")
    path.parent.mkdir(parents=True)
    os.mkfifo(path)
    assert memory.recall_value("notice", "k", machine) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a directory of somebody else")
def test_root_believes_nothing_in_a_directory_of_somebody_else(machine: Machine) -> None:
    """After sudo in the home of a user, who can link to a file of root's that has words of the user's in it."""
    memory.keep_value("notice", "k", NOTICE, machine)
    os.chown(memory.cache_file(machine).parent, 65534, 65534)
    assert memory.recall_value("notice", "k", machine) is None


@pytest.mark.parametrize("base", ["cache", "", " "])
def test_a_relative_cache_directory_is_none(machine: Machine, base: str) -> None:
    relative = replace(machine, environ={"XDG_CACHE_HOME": base})
    assert memory.cache_file(relative) == machine.home / ".cache/mirrorctl/answers.json"
