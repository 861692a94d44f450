"""What ends a program early: Ctrl-C, and in a command that asks for it SIGTERM and SIGHUP too (signal(7)).

All of them arrive as KeyboardInterrupt, and only where that does no harm: not between the start of a program and the
moment from which it would be ended, nor while its scratch directory is being made or deleted.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class _State:
    """Of the main thread: no other one is interrupted."""

    def __init__(self) -> None:
        self.held = False
        self.waiting = False
        self.ended = False


_state = _State()


@contextmanager
def heard() -> Iterator[None]:
    """Lets each of the signals raise KeyboardInterrupt, but for those that the program was started to ignore.

    The first one counts. Another SIGTERM or SIGHUP is part of it: timeout(1) sends two, a terminal that goes away as well.
    Another Ctrl-C is somebody who does not want to wait.
    """
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    _state.held = _state.waiting = _state.ended = False
    try:
        for number in (number for number in numbers if before[number] != signal.SIG_IGN):
            signal.signal(number, _take)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _take(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  the signature of a handler
    if number != signal.SIGINT and (_state.ended or _state.waiting):
        return
    if _state.held:
        _state.waiting = True
        return
    _raise()


def _raise() -> None:
    _state.ended, _state.waiting = True, False
    raise KeyboardInterrupt


class _Turned:
    """Signals wait, or are heard, until the end of it. No generator: what ends one late would turn things back late."""

    def __init__(self, *, held: bool) -> None:
        self._held = held
        self._before = held
        self._concerned = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> None:
        if self._concerned:
            self._before, _state.held = _state.held, self._held
            try:
                _hear_waiting()
            except KeyboardInterrupt:
                _state.held = self._before
                raise

    def __exit__(self, *error: object) -> None:
        if self._concerned:
            _state.held = self._before
            _hear_waiting()


def held() -> _Turned:
    """Signals wait until the end of it, or until something in it says `allowed`."""
    return _Turned(held=True)


def allowed() -> _Turned:
    """Within `held`: signals are heard meanwhile, and one that has waited is heard now."""
    return _Turned(held=False)


def _hear_waiting() -> None:
    if _state.waiting and not _state.held:
        _raise()
