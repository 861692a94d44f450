"""Variables and files around the clients that get in their way: proxies, tokens, and what sudo has left."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from mirrorctl.diagnosis.finding import Code, Finding, Severity
from mirrorctl.redaction import redact
from mirrorctl.text import Text, _
from mirrorctl.values import dataclass

PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_SCHEMES = frozenset({"http", "https", "socks4", "socks4a", "socks5", "socks5h"})
_PROXY = re.compile(
    r"(?P<scheme>[a-z0-9]+)://(?:[^\s/@]*@)?(?P<host>[^\s/:@\[\]]+|\[[0-9a-f:]+\])(?P<port>:\d{1,5})?/?", re.IGNORECASE
)


def diagnose_variables(environ: Mapping[str, str]) -> Iterator[Finding]:
    seen: set[str] = set()
    for variable in sorted(environ):
        if variable.lower() not in PROXIES or not environ[variable]:
            continue
        value = environ[variable]
        if why := flaw(value):
            if value in seen:
                continue
            seen.add(value)
            yield Finding(
                code=Code.PROXY_MALFORMED,
                severity=Severity.ERROR,
                subject=variable,
                message=_("{name} is no address of a proxy: {why}", name=variable, why=why),
                remedy=_("run: {command}", command=f"export {variable}={meant(value)}"),
            )


def flaw(value: str) -> Text | None:
    """Why some program, if not all, cannot use the value of a proxy variable."""
    if value != value.strip() or value[:1] in "\"'":
        return _("there are blanks or quotes around it")
    if "://" not in value:
        return _("it does not begin with http:// or socks5h://")
    found = _PROXY.fullmatch(value)
    if found is None:
        return _("it is not scheme://host:port")
    if found["port"] and not 0 < int(found["port"][1:]) < 65536:
        return _("the port has to be between 1 and 65535")
    return _flaw_of_scheme(found["scheme"].lower())


def _flaw_of_scheme(scheme: str) -> Text | None:
    if scheme == "socks":
        return _("socks:// is not understood by all programs; say which one: socks5h://")
    return None if scheme in _SCHEMES else _("no program knows {scheme}://", scheme=scheme)


def meant(value: str) -> str:
    """What was probably meant, without a password."""
    bare = redact(value.strip().strip("\"'"))
    scheme, separator, rest = bare.partition("://")
    guess = f"socks5h://{rest}" if scheme.lower() == "socks" and separator else bare
    guess = guess if separator else f"http://{bare}"
    return guess if flaw(guess) is None else "http://HOST:PORT"


def token_file(environ: Mapping[str, str], home: Path) -> Path:
    """Where `hf auth login` saves its token (huggingface_hub, "Environment variables")."""
    base = environ.get("HF_HOME") or str(Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "huggingface")
    return Path(environ.get("HF_TOKEN_PATH") or Path(base) / "token")


def diagnose_token(environ: Mapping[str, str], *, saved: bool) -> Iterator[Finding]:
    """huggingface_hub sends its token to whatever HF_ENDPOINT names. `saved`: there is one from a login."""
    endpoint = environ.get("HF_ENDPOINT", "")
    if not endpoint or environ.get("HF_HUB_DISABLE_IMPLICIT_TOKEN") or not (saved or environ.get("HF_TOKEN")):
        return
    yield Finding(
        code=Code.SECRET_TO_MIRROR,
        severity=Severity.WARNING,
        subject="HF_ENDPOINT",
        message=_("your Hugging Face token goes to {url} with every download", url=redact(endpoint)),
        remedy=_("run: {command}", command="export HF_HUB_DISABLE_IMPLICIT_TOKEN=1"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Belonging:
    """A file or directory of the user's, and the number of who owns it."""

    path: Path
    uid: int


def diagnose_owners(belongings: tuple[Belonging, ...], *, uid: int, name: str) -> Iterator[Finding]:
    """What `sudo` has left behind: things in the home of an ordinary user that belong to root."""
    for belonging in belongings:
        if uid != 0 and belonging.uid == 0:
            yield Finding(
                code=Code.OWNED_BY_ROOT,
                severity=Severity.ERROR,
                subject=str(belonging.path),
                path=belonging.path,
                message=_("this is yours and belongs to root, since sudo was used once: you cannot change it"),
                remedy=_("run: {command}", command=f"sudo chown -R {name}: {belonging.path}"),
            )
