"""How requests are worded, and how heads of answers are read."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import httpcore

from mirrorctl import __version__
from mirrorctl.ecosystems.base import Request

USER_AGENT = f"mirrorctl/{__version__} (+https://github.com/mirrorctl/mirrorctl)"
SAFE = "%/:=&?~#+!$,;'@()*[]"  # what may stand in a path or query; the rest is written in percent signs


def headers_of(response: httpcore.Response) -> dict[str, str]:
    """Names in lower case. Of a name that comes twice, the first value counts."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in reversed(response.headers)}


def headers_for(request: Request, url: str) -> dict[str, str]:
    """What is sent to `url`. A token goes only to the origin that it was meant for."""
    headers = {"Host": urlsplit(url).netloc, "User-Agent": USER_AGENT, "Accept-Encoding": "identity", **request.headers}
    if request.content:
        headers["Content-Length"] = str(len(request.content))
    if origin_of(url) != origin_of(request.url):
        headers.pop("Authorization", None)
    return headers


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def url_of(url: str) -> httpcore.URL:
    """The URL in parts, as httpcore wants it. Raises ValueError for what is no address."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    target = quote(parts.path or "/", safe=SAFE) + (f"?{quote(parts.query, safe=SAFE)}" if parts.query else "")
    return httpcore.URL(
        scheme=parts.scheme.encode(),
        host=host.encode("ascii" if host.isascii() else "idna"),
        port=parts.port,
        target=target.encode("ascii"),
    )
