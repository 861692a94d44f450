from __future__ import annotations

import pytest
from ecosystems.walking import Served, Site, drive, mirror, rejection, reply

from mirrorctl.ecosystems import go

BASE = "https://go.example/proxy"
CANARIES = {
    "small_modules": ("gone.example/x@v1.0.0", "example.com/X@v0.3.0"),
    "large_modules": ("big.example/y@v1.0.0",),
}
PLACE = f"{BASE}/example.com/!x/@v/v0.3.0"
ZIP = f"{BASE}/big.example/y/@v/v1.0.0.zip"


def site(**answers: Served) -> Site:
    found: dict[str, Served] = {
        f"GET {PLACE}.info": reply('{"Version": "v0.3.0", "Time": "2017-12-14T13:08:43Z"}'),
        f"GET {PLACE}.mod": reply("module example.com/X\n"),
        f"GET {ZIP}": reply(b"PK\x03\x04", 206, content_range="bytes 0-1023/30000000"),
    }
    places = {"info": f"{PLACE}.info", "mod": f"{PLACE}.mod", "zip": ZIP}
    return Site(found | {f"GET {places[name]}": answer for name, answer in answers.items()})


def test_the_walk_is_that_of_a_download() -> None:
    asked = site()
    found = drive(go.walk(mirror("go", f"{BASE}/"), CANARIES), asked)
    assert found.artefact is not None
    assert (found.artefact.url, found.artefact.size_bytes) == (ZIP, 30000000)
    assert [request.url for request in asked.asked] == [
        f"{BASE}/gone.example/x/@v/v1.0.0.info",
        f"{PLACE}.info",
        f"{PLACE}.mod",
        ZIP,
    ]


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        pytest.param({"info": reply(status=410)}, "not-a-proxy", id="no module"),
        pytest.param({"info": reply("not found")}, "not-a-proxy", id="text"),
        pytest.param({"info": reply('{"Version": "v9.9.9"}')}, "not-a-proxy", id="another version"),
        pytest.param({"info": reply("<html></html>")}, "captive-portal", id="login page"),
        pytest.param({"info": reply(status=418)}, "http-status", id="teapot"),
        pytest.param({"mod": reply("module example.com/Y\n")}, "hash-mismatch", id="another module"),
        pytest.param({"mod": reply(status=404)}, "http-status", id="no go.mod"),
        pytest.param({"zip": reply(b"\0\0\0\0", 206)}, "hash-mismatch", id="no zip"),
        pytest.param({"zip": reply(status=403)}, "http-status", id="files forbidden"),
    ],
)
def test_what_go_could_not_use_is_rejected(answers: dict[str, Served], code: str) -> None:
    assert rejection(go.walk(mirror("go", BASE), CANARIES), site(**answers)).code == code
