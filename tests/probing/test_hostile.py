"""Every misbehaviour ends as a rejection with the right code, in bounded time and memory, and harms no other mirror."""

from __future__ import annotations

import socket
import threading
import tracemalloc
from contextlib import ExitStack

import pytest
from probing.behaviours import BEHAVIOURS, TOLERABLE, broken_later
from probing.hostile import Behaviour, Server, full_backlog
from probing.racing import code_of, race, reason_of

HANGING = ("connect-timeout", "silent", "slow", "tls-timeout")
FLOODS = ("a body without end", "chunks without end", "headers without end", "100 Continue without end")


@pytest.mark.parametrize(
    ("behave", "code"), [pytest.param(behave, code, id=name) for name, (behave, code) in BEHAVIOURS.items()]
)
def test_a_misbehaviour_is_a_rejection(behave: Behaviour, code: str) -> None:
    with Server(behave) as server:
        reason = reason_of(server.url, deadline_s=3.0 if code in HANGING else 20.0)
    assert reason is not None
    assert reason.code == code, str(reason.detail)
    assert str(reason.detail).isprintable()


@pytest.mark.parametrize("behave", TOLERABLE.values(), ids=TOLERABLE)
def test_what_a_client_can_live_with_is_eligible(behave: Behaviour) -> None:
    with Server(behave) as server:
        assert reason_of(server.url) is None


def test_a_flood_harms_no_other() -> None:
    with ExitStack() as stack:
        urls = {name: stack.enter_context(Server(BEHAVIOURS[name][0])).url for name in FLOODS}
        found = race(urls | {"sound": stack.enter_context(Server()).url})
    assert [entry.probe.mirror.id for entry in found.ranked] == ["sound"]
    assert all(probe.read_bytes < 2_000_000 for probe in found.rejected)


def test_memory_is_bounded() -> None:
    """What a server sends without end is not kept: ten bodies without end take no more room than their limits."""
    endless, _code = BEHAVIOURS["a body without end"]
    with ExitStack() as stack:
        urls = {str(number): stack.enter_context(Server(endless)).url for number in range(10)}
        tracemalloc.start()
        race(urls)
        _now_bytes, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak_bytes < 40_000_000


def test_where_all_are_bad_nothing_is_ranked() -> None:
    with Server(BEHAVIOURS["hangs up"][0]) as first, Server(BEHAVIOURS["500 for everything"][0]) as second:
        found = race({"a": first.url, "b": second.url})
    assert found.ranked == ()
    assert {probe.mirror.id for probe in found.rejected} == {"a", "b"}


def test_a_mirror_that_fails_after_a_while_is_not_chosen() -> None:
    with Server(broken_later) as server:
        assert code_of(server.url) == "unsteady"


def test_a_closed_port_refuses() -> None:
    with Server() as server:
        url = server.url
    assert code_of(url) == "connect-refused"


def test_a_port_that_does_not_answer_is_given_up() -> None:
    with full_backlog() as port:
        assert code_of(f"http://127.0.0.1:{port}/simple", deadline_s=1.0) == "connect-timeout"


def test_a_name_that_does_not_resolve_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*args: object, **options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    assert code_of("http://mirror.invalid/simple") == "dns"


def test_a_resolver_that_hangs_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the measurement nor the end of the program waits for a lookup."""
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: release.wait(60))
    assert code_of("http://mirror.invalid/simple", deadline_s=1.0) == "connect-timeout"
    release.set()
