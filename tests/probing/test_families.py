"""IPv4 and IPv6 are tried apart, and what counts is the way that the client would go."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest
from probing.behaviours import silent
from probing.hostile import Behaviour, Query, Server, full_backlog, healthy
from probing.racing import race

from mirrorctl.model import Probe
from mirrorctl.probing.families import Junction, Road


def six_is_there() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


pytestmark = pytest.mark.skipif(not six_is_there(), reason="this machine has no IPv6 on loopback")


@pytest.fixture(autouse=True)
def both_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with both kinds of addresses, ::1 first."""
    real = socket.getaddrinfo

    def resolve(host: str, port: int, *args: object, **options: object) -> object:
        if host == "two.test":
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{n}", port)) for n in (2, 1)]
        if host != "both.test":
            return real(host, port, type=socket.SOCK_STREAM)
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def over_six(server: Server, behave: Behaviour = healthy) -> Server:
    """A server on ::1, at the port of one on 127.0.0.1."""
    return Server(behave, address=("::1", server.port))


def url_of(server: Server) -> str:
    return f"http://both.test:{server.port}/simple"


def ways_of(probe: Probe) -> dict[str, tuple[bool, str | None]]:
    return {way.family: (way.used, way.error) for way in probe.ways}


def slowly(server: Server, query: Query) -> None:
    server.wait(0.25)  # more than a busy machine adds
    healthy(server, query)


def test_both_ways_are_measured_and_the_first_is_taken() -> None:
    with Server() as four, over_six(four) as six:
        (entry,) = race({"both": url_of(four)}).ranked
    assert ways_of(entry.probe) == {"ipv6": (True, None), "ipv4": (False, None)}
    assert all(way.connect_s and way.ttfb_s for way in entry.probe.ways)
    assert entry.probe.wait_s == 0
    assert len(six.queries) > len(four.queries) == 1


def test_a_host_of_one_family_has_one_way() -> None:
    with Server() as server:
        (entry,) = race({"only": server.url}).ranked
    assert ways_of(entry.probe) == {"ipv4": (True, None)}


@pytest.mark.parametrize("silent_one", [False, True], ids=["refuses", "is silent"])
def test_of_two_addresses_of_one_family_one_will_do(silent_one: bool) -> None:
    with Server() as server, ExitStack() as stack:
        if silent_one:
            stack.enter_context(full_backlog(("127.0.0.2", server.port)))
        (entry,) = race({"two": f"http://two.test:{server.port}/simple"}).ranked
    assert ways_of(entry.probe) == {"ipv4": (True, None)}


def test_a_black_hole_does_not_win_however_quick_the_other_way_is() -> None:
    """A client like pip would sit out its timeout on the address that comes first, for the first request of every run."""
    with Server() as four, full_backlog(("::1", four.port)), Server(slowly) as plain:
        found = race({"both": url_of(four), "plain": plain.url})
    assert [entry.probe.mirror.id for entry in found.ranked] == ["plain", "both"]
    hole = found.ranked[1].probe
    assert ways_of(hole) == {"ipv6": (False, "connect-timeout"), "ipv4": (True, None)}
    assert hole.wait_s == 15.0
    assert hole.connect_s is not None
    assert hole.connect_s < 0.4  # what we waited ourselves is not charged twice


def test_where_every_mirror_has_the_same_hole_the_better_one_is_found() -> None:
    with Server() as quick, full_backlog(("::1", quick.port)), Server(slowly) as slow, full_backlog(("::1", slow.port)):
        found = race({"slow": url_of(slow), "quick": url_of(quick)})
    assert found.ranked[0].probe.mirror.id == "quick"
    assert found.ranked[0].probe.bandwidth_bytes_per_s is not None


def test_a_refusal_costs_nothing() -> None:
    with Server() as four:
        (entry,) = race({"both": url_of(four)}).ranked
    assert ways_of(entry.probe) == {"ipv6": (False, "connect-refused"), "ipv4": (True, None)}
    assert entry.probe.wait_s == 0


def test_what_is_wrong_on_the_way_that_is_taken_is_wrong_with_the_mirror() -> None:
    def broken(server: Server, query: Query) -> None:
        query.answer(b"down", status="503 Service Unavailable")

    with Server() as four, over_six(four, broken):
        found = race({"both": url_of(four)})
    assert found.ranked == ()
    assert found.rejected[0].reason is not None
    assert found.rejected[0].reason.code == "http-status"


def test_what_is_wrong_on_the_other_way_is_told_and_harmless() -> None:
    with Server(silent) as four, over_six(four):
        (entry,) = race({"both": url_of(four)}).ranked
    assert ways_of(entry.probe)["ipv6"] == (True, None)
    used, error = ways_of(entry.probe)["ipv4"]
    assert (used, error) in ((False, "silent"), (False, "late"))


@pytest.mark.parametrize(
    ("first", "patience_s", "expected_s"),
    [
        pytest.param(Road(family="ipv6", addresses=()), 15.0, 15.0, id="silent, and pip waits"),
        pytest.param(Road(family="ipv6", addresses=()), 0.3, 0.3, id="silent, and dockerd does not"),
        pytest.param(Road(family="ipv6", addresses=(), connect_s=0.9), 15.0, 0.9, id="slow"),
        pytest.param(Road(family="ipv6", addresses=(), failed=OSError()), 15.0, 0.0, id="refused"),
    ],
)
def test_what_the_way_that_comes_first_costs(first: Road, patience_s: float, expected_s: float) -> None:
    second = Road(family="ipv4", addresses=(), connect_s=0.01)
    assert Junction(roads=(first, second), taken=second).wait_s(patience_s) == expected_s
    assert Junction(roads=(first, second), taken=first).wait_s(patience_s) == 0.0
