"""A network that is not there: the whole race in virtual time, the same each time it is run.

The event loop's clock jumps from one event to the next. Connections are those of a backend for httpcore, which sends
what a small index answers, as TCP would carry it: in flights that double each round trip from ten segments, spaced by
the narrowest link, which may be the client's own line.
"""

from __future__ import annotations

import asyncio  # noqa: TID253  tests may
import hashlib
import selectors
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from typing import Any

import httpcore

from mirrorctl.model import Mirror, Ranking, Status, Trust
from mirrorctl.probing.events import Event
from mirrorctl.probing.loop import ABSENCE_S
from mirrorctl.probing.race import Race, Terms

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SMALL = b"PK\x03\x04 small"
LARGE_BYTES = 40_000_000
SEGMENTS_BYTES = 14_600
RECORD_BYTES = 16_384
ZEROS = bytes(LARGE_BYTES)
OVER_IPV6 = "ipv6."
CANARIES = {"pypi": {"small_projects": ("six",), "large_projects": ("big",)}}


class Clockwork(selectors.SelectSelector):
    """Never waits: it moves the clock on instead."""

    now_s = 0.0
    idle_s = 0.0

    def __init__(self) -> None:
        super().__init__()
        self.back_s = 0.0
        self.absences: list[tuple[float, float]] = []

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everything waits, and nothing will happen any more")
        if self.now_s - self.back_s > ABSENCE_S:
            self.absences.append((self.back_s, self.now_s))
        if timeout > 0:
            self.idle_s = self.now_s
            self.now_s += timeout
        self.back_s = self.now_s
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self, world: World | None = None) -> None:
        self.clockwork = Clockwork()
        super().__init__(self.clockwork)
        self.world = world

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        arm = self.world.arms[host.removesuffix(".test")] if self.world else None
        ways = [(socket.AF_INET6, OVER_IPV6 + host)] if arm and arm.ipv6 else []
        return [(family, None, None, None, (name, port)) for family, name in [*ways, (socket.AF_INET, host)]]

    def time(self) -> float:
        return self.clockwork.now_s

    @property
    def idle_s(self) -> float:
        return self.clockwork.idle_s

    @property
    def absences(self) -> Sequence[tuple[float, float]]:
        return self.clockwork.absences


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One mirror. Rates in bytes per second. `noise` gives the factor of the rate for the n-th flight."""

    name: str
    rtt_s: float = 0.03
    rate: float = 10e6
    think_s: float = 0.005
    serial: int | None = None
    age_h: float | None = 0.5
    dead: bool = False
    status: int = 200
    portal: bool = False
    burst_bytes: float = float("inf")  # sent at full speed in each answer
    throttle: float = 0.5e6  # the rate after that
    stalls_after_bytes: float = float("inf")
    fails_from_s: float = float("inf")  # answers 503 from then on
    lineage: str = ""
    host: str = ""  # where it is not one of its own
    ipv6: str = ""  # also reached over IPv6, which comes first: "sound", or "dead"
    noise: Callable[[int], float] = lambda flight: 1.0

    @property
    def mirror(self) -> Mirror:
        return Mirror(
            id=self.name,
            ecosystem="pypi",
            operator=self.name,
            url=f"http://{self.host or self.name}.test/simple",
            kind="index",
            trust=Trust.COMPANY,
            status=Status.ACTIVE,
            domain=self.lineage or self.name,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def page(project: str, digest: str) -> bytes:
    name = f"{project}-1.0-py3-none-any.whl"
    return f'<html><h1>Links for {project}</h1><a href="/files/{name}#sha256={digest}">{name}</a></html>'.encode()


def serve(arm: Arm, path: str, headers: Mapping[str, str], at_s: float) -> Served:
    """What the index of `arm` answers."""
    if arm.status != 200 or at_s >= arm.fails_from_s:
        return Served(status=503 if arm.status == 200 else arm.status, body=ZEROS[:1000])
    if arm.portal:
        return Served(body=b"<!doctype html><html>Login" + b" " * 1000)
    if path.startswith("/files/big"):
        first, _dash, last = headers["range"].removeprefix("bytes=").partition("-")
        body = (b"PK\x03\x04" if first == "0" else b"0000") + ZEROS[: int(last) - int(first) - 3]
        return Served(status=206, body=body, headers={"Content-Range": f"bytes {first}-{last}/{LARGE_BYTES}"})
    return {
        "/simple/six/": Served(body=page("six", hashlib.sha256(SMALL).hexdigest())),
        "/simple/big/": Served(body=page("big", "00" * 32)),
        "/files/six-1.0-py3-none-any.whl": Served(body=SMALL),
        "/simple/": Served(headers=signs_of_age(arm)),
    }.get(path, Served(status=404))


def signs_of_age(arm: Arm) -> dict[str, str]:
    signs = {} if arm.serial is None else {"X-PyPI-Last-Serial": str(arm.serial)}
    if arm.age_h is not None:
        modified = datetime.fromtimestamp(NOW.timestamp() - arm.age_h * 3600, UTC)
        signs["Last-Modified"] = format_datetime(modified, usegmt=True)
    return signs


@dataclass(slots=True)
class World:
    """All arms, and the client's line."""

    arms: Mapping[str, Arm]
    line: float = float("inf")
    sending: int = 0
    sent_bytes: int = 0

    def share(self) -> float:
        return self.line / max(1, self.sending)


class Stream(httpcore.AsyncNetworkStream):
    """One connection. The window of the sender lasts for its life."""

    def __init__(self, world: World, arm: Arm) -> None:
        self._world = world
        self._arm = arm
        self._window = float(SEGMENTS_BYTES)
        self._flight = 0
        self._asked = b""
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        self._asked += buffer
        head, end, rest = self._asked.partition(b"\r\n\r\n")
        if end:
            self._asked = rest
            self._tasks.append(asyncio.get_running_loop().create_task(self._answer(head.decode())))

    async def _answer(self, head: str) -> None:
        request, *lines = head.split("\r\n")
        method, path, _version = request.split(" ")
        headers = {name.lower(): value for name, _colon, value in (line.partition(": ") for line in lines)}
        await asyncio.sleep(self._arm.rtt_s + self._arm.think_s)
        served = serve(self._arm, path, headers, asyncio.get_running_loop().time())
        shown = {"Content-Length": str(len(served.body)), **served.headers}
        text = "".join(f"{name}: {value}\r\n" for name, value in shown.items())
        answer = f"HTTP/1.1 {served.status} x\r\n{text}\r\n".encode()
        await self._carry(answer + (b"" if method == "HEAD" else served.body))

    async def _carry(self, data: bytes) -> None:
        """Sends a flight for each round trip; while it lasts it takes its share of the client's line."""
        self._world.sending += 1
        try:
            sent = 0
            while sent < len(data):
                flight = data[sent : sent + int(self._window)]
                took_s = await self._fly(flight, sent)
                sent += len(flight)
                if took_s < self._arm.rtt_s and sent < len(data):
                    await asyncio.sleep(self._arm.rtt_s - took_s)
                    self._window *= 2
        finally:
            self._world.sending -= 1

    async def _fly(self, flight: bytes, sent: int) -> float:
        self._flight += 1
        took_s = 0.0
        for start in range(0, len(flight), RECORD_BYTES):
            piece = flight[start : start + RECORD_BYTES]
            if sent + start >= self._arm.stalls_after_bytes:
                await asyncio.sleep(3600)
            rate = self._arm.rate if sent + start < self._arm.burst_bytes else self._arm.throttle
            step_s = len(piece) / min(rate * self._arm.noise(self._flight), self._world.share())
            await asyncio.sleep(step_s)
            took_s += step_s
            self._world.sent_bytes += len(piece)
            self._pieces.put_nowait(piece)
        return took_s

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        return await self._pieces.get()

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def get_extra_info(self, info: str) -> object:
        return False if info == "is_readable" else None


class Backend(httpcore.AsyncNetworkBackend):
    def __init__(self, world: World) -> None:
        self._world = world

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        arm = self._world.arms[host.removeprefix(OVER_IPV6).removesuffix(".test")]
        dead = arm.dead or (arm.ipv6 == "dead" and host.startswith(OVER_IPV6))
        await asyncio.sleep(3600 if dead else arm.rtt_s)
        return Stream(self._world, arm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    ranking: Ranking
    sent_bytes: int
    events: Sequence[Event]
    times_s: Sequence[float]  # when each event was

    @property
    def names(self) -> list[str]:
        return [entry.probe.mirror.id for entry in self.ranking.ranked]

    @property
    def codes(self) -> dict[str, str]:
        return {probe.mirror.id: probe.reason.code for probe in self.ranking.rejected if probe.reason}

    def predicted_s(self, name: str) -> float:
        return next(entry.predicted_s for entry in self.ranking.ranked if entry.probe.mirror.id == name)


TERMS = Terms(deadline_s=8.0, budget_bytes=25_000_000, max_lag_s=86_400.0, latency_only=False, now=NOW)


def run(*arms: Arm, line: float = float("inf"), priors: Mapping[str, float] | None = None, **terms: float) -> Outcome:
    """One race among these arms; further options are those of Terms."""
    world = World({arm.host or arm.name: arm for arm in arms}, line)
    events: list[Event] = []
    times_s: list[float] = []

    def note(event: Event) -> None:
        events.append(event)
        times_s.append(asyncio.get_running_loop().time())

    race = Race(
        {"pypi": [arm.mirror for arm in arms]},
        CANARIES,
        {"SSL_CERT_DIR": "/"},  # there is no TLS here, so no authorities need be loaded
        replace(TERMS, **terms),  # type: ignore[arg-type]
        note,
        Backend(world),
        priors,
    )
    (ranking,) = race.run(partial(VirtualLoop, world))
    return Outcome(ranking=ranking, sent_bytes=world.sent_bytes, events=events, times_s=times_s)
