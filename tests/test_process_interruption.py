"""Signals arrive as KeyboardInterrupt, once, and where they do no harm."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from servers.processes import processes_with

from mirrorctl import process
from mirrorctl.dialogue import Run
from mirrorctl.model import Machine
from mirrorctl.process_interruption import allowed, heard, held

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture(autouse=True)
def _undisturbed() -> None:
    """A test that runs in the background may have been started to ignore some of them."""
    if any(signal.getsignal(number) == signal.SIG_IGN for number in SIGNALS):
        pytest.skip("signals are ignored here")


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", SIGNALS)
def test_each_interrupts_and_is_as_before_afterwards(number: signal.Signals) -> None:
    before = [signal.getsignal(each) for each in SIGNALS]
    with pytest.raises(KeyboardInterrupt), heard():
        send(number)
    assert [signal.getsignal(each) for each in SIGNALS] == before


def test_what_was_ignored_stays_ignored() -> None:
    """As nohup(1) has it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with heard():
            send(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_only_ctrl_c_interrupts_twice() -> None:
    with heard():
        with pytest.raises(KeyboardInterrupt):
            send(signal.SIGTERM)
        send(signal.SIGTERM)
        send(signal.SIGHUP)
        with pytest.raises(KeyboardInterrupt):
            send(signal.SIGINT)


def test_it_waits() -> None:
    done = []
    with heard(), pytest.raises(KeyboardInterrupt), held():  # noqa: PT012  what is held is what is tested
        send(signal.SIGTERM)
        send(signal.SIGTERM)
        done.append("still here")
    assert done == ["still here"]


def test_what_has_waited_is_heard_where_it_is_allowed() -> None:
    done = []
    with heard(), held():
        send(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt), allowed():
            done.append("not reached")
        send(signal.SIGHUP)
    assert done == []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(
        environ={"PATH": os.defpath, "HOME": str(tmp_path)},
        home=tmp_path,
        cwd=tmp_path,
        platform="linux",
        euid=os.geteuid(),
    )


@pytest.fixture
def scratches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Path]]:
    place = tmp_path / "scratches"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    return lambda: list(place.iterdir())


def send_after(monkeypatch: pytest.MonkeyPatch, place: Any, name: str) -> None:
    """Whatever `place` calls by this name, the signal comes right when it is done."""
    real = getattr(place, name)

    def imitate(*args: Any, **options: Any) -> Any:
        found = real(*args, **options)
        send(signal.SIGTERM)
        return found

    monkeypatch.setattr(place, name, imitate)


@pytest.mark.parametrize(
    ("place", "name"),
    [
        pytest.param(tempfile, "mkdtemp", id="its-directory-is-made"),
        pytest.param(subprocess, "Popen", id="it-is-started"),
        pytest.param(os, "read", id="it-runs"),
        pytest.param(subprocess.Popen, "wait", id="it-has-ended"),
        pytest.param(os, "unlink", id="its-directory-is-being-deleted"),
    ],
)
def test_no_scratch_directory_and_no_program_is_left(
    machine: Machine, scratches: Callable[[], list[Path]], monkeypatch: pytest.MonkeyPatch, place: Any, name: str
) -> None:
    """Whenever the signal comes."""
    lasting = name in {"mkdtemp", "Popen", "read"}
    script = f"cd {{scratch}}; touch a b c; echo said; {'exec sleep 60' if lasting else 'true'}"
    send_after(monkeypatch, place, name)
    with heard(), pytest.raises(KeyboardInterrupt):
        process.run(Run(argv=("sh", "-c", script), scratch=True), machine)
    monkeypatch.undo()
    assert scratches() == []
    assert processes_with(f"HOME={machine.home}") == []
