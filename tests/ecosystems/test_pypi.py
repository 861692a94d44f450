from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from ecosystems.walking import Served, Site, drive, mirror, rejection, reply

from mirrorctl.ecosystems import pypi
from mirrorctl.ecosystems.base import Rejected, Reply, Request
from mirrorctl.ecosystems.pypi_page import parse_page
from mirrorctl.model import FreshnessRecipe
from mirrorctl.text import _

INDEX = "https://index.example/simple"
WHEEL = b"PK\x03\x04 a wheel"
SHA256 = hashlib.sha256(WHEEL).hexdigest()
CANARIES = {"small_projects": ("six",), "large_projects": ("big",)}
SMALL_URL = "https://index.example/packages/six-1.0-py3-none-any.whl"
LARGE_URL = "https://index.example/packages/big-2.0-py3-none-manylinux_2_17_x86_64.whl"
JSON = "application/vnd.pypi.simple.v1+json"

SMALL_PAGE = (
    "<!DOCTYPE html><html><body><h1>Links for six</h1>"
    f'<a href="../../packages/six-1.0-py3-none-any.whl#sha256={SHA256}">six-1.0-py3-none-any.whl</a>'
    "</body></html><!--SERIAL 12-->"
)
LARGE_PAGE = (
    f"<a href='/packages/big-1.9-py3-none-any.whl#sha256={SHA256}'>big</a>"
    f"<a href='/packages/big-2.0rc1-py3-none-any.whl#sha256={SHA256}'>big</a>"
    f"<A CLASS=x HREF=/packages/big-2.0-py3-none-win_amd64.whl#sha256={SHA256}>big</A>"
    f'<a href="/packages/big-2.0-py3-none-manylinux_2_17_x86_64.whl#sha256={SHA256}">big</a>'
)
PART = reply(WHEEL, 206, content_range="bytes 0-1023/50000000")
PORTAL = reply("<html><head><title>Login</title></head><body><form></form></body></html>", content_type="text/html")

HEALTHY: dict[str, Served] = {
    f"GET {INDEX}/six/": reply(SMALL_PAGE, content_type="text/html"),
    f"GET {SMALL_URL}": reply(WHEEL),
    f"GET {INDEX}/big/": reply(LARGE_PAGE, content_type="text/html"),
    f"GET {LARGE_URL}": PART,
}


def site(**changed: Served) -> Site:
    """A healthy index but for: small_page, small_file, large_page, large_file, root."""
    keys = {
        "small_page": f"GET {INDEX}/six/",
        "small_file": f"GET {SMALL_URL}",
        "large_page": f"GET {INDEX}/big/",
        "large_file": f"GET {LARGE_URL}",
        "root": f"HEAD {INDEX}/",
    }
    return Site(HEALTHY | {keys[name]: served for name, served in changed.items()})


def page(text: str) -> Reply:
    return replace(reply(text, content_type="text/html"), url=f"{INDEX}/six/")


def test_a_healthy_index_names_the_newest_linux_wheel_for_measuring() -> None:
    found = drive(pypi.walk(mirror("pypi", INDEX + "/"), CANARIES), site())
    assert found.artefact is not None
    assert (found.artefact.url, found.artefact.size_bytes, found.artefact.ranged) == (LARGE_URL, 50_000_000, True)
    assert found.again is not None
    assert found.again.url == f"{INDEX}/six/"


def test_the_requests_are_worded_as_pip_words_them() -> None:
    asked = site()
    drive(pypi.walk(mirror("pypi", INDEX), CANARIES), asked)
    first = asked.asked[0]
    assert first.headers["Accept"] == f"{JSON}, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"
    assert first.on_site
    assert [request.headers.get("Range") for request in asked.asked if request.url == LARGE_URL] == ["bytes=0-1023"] * 2


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        pytest.param({"small_page": reply(status=404)}, "not-an-index", id="no such project"),
        pytest.param({"small_page": reply(status=403)}, "http-status", id="forbidden"),
        pytest.param({"small_page": reply(status=503)}, "http-status", id="unavailable"),
        pytest.param({"small_page": reply(status=429, retry_after="30")}, "rate-limited", id="too many requests"),
        pytest.param({"small_page": PORTAL}, "captive-portal", id="login page"),
        pytest.param({"small_page": reply("")}, "not-an-index", id="nothing"),
        pytest.param({"small_page": reply("hello")}, "not-an-index", id="plain text"),
        pytest.param({"small_page": reply('{"a": 1}', content_type=JSON)}, "not-an-index", id="other JSON"),
        pytest.param({"small_page": reply('{"files": 1}')}, "not-an-index", id="files of a wrong type"),
        pytest.param({"small_page": reply('{"files": [[]]}')}, "not-an-index", id="a file of a wrong type"),
        pytest.param({"small_page": reply("{" + '"a":[' * 100_000)}, "not-an-index", id="deep JSON"),
        pytest.param({"small_page": reply("<html><h1>Links for six</h1></html>")}, "no-files", id="no links"),
        pytest.param(
            {"small_page": reply('<html>Links for six <a href="javascript:six-1.0.whl">x</a></html>')},
            "no-files",
            id="links that are none",
        ),
        pytest.param({"small_page": reply('<a href="six-1.0-py3.whl">x</a>')}, "no-digests", id="no digests"),
        pytest.param({"small_page": reply('<a href="six-1.0-py3.whl#md5=00">x</a>')}, "no-digests", id="weak digests"),
        pytest.param({"small_file": reply(status=404)}, "http-status", id="file missing"),
        pytest.param({"small_file": reply(b"PK\x03\x04 other")}, "hash-mismatch", id="file tampered with"),
        pytest.param({"small_file": PORTAL}, "hash-mismatch", id="file is a web page"),
        pytest.param({"large_page": reply(status=500)}, "http-status", id="second page broken"),
        pytest.param({"large_file": reply(status=404)}, "http-status", id="large file missing"),
        pytest.param({"large_file": PORTAL}, "captive-portal", id="large file is a web page"),
        pytest.param({"large_file": reply(b"junk", 206)}, "hash-mismatch", id="large file is no archive"),
        pytest.param({"small_file": Rejected("truncated", _("x"))}, "truncated", id="file breaks off"),
    ],
)
def test_what_pip_could_not_use_is_rejected(changed: dict[str, Served], code: str) -> None:
    assert rejection(pypi.walk(mirror("pypi", INDEX), CANARIES), site(**changed)).code == code


def test_a_reason_shows_no_control_characters_of_the_server() -> None:
    body = f'<a href="six-1.0-%1b%5d8;;evil%07-py3.whl#sha256={SHA256}">x</a>'
    link = "https://index.example/simple/six/six-1.0-%1b%5d8;;evil%07-py3.whl"
    asked = Site({f"GET {INDEX}/six/": reply(body), f"GET {link}": reply(b"other")})
    assert "\\u001b]8;;evil\\u0007" in str(rejection(pypi.walk(mirror("pypi", INDEX), CANARIES), asked).detail)


def test_json_and_html_say_the_same() -> None:
    text = json.dumps(
        {
            "meta": {"_last-serial": "12"},
            "files": [
                {"filename": "six-1.0-py3-none-any.whl", "url": SMALL_URL, "hashes": {"sha256": SHA256}},
            ],
        }
    )
    from_json = parse_page(replace(page(text), headers={"content-type": JSON}))
    from_html = parse_page(page(SMALL_PAGE))
    assert from_json == from_html
    assert from_json.serial == 12


def test_a_link_without_a_good_digest_is_a_file_that_cannot_be_checked() -> None:
    (found,) = parse_page(page('<a href="six-1.0.tar.gz#sha1=00">x</a>')).files
    assert (found.name, found.digest) == ("six-1.0.tar.gz", "")


def test_the_smallest_file_is_fetched_and_large_ones_are_passed_over() -> None:
    def file(name: str, size: int) -> dict[str, object]:
        return {"filename": name, "url": f"/packages/{name}", "size": size, "hashes": {"sha256": SHA256}}

    text = json.dumps({"files": [file("six-2.0-py3.whl", 900), file("six-1.0-py3.whl", 90)]})
    small = "https://index.example/packages/six-1.0-py3.whl"
    other = "https://index.example/packages/six-2.0-py3.whl"
    answers: dict[str, Served] = {f"GET {small}": Rejected("too-large", _("x")), f"GET {other}": reply(WHEEL)}
    asked = Site(HEALTHY | {f"GET {INDEX}/six/": reply(text)} | answers)
    drive(pypi.walk(mirror("pypi", INDEX), CANARIES), asked)
    assert [request.url for request in asked.asked][1:3] == [small, other]


def test_the_next_project_is_asked_for_when_a_mirror_lacks_one() -> None:
    canaries = {"small_projects": ("absent", "six"), "large_projects": ("absent", "big")}
    assert drive(pypi.walk(mirror("pypi", INDEX), canaries), site()).artefact is not None


@pytest.mark.parametrize(
    ("served", "expected"),
    [
        pytest.param(reply(WHEEL, 206, content_range="bytes 0-9/3000"), None, id="too small to measure with"),
        pytest.param(reply(WHEEL, 206, content_range="bytes 0-9/*"), (True, None), id="size not stated"),
        pytest.param(reply(WHEEL, 200, content_length="50000000"), (False, 50_000_000), id="ranges ignored"),
    ],
)
def test_what_a_large_file_is_good_for(served: Reply, expected: tuple[bool, int | None] | None) -> None:
    artefact = drive(pypi.walk(mirror("pypi", INDEX), CANARIES), site(large_file=served)).artefact
    assert (artefact and (artefact.ranged, artefact.size_bytes)) == expected


def test_an_index_without_a_large_file_is_good_nevertheless() -> None:
    assert drive(pypi.walk(mirror("pypi", INDEX), CANARIES), site(large_page=reply(status=404))).artefact is None


DATE = "Sat, 21 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("root", "markers"),
    [
        pytest.param(reply(status=404), {}, id="no root"),
        pytest.param(Rejected("silent", _("x")), {}, id="root not answered"),
        pytest.param(reply(x_pypi_last_serial="33000000"), {"root_serial": 33000000}, id="serial in a header"),
        pytest.param(reply(x_pypi_last_serial="9" * 40), {}, id="absurd serial"),
        pytest.param(
            reply(last_modified="Sat, 21 Nov 2026 10:00:00 GMT", date=DATE),
            {"root_modified_at": datetime(2026, 11, 21, 10, tzinfo=UTC).timestamp()},
            id="date of the page",
        ),
        pytest.param(reply(last_modified=DATE, date=DATE), {}, id="page made for this request"),
        pytest.param(reply(last_modified="yesterday", date=DATE), {}, id="no date"),
    ],
)
def test_the_root_tells_how_fresh_the_index_is(root: Served, markers: dict[str, float]) -> None:
    assert drive(pypi.walk(mirror("pypi", INDEX), CANARIES), site(root=root)).markers == markers


def test_the_serial_at_the_end_of_a_static_root_is_read_by_range() -> None:
    asked = site(root=reply(accept_ranges="bytes", content_length="30000000"))
    asked.answers = {**asked.answers, f"GET {INDEX}/": reply("</html><!--SERIAL 33000001-->", 206)}
    assert drive(pypi.walk(mirror("pypi", INDEX), CANARIES), asked).markers == {"root_serial": 33000001}
    assert [request.headers.get("Range") for request in requests_of(asked, f"{INDEX}/")] == [None, "bytes=-120"]


def test_the_feed_of_a_mirror_is_read() -> None:
    feed = "https://index.example/tunasync.json"
    known = replace(mirror("pypi", INDEX), freshness=(FreshnessRecipe(type="tunasync", url=feed, job="pypi"),))
    asked = site()
    asked.answers = {**asked.answers, f"GET {feed}": reply('[{"name": "pypi", "last_update_ts": 1700000000}]')}
    assert drive(pypi.walk(known, CANARIES), asked).markers == {"synced_at": 1700000000}


def requests_of(site: Site, url: str) -> list[Request]:
    return [request for request in site.asked if request.url == url]


def test_what_is_not_essential_is_asked_with_patience_and_not_timed() -> None:
    asked = site()
    drive(pypi.walk(mirror("pypi", INDEX), CANARIES), asked)
    (root,) = requests_of(asked, f"{INDEX}/")
    assert root.patience_s is not None
    assert not root.timed
