"""Pulling images over HTTP for a benchmark: what dockerd would ask, compared with digests, bounded in time."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

import pytest
from servers.registry import ARCHITECTURE, IMAGES, image, registry
from servers.web import Answer, Faults, Hit, Server

from mirrorctl.dialogue import Fetch, Measured
from mirrorctl.probing.images import fetch_images

BUSYBOX = image(IMAGES["library/busybox"])


@pytest.fixture
def hub() -> Iterator[Server]:
    """Without TLS there can be no token server, whose address is https."""
    with Server(application=registry(token=False)) as server:
        yield server


def fetch(server: Server, *images: str, timeout_s: float = 30.0) -> Measured:
    return fetch_images(Fetch(registry=server.url, images=images, timeout_s=timeout_s), {}, ARCHITECTURE)


def test_every_blob_is_fetched_once(hub: Server) -> None:
    found = fetch(hub, "library/busybox:1")
    assert (found.output.status, found.output.stderr, found.timed_out) == (0, "", False)
    assert found.payload_bytes == sum(map(len, BUSYBOX.blobs.values()))
    assert found.wire_bytes == found.payload_bytes + len(BUSYBOX.index) + len(BUSYBOX.manifest)
    assert found.first_byte_s is not None
    assert 0 < found.first_byte_s < found.seconds
    assert len(hub.asked("/storage/")) == len(BUSYBOX.blobs)
    assert hub.asked("/v2/library/busybox/manifests/1")


def test_several_images_are_one_pull(hub: Server) -> None:
    both = fetch(hub, "library/busybox", "library/hello-world")
    assert both.output.ok
    assert both.payload_bytes == sum(
        fetch(hub, name).payload_bytes or 0 for name in ("library/busybox", "library/hello-world")
    )
    assert len(hub.asked("/v2/library/busybox/manifests/latest")) == 2


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        pytest.param(Faults(status=404, only="/manifests/"), "127.0.0.1 answered HTTP status 404", id="no-such-image"),
        pytest.param(Faults(status=503, only="/storage/"), "127.0.0.1 answered HTTP status 503", id="no-blob"),
        pytest.param(Faults(corrupt=True, only="/storage/"), "it sent other bytes than sha256:", id="other-bytes"),
        pytest.param(Faults(portal=True), "Expecting value", id="portal"),
        pytest.param(Faults(truncate=True, only="/storage/"), "peer closed connection", id="truncated"),
        pytest.param(Faults(status=401), "it wants a login", id="login"),
    ],
)
def test_what_goes_wrong_is_said(hub: Server, faults: Faults, said: str) -> None:
    with hub.failing(faults):
        found = fetch(hub, "library/busybox")
    assert not found.output.ok
    assert said in found.output.stderr
    assert found.payload_bytes is None
    assert not found.timed_out


def test_who_is_silent_is_not_waited_for_when_all_is_over() -> None:
    """One blob is refused while another one is asked for and nothing comes: the pull has failed, now."""
    config, layer = sorted(BUSYBOX.blobs, key=lambda name: len(BUSYBOX.blobs[name]))
    asked, over = Event(), Event()

    def application(hit: Hit) -> Answer:
        if layer in hit.path:
            asked.set()
            over.wait(60)
        if config in hit.path and asked.wait(60):
            return Answer(status=503)
        return registry(token=False, redirect=False)(hit)

    with Server(application=application) as server:
        found = fetch(server, "library/busybox", timeout_s=20)
        over.set()
    assert "answered HTTP status 503" in found.output.stderr
    assert found.seconds < 15
    assert not found.timed_out


def test_nobody_there() -> None:
    with Server(application=registry()) as server:
        pass
    assert not fetch(server, "library/busybox").output.ok


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param(Faults(silent=True, only="/storage/"), id="silent"),
        pytest.param(Faults(rate_bytes_per_s=100_000, only="/storage/"), id="slow"),
    ],
)
def test_time_is_bounded(hub: Server, faults: Faults) -> None:
    with hub.failing(faults):
        found = fetch(hub, "library/busybox", timeout_s=0.5)
    assert found.timed_out
    assert found.seconds >= 0.5
    assert not found.output.ok
