"""Networks are told apart by what the kernel and the environment say; the texts are those of proc_net(5)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mirrorctl import environment
from mirrorctl.model import Machine
from mirrorctl.network import Facts, Network, identify, key_of

HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
DEFAULT = "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"  # by 192.168.1.1
LINK = "wlan0\t0001A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0\n"  # 192.168.1.0/24
ARP_HEAD = "IP address       HW type     Flags       HW address            Mask     Device\n"
ARP = ARP_HEAD + "192.168.1.1      0x1         0x2         AC:DE:48:00:11:22     *        wlan0\n"
DEFAULT6 = (
    f"{'0' * 32} 00 {'0' * 32} 00 fe80000000000000aede48fffe001122 00000400 00000001 00000000 00000003    wlan0\n"
)

HOME = Facts(routes=HEAD + DEFAULT + LINK, neighbours=ARP, resolver="nameserver 192.168.1.1\n", environ={})
SALT = b"salt"


def network(facts: Facts) -> Network:
    found = identify(facts)
    assert found is not None
    return found


def test_what_tells_a_network() -> None:
    assert network(HOME) == Network(
        gateway="192.168.1.1 wlan0",
        hardware="ac:de:48:00:11:22",
        subnets=("0001a8c0/24 wlan0",),
        servers=("192.168.1.1",),
        tunnels=(),
        proxies=(),
    )


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"routes": HEAD + DEFAULT.replace("0101A8C0", "FE01A8C0") + LINK}, id="another gateway"),
        pytest.param({"routes": HEAD + DEFAULT + LINK.replace("00FFFFFF", "0000FFFF")}, id="another subnet"),
        pytest.param({"routes": HEAD + (DEFAULT + LINK).replace("wlan0", "eth0")}, id="another interface"),
        pytest.param({"neighbours": ARP.replace("00:11:22", "00:11:23")}, id="another router of the same address"),
        pytest.param({"neighbours": ARP_HEAD}, id="a router that is not known yet"),
        pytest.param({"resolver": "nameserver 10.0.0.1\n"}, id="another name server"),
        pytest.param({"tunnels": ("wg0",)}, id="a tunnel"),
        pytest.param({"environ": {"https_proxy": "http://proxy.example:3128"}}, id="a proxy"),
        pytest.param({"environ": {"NO_PROXY": "a.example"}}, id="what goes around the proxy"),
    ],
)
def test_another_network_has_another_key(change: dict[str, object]) -> None:
    other = replace(HOME, **change)  # type: ignore[arg-type]
    assert key_of(network(HOME), SALT) != key_of(network(other), SALT)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"routes": HEAD + LINK + DEFAULT}, id="routes in another order"),
        pytest.param(
            {"routes": HEAD + DEFAULT + LINK + "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"},
            id="a bridge for containers",
        ),
        pytest.param(
            {"routes": HEAD + DEFAULT + LINK + "eth9\t00000000\t01000A0A\t0003\t0\t0\t900\t00000000\t0\t0\t0\n"},
            id="a second way out that is not taken",
        ),
        pytest.param({"neighbours": ARP + "192.168.1.9 0x1 0x2 00:00:00:00:00:09 * wlan0\n"}, id="a neighbour"),
        pytest.param({"resolver": "# by DHCP\nsearch lan\nnameserver 192.168.1.1 \n"}, id="comments"),
        pytest.param({"routes6": DEFAULT6}, id="IPv6 beside IPv4"),
        pytest.param({"environ": {"HOME": "/root", "http_proxy": ""}}, id="other variables"),
    ],
)
def test_the_same_network_has_the_same_key(change: dict[str, object]) -> None:
    again = replace(HOME, **change)  # type: ignore[arg-type]
    assert key_of(network(HOME), SALT) == key_of(network(again), SALT)


def test_the_key_says_nothing_and_differs_between_machines() -> None:
    key = key_of(network(HOME), SALT)
    assert len(key) == 32
    assert key != key_of(network(HOME), b"other")


def test_a_login_at_the_proxy_is_not_looked_at() -> None:
    one, other = (
        replace(HOME, environ={"HTTPS_PROXY": f"http://user:{word}@proxy.example:3128"}) for word in ("old", "new")
    )
    assert network(one) == network(other)
    assert network(one).proxies == ("https_proxy=http://proxy.example:3128",)


def test_a_vpn_that_hides_the_default_route_is_seen() -> None:
    """Two halves of all addresses win over the default route, which stays."""
    vpn = "tun0\t00000000\t0100080A\t0003\t0\t0\t900\t00000080\t0\t0\t0\ntun0\t00000080\t0100080A\t0003\t0\t0\t900\t00000080\t0\t0\t0\n"
    found = network(replace(HOME, routes=HEAD + DEFAULT + LINK + vpn))
    assert found.gateway == "10.8.0.1 tun0"


@pytest.mark.parametrize(
    ("routes", "routes6", "gateway"),
    [
        pytest.param("ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n", "", " ppp0", id="point to point"),
        pytest.param("", DEFAULT6, "fe80000000000000aede48fffe001122 wlan0", id="IPv6 alone"),
        pytest.param("", "", "", id="no way out"),
        pytest.param("lo\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n", "", "", id="loopback"),
        pytest.param(
            "wlan0\t00000000\t0101A8C0\t0203\t0\t0\t0\t00000000\t0\t0\t0\n", "", "", id="a route that rejects"
        ),
        pytest.param("wlan0\tzz\tzz\t0003\n\nshort\n", "x\nshort 00\n", "", id="damaged lines"),
    ],
)
def test_networks_without_a_common_gateway(routes: str, routes6: str, gateway: str) -> None:
    found = network(Facts(routes=HEAD + routes, routes6=routes6, environ={}))
    assert (found.gateway, found.is_sure) == (gateway, True)


def test_a_gateway_without_hardware_address_is_unsure() -> None:
    """192.168.1.1 is the gateway of half of all homes and hotels."""
    assert network(HOME).is_sure
    assert not network(replace(HOME, neighbours=ARP.replace("0x2", "0x0"))).is_sure


def test_where_nothing_can_be_told_there_is_no_network() -> None:
    assert identify(Facts(environ={})) is None


@pytest.mark.skipif(not Path("/proc/net/route").exists(), reason="there is no proc_net(5) here")
def test_this_machine_is_in_one_network() -> None:
    machine = Machine(environ={}, home=Path("/"), cwd=Path("/"), platform="linux", euid=0)
    found = [identify(environment.network_facts(machine)) for _ in range(2)]
    assert found[0] == found[1]
    assert found[0] is not None
