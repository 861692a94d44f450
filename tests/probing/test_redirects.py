from __future__ import annotations

import pytest

from mirrorctl.ecosystems.base import Rejected
from mirrorctl.probing.redirects import check_hop, site_of

MIRROR = "https://mirrors.example.edu.cn/pypi/simple/six/"


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("mirrors.tuna.tsinghua.edu.cn", "tsinghua.edu.cn"),
        ("pypi.tuna.tsinghua.edu.cn", "tsinghua.edu.cn"),
        ("mirrors.bfsu.edu.cn", "bfsu.edu.cn"),
        ("mirrors.cloud.tencent.com", "tencent.com"),
        ("docker.m.daocloud.io", "daocloud.io"),
        ("Ghfast.TOP.", "ghfast.top"),
        ("localhost", "localhost"),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
    ],
)
def test_what_belongs_to_one_site(host: str, site: str) -> None:
    assert site_of(host) == site


@pytest.mark.parametrize(
    ("target", "code"),
    [
        pytest.param("https://mirrors.example.edu.cn/other/", None, id="same host"),
        pytest.param("https://cdn.example.edu.cn/x", None, id="same site"),
        pytest.param("https://cdn.elsewhere.com/x", "off-site-redirect", id="another site"),
        pytest.param("https://elsewhere.edu.cn/x", "off-site-redirect", id="another university"),
        pytest.param("http://mirrors.example.edu.cn/x", "insecure-redirect", id="without TLS"),
        pytest.param("file:///etc/passwd", "bad-redirect", id="file"),
        pytest.param("ftp://mirrors.example.edu.cn/", "bad-redirect", id="ftp"),
        pytest.param("https:///x", "bad-redirect", id="no host"),
        pytest.param("https://user:pw@mirrors.example.edu.cn/", "bad-redirect", id="password"),
        pytest.param("https://10.0.0.1/", "bad-redirect", id="private address"),
        pytest.param("https://169.254.169.254/", "bad-redirect", id="metadata address"),
        pytest.param("https://[::1]/", "bad-redirect", id="loopback address"),
        pytest.param("https://localhost/", "bad-redirect", id="localhost"),
        pytest.param("https://mirrors.example.edu.cn/\x1b[31m", "bad-redirect", id="control characters"),
        pytest.param("https://mirrors.example.edu.cn/a b", "bad-redirect", id="blank"),
    ],
)
def test_where_an_index_may_send_us(target: str, code: str | None) -> None:
    if code is None:
        check_hop(MIRROR, target, site=MIRROR)
        return
    with pytest.raises(Rejected) as caught:
        check_hop(MIRROR, target, site=MIRROR)
    assert caught.value.code == code
    assert str(caught.value.detail).isprintable()


def test_files_may_come_from_anywhere_that_is_safe() -> None:
    check_hop(MIRROR, "https://cdn.elsewhere.com/x", site=None)
    with pytest.raises(Rejected, match="insecure"):
        check_hop(MIRROR, "http://cdn.elsewhere.com/x", site=None)


def test_a_mirror_without_tls_may_lead_to_one_with() -> None:
    check_hop("http://mirror.example/x", "https://mirror.example/x", site="http://mirror.example/x")
