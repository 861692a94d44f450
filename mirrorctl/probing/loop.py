"""An event loop whose name lookups can be abandoned, its clock, and when it last had nothing to do.

asyncio resolves names in a pool of few threads that it joins when it ends. A resolver that does not answer would
hold up the other lookups and then the program; so each lookup has a daemon thread of its own.
"""

from __future__ import annotations

import asyncio
import selectors
import socket
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

ABSENCE_S = 0.012
KEPT = 1000
BEAT_S = 0.01


class Watch(selectors.DefaultSelector):
    """Notes when there was nothing to do, and when nothing was done though something may have been waiting."""

    def __init__(self, clock: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._clock = clock
        self.idle_s = self._back_s = clock.time()
        self.absences: deque[tuple[float, float]] = deque(maxlen=KEPT)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        now_s = self._clock.time()
        self._note(self._back_s, now_s)
        ready = super().select(0) if timeout is None or timeout > 0 else []
        if not ready:
            self.idle_s = now_s if timeout is None or timeout > 0 else self.idle_s
            ready = super().select(timeout)
        self._back_s = self._clock.time()
        if timeout is not None:
            self._note(now_s + max(0.0, timeout), self._back_s)
        return ready

    def _note(self, since_s: float, until_s: float) -> None:
        if until_s - since_s > ABSENCE_S:
            self.absences.append((since_s, until_s))


class PatientLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._watch = Watch(self)
        super().__init__(self._watch)

    @property
    def idle_s(self) -> float:
        return self._watch.idle_s

    @property
    def absences(self) -> Sequence[tuple[float, float]]:
        return self._watch.absences

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        answer: asyncio.Future[Any] = self.create_future()

        def settle(result: Any, error: BaseException | None) -> None:
            if not answer.done():
                if error:
                    answer.set_exception(error)
                else:
                    answer.set_result(result)

        def look_up() -> None:
            result, failure = None, None
            try:
                result = socket.getaddrinfo(host, port, **options)
            except OSError as error:
                failure = error
            except UnicodeError as error:  # a label that IDNA does not allow
                failure = socket.gaierror(socket.EAI_NONAME, str(error))
            if not self.is_closed():
                self.call_soon_threadsafe(settle, result, failure)

        threading.Thread(target=look_up, daemon=True, name=f"lookup-{host}").start()
        return await answer


def loop_s() -> float:
    """The time of the event loop, which is all the time there is here."""
    return asyncio.get_running_loop().time()


def idle_s() -> float:
    """When the loop last had nothing to do, all that had arrived being read; now, if the loop does not tell."""
    loop: Any = asyncio.get_running_loop()
    found: float = loop.idle_s if hasattr(loop, "idle_s") else loop.time()
    return found


def absences(since_s: float) -> list[tuple[float, float]]:
    """From when to when the loop was not there to read: this program had no processor, or the machine stood still.

    They are noticed when the loop wakes, so as soon as they are over where there is a `heartbeat`.
    """
    loop: Any = asyncio.get_running_loop()
    return [(max(start_s, since_s), end_s) for start_s, end_s in getattr(loop, "absences", ()) if end_s > since_s]


def absent_s(since_s: float) -> float:
    """How long that was in all."""
    return sum(end_s - start_s for start_s, end_s in absences(since_s))


async def heartbeat() -> None:
    while True:  # noqa: ASYNC110  to be awake is all that it is for
        await asyncio.sleep(BEAT_S)
