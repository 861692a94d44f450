"""What several targets need."""

from __future__ import annotations

import pytest

from mirrorctl.dialogue import Output
from mirrorctl.targets.common import excerpt, is_loopback, is_private, same_url, version_of


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("https://m.example/simple", "https://m.example/simple/", True),
        ("https://M.Example:443/simple", "https://m.example/simple", True),
        ("https://u:p@m.example/simple", "https://m.example/simple", True),
        ("http://[::1]:80/x", "http://[::1]/x", True),
        ("https://m.example/simple", "http://m.example/simple", False),
        ("https://m.example/simple", "https://m.example/Simple", False),
        ("https://m.example:8443/simple", "https://m.example/simple", False),
        ("https://m.example:port/", "https://m.example/", False),
        ("https://m.example/", None, False),
        (None, None, True),
    ],
)
def test_same_url(left: str | None, right: str | None, same: bool) -> None:
    assert same_url(left, right) is same


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:8080/simple", True),
        ("http://127.1.2.3/simple", True),
        ("http://[::1]/simple", True),
        ("http://127.example/simple", False),
        ("http://m.example/simple", False),
        ("http://[x/simple", False),
    ],
)
def test_is_loopback(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected


@pytest.mark.parametrize(
    ("text", "version"),
    [("pip 23.0.1 from /usr", (23, 0, 1)), ("26.3.dev0", (26, 3)), ("uv 0.13.8 (x86_64)", (0, 13, 8)), ("", ())],
)
def test_version_of(text: str, version: tuple[int, ...]) -> None:
    assert version_of(text) == version


@pytest.mark.parametrize(
    ("output", "line"),
    [
        (
            Output(status=1, stderr="WARNING: x\nERROR: no https://u:pw@m.example/\nhint"),
            "ERROR: no https://u:***@m.example/",
        ),
        (Output(status=None, stderr="pip: no answer within 60 s\n"), "pip: no answer within 60 s"),
        (Output(status=1, stdout="error: \x1b[31mred\x1b[0m"), "error: [31mred[0m"),
        (
            Output(
                status=2,
                stderr='ERROR: Exception:\nTraceback (most recent call last):\n  File "x.py", line 1\nValueError: no name\n',
            ),
            "ValueError: no name",
        ),
        (Output(status=1), ""),
    ],
    ids=["error-line", "last-line", "control-characters", "traceback", "silence"],
)
def test_excerpt(output: Output, line: str) -> None:
    assert excerpt(output) == line


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("https://m.example/simple/", False),
        ("http://m.example/simple", False),
        ("http://m.example:8080/simple", True),
        ("http://u:p@m.example/simple", True),
        ("https://other.example/simple", True),
    ],
)
def test_a_public_mirror_is_public_without_tls_too(url: str, *, private: bool) -> None:
    """As guides had it for years, with a trusted-host: it serves nothing that others do not."""
    public = frozenset({"https://m.example/simple"})
    assert is_private(url, public=public, ours=frozenset()) is private
