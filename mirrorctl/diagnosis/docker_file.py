"""Whether the dockerd that is installed starts with its daemon.json.

Sources: moby cmd/dockerd and daemon/config; what changed in 23.0, 24.0 and 28.3 stands in docs/reference/findings.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mirrorctl.diagnosis.case import Case
from mirrorctl.diagnosis.docker_keys import KEYS
from mirrorctl.diagnosis.finding import Code, Finding, Severity, line_of
from mirrorctl.reasons import at_bracket, complaint_of, translatable
from mirrorctl.targets.docker_conflicts import KEY
from mirrorctl.text import Text, _

NAME = "docker"
FIRST_WITH_BLANK_FILE = (24, 0)


def check_syntax(case: Case, path: Path, text: str) -> Iterator[Finding]:
    modern = case.client.version >= FIRST_WITH_BLANK_FILE
    if not text.strip("\ufeff \t\r\n"):
        if not modern and case.client.version:
            yield _refused(path, 1, _("the file is empty"), _("write {content} into it, or delete it", content="{}"))
        return
    if text.startswith("\ufeff") and not modern:
        yield _refused(path, 1, _("it begins with a byte order mark"), _("save it as UTF-8 without one"))
        return
    try:
        settings = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_pairs)
    except json.JSONDecodeError as error:
        error = at_bracket(error)
        yield _refused(path, error.lineno, _explain(error), _("repair line {line}", line=error.lineno))
        return
    except (ValueError, RecursionError) as error:
        yield _refused(path, 1, _("it is not JSON: {reason}", reason=complaint_of(error)), _("repair it"))
        return
    if not isinstance(settings, _Pairs):
        yield _refused(path, 1, _("it is not an object: {content}", content="{ … }"), _("put the settings into braces"))
        return
    yield from _check_keys(path, text, settings)
    if case.said and not settings.wrong:
        yield _refused(path, None, _("dockerd --validate: {said}", said=case.said), _("correct what it names"))


class _Pairs(list[tuple[str, Any]]):
    """The members of an object in their order, keys that are there twice included."""

    wrong: bool = False


def _pairs(members: list[tuple[str, Any]]) -> _Pairs:
    return _Pairs(members)


def _explain(error: json.JSONDecodeError) -> Text:
    """The mistakes that people make, by what stands where reading stopped."""
    rest, before = error.doc[error.pos :], error.doc[: error.pos].rstrip()
    if rest.startswith(("//", "/*", "#")):
        return _("JSON has no comments")
    if before.endswith(",") and rest.startswith(("}", "]")):
        return _("there is a comma too many")
    if rest.startswith("'"):
        return _("JSON takes double quotes only")
    if error.msg.startswith("Expecting ',' delimiter"):
        return _("a comma is missing before this")
    if error.msg.startswith("Extra data"):
        return _("there is text after the end of the object")
    return _("it is not JSON: {reason}", reason=translatable(error.msg))


def _check_keys(path: Path, text: str, settings: _Pairs) -> Iterator[Finding]:
    seen: set[str] = set()
    for key, value in settings:
        line = line_of(text, f'"{key}"')
        right = key.lower().replace("_", "-")
        if key in seen:
            yield _ignored(path, line, key, _("“{key}” is here twice, and dockerd takes the last one", key=key))
        elif key == "registry-mirror":
            yield _ignored(path, line, key, _("dockerd ignores “{key}”; the key is “{right}”", key=key, right=KEY))
        elif key not in KEYS:
            settings.wrong = True
            near = KEY if right.replace("-", "") in {"registrymirrors", "registrymirror"} else right
            remedy = (
                _("write “{right}”", right=near)
                if near in KEYS
                else _("take it out; comments cannot stand in this file, not even as a key")
            )
            yield _refused(path, line, _("it does not know the key “{key}”", key=key), remedy)
        elif key == KEY and value is not None and not _is_list(value):
            settings.wrong = True
            yield _refused(path, line, _("“{key}” has to be a list of addresses", key=key), _('write ["https://…"]'))
        seen.add(key)


def _is_list(value: object) -> bool:
    return isinstance(value, list) and not isinstance(value, _Pairs) and all(isinstance(item, str) for item in value)


def _ignored(path: Path, line: int | None, key: str, message: Text) -> Finding:
    return Finding(
        code=Code.IGNORED,
        severity=Severity.WARNING,
        target=NAME,
        subject=key,
        path=path,
        line=line,
        message=message,
        remedy=_("leave one, with the name that is meant"),
    )


def _refused(path: Path, line: int | None, why: Text, remedy: Text) -> Finding:
    return Finding(
        code=Code.DAEMON_REFUSES,
        severity=Severity.ERROR,
        target=NAME,
        subject=str(path),
        path=path,
        line=line,
        message=_("dockerd does not start with this file: {why}", why=why),
        remedy=remedy,
    )
