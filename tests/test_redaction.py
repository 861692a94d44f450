"""What is hidden, and what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirrorctl.redaction import has_userinfo, redact


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("https://user:pw@pypi.example/simple", "https://user:***@pypi.example/simple", id="password"),
        pytest.param("https://user:p%40w@pypi.example/", "https://user:***@pypi.example/", id="percent-encoded"),
        pytest.param("https://user:p@w@pypi.example/", "https://user:***@pypi.example/", id="bare-at-sign"),
        pytest.param("https://user:p/w#1@pypi.example/", "https://user:***@pypi.example/", id="slash-in-password"),
        pytest.param("https://:pw@pypi.example/", "https://:***@pypi.example/", id="no-user"),
        pytest.param("https://gh_token@pypi.example/", "https://***@pypi.example/", id="token-alone"),
        pytest.param("git+https://tok@git.example/x", "git+https://***@git.example/x", id="token-in-vcs-url"),
        pytest.param("ssh://git@git.example/x", "ssh://git@git.example/x", id="ssh-account"),
        pytest.param("https://npm.example/@scope/name", "https://npm.example/@scope/name", id="at-sign-in-path"),
        pytest.param("https://npm.example:8443/@scope/name", "https://npm.example:8443/@scope/name", id="port"),
        pytest.param("http://[::1]:8080/@scope", "http://[::1]:8080/@scope", id="ipv6"),
        pytest.param(
            "https://a:b@x.example,https://c:d@y.example", "https://a:***@x.example,https://c:***@y.example", id="glued"
        ),
        pytest.param('"https://a:b@x.example/" "c"', '"https://a:***@x.example/" "c"', id="quoted"),
        pytest.param("https://x.example/?token=abc&y=1", "https://x.example/?token=***&y=1", id="query"),
        pytest.param("extraheader = Authorization: Basic QWxh", "extraheader = Authorization: Basic ***", id="header"),
        pytest.param("//npm.example/:_authToken=abc", "//npm.example/:_authToken=***", id="npm-token"),
        pytest.param('  "splunk-token": "abc",', '  "splunk-token": "***",', id="json-member"),
        pytest.param('{"a": {"auth": "YWJj"}, "b": 1}', '{"a": {"auth": "***"}, "b": 1}', id="docker-login"),
        pytest.param('{"identitytoken":"abc","b":1}', '{"identitytoken":"***","b":1}', id="json-on-one-line"),
        pytest.param(r"b'[x]\n\tpassword = abc\ny = 1'", r"b'[x]\n\tpassword = ***\ny = 1'", id="quoted-line"),
        pytest.param("+password = abc", "+password = ***", id="diff-line"),
        pytest.param(
            "[global]\nindex-url = https://x.example/\n", "[global]\nindex-url = https://x.example/\n", id="none"
        ),
    ],
)
def test_redact(text: str, shown: str) -> None:
    assert redact(text) == shown
    assert redact(shown) == shown


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\t \"'<>"), min_size=1).filter(
        str.isprintable
    ),
    st.sampled_from(["https://{}:{}@pypi.example/simple", "proxy = http://{}:{}@proxy.example:3128 # x"]),
)
def test_no_password_survives(noise: str, shape: str) -> None:
    """Whatever characters a password has, none of it is shown."""
    secret = f"sEcReT{noise}sEcReT"
    assert "sEcReT" not in redact(shape.format("user", secret))


@pytest.mark.parametrize(
    "unit", ["://a:b", "a", "-", "://", "a://b:", "?a-token", "authorization=", "https://a@", "\t-"]
)
def test_hostile_text_costs_linear_time(unit: str) -> None:
    """A mebibyte of almost-matches is read in a moment; the test would otherwise run for hours."""
    redact(unit * (1024 * 1024 // len(unit)))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://user:pw@pypi.example/simple", True),
        ("https://token@pypi.example/simple", True),
        ("https://pypi.example/@user/simple", False),
        ("https://pypi.example/simple", False),
    ],
)
def test_has_userinfo(url: str, expected: bool) -> None:
    assert has_userinfo(url) is expected
