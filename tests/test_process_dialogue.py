"""Dialogues are answered: by files, sockets, processes and time; several at once."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from servers.processes import until

from mirrorctl import dialogue, process
from mirrorctl.dialogue import Call, Dialogue, Hangup, Output, Peer, Read, Wait
from mirrorctl.model import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    environ = {"PATH": "/usr/bin:/bin"}
    return Machine(environ=environ, home=tmp_path, cwd=tmp_path, platform="linux", euid=os.geteuid())


def test_a_dialogue_is_answered_to_its_end(machine: Machine) -> None:
    (machine.home / "file").write_bytes(b"x")

    def talk() -> Dialogue[tuple[object, ...]]:
        said = yield from dialogue.run("echo", "hi")
        read = yield from dialogue.read(machine.home / "file")
        none = yield from dialogue.read(machine.home / "none")
        yield from dialogue.wait(0)
        return said.stdout, read, none

    assert process.converse(talk(), machine) == ("hi\n", b"x", None)


@pytest.mark.parametrize("kind", ["pipe", "directory", "secret"])
def test_reading_never_blocks_nor_fails(machine: Machine, kind: str) -> None:
    path = machine.home / "odd"
    make: dict[str, Callable[[], object]] = {
        "pipe": lambda: os.mkfifo(path),
        "directory": path.mkdir,
        "secret": lambda: path.symlink_to("odd"),
    }
    make[kind]()
    assert process.answer(Read(path=path), machine) is None


def test_reading_ends_somewhere(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "READ_LIMIT_BYTES", 10)
    (machine.home / "file").write_bytes(b"x" * 100)
    assert process.answer(Read(path=machine.home / "file"), machine) == b"x" * 10


def test_hanging_up(machine: Machine) -> None:
    heard = []
    previous = signal.signal(signal.SIGHUP, lambda *_: heard.append(1))
    try:
        assert process.answer(Hangup(pid=os.getpid()), machine) is True
    finally:
        signal.signal(signal.SIGHUP, previous)
    assert heard == [1]
    assert process.answer(Hangup(pid=2**22 + 1), machine) is False
    assert process.answer(Wait(seconds=0), machine) is None


def serve(path: Path, answer: bytes) -> threading.Thread:
    """Answers once on a Unix socket."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def attend() -> None:
        with listener:
            connection, _address = listener.accept()
            with connection:
                if answer:
                    connection.recv(65536)
                    connection.sendall(answer)

    thread = threading.Thread(target=attend)
    thread.start()
    return thread


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", Output(status=200, stdout="{}")),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", Output(status=404)),
        (b"nonsense\r\n\r\n", Output(status=None, stderr="nonsense\r\n")),
    ],
    ids=["ok", "not-found", "nonsense"],
)
def test_calls(machine: Machine, said: bytes, expected: Output) -> None:
    thread = serve(machine.home / "sock", said)
    assert process.answer(Call(socket=machine.home / "sock", url_path="/info", timeout_s=60), machine) == expected
    thread.join()


def test_a_call_to_nobody(machine: Machine) -> None:
    answer = process.answer(Call(socket=machine.home / "sock", url_path="/info"), machine)
    assert isinstance(answer, Output)
    assert answer.status is None


def test_who_listens(machine: Machine) -> None:
    thread = serve(machine.home / "sock", b"")
    assert process.answer(Peer(socket=machine.home / "sock"), machine) == os.getpid()
    thread.join()
    assert process.answer(Peer(socket=machine.home / "none"), machine) is None


def test_several_dialogues_are_held_at_once(machine: Machine) -> None:
    barrier = threading.Barrier(3, timeout=60)

    def talk(name: str) -> Dialogue[str]:
        barrier.wait()
        yield from dialogue.wait(0)
        return name

    names = ("a", "b", "c")
    assert process.converse_all({name: lambda name=name: talk(name) for name in names}, machine) == {  # type: ignore[misc]
        name: name for name in names
    }


def test_no_dialogue(machine: Machine) -> None:
    assert process.converse_all({}, machine) == {}


@pytest.mark.parametrize("who", [0, 1])
def test_a_failure_is_raised_when_all_have_ended(machine: Machine, who: int) -> None:
    ended = []

    def fails() -> Dialogue[None]:
        yield from ()
        raise ValueError("mine")

    def works() -> Dialogue[None]:
        yield from dialogue.wait(0.05)
        ended.append(1)

    talks = [works, works]
    talks[who] = fails
    with pytest.raises(ValueError, match="mine"):
        process.converse_all({str(number): talk for number, talk in enumerate(talks)}, machine)
    assert ended == [1]


def test_an_interruption_ends_what_the_others_run(machine: Machine) -> None:
    def runs() -> Dialogue[Output]:
        return (yield from dialogue.run("sleep", "60", timeout_s=120))

    def interrupted() -> Dialogue[Output]:
        while not process._running:
            yield from dialogue.wait(0.01)
        raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        process.converse_all({"a": interrupted, "b": runs}, machine)
    until(lambda: threading.active_count() <= before, "the end of the program")
