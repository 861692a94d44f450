"""What is sent to mirrors, and to whom."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from probing.hostile import Behaviour, Query, Server, healthy
from probing.racing import code_of, race, reason_of

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


def turning_away(client: str, path: str = "") -> Behaviour:
    def behave(server: Server, query: Query) -> None:
        if query.headers["user-agent"].startswith(client) and query.path.startswith(path):
            query.answer(b"robots", status="403 Forbidden")
        else:
            healthy(server, query)

    return behave


AGENTS = {"pip": "pip/26.0", "uv": "uv/0.9"}


@pytest.mark.parametrize(
    ("behave", "reason"),
    [
        pytest.param(healthy, None, id="treats all alike"),
        pytest.param(turning_away("pip/"), "pip: 127.0.0.1 answered HTTP status 403", id="turns pip away"),
        pytest.param(
            turning_away("uv/", "/files/"), "uv: 127.0.0.1 answered HTTP status 403", id="has no files for uv"
        ),
        pytest.param(turning_away("curl/"), None, id="turns away who does not matter"),
    ],
)
def test_a_mirror_that_looks_at_the_client_is_asked_as_the_client(behave: Behaviour, reason: str | None) -> None:
    with Server(behave) as server:
        found = race({"wary": server.url}, agents=AGENTS, features={"user_agent": True})
    seen = [probe.reason for probe in found.rejected if probe.reason]
    assert [one.code for one in seen] == (["user-agent"] if reason else [])
    assert all(reason and reason in str(one.detail) for one in seen)


def test_other_mirrors_are_asked_in_our_own_name_only() -> None:
    with Server() as server:
        race({"only": server.url}, agents=AGENTS)
    assert {query.headers["user-agent"].partition("/")[0] for query in server.queries} == {"mirrorctl"}


@pytest.mark.parametrize("path", ["/simple/six/", "/simple/", "/files/big-1.0-py3-none-any.whl"])
def test_who_asks_us_to_wait_is_asked_nothing_more(path: str) -> None:
    """Not even where the answer was not essential, as that of the root, or where it comes in the middle of the race."""

    def limited(server: Server, query: Query) -> None:
        if query.path == path and (query.method, path) != ("GET", "/simple/"):
            query.answer(b"wait", status="429 Too Many Requests", extra="Retry-After: 30\r\n")
        else:
            healthy(server, query)

    with Server(limited) as server:
        reason = reason_of(server.url)
        first = next(n for n, query in enumerate(server.queries) if query.path == path)
    assert reason is not None
    assert reason.code == "rate-limited"
    assert "30" in str(reason.detail)
    assert server.queries[first + 1 :] == []


def test_the_proxy_is_recorded_without_its_login() -> None:
    with Server() as target, Server(relay(lambda: target)) as proxy:
        place = f"127.0.0.1:{proxy.port}"
        found = race({"only": "http://mirror.invalid/simple"}, environ={"http_proxy": f"http://me:secret@{place}"})
        direct = race({"only": target.url}, environ={"https_proxy": f"http://me:secret@{place}"})
    assert found.ranked[0].probe.proxy == f"http://{place}"
    assert found.ranked[0].probe.ways == ()  # which way the proxy goes is its own business
    assert direct.ranked[0].probe.proxy is None


def test_nothing_is_transferred_before_every_client_has_been_let_in() -> None:
    with Server() as server:
        race({"wary": server.url}, agents=AGENTS, features={"user_agent": True})
    ours = [query.headers["user-agent"].startswith("mirrorctl/") for query in server.queries]
    ranges = [query.headers.get("range", "") for query in server.queries]
    first = next(n for n, part in enumerate(ranges) if part not in ("", "bytes=0-1023", "bytes=0-4095"))
    assert not all(ours)
    assert all(ours[first:])
