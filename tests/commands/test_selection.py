"""Addresses that somebody names without the catalog knowing them."""

from __future__ import annotations

from typing import cast

import pytest

from mirrorctl.catalog import Catalog
from mirrorctl.commands import selection
from mirrorctl.commands.session import Session
from mirrorctl.errors import UsageError
from mirrorctl.model import Machine


class Unknowing:
    """A catalog in which there is nothing."""

    def by_url(self, url: str, ecosystem: str) -> None:
        """None, for every address."""


SESSION = Session(machine=cast("Machine", None), catalog=cast("Catalog", Unknowing()))


@pytest.mark.parametrize(
    "url",
    ["http://a_b:5000/simple", "https://[::1]:8443/pypi/+simple/", "https://m.example/~me/%C3%A4", "https://m.example"],
)
def test_an_address_is_taken_as_it_is(url: str) -> None:
    (mirror,) = selection.named(SESSION, url, "pypi")
    assert mirror.url == url


@pytest.mark.parametrize(
    "url",
    [
        "https://[",
        "https://m.example:port/",
        "https://m.example:99999/",
        "https://m.example:0/",
        "https://m.example/\x1b[31m",
        "https://m.example/a\x00b",
        "https://m.example/\nindex-url",
        'https://m.example/"',
        "https://u:p@m.example/",
        "https://m.example/?q",
        "https://m.example/#f",
        "https://m\u0456.example/",
        "ftp://m.example/",
    ],
)
def test_what_no_client_could_use_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        selection.named(SESSION, url, "pypi")
