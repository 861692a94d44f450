from __future__ import annotations

import ssl
from collections.abc import Mapping

import pytest

from mirrorctl.probing.surroundings import Proxy, proxy_for, tls_context

PROXY = Proxy(url="http://proxy.example:3128")


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({}, None, id="none"),
        pytest.param({"https_proxy": "http://proxy.example:3128"}, PROXY, id="lower case"),
        pytest.param({"HTTPS_PROXY": "http://proxy.example:3128"}, PROXY, id="upper case"),
        pytest.param({"HTTPS_PROXY": "http://other", "https_proxy": "http://proxy.example:3128"}, PROXY, id="both"),
        pytest.param({"ALL_PROXY": "http://proxy.example:3128"}, PROXY, id="for all"),
        pytest.param({"http_proxy": "http://proxy.example:3128"}, None, id="for http alone"),
        pytest.param({"https_proxy": "proxy.example:3128"}, PROXY, id="without a scheme"),
        pytest.param({"https_proxy": "http://proxy.example:3128", "no_proxy": "*"}, None, id="none for anything"),
        pytest.param({"https_proxy": "http://proxy.example:3128", "no_proxy": "mirror.example"}, None, id="not for it"),
        pytest.param({"https_proxy": "http://proxy.example:3128", "NO_PROXY": ".example"}, None, id="not for its site"),
        pytest.param({"https_proxy": "http://proxy.example:3128", "no_proxy": "other"}, PROXY, id="not for others"),
        pytest.param({"https_proxy": ""}, None, id="empty"),
        pytest.param(
            {"https_proxy": "http://me:p%40ss@proxy.example:3128"},
            Proxy(url="http://proxy.example:3128", auth=("me", "p@ss")),
            id="with a password",
        ),
    ],
)
def test_the_proxy_is_the_one_that_the_clients_use(environ: Mapping[str, str], expected: Proxy | None) -> None:
    assert proxy_for("https", "mirror.example", environ) == expected


def test_in_a_cgi_program_http_proxy_is_a_header_of_somebody() -> None:
    environ = {"HTTP_PROXY": "http://evil.example", "REQUEST_METHOD": "GET"}
    assert proxy_for("http", "mirror.example", environ) is None


@pytest.mark.parametrize("environ", [{}, {"SSL_CERT_FILE": "/nonexistent"}, {"SSL_CERT_DIR": "/"}])
def test_certificates_are_always_checked(environ: Mapping[str, str]) -> None:
    context = tls_context(environ)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
