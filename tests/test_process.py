"""Programs are run within bounds of time and size, and dialogues are answered."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from servers.processes import until

from mirrorctl import process, process_script
from mirrorctl.dialogue import Output, Run
from mirrorctl.model import Machine

BRIEF_S = 1.5  # time for a program to begin, on a machine that has other things to do


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    path = os.pathsep.join([str(tmp_path / "bin"), "/usr/bin", "/bin"])
    environ = {"PATH": path, "LANG": "zh_CN.GBK", "LANGUAGE": "zh", "KEPT": "yes", "GONE": "no"}
    return Machine(environ=environ, home=tmp_path, cwd=tmp_path, platform="linux", euid=os.geteuid())


def sh(script: str, machine: Machine, **options: object) -> Output:
    return process.run(Run(argv=("sh", "-c", script), **options), machine)  # type: ignore[arg-type]


def script(machine: Machine, name: str, text: str) -> Path:
    path = machine.home / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_what_a_program_says(machine: Machine) -> None:
    output = sh("echo out; echo err >&2; exit 3", machine)
    assert output == Output(status=3, stdout="out\n", stderr="err\n")
    assert not output.ok


def test_where_it_runs(machine: Machine) -> None:
    said = sh('pwd; echo "$LC_ALL,$LANGUAGE,$KEPT,$GONE,$NEW"', machine, environ={"GONE": None, "NEW": "1"})
    assert said.stdout == f"{machine.cwd}\nC.UTF-8,,yes,,1\n"


@pytest.mark.parametrize("size", [0, 10, 1_000_000])
def test_it_is_fed_and_read_at_once(machine: Machine, size: int) -> None:
    """More than a pipe holds, both ways: whoever only writes first would wait for ever."""
    assert len(sh("cat", machine, stdin=b"x" * size).stdout) == size


def test_it_need_not_read_what_it_is_fed(machine: Machine) -> None:
    assert sh("exec <&-; echo done", machine, stdin=b"x" * 1_000_000).stdout == "done\n"


def test_other_bytes_than_utf8_are_shown_somehow(machine: Machine) -> None:
    assert sh(r"printf '\377a'", machine).stdout == "\ufffda"


def test_a_missing_program(machine: Machine) -> None:
    assert process.run(Run(argv=("no-such-program",)), machine) == Output(
        status=None, stderr="no-such-program: not found"
    )


def test_a_program_that_cannot_be_started(machine: Machine) -> None:
    script(machine, "broken", "#!/no/such/interpreter\n")
    output = process.run(Run(argv=("broken",)), machine)
    assert output.status is None
    assert "No such file" in output.stderr


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("echo begun; sleep 60", id="slow"),
        pytest.param("echo begun; sleep 60 & wait", id="child"),
        pytest.param("trap '' TERM; echo begun; sleep 60", id="deaf"),
        pytest.param("echo begun; setsid sleep 9 & exit 0", id="a-child-that-left-holds-the-pipes"),
        pytest.param("echo begun; exec >&- 2>&-; sleep 60", id="silent"),
    ],
)
def test_time_is_bounded(machine: Machine, text: str) -> None:
    output = sh(text, machine, timeout_s=BRIEF_S)
    assert output.status is None
    assert output.stdout == "begun\n"
    assert f"no answer within {BRIEF_S} s" in output.stderr


def test_children_end_with_it(machine: Machine) -> None:
    output = sh("sleep 60 & echo $!; wait", machine, timeout_s=BRIEF_S)
    status = Path(f"/proc/{int(output.stdout)}/status")

    def is_gone() -> bool:
        try:
            return "\nState:\tZ" in status.read_text()
        except OSError:
            return True

    until(is_gone, "the end of the child")


def test_output_is_bounded(machine: Machine) -> None:
    output = sh("yes", machine)
    assert output.status is None
    assert "bytes of output" in output.stderr
    assert len(output.stdout) < 5 * 1024 * 1024


def test_a_scratch_directory_is_there_and_gone(machine: Machine) -> None:
    run = Run(argv=("sh", "-c", 'cd {scratch} && pwd && echo "$PLACE"'), environ={"PLACE": "{scratch}/x"}, scratch=True)
    place, variable = process.run(run, machine).stdout.split()
    assert variable == f"{place}/x"
    assert not Path(place).exists()


@pytest.mark.parametrize(("folder", "status"), [("sbin", 0), ("lib", None)])
def test_daemons_are_beside_the_folders_of_path(machine: Machine, folder: str, status: int | None) -> None:
    """The PATH of an ordinary user has no /usr/sbin, where distributions put dockerd."""
    program = script(machine, "daemond", "#!/bin/sh\necho 1.0\n")
    place = machine.home / folder
    place.mkdir()
    program.rename(place / "daemond")
    assert process.run(Run(argv=("daemond",)), machine).status is status


# The Python of a script


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("#!{python}", "", "{python}"),
        ("#!{python} -I", "", "{python}"),
        ("#!/bin/sh", '\'\'\'exec\' "{python}" "$0" "$@"', "{python}"),
        ("#!/usr/bin/env python3", "", "{python3}"),
        ("#!/bin/bash", "", "{python3}"),
        ("#!/no/such/python", "", "{python3}"),
        (f"#!/{'python' * 50}", "", "{python3}"),
        ("\x7fELF", "", "{python3}"),
    ],
    ids=["plain", "option", "long-path", "env", "shell", "missing", "not-to-be-looked-at", "binary"],
)
def test_interpreter_of(machine: Machine, first: str, second: str, expected: str) -> None:
    script(machine, "pip", f"{first}\n{second}\n".replace("{python}", sys.executable))
    path = machine.environ["PATH"]
    python3 = script(machine, "python3", "")
    if "env" in first:
        python3.unlink()
        assert process_script.interpreter_of("pip", path) is not None
        return
    assert process_script.interpreter_of("pip", path) == expected.replace("{python}", sys.executable).replace(
        "{python3}", str(python3)
    )


def test_without_the_script_its_python3_or_this_python_answers(tmp_path: Path) -> None:
    assert process_script.interpreter_of("pip", str(tmp_path)) == sys.executable


def test_pip_of_this_program_counts_where_path_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fresh machine has a Python on PATH, and pip in virtual environments only."""
    for place in ("bin", "venv"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "python3").symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "venv/python3"))
    path = str(tmp_path / "bin")
    assert process_script.interpreter_of("pip", path) == str(tmp_path / "bin/python3")
    (tmp_path / "venv/pip").touch()
    assert process_script.interpreter_of("pip", path) == str(tmp_path / "venv/python3")
