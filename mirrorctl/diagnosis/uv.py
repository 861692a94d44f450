"""What is wrong with uv's files and variables.

Sources: uv documentation, "Package indexes", "Configuration files" and "Settings".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mirrorctl.diagnosis.case import Case, Change, Place, check_address, no_change, unreadable
from mirrorctl.diagnosis.finding import Code, Finding, Repair, Severity, line_of
from mirrorctl.diagnosis.wording import decided_by, shadowed, unchecked, unset
from mirrorctl.errors import ConfigError, FormatError
from mirrorctl.formats import tomldoc
from mirrorctl.model import Override, Scope
from mirrorctl.redaction import redact
from mirrorctl.targets import uv_lens
from mirrorctl.targets import uv_settings as model
from mirrorctl.targets.common import same_url
from mirrorctl.text import _

NAME = "uv"


def diagnose(case: Case) -> Iterator[Finding]:
    defaults: list[tuple[str, Place]] = []
    for file in case.target.files(case.machine, case.client):
        text = case.text(file.path)
        if text is None or file.path.name == model.LOCK_FILE:
            continue
        try:
            settings = _settings(text, file.path)
            places = uv_lens.held(text, file.path)
            bound = uv_lens.bound(text, file.path)
        except FormatError as error:
            if file.path.name != model.PROJECT or "[tool.uv" in text:
                yield unreadable(case, file.path, error)
            continue
        own = list(dict.fromkeys(places.values()))
        for url in own:
            place = Place(name="index", path=file.path, line=line_of(text, url))
            yield from check_address(case, url, place, _change(file.path, file.scope, own, bound))
            defaults.append((url, place))
        yield from _others(case, file.path, text, settings, own)
        yield from _insecure(case, file.path, text, settings)
        yield from _two_defaults(file.path, text, settings)
    yield from _variables(case)
    yield from _precedence(case, defaults)


def _settings(text: str, path: Path) -> Mapping[str, Any]:
    settings: Any = tomldoc.parse(text)
    for name in uv_lens.root(path):
        settings = settings.get(name, {}) if isinstance(settings, dict) else {}
    return settings if isinstance(settings, dict) else {}


def _change(path: Path, scope: Scope | None, own: list[str], bound: str | None) -> Change:
    """The lens takes every default index of a file out together, so there has to be but one; `bound` has to stay."""

    def change(new: str | None) -> Repair | None:
        if scope is None or len(own) != 1 or (bound and new is None):
            return None
        return Repair(lens=NAME, path=path, changes=(((own[0],), (new,) if new else None),))

    return change


def _others(case: Case, path: Path, text: str, settings: Mapping[str, Any], own: list[str]) -> Iterator[Finding]:
    """Indexes beside the default one: uv asks them first, and stops where one of them does not answer."""
    tables = settings.get("index")
    urls = [str(table.get("url")) for table in tables if isinstance(table, dict)] if isinstance(tables, list) else []
    for place in (settings, settings.get("pip")):
        extra = place.get("extra-index-url") if isinstance(place, dict) else None
        urls += [str(url) for url in extra] if isinstance(extra, list) else []
    for url in dict.fromkeys(urls):
        if url not in own:
            place = Place(name="index", path=path, line=line_of(text, url))
            yield from check_address(case, url, place, no_change)


def _insecure(case: Case, path: Path, text: str, settings: Mapping[str, Any]) -> Iterator[Finding]:
    hosts = settings.get("allow-insecure-host")
    pip = settings.get("pip")
    for host in hosts if isinstance(hosts, list) else []:
        plain = f"http://{host}"
        if any(value.startswith(plain) for value in _addresses(settings, pip)):
            continue
        place = Place(name="allow-insecure-host", path=path, line=line_of(text, str(host)))
        remedy = _("take it out of allow-insecure-host; SSL_CERT_FILE names the authority of a company")
        yield unchecked(case, str(host), place, remedy)


def _addresses(*tables: object) -> Iterator[str]:
    for table in tables:
        if isinstance(table, dict):
            yield from (str(value) for key, value in table.items() if key.endswith("index-url"))
            indexes = table.get("index")
            yield from (str(each.get("url")) for each in indexes or [] if isinstance(each, dict))


def _two_defaults(path: Path, text: str, settings: Mapping[str, Any]) -> Iterator[Finding]:
    tables = settings.get("index")
    found = [
        str(table.get("url"))
        for table in (tables if isinstance(tables, list) else [])
        if isinstance(table, dict) and table.get("default") is True
    ]
    for url in found[1:]:
        yield Finding(
            code=Code.SHADOWED,
            severity=Severity.WARNING,
            target=NAME,
            subject=redact(url),
            path=path,
            line=line_of(text, url),
            message=_("uv does not use this: of two default indexes in a file the first counts"),
            remedy=_("keep one of the two [[index]] tables with default = true"),
        )


def _variables(case: Case) -> Iterator[Finding]:
    for name in (*model.VARIABLES, "UV_INDEX", "UV_EXTRA_INDEX_URL"):
        for word in case.environ.get(name, "").split():
            yield from check_address(case, word.partition("=")[2] if "=http" in word else word, Place(name=name))
    for host in case.environ.get("UV_INSECURE_HOST", "").split():
        yield unchecked(case, host, Place(name="UV_INSECURE_HOST"), unset("UV_INSECURE_HOST"))


def _precedence(case: Case, defaults: list[tuple[str, Place]]) -> Iterator[Finding]:
    try:
        found = model.sources(case.machine, case.contents)
    except ConfigError:
        return  # said already
    yield from _unread(case, defaults, [source.path for source in found])
    winner = model.default_index(model.environ_of(case.machine), found, pip=True)
    if winner is None:
        return
    in_force = {source.path for source in found}
    lost = [
        (url, place)
        for url, place in defaults
        if place.path in in_force and str(place.path) != winner.source and not same_url(url, winner.value)
    ]
    strong = _place_of(winner, defaults)
    scopes = {file.path: file.scope for file in case.target.files(case.machine, case.client)}
    for url, place in lost:
        meant = strong.path is not None and scopes.get(strong.path) is not scopes.get(place.path or Path())
        yield shadowed(case, url, place, strong, winner.value, meant=meant)
    if strong.path is None and not lost:
        yield decided_by(case, strong.name, winner.value)


def _unread(case: Case, defaults: list[tuple[str, Place]], read: list[Path]) -> Iterator[Finding]:
    """Files that a variable keeps uv from reading."""
    environ = model.environ_of(case.machine)
    name = next((name for name in ("UV_CONFIG_FILE", "UV_NO_CONFIG") if environ.get(name)), None)
    for url, place in defaults if name else ():
        if name and place.path not in read:
            yield shadowed(case, url, place, Place(name=name), environ[name], meant=False)


def _place_of(winner: Override, defaults: list[tuple[str, Place]]) -> Place:
    if winner.source == model.ENVIRONMENT:
        return Place(name=winner.name)
    path = Path(winner.source)
    known = (place for url, place in defaults if place.path == path and url == winner.value)
    return next(known, Place(name=winner.name, path=path))
