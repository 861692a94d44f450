"""The two ways to a host, over IPv4 and over IPv6, tried apart and then gone as the client goes them.

One of them can be broken alone. Which one a client takes is a matter of the order that the resolver gives (RFC 6724), and
of its patience: dockerd and git ask the other family as well after a fraction of a second (RFC 8305), while urllib3, and
so pip, sits out its whole timeout.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from contextlib import suppress
from typing import TypeAlias

import httpcore

from mirrorctl.probing.loop import loop_s
from mirrorctl.values import dataclass

NAMES = {socket.AF_INET: "ipv4", socket.AF_INET6: "ipv6"}
HEAD_START_S = 0.5  # for the family that comes first; what takes longer to connect counts as a wait
NEXT_S = 0.25  # then the next address of the same family is tried (RFC 8305, 5)

Options: TypeAlias = Iterable[httpcore.SOCKET_OPTION] | None


@dataclass(slots=True, kw_only=True)
class Road:
    """One family of a host. `connect_s` and `failed` are None until something is known."""

    family: str
    addresses: tuple[str, ...]
    connect_s: float | None = None
    failed: Exception | None = None


@dataclass(slots=True, kw_only=True)
class Junction:
    """A host: its roads, the one that the resolver puts first at the head, and which is taken."""

    roads: tuple[Road, ...]
    taken: Road | None = None

    def wait_s(self, patience_s: float) -> float:
        """What a client loses that tries the first road for so long before it takes the other."""
        first, taken = self.roads[0], self.taken
        if taken is None or first is taken or first.failed:
            return 0.0
        return min(patience_s, first.connect_s or patience_s)


class Dialler(httpcore.AsyncNetworkBackend):
    """Opens connections. `only`: no other family than this one. `junctions` is what is known, by host."""

    def __init__(
        self,
        inner: httpcore.AsyncNetworkBackend,
        patience_s: float,
        only: str | None = None,
        junctions: dict[str, Junction] | None = None,
    ) -> None:
        self.junctions = junctions if junctions is not None else {}
        self._inner = inner
        self._head_start_s = min(HEAD_START_S, patience_s)
        self._only = only
        self._lost_s: dict[str, float] = {}
        self._stragglers: set[asyncio.Task[httpcore.AsyncNetworkStream]] = set()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109  httpcore's interface; time is bounded from outside
        local_address: str | None = None,
        socket_options: Options = None,
    ) -> httpcore.AsyncNetworkStream:
        junction = self.junctions.get(host) or await self._look_up(host, port)
        self.junctions[host] = junction
        call = _Call(self._inner, port, local_address, socket_options)
        roads = [road for road in junction.roads if self._only in (None, road.family)]
        if not roads:
            raise httpcore.ConnectError(f"{host} has no address of {self._only}")
        if self._only or junction.taken or len(roads) == 1:
            road = roads[0] if self._only else junction.taken or roads[0]
            stream = await call.knock(road)
        else:
            road, stream = await self._try_both(host, roads, call)
        if not self._only:
            junction.taken = road
        return stream

    def lost_s(self, host: str) -> float:
        """What the last connection to a host has waited for the family that was not taken; told once."""
        return self._lost_s.pop(host, 0.0)

    async def aclose(self) -> None:
        """Gives up what is still being tried."""
        for task in self._stragglers:
            task.cancel()
        for end in await asyncio.gather(*self._stragglers, return_exceptions=True):
            if isinstance(end, httpcore.AsyncNetworkStream):
                await end.aclose()

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)

    async def _look_up(self, host: str, port: int) -> Junction:
        loop = asyncio.get_running_loop()
        found: dict[str, list[str]] = {}
        for family, _kind, _protocol, _name, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            if family in NAMES and address[0] not in found.setdefault(NAMES[family], []):
                found[NAMES[family]].append(str(address[0]))
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        return Junction(roads=tuple(Road(family=name, addresses=tuple(all_)) for name, all_ in found.items()))

    async def _try_both(self, host: str, roads: list[Road], call: _Call) -> tuple[Road, httpcore.AsyncNetworkStream]:
        """Whichever a client would end up with; the other one is tried to its end beside."""
        began_s = loop_s()
        tasks = [asyncio.create_task(call.knock(road)) for road in roads]
        try:
            await asyncio.wait(tasks[:1], timeout=self._head_start_s)
            pending = set(tasks)
            while pending and not any(_is_open(task) for task in tasks):
                _done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            index = next((index for index, task in enumerate(tasks) if _is_open(task)), 0)
        finally:
            self._stragglers.update(tasks)
        self._stragglers.discard(tasks[index])
        stream = tasks[index].result()
        self._lost_s[host] = max(0.0, loop_s() - began_s - (roads[index].connect_s or 0.0))
        return roads[index], stream


@dataclass(slots=True)
class _Call:
    inner: httpcore.AsyncNetworkBackend
    port: int
    local_address: str | None
    socket_options: Options

    async def knock(self, road: Road) -> httpcore.AsyncNetworkStream:
        """A connection to the first address that takes one; the last one is waited for."""
        began_s = loop_s()
        try:
            stream = await self._first(road.addresses)
        except Exception as error:
            road.failed = error
            raise
        road.connect_s = road.connect_s if road.connect_s is not None else loop_s() - began_s
        return stream

    async def _first(self, addresses: tuple[str, ...]) -> httpcore.AsyncNetworkStream:
        for address in addresses[:-1]:
            with suppress(TimeoutError, httpcore.ConnectError, OSError):
                async with asyncio.timeout(NEXT_S):
                    return await self._open(address)
        return await self._open(addresses[-1])

    async def _open(self, address: str) -> httpcore.AsyncNetworkStream:
        return await self.inner.connect_tcp(
            address, self.port, local_address=self.local_address, socket_options=self.socket_options
        )


def _is_open(task: asyncio.Task[httpcore.AsyncNetworkStream]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None
