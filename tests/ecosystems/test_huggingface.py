from __future__ import annotations

import json

import pytest
from ecosystems.walking import Served, Site, drive, mirror, rejection, reply

from mirrorctl.ecosystems import huggingface

BASE = "https://hub.example"
CANARIES = {"models": ("gone/model", "some/model")}
LISTED = json.dumps({"sha": "abc123", "siblings": [{"rfilename": "config.json"}]})
PLACES = {
    "list": f"{BASE}/api/models/some/model/revision/main",
    "file": f"{BASE}/some/model/resolve/abc123/config.json",
}


def site(**answers: Served) -> Site:
    found: dict[str, Served] = {"list": reply(LISTED), "file": reply('{"model_type": "x"}')}
    return Site({f"GET {PLACES[name]}": answer for name, answer in (found | answers).items()})


def test_the_walk_is_that_of_a_download() -> None:
    asked = site()
    found = drive(huggingface.walk(mirror("huggingface", BASE), CANARIES), asked)
    assert (found.artefact, found.markers) == (None, {"object:some/model": "abc123"})
    assert [request.url for request in asked.asked][1:] == [PLACES["list"], PLACES["file"]]


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        pytest.param({"list": reply(status=404)}, "not-a-hub", id="no model"),
        pytest.param({"list": reply("[]")}, "not-a-hub", id="no list"),
        pytest.param({"list": reply("{}")}, "not-a-hub", id="empty"),
        pytest.param({"list": reply("<html></html>")}, "captive-portal", id="login page"),
        pytest.param({"list": reply(status=429)}, "rate-limited", id="too many requests"),
        pytest.param({"file": reply("not json")}, "not-a-hub", id="other file"),
        pytest.param({"file": reply(status=403)}, "http-status", id="files forbidden"),
    ],
)
def test_what_the_client_could_not_use_is_rejected(answers: dict[str, Served], code: str) -> None:
    assert rejection(huggingface.walk(mirror("huggingface", BASE), CANARIES), site(**answers)).code == code
