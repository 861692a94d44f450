"""`catalog update` over https: what is taken, and from where."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from servers.certificates import Authority
from servers.web import Answer, Hit, Server
from servers.workstation import Workstation

from mirrorctl.catalog import bundled_text

NEW = re.sub(r"^catalog_date = .*$", "catalog_date = 2099-01-01", bundled_text(), flags=re.MULTILINE)


def site(hit: Hit) -> Answer:
    match hit.path.partition("?")[0]:
        case "/mirrors.toml":
            return Answer(body=NEW.encode())
        case "/moved":
            return Answer(status=302, headers=(("Location", "/mirrors.toml"),))
        case "/away":
            return Answer(status=302, headers=(("Location", "http://elsewhere.example/mirrors.toml"),))
        case "/circle":
            return Answer(status=302, headers=(("Location", "/circle"),))
        case "/large":
            return Answer(body=b"#" * (600 * 1024))
        case _:
            return Answer(status=404)


@pytest.fixture
def publisher(trusted: Authority) -> Iterator[Server]:
    with Server(application=site, tls=trusted.tls) as server:
        yield server


@pytest.mark.parametrize("path", ["/mirrors.toml", "/moved"])
def test_a_catalog_is_fetched(bare: Workstation, publisher: Server, path: str) -> None:
    data = bare.mirrorctl("catalog", "update", f"{publisher.url}{path}", "--json").ended(0).data
    assert data["catalog_date"] == "2099-01-01"
    bare.mirrorctl("list").ended(0)


@pytest.mark.parametrize(
    ("path", "said"),
    [("/none", "404"), ("/away", "away from https"), ("/circle", "redirects"), ("/large", "larger than")],
)
def test_a_bad_answer_changes_nothing(bare: Workstation, publisher: Server, path: str, said: str) -> None:
    ran = bare.mirrorctl("catalog", "update", f"{publisher.url}{path}", "--lang", "en").ended(10)
    assert said in ran.stderr
    assert not (bare.state / "mirrors.toml").exists()


def test_a_certificate_of_nobody_is_not_believed(bare: Workstation, publisher: Server) -> None:
    ran = bare.mirrorctl("catalog", "update", f"{publisher.url}/mirrors.toml", environ={"SSL_CERT_FILE": ""}).ended(10)
    assert "certificate" in ran.stderr.lower()


@pytest.mark.parametrize(("path", "code"), [("/mirrors.toml", 0), ("/none", 10)])
def test_a_login_is_shown_to_nobody_but_the_server(bare: Workstation, publisher: Server, path: str, code: int) -> None:
    url = f"{publisher.url}{path}?token=hidden".replace("https://", "https://me:hidden@")
    ran = bare.mirrorctl("catalog", "update", url, "--json").ended(code)
    assert "hidden" not in ran.stdout + ran.stderr
    assert publisher.hits[-1].authorization
