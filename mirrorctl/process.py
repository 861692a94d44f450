"""The machine's side of a dialogue: runs client programs, reads what targets ask for."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from mirrorctl import memory
from mirrorctl import process_interruption as interruption
from mirrorctl.dialogue import Answer, Call, Dialogue, Fetch, Hangup, Output, Peer, Question, Read, Run, Timed, Wait
from mirrorctl.model import Machine
from mirrorctl.process_script import interpreter_of, program_of

T = TypeVar("T")

READ_LIMIT_BYTES = 4 * 1024 * 1024
OUTPUT_LIMIT_BYTES = 4 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024


class Watch:
    """Looks on while a program runs. This one sees nothing; `metering` has one that measures."""

    def begin(self) -> None:
        """The program is about to be started."""

    def hear(self, part: bytes) -> None:
        """It has said something."""

    def end(self) -> None:
        """It has ended, or was ended."""

    def leave(self, scratch: Path) -> None:
        """Its scratch directory is about to be deleted."""


UNWATCHED = Watch()
_running: set[subprocess.Popen[bytes]] = set()


def converse(dialogue: Dialogue[T], machine: Machine, reply: Callable[[Question, Machine], Answer] | None = None) -> T:
    """Runs `dialogue` to its end, answering its questions (by `reply`, if given), and returns its result."""
    try:
        question = next(dialogue)
        while True:
            question = dialogue.send((reply or answer)(question, machine))
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        dialogue.close()


def answer(question: Question, machine: Machine) -> Answer:
    match question:
        case Run():
            return run(question, machine)
        case Read():
            return _read(question.path)
        case Peer():
            return _peer(question.socket)
        case Call():
            return _call(question)
        case Hangup():
            return _hang_up(question.pid)
        case Wait():
            time.sleep(question.seconds)
            return None
        case Timed() | Fetch():
            raise TypeError("only a benchmark pulls against the clock")


def run(question: Run, machine: Machine, watch: Watch = UNWATCHED) -> Output:
    """Runs a program in the C locale and its own process group, so that a time-out ends its children too."""
    with interruption.held():
        if not question.scratch:
            return _run(question.argv, question.environ, question, machine, watch)
        import tempfile  # noqa: PLC0415  start-up time: only a real pull needs it

        with tempfile.TemporaryDirectory(prefix="mirrorctl-") as scratch:
            argv = tuple(word.replace("{scratch}", scratch) for word in question.argv)
            environ = {name: value and value.replace("{scratch}", scratch) for name, value in question.environ.items()}
            output = _run(argv, environ, question, machine, watch)
            watch.leave(Path(scratch))
            return output


def _run(
    argv: tuple[str, ...], environ: Mapping[str, str | None], question: Run, machine: Machine, watch: Watch
) -> Output:
    path = machine.environ.get("PATH", os.defpath)
    script = program_of(argv[0], path)
    program = interpreter_of(argv[0], path) if question.interpreter else script
    if program is None:
        return Output(status=None, stderr=f"{argv[0]}: not found")
    programs = (script, program) if script else (program,)
    key = memory.key_of(question, programs, machine) if question.remember else None
    if key and (remembered := memory.recall(key, machine)):
        return remembered
    output = _start(program, argv, environ, question, machine, watch)
    if key:
        memory.keep(key, output, machine)
    return output


def _start(
    program: str,
    argv: tuple[str, ...],
    environ: Mapping[str, str | None],
    question: Run,
    machine: Machine,
    watch: Watch,
) -> Output:
    variables: dict[str, str | None] = {**machine.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": None, **environ}
    env = {name: value for name, value in variables.items() if value is not None}
    watch.begin()
    try:
        process = subprocess.Popen(
            [program, *argv[1:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=machine.cwd,
            env=env,
            start_new_session=True,
        )
    except OSError as error:
        return Output(status=None, stderr=f"{program}: {error.strerror}")
    with process:
        return _finish(process, question, watch)


def _finish(process: subprocess.Popen[bytes], question: Run, watch: Watch) -> Output:
    output: dict[str, bytes] = {}
    _running.add(process)
    try:
        with interruption.allowed():
            complaint = _attend(process, question, output, watch)
    except BaseException:
        _kill_group(process)
        raise
    finally:
        watch.end()
        _running.discard(process)
    stderr = _text(output.get("stderr", b""))
    if complaint:
        _kill_group(process)
        process.wait()
        return Output(
            status=None, stdout=_text(output.get("stdout", b"")), stderr=f"{stderr}\n{question.argv[0]}: {complaint}"
        )
    return Output(status=process.returncode, stdout=_text(output.get("stdout", b"")), stderr=stderr)


def _attend(process: subprocess.Popen[bytes], question: Run, output: dict[str, bytes], watch: Watch) -> str:
    """Feeds a program and reads what it says until it ends. Says why that was given up, if it was."""
    deadline_s = time.monotonic() + question.timeout_s
    late = f"no answer within {question.timeout_s:g} s"
    left = memoryview(question.stdin)
    with selectors.DefaultSelector() as selector:
        pipes = {"stdin": process.stdin, "stdout": process.stdout, "stderr": process.stderr}
        for name, pipe in pipes.items():
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                selector.register(pipe, selectors.EVENT_WRITE if name == "stdin" else selectors.EVENT_READ, name)
        while selector.get_map():
            ready = selector.select(deadline_s - time.monotonic())
            if time.monotonic() > deadline_s:
                return late
            for key, _events in ready:
                if key.data == "stdin":
                    left = _feed(key.fd, left)
                    done = not left
                else:
                    part = os.read(key.fd, _CHUNK_BYTES)
                    watch.hear(part)
                    output[key.data] = output.get(key.data, b"") + part
                    done = not part
                if len(output.get(key.data, b"")) > OUTPUT_LIMIT_BYTES:
                    return f"more than {OUTPUT_LIMIT_BYTES} bytes of output"
                if done and (pipe := pipes[key.data]):
                    selector.unregister(pipe)
                    pipe.close()
    try:
        process.wait(max(deadline_s - time.monotonic(), 0))
    except subprocess.TimeoutExpired:
        return late
    return ""


def _feed(pipe: int, data: memoryview) -> memoryview:
    """What is left of `data` after the program has taken some of it. Nothing, if it wants no more."""
    try:
        return data[os.write(pipe, data[:_CHUNK_BYTES]) :] if data else data
    except BrokenPipeError:
        return data[:0]


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _read(path: Path) -> bytes | None:
    try:
        if not (path.is_file() or str(path).startswith("/proc/")):
            return None
        with path.open("rb") as file:
            return file.read(READ_LIMIT_BYTES)
    except OSError:
        return None


def _peer(path: Path) -> int | None:
    """The process that called listen(2) on the socket (SO_PEERCRED, unix(7))."""
    import socket  # noqa: PLC0415  start-up time: only Docker needs it
    import struct  # noqa: PLC0415

    if not hasattr(socket, "SO_PEERCRED"):
        return None
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(2)
            connection.connect(str(path))
            credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    except OSError:
        return None
    pid: int = struct.unpack("3i", credentials)[0]
    return pid or None


def _call(question: Call) -> Output:
    if not question.socket.exists():
        return Output(status=None, stderr=f"{question.socket}: no such socket")
    import http.client  # noqa: PLC0415  start-up time: only Docker needs it, and only where a daemon runs
    import socket  # noqa: PLC0415

    connection = http.client.HTTPConnection("localhost", timeout=question.timeout_s)
    try:
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.settimeout(question.timeout_s)
        connection.sock.connect(str(question.socket))
        connection.request("GET", question.url_path)
        response = connection.getresponse()
        return Output(status=response.status, stdout=_text(response.read(READ_LIMIT_BYTES)))
    except (OSError, http.client.HTTPException) as error:
        return Output(status=None, stderr=str(error) or type(error).__name__)
    finally:
        connection.close()


def _hang_up(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGHUP)
    except OSError:
        return False
    return True


def converse_all(dialogues: Mapping[str, Callable[[], Dialogue[T]]], machine: Machine) -> dict[str, T]:
    """Holds several dialogues at once; the first exception of any of them is raised when all have ended."""
    results: dict[str, T] = {}
    failures: list[Exception] = []

    def hold(name: str, begin: Callable[[], Dialogue[T]]) -> None:
        try:
            results[name] = converse(begin(), machine)
        except Exception as error:  # noqa: BLE001  it is raised again, in the thread that asked
            failures.append(error)

    # Plain threads: an executor brings the logging package along, which costs more than most dialogues take.
    others = [threading.Thread(target=hold, args=item) for item in list(dialogues.items())[1:]]
    for thread in others:
        thread.start()
    try:
        for name, begin in list(dialogues.items())[:1]:
            hold(name, begin)
        for thread in others:
            thread.join()
    except BaseException:  # Ctrl-C, of which the other threads do not hear
        for process in tuple(_running):
            _kill_group(process)
        raise
    if failures:
        raise failures[0]
    return {name: results[name] for name in dialogues}
