from __future__ import annotations

import pytest
from ecosystems.walking import Served, Site, drive, mirror, rejection, reply

from mirrorctl.ecosystems import rustup

BASE = "https://rust.example/static"
CANARIES = {"channels": ("stable",), "triples": ("x86_64-unknown-linux-gnu",)}
PLACES = {
    "channel": f"{BASE}/dist/channel-rust-stable.toml",
    "release": f"{BASE}/rustup/release-stable.toml",
    "program": f"{BASE}/rustup/archive/1.28.2/x86_64-unknown-linux-gnu/rustup-init",
}


def site(**answers: Served) -> Site:
    found: dict[str, Served] = {
        "channel": reply('manifest-version = "2"\ndate = "2026-09-10"\n', 206),
        "release": reply("schema-version = '1'\nversion = '1.28.2'\n"),
        "program": reply(b"\x7fELF\x02", 206, content_range="bytes 0-1023/20000000"),
    }
    return Site({f"GET {PLACES[name]}": answer for name, answer in (found | answers).items()})


def test_the_walk_is_that_of_rustup() -> None:
    found = drive(rustup.walk(mirror("rustup", BASE), CANARIES), site())
    assert found.artefact is not None
    assert (found.artefact.url, found.artefact.size_bytes) == (PLACES["program"], 20000000)
    assert found.markers == {"object:rust-stable": "2026-09-10", "published:rust-stable": 1788998400.0}


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        pytest.param({"channel": reply(status=404)}, "http-status", id="no channel"),
        pytest.param({"channel": reply("hello")}, "not-a-server", id="no manifest"),
        pytest.param({"channel": reply('manifest-version = "2"\ndate = "2026-99-10"\n')}, "not-a-server", id="no date"),
        pytest.param({"channel": reply("<html></html>")}, "captive-portal", id="login page"),
        pytest.param({"release": reply("hello")}, "not-a-server", id="no version"),
        pytest.param({"release": reply(status=502)}, "http-status", id="outage"),
        pytest.param({"program": reply(b"#!/bin/sh", 206)}, "hash-mismatch", id="no program"),
    ],
)
def test_what_rustup_could_not_use_is_rejected(answers: dict[str, Served], code: str) -> None:
    assert rejection(rustup.walk(mirror("rustup", BASE), CANARIES), site(**answers)).code == code
