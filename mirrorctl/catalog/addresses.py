"""Which URLs may stand in a catalog, and when two of them are the same. Pure."""

from __future__ import annotations

import re

from mirrorctl.text import Text, _

_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
# RFC 3986, without user information, query and fragment, and without the characters that mean something to a shell
# or in the files of the clients.
_URL = re.compile(rf"(https?)://({_HOST})(?::([0-9]{{1,5}}))?(/[A-Za-z0-9._~+@:%/=,-]*)?")
_ORIGIN = re.compile(rf"https?://{_HOST}(?::[0-9]{{1,5}})?/?")


def flaw(url: str) -> Text | None:
    """Why `url` may not stand in a catalog, or None."""
    found = _URL.fullmatch(url)
    if not found:
        return _explain(url)
    _scheme, host, port, path = found.groups()
    if port and not 0 < int(port) < 65536:
        return _("the port has to be between 1 and 65535")
    if ".." in host or (path and "/../" in path.replace("%2e", ".").replace("%2E", ".") + "/"):
        return _('".." is not allowed in a URL')
    return None


def _explain(url: str) -> Text:
    """The first thing that is wrong with a URL that does not match. Never repeats what may be a password."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in {"http", "https"}:
        return _("this has to begin with https:// or http://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority:
        return _("a URL must not hold a user name or password; they belong into ~/.netrc or a keyring")
    if not authority.isascii():
        return _("the host has to be written in ASCII, as {host!r}", host=_punycode(authority))
    for character in rest[len(authority) :]:
        if not re.fullmatch(r"[A-Za-z0-9._~+@:%/=,-]", character):
            return _("{character} is not allowed in the path of a URL", character=ascii(character))
    return _("the host is not valid")


def _punycode(host: str) -> str:
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return "xn--…"


def has_port(url: str) -> bool:
    found = _URL.fullmatch(url)
    return found is not None and found[3] is not None


def is_origin(url: str) -> bool:
    """Whether `url` is a scheme, a host and maybe a port: all that dockerd takes for a mirror."""
    return _ORIGIN.fullmatch(url) is not None


def normalise(url: str) -> str:
    """`url` without what makes no difference: case of the host, the default port, slashes at the end."""
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    scheme, authority = scheme.lower(), authority.lower()
    authority = authority.removesuffix(":443" if scheme == "https" else ":80")
    return f"{scheme}{separator}{authority}{slash}{path}".rstrip("/")
