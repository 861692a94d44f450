"""Which network the machine is on, told apart by what the kernel and the environment say of it. Pure.

What is measured in one network says nothing of another. A network is known by the default gateway and its hardware
address, the subnet between, the name servers, the tunnels that are up, and the proxies of the environment. All of that
stays on the machine, and is kept as a keyed hash only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from mirrorctl.values import dataclass

# <linux/route.h>, <net/if_arp.h>
_UP, _REJECT = 0x1, 0x200
_COMPLETE = 0x2
WIDE = 3  # prefixes up to that long are default routes in disguise: VPNs add 0.0.0.0/1 or 2000::/3 to win over the real one


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Texts as the machine has them, empty where there is none: proc_net(5), resolv.conf(5). `tunnels`: interfaces.

    `routes` is None where it cannot be told at all how packets leave.
    """

    routes: str | None = None
    routes6: str = ""
    neighbours: str = ""
    resolver: str = ""
    tunnels: tuple[str, ...] = ()
    environ: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What tells one network from another. `gateway` is empty on a line without one, `hardware` where it is not known."""

    gateway: str
    hardware: str
    subnets: tuple[str, ...]
    servers: tuple[str, ...]
    tunnels: tuple[str, ...]
    proxies: tuple[str, ...]

    @property
    def is_sure(self) -> bool:
        """Many networks have a gateway of the same address: only its hardware address tells them apart."""
        return bool(self.hardware) or "." not in self.gateway.partition(" ")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Route:
    """Addresses as hexadecimal numbers in the order of the kernel, which is the same for all of them."""

    device: str
    target: int
    mask: int
    gateway: int
    metric: int


def identify(facts: Facts) -> Network | None:
    """The network, or None where nothing says how packets leave the machine."""
    if facts.routes is None:
        return None
    routes = tuple(_routes(facts.routes))
    way = _default(routes)
    gateway = _dotted(way.gateway) if way else _gateway6(facts.routes6)
    return Network(
        gateway=f"{gateway} {way.device}" if way else gateway,
        hardware=_hardware(facts.neighbours, gateway),
        subnets=tuple(sorted(_subnets(routes, way))),
        servers=tuple(sorted(_name_servers(facts.resolver))),
        tunnels=tuple(sorted(facts.tunnels)),
        proxies=tuple(sorted(_proxies(facts.environ))),
    )


def key_of(network: Network, salt: bytes) -> str:
    """What measurements are kept under. Without the salt it cannot be compared with that of any other machine."""
    import hashlib  # noqa: PLC0415  start-up time

    told = json.dumps(
        [network.gateway, network.hardware, network.subnets, network.servers, network.tunnels, network.proxies]
    )
    return hashlib.blake2b(told.encode(), key=salt[:64], digest_size=16).hexdigest()


def _routes(text: str) -> Iterator[_Route]:
    """/proc/net/route: interface, destination, gateway, flags, two counters, metric, mask; numbers in hexadecimal."""
    for line in text.splitlines()[1:]:
        words = line.split()
        try:
            target, gateway, flags = (int(word, 16) for word in words[1:4])
            route = _Route(
                device=words[0], target=target, mask=int(words[7], 16), gateway=gateway, metric=int(words[6])
            )
        except (ValueError, IndexError):
            continue
        if flags & _UP and not flags & _REJECT and route.device != "lo":
            yield route


def _default(routes: tuple[_Route, ...]) -> _Route | None:
    """The route that most addresses take: the longest of the wide prefixes, then the least metric."""
    wide = [route for route in routes if route.mask.bit_count() <= WIDE]
    return min(wide, key=lambda route: (-route.mask.bit_count(), route.metric, route.device), default=None)


def _subnets(routes: tuple[_Route, ...], way: _Route | None) -> Iterator[str]:
    """The subnet in which the gateway is; without a gateway, all that are connected."""
    for route in routes:
        if route.gateway or route.mask.bit_count() <= WIDE:
            continue
        if way is None or (way.device == route.device and way.gateway & route.mask == route.target):
            yield f"{route.target:08x}/{route.mask.bit_count()} {route.device}"


def _gateway6(text: str) -> str:
    """/proc/net/ipv6_route: destination, its length, source, its length, next hop, metric, two counters, flags, interface."""
    found = []
    for line in text.splitlines():
        words = line.split()
        try:
            length, metric, flags = int(words[1], 16), int(words[5], 16), int(words[8], 16)
            device = words[9]
        except (ValueError, IndexError):
            continue
        if length <= WIDE and flags & _UP and not flags & _REJECT and device != "lo":
            found.append((-length, metric, f"{words[4]} {device}"))
    return min(found)[2] if found else ""


def _dotted(number: int) -> str:
    """An address that the kernel of a little-endian machine has printed; empty for none."""
    return ".".join(map(str, number.to_bytes(4, "little"))) if number else ""


def _hardware(text: str, gateway: str) -> str:
    """/proc/net/arp: address, type, flags, hardware address, mask, interface. Only an answer that has come counts."""
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) >= 4 and words[0] == gateway and _flags(words[2]) & _COMPLETE:
            return words[3].lower()
    return ""


def _flags(word: str) -> int:
    try:
        return int(word, 16)
    except ValueError:
        return 0


def _name_servers(text: str) -> Iterator[str]:
    for line in text.splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver":
            yield words[1]


def _proxies(environ: Mapping[str, str]) -> Iterator[str]:
    """The variables that name proxies, without logins. Lower-case names win, as for the clients."""
    found = {name.lower(): value for name, value in sorted(environ.items()) if name.lower().endswith("_proxy")}
    for name, value in found.items():
        scheme, mark, place = value.rpartition("://")
        if value:
            yield f"{name}={scheme}{mark}{place.rpartition('@')[2]}"
