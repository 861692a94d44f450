"""At which registries.conf podman, buildah, skopeo and CRI-O stop, one and all.

Source: containers-registries.conf(5); containers/image, pkg/sysregistriesv2. What is unknown there is no mistake.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mirrorctl.errors import FormatError
from mirrorctl.formats import position, tomldoc, tomltables
from mirrorctl.formats.tomlscan import Path
from mirrorctl.text import Text, _

MODES = ("enforcing", "permissive", "disabled", "")
_FLAGS = ("insecure", "blocked", "mirror-by-digest-only")


def refuse(text: str, *, drop_in: bool) -> None:
    """Raises FormatError for what the clients stop at, with its line."""
    document = tomldoc.parse(text)
    tables = document.get("registry", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise FormatError(_("“{name}” is no array of tables.", name="registry"), line=1)
    if document.get("short-name-mode", "") not in MODES:
        raise _at(text, ("short-name-mode",), _("short-name-mode has to be enforcing, permissive or disabled."))
    _refuse_version_1(document, drop_in=drop_in)
    for index, table in enumerate(tables):
        for path, reason in _flaws(("registry", index), table):
            raise _at(text, path, reason)


def _refuse_version_1(document: dict[str, Any], *, drop_in: bool) -> None:
    lists = document.get("registries")
    if not isinstance(lists, dict) or not any(each.get("registries") for each in lists.values() if _is_table(each)):
        return
    if drop_in:
        raise FormatError(_("This is version 1 of the format, which cannot stand in a drop-in."), line=1)
    if document.get("registry") or document.get("unqualified-search-registries"):
        raise FormatError(_("Versions 1 and 2 of the format are mixed."), line=1)


def _is_table(value: object) -> bool:
    return isinstance(value, dict)


def _flaws(path: Path, table: dict[str, Any]) -> Iterator[tuple[Path, Text]]:
    location, prefix = table.get("location", ""), table.get("prefix", "")
    for key, value in (("location", location), ("prefix", prefix)):
        yield from _flaws_of_place((*path, key), value)
    yield from _flaws_of_flags(path, table)
    if not location and not str(prefix).startswith("*."):
        yield path, _("A registry has to have a location.")
    mirrors = table.get("mirror", [])
    for number, mirror in enumerate(mirrors if isinstance(mirrors, list) else []):
        place = (*path, "mirror", number)
        if not isinstance(mirror, dict) or not mirror.get("location"):
            yield place, _("A mirror has to be a table with a location.")
            continue
        yield from _flaws_of_place((*place, "location"), mirror["location"])
        yield from _flaws_of_flags(place, mirror)


def _flaws_of_place(path: Path, value: object) -> Iterator[tuple[Path, Text]]:
    if not isinstance(value, str):
        yield path, _("“{name}” has to be a text.", name=str(path[-1]))
    elif value.startswith(("http://", "https://")):
        yield path, _("“{name}” may not begin with a scheme, as https://.", name=str(path[-1]))


def _flaws_of_flags(path: Path, table: dict[str, Any]) -> Iterator[tuple[Path, Text]]:
    for key in _FLAGS:
        if not isinstance(table.get(key, False), bool):
            yield (*path, key), _("“{name}” has to be true or false.", name=key)


def _at(text: str, path: Path, reason: Text) -> FormatError:
    """The error at the line of the key, or of the header of its table."""
    node = next((node.start for node in tomltables.scan(text).nodes if node.path == path), None)
    header = tomltables.header_of(text, path)
    at = node if node is not None else header.start if header else 0
    return FormatError(reason, line=position(text.removeprefix("\ufeff"), at)[0])
