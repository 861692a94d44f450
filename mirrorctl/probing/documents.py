"""One document over https, bounded in size and time."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx

from mirrorctl.errors import CatalogError
from mirrorctl.probing.surroundings import proxy_for, tls_context
from mirrorctl.probing.wording import USER_AGENT
from mirrorctl.text import _

TIMEOUT_S = 20.0
HOPS = 3


def fetch(url: str, environ: Mapping[str, str], *, limit_bytes: int) -> bytes:
    """What stands at `url`. Redirects lead to https only. Raises CatalogError."""
    proxy = proxy_for("https", urlsplit(url).hostname or "", environ)
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
                        return _body(response, url, limit_bytes)
                    url = str(response.url.join(response.headers["location"]))
                if not url.startswith("https://"):
                    raise CatalogError(_("{url}: a redirect leads away from https", url=url), subject=url)
        except httpx.HTTPError as error:
            raise CatalogError(
                _("{url} cannot be fetched: {reason}", url=url, reason=str(error) or type(error).__name__),
                hint=_("nothing was changed; fetch it by other means, and give the file"),
                subject=url,
            ) from error
    raise CatalogError(_("{url}: too many redirects", url=url), subject=url)


def _body(response: httpx.Response, url: str, limit_bytes: int) -> bytes:
    data = b""
    for chunk in response.iter_raw():
        data += chunk
        if len(data) > limit_bytes:
            raise CatalogError(
                _("{url} is larger than {limit} bytes", url=url, limit=limit_bytes),
                hint=_("it is not a catalog"),
                subject=url,
            )
    return data
