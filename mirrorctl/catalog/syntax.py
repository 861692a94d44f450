"""The syntax of a catalog file below its meaning: bounds, TOML, typed access with key paths. Pure.

Everything that is wrong is a CatalogError that names the file, the key path and the reason.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NoReturn

from mirrorctl.catalog.addresses import flaw, has_port
from mirrorctl.errors import CatalogError
from mirrorctl.reasons import complaint_of
from mirrorctl.text import Text, _

# Checked on the raw text, in linear time, before a parser sees it.
MAX_BYTES = 512 * 1024
MAX_LINE_BYTES = 4 * 1024
MAX_MIRRORS = 5_000
MAX_DEPTH = 4

MAX_CHOICES = 30  # of a list in a message

# What may hold brackets and dots that mean nothing. Possessive, and taking an open string to the end of its line, so
# that no text makes it go back.
_QUOTED = re.compile(r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+(?:"|\\?$)|\'[^\'\n]*+(?:\'|$)|#[^\n]*+', re.MULTILINE)
_DOTS = re.compile(r"\.[^.=,\n]*" * MAX_DEPTH)
_BRACKET = re.compile(r"[][{}]")
_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*mirror[ \t]*\]\]", re.MULTILINE)

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
# Words that stand for something else where an id may stand.
_RESERVED = frozenset({"direct", "fastest", "upstream"})
_PARTIAL_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")


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
        refuse_file(file, _("this is not TOML: {reason}", reason=complaint_of(error)))


def check_bounds(text: str, file: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        refuse_file(file, _("this is not UTF-8 text"))
    if size > MAX_BYTES:
        refuse_file(file, _("{size} bytes are more than the {limit} allowed", size=size, limit=MAX_BYTES))
    if '"""' in text or "'''" in text:
        refuse_file(file, _("multi-line strings are not part of the catalog format"))
    _check_lines(text.split("\n"), file)
    check_count(len(_HEADER.findall(text)), file)
    _check_depth(text, file)


def _check_lines(lines: list[str], file: str) -> None:
    if max(map(len, lines)) <= MAX_LINE_BYTES // 4:  # no character has more than four bytes
        return
    for number, line in enumerate(lines, 1):
        if len(line.encode()) > MAX_LINE_BYTES:
            refuse_file(file, _("line {line} is longer than {limit} bytes", line=number, limit=MAX_LINE_BYTES))


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
        for key in self._values:
            if key not in keys:
                self.refuse(printable(key), _("unknown key"), nearest_hint(key, keys))

    def table(self, key: str) -> Table:
        return self._inner(self._values.get(key, {}), self.key_path(printable(key)))

    def tables(self, key: str) -> list[Table]:
        values = self._values.get(key, [])
        if not isinstance(values, list):
            self.refuse(key, _("this has to be an array of tables"))
        path = self.key_path(key)
        return [self._inner(value, f"{path}[{index}]") for index, value in enumerate(values)]

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
        """`value`, if it is a URL that may be written into a client's file; `secure` allows neither http nor a port."""
        reason = flaw(value)
        if reason:
            self.refuse(key, reason)
        if secure and (value.startswith("http:") or has_port(value)):
            self.refuse(key, _("a URL with http or with a port is only allowed in an overlay"))
        return value

    def _inner(self, values: object, path: str) -> Table:
        table = Table(values, self.file, path)
        table.about = self.about
        return table

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


def printable(value: str) -> str:
    """`value` as part of a key path: quoted and escaped where it is not a bare key."""
    return value if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", value) else ascii(value[:64])


def nearest(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Up to three of `known` that look like `name`, the nearest first."""
    from difflib import get_close_matches  # noqa: PLC0415  only for a message

    return tuple(get_close_matches(name, sorted(known), n=3, cutoff=0.6))


def nearest_hint(name: str, known: Iterable[str]) -> Text | None:
    names = nearest(name, known)
    if names:
        return _("Did you mean {names}?", names=", ".join(names))
    choices = sorted(known)
    return _("Known are: {names}.", names=", ".join(choices)) if len(choices) <= MAX_CHOICES else None
