"""What is sent to mirrors, and to whom."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from probing.hostile import Query, Server, healthy
from probing.racing import code_of, race

from mirrorctl import __version__
from mirrorctl.ecosystems.base import Request
from mirrorctl.probing import Event, Stage
from mirrorctl.probing.wording import headers_for


def test_we_say_who_we_are_and_ask_for_plain_bytes() -> None:
    with Server() as server:
        race({"only": server.url})
    for query in server.queries:
        assert query.headers["user-agent"] == f"mirrorctl/{__version__} (+https://github.com/mirrorctl/mirrorctl)"
        assert query.headers["accept-encoding"] == "identity"


def test_nobody_is_sent_what_is_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither a login from .netrc nor a cookie that the mirror itself has set."""

    def setting_cookies(server: Server, query: Query) -> None:
        if query.path == "/simple/six/":
            query.send(b"HTTP/1.1 100 Continue\r\nSet-Cookie: first=1\r\n\r\n")
        healthy(server, query)

    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    with Server(setting_cookies) as server:
        assert code_of(server.url) is None
    sent = {name for query in server.queries for name in query.headers}
    assert not sent & {"authorization", "cookie", "proxy-authorization", "referer"}


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        pytest.param("https://registry.example/v2/other", True, id="same origin"),
        pytest.param("https://registry.example:8443/v2/", False, id="another port"),
        pytest.param("http://registry.example/v2/", False, id="another scheme"),
        pytest.param("https://cdn.example/blob", False, id="another host"),
    ],
)
def test_a_token_goes_to_its_own_origin_alone(url: str, kept: bool) -> None:
    request = Request(url="https://registry.example/v2/blob", headers={"Authorization": "Bearer t0ken"})
    assert ("Authorization" in headers_for(request, url)) == kept


def test_redirects_are_followed_within_the_site() -> None:
    def moved(server: Server, query: Query) -> None:
        if query.path.startswith("/old/"):
            query.answer(b"moved", status="301 Moved", extra=f"Location: {query.path.removeprefix('/old')}\r\n")
        else:
            healthy(server, query)

    with Server(moved) as server:
        assert code_of(server.url.replace("/simple", "/old/simple")) is None


def relay(target: Callable[[], Server]) -> Callable[[Server, Query], None]:
    """A proxy for http: it is asked for whole addresses, and answers as the target would."""

    def behave(server: Server, query: Query) -> None:
        assert query.path.startswith("http://mirror.invalid/")
        query.path = query.path.removeprefix("http://mirror.invalid")
        healthy(target(), query)

    return behave


def test_the_proxy_of_the_environment_is_used_and_told_its_own_login_only() -> None:
    with Server() as target, Server(relay(lambda: target)) as proxy:
        environ = {"http_proxy": f"http://me:secret@127.0.0.1:{proxy.port}"}
        assert code_of("http://mirror.invalid/simple", environ) is None
    assert {query.headers["proxy-authorization"] for query in proxy.queries} == {"Basic bWU6c2VjcmV0"}
    assert not [query for query in proxy.queries if "authorization" in query.headers]


@pytest.mark.parametrize("proxy", ["gopher://proxy.example", "http://[broken"])
def test_a_proxy_that_cannot_be_used_is_said(proxy: str) -> None:
    assert code_of("http://mirror.invalid/simple", {"http_proxy": proxy}) == "proxy"


def test_the_phases_of_the_first_connection_are_told_apart() -> None:
    with Server() as server:
        found = race({"only": server.url})
    (entry,) = found.ranked
    probe = entry.probe
    assert probe.connect_s is not None
    assert probe.tls_s is None
    assert probe.ttfb_s is not None
    assert probe.setup_s is not None
    assert 0 < probe.setup_s <= probe.connect_s
    assert probe.bandwidth_bytes_per_s is not None
    assert probe.read_bytes > 1000


def test_latency_alone_reads_no_large_file() -> None:
    with Server() as server:
        found = race({"only": server.url}, latency_only=True)
    assert found.ranked[0].probe.bandwidth_bytes_per_s is None
    assert found.read_bytes < 5_000


def test_progress_is_told_while_it_happens() -> None:
    events: list[Event] = []
    with Server() as server:
        race({"only": server.url}, on_event=events.append)
    assert [event.stage for event in events][:3] == [Stage.GATE, Stage.WAITING, Stage.TRANSFER]
    assert {(event.ecosystem, event.mirror) for event in events} == {("pypi", "only")}
    assert events[-1].probe.bandwidth_bytes_per_s is not None


def test_nothing_to_measure_is_no_error() -> None:
    found = race({})
    assert (found.ranked, found.rejected) == ((), ())
