"""A headless Chromium that is talked to over a pipe (Chrome DevTools Protocol, --remote-debugging-pipe)."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--remote-debugging-pipe",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")


def program() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


def missing() -> str | None:
    return None if program() else "not installed: chromium"


class Tab:
    """One page. `events` are those that have come in so far, by method."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading = reading
        self._received = b""
        self._writing = writing
        self._numbers = count(1)
        self._session: dict[str, str] = {}
        self.events: list[tuple[str, dict[str, Any]]] = []

    def attach(self) -> None:
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = {"sessionId": self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.ask(f"{domain}.enable")
        self.ask("Page.setLifecycleEventsEnabled", enabled=True)

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params, **self._session}
        os.write(self._writing, json.dumps(message).encode() + b"\0")
        while True:
            reply = self._receive()
            if reply.get("id") == number:
                assert "error" not in reply, reply
                found: dict[str, Any] = reply["result"]
                return found

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._received:
            more = os.read(self._reading, 1 << 16)
            assert more, "the browser has ended"
            self._received += more
        message, _, self._received = self._received.partition(b"\0")
        reply: dict[str, Any] = json.loads(message)
        if "method" in reply:
            self.events.append((reply["method"], reply["params"]))
        return reply

    def show(self, width: int, height: int = 900, *, dark: bool = False, script: bool = True, media: str = "") -> None:
        """How pages are shown from now on."""
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", media=media, features=[scheme])
        self.ask("Emulation.setScriptExecutionDisabled", value=not script)

    def open(self, path: Path) -> None:
        """Opens a file and waits until it is loaded: the file, and not what was still loading before it."""
        self.events.clear()
        loader = self.ask("Page.navigate", url=path.as_uri())["loaderId"]
        while not any(
            method == "Page.lifecycleEvent" and (params["name"], params["loaderId"]) == ("load", loader)
            for method, params in self.events
        ):
            self._receive()

    def evaluate(self, expression: str) -> Any:
        """What a script of ours makes of the page; pages need not be allowed scripts for it."""
        reply = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in reply, reply
        return reply["result"].get("value")

    def requests(self) -> list[str]:
        """The addresses that were asked for since the page was opened."""
        return [params["request"]["url"] for method, params in self.events if method == "Network.requestWillBeSent"]

    def complaints(self) -> list[str]:
        """What the browser has written to its console: errors, and what the policy of the page forbids."""
        logged = [params["entry"]["text"] for method, params in self.events if method == "Log.entryAdded"]
        return logged + [str(params) for method, params in self.events if method == "Runtime.exceptionThrown"]

    def picture(self) -> bytes:
        """The whole page as PNG."""
        size = self.ask("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        shot = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        return base64.b64decode(shot["data"])

    def paper(self) -> bytes:
        """The page as PDF, A4."""
        printed = self.ask("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, printBackground=False)
        return base64.b64decode(printed["data"])

    def close(self) -> None:
        """Ends the talk, at which the browser ends too."""
        os.close(self._writing)
        os.close(self._reading)


@contextmanager
def browser(profile: Path, environ: Mapping[str, str]) -> Iterator[Tab]:
    """A browser with an empty profile. It resolves no names, so what is no file and no address fails at once."""
    name = program()
    assert name
    reading, theirs_out = os.pipe()
    theirs_in, writing = os.pipe()
    # Numbers out of the way of 3 and 4, from which the browser reads and to which it writes.
    ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (theirs_in, theirs_out)]
    pid = os.posix_spawn(
        name,
        [name, *FLAGS, f"--user-data-dir={profile}"],
        environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            *((os.POSIX_SPAWN_DUP2, end, number) for number, end in enumerate(ends, 3)),
        ],
    )
    for end in (theirs_in, theirs_out, *ends):
        os.close(end)
    tab = Tab(reading, writing)
    try:
        tab.attach()
        yield tab
    finally:
        tab.close()
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
