"""The syntax of a catalog file below its meaning: bounds, TOML, typed access with key paths, ids and URLs. Pure.

Everything that is wrong is a CatalogError that names the file, the key path and the reason.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NoReturn

from mirrorctl.errors import CatalogError
from mirrorctl.text import Text, _

# Checked on the raw text, in linear time, before a parser sees it.
MAX_BYTES = 512 * 1024
MAX_LINE_BYTES = 4 * 1024
MAX_MIRRORS = 5_000
MAX_DEPTH = 4

_QUOTED = re.compile(r'"(?:[^"\\\n]|\\.)*(?:"|$)|\'[^\'\n]*(?:\'|$)|#[^\n]*', re.MULTILINE)
_DOTS = re.compile(r"\.[^.=,\n]*" * MAX_DEPTH)
_BRACKET = re.compile(r"[][{}]")
_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*mirror[ \t]*\]\]", re.MULTILINE)

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
# Words that stand for something else where an id may stand.
_RESERVED = frozenset({"fastest", "upstream"})
_PARTIAL_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")

_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
# RFC 3986, without user information, query and fragment, and without the characters that mean something to a shell
# or in the files of the clients.
_URL = re.compile(rf"(https?)://({_HOST})(?::([0-9]{{1,5}}))?(/[A-Za-z0-9._~+@:%/=,-]*)?")
_ORIGIN = re.compile(rf"https?://{_HOST}(?::[0-9]{{1,5}})?/?")


def refuse(file: str, key: str, reason: Text, hint: Text | None = None) -> NoReturn:
    raise CatalogError(_("{file}: {key}: {reason}", file=file, key=key, reason=reason), hint=hint, subject=file)


def refuse_file(file: str, reason: Text, hint: Text | None = None) -> NoReturn:
    raise CatalogError(_("{file}: {reason}", file=file, reason=reason), hint=hint, subject=file)


def read_toml(text: str, file: str) -> dict[str, Any]:
    """The document of a text that is within bounds."""
    text = text.removeprefix("\ufeff")
    check_bounds(text, file)
    try:
        return tomllib.loads(text)
    except ValueError as error:
        refuse_file(file, _("this is not TOML: {reason}", reason=str(error)))


def check_bounds(text: str, file: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        refuse_file(file, _("this is not UTF-8 text"))
    if size > MAX_BYTES:
        refuse_file(file, _("{size} bytes are more than the {limit} allowed", size=size, limit=MAX_BYTES))
    if '"""' in text or "'''" in text:
        refuse_file(file, _("multi-line strings are not part of the catalog format"))
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > MAX_LINE_BYTES or (not line.isascii() and len(line.encode()) > MAX_LINE_BYTES):
            refuse_file(file, _("line {line} is longer than {limit} bytes", line=number, limit=MAX_LINE_BYTES))
    check_count(len(_HEADER.findall(text)), file)
    _check_depth(text, file)


def check_count(count: int, file: str) -> None:
    if count > MAX_MIRRORS:
        refuse_file(file, _("{count} mirrors are more than the {limit} allowed", count=count, limit=MAX_MIRRORS))


def _check_depth(text: str, file: str) -> None:
    bare = _QUOTED.sub("", text)
    deepest = depth = 0
    for bracket in _BRACKET.findall(bare):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH or _DOTS.search(bare):
        refuse_file(file, _("keys or brackets are nested deeper than {limit}", limit=MAX_DEPTH))


class Table:
    """A TOML table that knows its place. Every getter refuses a value of the wrong type.

    `about` says more of the place than its path; it is the hint of an error that has no other.
    """

    __slots__ = ("_values", "about", "file", "path")

    def __init__(self, values: object, file: str, path: str) -> None:
        if not isinstance(values, dict):
            refuse(file, path, _("this has to be a table"))
        self._values: dict[str, Any] = values
        self.file = file
        self.path = path
        self.about: Text | None = None

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def key_path(self, key: str) -> str:
        """The path of `key`; that of the table itself for no key."""
        return f"{self.path}.{key}" if self.path and key else key or self.path

    def refuse(self, key: str, reason: Text, hint: Text | None = None) -> NoReturn:
        refuse(self.file, self.key_path(key), reason, hint or self.about)

    def allow(self, keys: frozenset[str]) -> None:
        for key in self._values.keys() - keys:
            self.refuse(printable(key), _("unknown key"), nearest_hint(key, keys))

    def table(self, key: str) -> Table:
        return Table(self._values.get(key, {}), self.file, self.key_path(printable(key)))

    def tables(self, key: str) -> list[Table]:
        values = self._values.get(key, [])
        if not isinstance(values, list):
            self.refuse(key, _("this has to be an array of tables"))
        path = self.key_path(key)
        return [Table(value, self.file, f"{path}[{index}]") for index, value in enumerate(values)]

    def text(self, key: str) -> str | None:
        value = self._values.get(key)
        return None if value is None else self._string(key, value)

    def required(self, key: str) -> str:
        value = self.text(key)
        if value is None:
            self.refuse(key, _("this key is required"))
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        values = self._values.get(key, ())
        if not isinstance(values, (list, tuple)):
            self.refuse(key, _("this has to be an array of strings"))
        return tuple([self._string(f"{key}[{index}]", value) for index, value in enumerate(values)])

    def flag(self, key: str) -> bool | None:
        value = self._values.get(key)
        if value is not None and not isinstance(value, bool):
            self.refuse(key, _("this has to be true or false"))
        return value

    def whole(self, key: str) -> int | None:
        value = self._values.get(key)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            self.refuse(key, _("this has to be a whole number from 1"))
        return value

    def day(self, key: str) -> date | None:
        """A date, or the first day of a year or month that is given as a string."""
        value = self._values.get(key)
        if value is None or type(value) is date:
            return value
        found = _first_day(value) if isinstance(value, str) else None
        if found is None:
            self.refuse(key, _('this has to be a date like 2026-09-15, or "2026-09" or "2026" when no more is known'))
        return found

    def since(self, key: str) -> str | None:
        """A date as it is written, with no more precision than is known."""
        found = self.day(key)
        return None if found is None else str(self._values[key])

    def one_of(self, key: str, value: str, choices: Iterable[str]) -> str:
        if value not in choices:
            self.refuse(key, _("{value!r} is not a known value", value=value), nearest_hint(value, choices))
        return value

    def identifier(self, key: str, value: str) -> str:
        if not _ID.fullmatch(value):
            self.refuse(key, _("an id has lower-case letters, digits and hyphens, at most 64 of them"))
        if value in _RESERVED:
            self.refuse(key, _("{value!r} is reserved", value=value))
        return value

    def url(self, key: str, value: str, *, secure: bool) -> str:
        """`value`, if it is a URL that may be written into a client's file; `secure` allows no http."""
        reason = flaw(value)
        if reason:
            self.refuse(key, reason)
        if secure and value.startswith("http:"):
            self.refuse(key, _("an http URL is only allowed in an overlay"))
        return value

    def _string(self, key: str, value: object) -> str:
        if not isinstance(value, str):
            self.refuse(key, _("this has to be a string"))
        if not value:
            self.refuse(key, _("this is empty; leave the key out when nothing is known"))
        if not value.isprintable():
            self.refuse(key, _("this contains control or invisible characters"))
        return value


def _first_day(value: str) -> date | None:
    found = _PARTIAL_DATE.fullmatch(value)
    try:
        return date(int(found[1]), int(found[2] or 1), int(found[3] or 1)) if found else None
    except ValueError:
        return None


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


def printable(value: str) -> str:
    """`value` as part of a key path: quoted and escaped where it is not a bare key."""
    return value if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", value) else ascii(value[:64])


def nearest(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Up to three of `known` that look like `name`, the nearest first."""
    from difflib import get_close_matches  # noqa: PLC0415  only for a message

    return tuple(get_close_matches(name, sorted(known), n=3, cutoff=0.6))


def nearest_hint(name: str, known: Iterable[str]) -> Text:
    names = nearest(name, known)
    if names:
        return _("Did you mean {names}?", names=", ".join(names))
    return _("Known are: {names}.", names=", ".join(sorted(known)))
