from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import pytest
from ecosystems.walking import Served, Site, drive, mirror, rejection, reply

from mirrorctl.ecosystems import ECOSYSTEMS, docker
from mirrorctl.ecosystems.base import Reply, Request
from mirrorctl.model import REGISTRIES

BASE = "https://registry.example"
IMAGE = "library/busybox"
CANARIES = {"images": ("library/absent", IMAGE)}
CONFIG = b'{"architecture": "amd64", "created": "2026-11-01T00:00:00Z"}'
LAYER_DIGEST = "sha256:" + "ab" * 32


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


MANIFEST = json.dumps(
    {
        "config": {"digest": digest(CONFIG), "size": len(CONFIG)},
        "layers": [{"digest": "sha256:" + "cd" * 32, "size": 10}, {"digest": LAYER_DIGEST, "size": 2_000_000}],
    }
).encode()
INDEX = json.dumps(
    {
        "manifests": [
            {"digest": "sha256:" + "00" * 32, "platform": {"architecture": "unknown", "os": "unknown"}},
            {"digest": "sha256:" + "11" * 32, "platform": {"architecture": "arm64", "os": "linux"}},
            {"digest": digest(MANIFEST), "platform": {"architecture": "amd64", "os": "linux"}},
        ]
    }
).encode()

URLS = {
    "door": f"GET {BASE}/v2/",
    "tag": f"GET {BASE}/v2/{IMAGE}/manifests/latest",
    "manifest": f"GET {BASE}/v2/{IMAGE}/manifests/{digest(MANIFEST)}",
    "config": f"GET {BASE}/v2/{IMAGE}/blobs/{digest(CONFIG)}",
    "layer": f"GET {BASE}/v2/{IMAGE}/blobs/{LAYER_DIGEST}",
    "token": "GET https://auth.example/token?scope=repository%3Alibrary%2Fbusybox%3Apull&service=registry.example",
    "absent_token": "GET https://auth.example/token?scope=repository%3Alibrary%2Fabsent%3Apull&service=registry.example",
}
HEALTHY: dict[str, Served] = {
    "door": reply("{}"),
    "tag": reply(INDEX, docker_content_digest=digest(INDEX)),
    "manifest": reply(MANIFEST),
    "config": reply(CONFIG),
    "layer": reply(b"\x1f\x8b part", 206, content_range="bytes 0-1023/2000000"),
    "token": reply('{"token": "t0ken"}'),
    "absent_token": reply('{"access_token": "t0ken"}'),
}
CHALLENGE = 'Bearer realm="https://auth.example/token",service="registry.example"'


def site(**changed: Served) -> Site:
    return Site({URLS[name]: served for name, served in (HEALTHY | changed).items()})


@pytest.mark.parametrize("name", [name for name in REGISTRIES if name != docker.NAME])
def test_other_registries_are_asked_as_docker_hub_is(name: str) -> None:
    """The tag may be named: not every image has a `latest`."""
    found = ECOSYSTEMS[name]
    answers = {url.replace("manifests/latest", "manifests/3.9"): served for url, served in site().answers.items()}
    finding = drive(found.walk(mirror(name, BASE), {"images": (f"{IMAGE}:3.9",)}), Site(answers))
    assert found.WORKLOAD == docker.WORKLOAD
    assert finding.artefact is not None
    assert finding.artefact.name == LAYER_DIGEST


def locked(served: Served) -> Served:
    """A resource that wants the token."""

    def answer(request: Request) -> Reply:
        if request.headers.get("Authorization") != "Bearer t0ken":
            return reply(status=401, www_authenticate=CHALLENGE)
        assert isinstance(served, Reply)
        return served

    return answer


def test_the_largest_layer_of_the_first_image_that_is_there_is_measured_with() -> None:
    found = drive(docker.walk(mirror("docker", BASE + "/", "registry-mirror"), CANARIES), site())
    assert found.artefact is not None
    assert (found.artefact.url, found.artefact.size_bytes) == (URLS["layer"].removeprefix("GET "), 2_000_000)
    built_at = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
    assert found.markers == {f"object:{IMAGE}": digest(CONFIG), f"published:{IMAGE}": built_at}


def test_a_token_is_fetched_anonymously_from_wherever_the_registry_says() -> None:
    asked = site(**{name: locked(served) for name, served in HEALTHY.items() if "token" not in name})
    found = drive(docker.walk(mirror("docker", BASE), CANARIES), asked)
    assert found.artefact is not None
    assert found.artefact.headers == {"Authorization": "Bearer t0ken"}
    assert all("Authorization" not in request.headers for request in asked.asked if "auth.example" in request.url)


def test_a_registry_may_be_open_at_the_door_and_locked_inside() -> None:
    inside = {
        name: locked(served) for name, served in HEALTHY.items() if name in ("tag", "manifest", "config", "layer")
    }
    assert drive(docker.walk(mirror("docker", BASE), CANARIES), site(**inside)).artefact is not None


def test_a_tag_may_name_a_manifest_without_an_index() -> None:
    assert drive(docker.walk(mirror("docker", BASE), CANARIES), site(tag=reply(MANIFEST))).artefact is not None


@pytest.mark.parametrize(
    ("size", "has_it", "measured"),
    [
        pytest.param(50_000_000, True, "library/python", id="large enough"),
        pytest.param(5_000_000, True, IMAGE, id="no better"),
        pytest.param(50_000_000, False, IMAGE, id="not for everybody"),
    ],
)
def test_a_larger_image_is_measured_with_where_it_can_be_had(size: int, has_it: bool, measured: str) -> None:
    large, layer = f"{BASE}/v2/library/python", "sha256:" + "ef" * 32
    manifest = json.dumps({"config": {"digest": digest(CONFIG)}, "layers": [{"digest": layer, "size": size}]}).encode()
    more = {
        f"GET {large}/manifests/latest": reply(manifest) if has_it else reply(status=403),
        f"GET {large}/blobs/{layer}": reply(b"\x1f\x8b part", 206, content_range=f"bytes 0-1023/{size}"),
    }
    asked = Site({URLS[name]: served for name, served in HEALTHY.items()} | more)
    found = drive(docker.walk(mirror("docker", BASE), CANARIES | {"large_images": ("library/python",)}), asked)
    assert found.artefact is not None
    assert found.artefact.url.startswith(f"{BASE}/v2/{measured}/blobs/")
    assert found.again is not None
    assert IMAGE in found.again.url


PORTAL = reply("<html><body>Login</body></html>")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        pytest.param({"door": reply(status=404)}, "http-status", id="no registry"),
        pytest.param({"door": PORTAL}, "captive-portal", id="login page"),
        pytest.param({"door": reply(status=401, www_authenticate='Basic realm="x"')}, "login-required", id="password"),
        pytest.param({"door": reply(status=401)}, "login-required", id="no challenge"),
        pytest.param({"door": reply(status=401, www_authenticate='Bearer realm="file:///x"')}, "token", id="odd realm"),
        pytest.param({"door": reply(status=401, www_authenticate="Bearer x")}, "token", id="no realm"),
        pytest.param({"tag": reply(status=404)}, "not-a-registry", id="no image"),
        pytest.param({"tag": reply(status=403)}, "http-status", id="image not allowed"),
        pytest.param({"tag": reply(status=429, retry_after="30")}, "rate-limited", id="too many requests"),
        pytest.param({"tag": reply("[]")}, "not-a-registry", id="a list for a manifest"),
        pytest.param({"tag": reply("{}")}, "not-a-registry", id="empty manifest"),
        pytest.param({"tag": PORTAL}, "captive-portal", id="web page for a manifest"),
        pytest.param({"tag": reply('{"manifests": []}')}, "not-a-registry", id="no platform"),
        pytest.param(
            {"tag": reply(INDEX, docker_content_digest="sha256:" + "00" * 32)}, "hash-mismatch", id="tag tampered with"
        ),
        pytest.param({"manifest": reply(MANIFEST + b" ")}, "hash-mismatch", id="manifest tampered with"),
        pytest.param({"manifest": reply(status=404)}, "http-status", id="manifest missing"),
        pytest.param({"config": reply(b"{}")}, "hash-mismatch", id="configuration tampered with"),
        pytest.param({"layer": reply(status=403)}, "http-status", id="layer forbidden"),
        pytest.param({"layer": PORTAL}, "captive-portal", id="layer is a web page"),
    ],
)
def test_what_dockerd_could_not_use_is_rejected(changed: dict[str, Served], code: str) -> None:
    assert rejection(docker.walk(mirror("docker", BASE), CANARIES), site(**changed)).code == code


@pytest.mark.parametrize(
    ("served", "code"),
    [
        pytest.param(reply(status=401), "login-required", id="refused"),
        pytest.param(reply(status=500), "http-status", id="broken"),
        pytest.param(reply("{}"), "token", id="empty"),
        pytest.param(reply('{"token": "a\\r\\nX: y"}'), "token", id="smuggled header"),
        pytest.param(PORTAL, "captive-portal", id="web page"),
    ],
)
def test_a_bad_token_is_a_rejection(served: Served, code: str) -> None:
    asked = site(door=reply(status=401, www_authenticate=CHALLENGE), token=served, absent_token=served)
    assert rejection(docker.walk(mirror("docker", BASE), CANARIES), asked).code == code


def test_only_the_registry_itself_may_answer_for_tags() -> None:
    """A tag is not protected by a digest that the client knows; blobs are, and may come from elsewhere."""
    asked = site()
    drive(docker.walk(mirror("docker", BASE), CANARIES), asked)
    assert {request.on_site for request in asked.asked if "/manifests/" in request.url} == {True}
    assert {request.on_site for request in asked.asked if "/blobs/" in request.url} == {False}
