"""What the environment says about how to reach the world: certificate authorities and proxies. No credentials.

Read from a mapping, not from the process, as the clients read it: SSL_CERT_FILE and SSL_CERT_DIR (OpenSSL),
HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY (curl(1), urllib).
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # public, but typeshed lacks it

from mirrorctl.values import dataclass


def tls_context(environ: Mapping[str, str]) -> ssl.SSLContext:
    """One context for all connections: making one costs 25 ms. Verification is never off.

    Without a variable: the system's authorities, which git, dockerd and a recent pip use; where there are none, those
    that certifi brings along.
    """
    file, directory = environ.get("SSL_CERT_FILE"), environ.get("SSL_CERT_DIR")
    if file and Path(file).is_file():
        context = ssl.create_default_context(cafile=file)
    elif directory and Path(directory).is_dir():
        context = ssl.create_default_context(capath=directory)
    else:
        context = ssl.create_default_context()
        if not _has_system_store(context):
            import certifi  # noqa: PLC0415  rarely needed

            context.load_verify_locations(cafile=certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context


def _has_system_store(context: ssl.SSLContext) -> bool:
    """Windows gives the context its certificates; elsewhere OpenSSL has a file or a directory with some in it."""
    paths = ssl.get_default_verify_paths()
    return bool(context.cert_store_stats()["x509_ca"] or (paths.capath and any(Path(paths.capath).iterdir())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A proxy, and what it wants to be told. The two are apart so that the URL can be shown."""

    url: str
    auth: tuple[str, str] | None = None


def proxy_for(scheme: str, host: str, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy for a host, or None. Lower-case names win; HTTP_PROXY is not believed in a CGI program (CVE-2016-5385)."""
    variables = {
        name.lower().removesuffix("_proxy"): value
        for name, value in sorted(environ.items())  # upper case first, so that lower case overwrites it
        if name.lower().endswith("_proxy") and not (name == "HTTP_PROXY" and "REQUEST_METHOD" in environ)
    }
    found = variables.get(scheme) or variables.get("all")
    if not found or proxy_bypass_environment(host, {"no": variables.get("no", "")}):
        return None
    scheme, _colon, rest = found.partition("://") if "://" in found else ("http", "", found)
    login, at, place = rest.rpartition("@")
    user, _colon, password = login.partition(":")
    auth = (unquote(user), unquote(password)) if at else None
    return Proxy(url=f"{scheme.lower()}://{place}", auth=auth)
