"""An event loop whose name lookups can be abandoned, and its clock.

asyncio resolves names in a pool of few threads that it joins when it ends. A resolver that does not answer would
hold up the other lookups and then the program; so each lookup has a daemon thread of its own.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any


def loop_s() -> float:
    """The time of the event loop, which is all the time there is here."""
    return asyncio.get_running_loop().time()


def patient_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()

    async def getaddrinfo(host: Any, port: Any, **options: Any) -> Any:
        answer: asyncio.Future[Any] = loop.create_future()

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
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, result, failure)

        threading.Thread(target=look_up, daemon=True, name=f"lookup-{host}").start()
        return await answer

    loop.getaddrinfo = getaddrinfo  # type: ignore[method-assign]
    return loop
