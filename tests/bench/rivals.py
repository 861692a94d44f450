"""How other programs choose a mirror, in a few lines each.

Each is the strategy as published, no worse: what it asks for, how long it waits, how many at a time, what it compares.
They run in the simulated network, and over real connections:

    python rivals.py STRATEGY LARGE_PROJECT INDEX_URL...      prints the index chosen
"""

from __future__ import annotations

import asyncio  # noqa: TID253  tests may
import re
import ssl
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol, TypeAlias, TypeVar

import httpcore
import httpx  # noqa: TID253

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

from probing.simulation import LARGE_BYTES, Arm, Backend, VirtualLoop, World

T = TypeVar("T")
LARGE = "/files/big-1.0-py3-none-any.whl"
FAILED = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """What a download has shown. Seconds from its beginning; infinite where it did not get so far."""

    status: int = 0
    connect_s: float = FAILED
    first_s: float = FAILED
    total_s: float = FAILED
    bytes: int = 0
    whole: bool = False

    @property
    def rate(self) -> float:
        """Bytes per second over everything, as curl's speed_download."""
        return self.bytes / self.total_s if self.bytes else 0.0

    @property
    def body_rate(self) -> float:
        return self.bytes / max(1e-6, self.total_s - self.first_s) if self.bytes else 0.0


class Client(Protocol):
    async def get(self, name: str, path: str, size: int, timeout_s: float) -> Fetch: ...


@dataclass(slots=True)
class SimulatedClient:
    world: World

    async def get(self, name: str, path: str, size: int, timeout_s: float) -> Fetch:
        """Downloads up to `size` bytes over a new connection, for at most `timeout_s`."""
        loop = asyncio.get_running_loop()
        began_s, marks = loop.time(), {"bytes": 0.0, "status": 0.0}

        async def trace(event: str, info: Mapping[str, object]) -> None:
            if event == "connection.connect_tcp.complete":
                marks["connect"] = loop.time() - began_s

        async with httpcore.AsyncConnectionPool(network_backend=Backend(self.world)) as pool:
            headers = [("Host", f"{name}.test"), ("Range", f"bytes=0-{size - 1}")]
            try:
                async with (
                    asyncio.timeout(timeout_s),
                    pool.stream(
                        "GET", f"http://{name}.test{path}", headers=headers, extensions={"trace": trace}
                    ) as reply,
                ):
                    marks["status"], marks["first"] = reply.status, loop.time() - began_s
                    async for chunk in reply.aiter_stream():
                        marks["bytes"] += len(chunk)
            except TimeoutError:
                whole = False
            else:
                whole = True
        return Fetch(
            status=int(marks["status"]),
            connect_s=marks.get("connect", FAILED),
            first_s=marks.get("first", FAILED),
            total_s=loop.time() - began_s,
            bytes=int(marks["bytes"]),
            whole=whole,
        )


@dataclass(slots=True)
class RealClient:
    """Over real connections. A name is the address of an index; paths are those of the simulated one."""

    large: str  # the project whose newest wheel stands for the large file
    tls: ssl.SSLContext
    links: dict[str, str] = field(default_factory=dict)

    async def get(self, name: str, path: str, size: int, timeout_s: float) -> Fetch:
        """Downloads up to `size` bytes over a new connection, for at most `timeout_s`."""
        began_s, marks = time.monotonic(), {"bytes": 0.0, "status": 0.0}

        async def trace(event: str, info: Mapping[str, object]) -> None:
            if event == "connection.connect_tcp.complete":
                marks.setdefault("connect", time.monotonic() - began_s)

        whole = False
        async with httpx.AsyncClient(verify=self.tls, follow_redirects=True, timeout=timeout_s) as client:
            with suppress(TimeoutError, httpx.HTTPError, httpx.InvalidURL):
                async with asyncio.timeout(timeout_s):
                    url = await self._url(client, name, path)
                    began_s = time.monotonic()
                    headers = {"Accept-Encoding": "identity", "Range": f"bytes=0-{size - 1}"}
                    async with client.stream("GET", url, headers=headers, extensions={"trace": trace}) as reply:
                        marks |= {"status": reply.status_code, "first": time.monotonic() - began_s}
                        async for chunk in reply.aiter_raw():
                            marks["bytes"] += len(chunk)
                            if marks["bytes"] >= size:
                                break
                        whole = True
        return Fetch(
            status=200 if marks["status"] == 206 else int(marks["status"]),
            connect_s=marks.get("connect", FAILED),
            first_s=marks.get("first", FAILED),
            total_s=time.monotonic() - began_s,
            bytes=int(marks["bytes"]),
            whole=whole,
        )

    async def _url(self, client: httpx.AsyncClient, name: str, path: str) -> str:
        if path != LARGE:
            return f"{name}/{path.removeprefix('/simple/')}"
        if name not in self.links:
            reply = await client.get(f"{name}/{self.large}/")
            found = re.findall(r'href="([^"#]+\.whl)', reply.text)
            self.links[name] = str(reply.url.join(found[-1] if found else f"{name}/nothing.whl"))
        return self.links[name]


Strategy: TypeAlias = Callable[[Client, Sequence[str]], Awaitable[str | None]]


async def few_at_a_time(count: int, makes: Sequence[Callable[[], Awaitable[T]]]) -> list[T]:
    """All of them, at most `count` at a time; results in the order given."""
    gate = asyncio.Semaphore(count)

    async def one(make: Callable[[], Awaitable[T]]) -> T:
        async with gate:
            return await make()

    return list(await asyncio.gather(*(one(make) for make in makes)))


def least(scores: Mapping[str, float]) -> str | None:
    name = min(scores, key=lambda name: scores[name], default=None)
    return name if name is not None and scores[name] < FAILED else None


async def first_to_connect(client: Client, names: Sequence[str]) -> str | None:
    """librepo, yum fastestmirror: the time of one TCP connection, all at once, 2 s."""
    found = await few_at_a_time(99, [partial(client.get, name, "/simple/six/", 1, 2.0) for name in names])
    return least({name: fetch.connect_s for name, fetch in zip(names, found, strict=True)})


async def small_page(client: Client, names: Sequence[str]) -> str | None:
    """cnpip: the median of three downloads of one page, all mirrors at once, 5 s."""

    async def one(name: str) -> float:
        fetches = [await client.get(name, "/simple/six/", 65_536, 5.0) for _ in range(3)]
        times = [fetch.total_s for fetch in fetches if fetch.status == 200 and fetch.whole]
        return statistics.median(times) if len(times) >= 2 else FAILED

    found = await few_at_a_time(99, [partial(one, name) for name in names])
    return least(dict(zip(names, found, strict=True)))


async def small_range(client: Client, names: Sequence[str]) -> str | None:
    """fast-apt-mirror: of the five quickest to answer, the one that sends 200 kB fastest, one after another, 3 s."""
    heads = await few_at_a_time(99, [partial(client.get, name, "/simple/six/", 1, 3.0) for name in names])
    quickest = sorted(zip(names, heads, strict=True), key=lambda pair: pair[1].first_s)[:5]
    rates = {name: -(await client.get(name, LARGE, 204_800, 3.0)).rate for name, head in quickest if head.status == 200}
    return least(rates)


async def whole_database(client: Client, names: Sequence[str]) -> str | None:
    """reflector: 8 MB from each, one after another, 5 s; what is not whole by then counts as nothing."""
    rates = {}
    for name in names:
        fetch = await client.get(name, LARGE, 8_000_000, 5.0)
        rates[name] = -fetch.body_rate if fetch.whole else 0.0
    return least(rates)


async def racing_chunks(client: Client, names: Sequence[str]) -> str | None:
    """rate-mirrors: a second of download from sixteen at a time, then again from the best five, one after another."""
    first = await few_at_a_time(16, [partial(client.get, name, LARGE, 8_000_000, 1.0) for name in names])
    rates = {name: fetch.body_rate for name, fetch in zip(names, first, strict=True) if fetch.bytes >= 70_000}
    best = sorted(rates, key=lambda name: -rates[name])[:5]
    return least({name: -(await client.get(name, LARGE, 8_000_000, 1.0)).body_rate for name in best})


async def whole_wheel(client: Client, names: Sequence[str]) -> str | None:
    """chsrc: 8 s of a large file from each, one after another; the fastest wins."""
    return least({name: -(await client.get(name, LARGE, LARGE_BYTES, 8.0)).rate for name in names})


RIVALS: Mapping[str, Strategy] = {
    "connect (librepo)": first_to_connect,
    "page (cnpip)": small_page,
    "200 kB (fast-apt-mirror)": small_range,
    "8 MB (reflector)": whole_database,
    "1 s race (rate-mirrors)": racing_chunks,
    "8 s each (chsrc)": whole_wheel,
}


def choose(strategy: Strategy, arms: Sequence[Arm], line: float) -> tuple[str | None, float, int]:
    """The choice of a strategy, the seconds it took and the bytes that were sent."""
    world = World({arm.name: arm for arm in arms}, line)

    async def timed() -> tuple[str | None, float]:
        chosen = await strategy(SimulatedClient(world), [arm.name for arm in arms])
        return chosen, asyncio.get_running_loop().time()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        chosen, seconds = runner.run(timed())
    return chosen, seconds, world.sent_bytes


def main(strategy: str, large: str, *names: str) -> int:
    client = RealClient(large, ssl.create_default_context())

    async def chosen_one() -> str | None:
        return await RIVALS[strategy](client, names)

    chosen = asyncio.run(chosen_one())
    print(chosen or "none")
    return 0 if chosen else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
