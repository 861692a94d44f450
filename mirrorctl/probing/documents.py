"""One document over https, bounded in size and time. Its address may hold a login, which nobody gets to see."""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx

from mirrorctl.errors import CatalogError
from mirrorctl.probing.surroundings import proxy_for, tls_context
from mirrorctl.probing.wording import USER_AGENT
from mirrorctl.redaction import redact
from mirrorctl.text import _

TIMEOUT_S = 20.0  # of silence
LIMIT_S = 60.0  # in all
HOPS = 3


def fetch(url: str, environ: Mapping[str, str], *, limit_bytes: int) -> bytes:
    """What stands at `url`. Redirects lead to https only. Raises CatalogError."""
    deadline_s = time.monotonic() + LIMIT_S
    shown = redact(url)
    proxy = proxy_for("https", _host(url), environ)
    with httpx.Client(
        verify=tls_context(environ),
        proxy=httpx.Proxy(proxy.url, auth=proxy.auth) if proxy else None,
        trust_env=False,
        timeout=TIMEOUT_S,
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
    ) as client:
        try:
            for _hop in range(HOPS + 1):
                with client.stream("GET", url) as response:
                    if not response.has_redirect_location:
                        response.raise_for_status()
                        return _body(response, shown, limit_bytes, deadline_s)
                    url = str(response.url.join(response.headers["location"]))
                    shown = redact(url)
                if not url.startswith("https://"):
                    raise CatalogError(_("{url}: a redirect leads away from https", url=shown), subject=shown)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CatalogError(
                _("{url} cannot be fetched: {reason}", url=shown, reason=redact(str(error)) or type(error).__name__),
                hint=_("nothing was changed; fetch it by other means, and give the file"),
                subject=shown,
            ) from error
    raise CatalogError(_("{url}: too many redirects", url=shown), subject=shown)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError as error:
        raise CatalogError(_("{url} is no address", url=redact(url)), subject=redact(url)) from error


def _body(response: httpx.Response, url: str, limit_bytes: int, deadline_s: float) -> bytes:
    data = b""
    for chunk in response.iter_raw():
        data += chunk
        if time.monotonic() > deadline_s:
            raise CatalogError(
                _("{url} cannot be fetched: {reason}", url=url, reason=_("it comes in too slowly")),
                hint=_("nothing was changed; fetch it by other means, and give the file"),
                subject=url,
            )
        if len(data) > limit_bytes:
            raise CatalogError(
                _("{url} is larger than {limit} bytes", url=url, limit=limit_bytes),
                hint=_("it is not a catalog"),
                subject=url,
            )
    return data
