"""Hides secrets in what people and scripts get to see: messages, diffs, JSON, reports."""

from __future__ import annotations

import re

HIDDEN = "***"

# Repetitions are bounded where a hostile text could make them meet each other again and again.

# user:password@ of a URL (RFC 3986, section 3.2.1), up to the last @ of the authority.
_USERINFO = re.compile(r"""(?P<scheme>[A-Za-z0-9+.-]{0,20})://(?P<user>[^/?#\s"'<>:@]*)(?P<rest>[^/?#\s"'<>]*)@""")
# The same where the password holds a / ? or # that should have been percent-encoded. Digits alone are a port.
_BROKEN = re.compile(r"""://(?P<user>[^/?#\s"'<>:@\[]+):(?!\d*(?:[/?#\s"'<>]|$))[^\s"'<>@]{0,256}@""")
_QUERY = re.compile(
    r"""([?&;](?:[\w-]{0,40}(?:token|secret|password|signature)|api[_-]?key|sig)=)[^&;#\s"'<>]+""", re.IGNORECASE
)
_HEADER = re.compile(r"""(authorization["']?\s*[:=]\s*["']?\w+\s+)[^\s"']+""", re.IGNORECASE)
_SETTING = re.compile(
    r"""(^[ \t+-]{0,80}["']?[\w.:/-]{0,80}(?:password|passwd|token|secret|api[_-]?key|_auth)["']?[ \t]*[:=][ \t]*["']?)[^\s"',]+""",
    re.IGNORECASE | re.MULTILINE,
)
# What `docker login` keeps, and whatever else JSON has on a line of many.
_MEMBER = re.compile(
    r"""(["'](?:auth|[\w.-]{0,40}(?:token|secret|password))["']\s{0,9}:\s{0,9}["'])[^"']+""", re.IGNORECASE
)
# A line of a file in the message of an error, where line ends are written out.
_QUOTED_LINE = re.compile(
    r"""(\\n(?:\\t|[ \t]){0,20}[\w.-]{0,40}(?:password|passwd|token|secret|api[_-]?key|_auth)[ \t]{0,9}[:=][ \t]{0,9})[^\s"',\\]+""",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """`text` without the passwords and tokens in it. Works on one URL as on a whole file."""
    text = _USERINFO.sub(_without_password, text)
    text = _BROKEN.sub(rf"://\g<user>:{HIDDEN}@", text)
    for pattern in (_QUERY, _HEADER, _SETTING, _MEMBER, _QUOTED_LINE):
        text = pattern.sub(rf"\g<1>{HIDDEN}", text)
    return text


def has_userinfo(url: str) -> bool:
    """Whether the URL carries a user name, with or without a password."""
    return _USERINFO.search(url) is not None or _BROKEN.search(url) is not None


def _without_password(match: re.Match[str]) -> str:
    scheme, user, rest = match["scheme"], match["user"], match["rest"]
    if rest:
        return f"{scheme}://{user}:{HIDDEN}@"
    # A name alone is a token on the web (https://TOKEN@host) and an account elsewhere (ssh://git@host).
    return f"{scheme}://{HIDDEN if 'http' in scheme.lower() else user}@"
