from __future__ import annotations

import base64
import hashlib
import json

import pytest
from ecosystems.walking import Served, Site, drive, mirror, rejection, reply

from mirrorctl.ecosystems import npm

BASE = "https://npm.example"
SMALL = b"\x1f\x8b small"
LARGE = b"\x1f\x8b large"
CANARIES = {"small_packages": ("gone", "is-odd"), "large_packages": ("@big/one",)}


def dist(name: str, body: bytes, **changes: object) -> dict[str, object]:
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(body).digest()).decode()
    return {"tarball": f"{BASE}/{name}/-/{name}.tgz", "integrity": integrity, **changes}


def document(**changes: object) -> str:
    versions = {"1.0.0": {"dist": dist("is-odd", SMALL, **changes)}}
    return json.dumps({"dist-tags": {"latest": "1.0.0"}, "versions": versions})


def site(**answers: Served) -> Site:
    head = reply(LARGE, 206, content_range="bytes 0-1023/9000000")
    return Site(
        {
            f"GET {BASE}/is-odd": reply(document()),
            f"GET {BASE}/is-odd/-/is-odd.tgz": reply(SMALL),
            f"GET {BASE}/@big%2Fone/latest": reply(json.dumps({"dist": dist("one", LARGE)})),
            f"GET {BASE}/one/-/one.tgz": head,
            **{f"GET {BASE}/{path}": answer for path, answer in answers.items()},
        }
    )


def test_the_walk_is_that_of_an_install() -> None:
    asked = site()
    found = drive(npm.walk(mirror("npm", f"{BASE}/"), CANARIES), asked)
    assert found.artefact is not None
    assert (found.artefact.url, found.artefact.size_bytes, found.artefact.ranged) == (
        f"{BASE}/one/-/one.tgz",
        9000000,
        True,
    )
    assert [request.url.removeprefix(BASE) for request in asked.asked] == [
        "/gone",
        "/is-odd",
        "/is-odd/-/is-odd.tgz",
        "/@big%2Fone/latest",
        "/one/-/one.tgz",
    ]


def test_a_registry_without_large_packages_is_not_measured_and_works() -> None:
    asked = site(**{"@big%2Fone/latest": reply(status=404)})
    assert drive(npm.walk(mirror("npm", BASE), CANARIES), asked).artefact is None


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        pytest.param({"is-odd": reply(status=404)}, "not-a-registry", id="no package"),
        pytest.param({"is-odd": reply("[]")}, "not-a-registry", id="no document"),
        pytest.param({"is-odd": reply("{}")}, "not-a-registry", id="no versions"),
        pytest.param({"is-odd": reply("<html>login</html>")}, "captive-portal", id="login page"),
        pytest.param({"is-odd": reply(status=503)}, "http-status", id="outage"),
        pytest.param({"is-odd": reply(document(tarball="ftp://x"))}, "not-a-registry", id="no address"),
        pytest.param({"is-odd": reply(document(integrity="sha512-!"))}, "no-digests", id="no digest"),
        pytest.param({"is-odd": reply(document(integrity="", shasum="00"))}, "hash-mismatch", id="shasum"),
        pytest.param({"is-odd/-/is-odd.tgz": reply(b"other")}, "hash-mismatch", id="other bytes"),
        pytest.param({"is-odd/-/is-odd.tgz": reply(status=404)}, "http-status", id="no tarball"),
        pytest.param({"one/-/one.tgz": reply(b"<html>", 200)}, "captive-portal", id="page for a tarball"),
        pytest.param({"one/-/one.tgz": reply(b"zeros", 200)}, "hash-mismatch", id="no tarball at all"),
    ],
)
def test_what_npm_could_not_use_is_rejected(answers: dict[str, Served], code: str) -> None:
    assert rejection(npm.walk(mirror("npm", BASE), CANARIES), site(**answers)).code == code
