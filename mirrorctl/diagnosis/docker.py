"""What is wrong with dockerd's daemon.json, its flags, and what it would give away.

Sources: dockerd(8), moby daemon/config, registry/config.go, moby#42022.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from mirrorctl.diagnosis.case import Case, Place, check_address
from mirrorctl.diagnosis.docker_file import check_syntax
from mirrorctl.diagnosis.finding import Code, Finding, Repair, Severity, line_of
from mirrorctl.diagnosis.known import find_dead, is_inside, mirror_of
from mirrorctl.diagnosis.wording import unchecked
from mirrorctl.dialogue import Dialogue, run
from mirrorctl.errors import MirrorctlError
from mirrorctl.model import Client, Scope, Trust
from mirrorctl.redaction import redact
from mirrorctl.targets import docker_conflicts as conflicts
from mirrorctl.targets.common import host_of
from mirrorctl.targets.docker_conflicts import FLAG, KEY
from mirrorctl.targets.dockerd import json_object
from mirrorctl.text import Text, _

NAME = "docker"
FIRST_WITH_VALIDATE = (23, 0)
FIRST_WITH_PATHS = (25, 0)
_WITH_PATH = re.compile(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?", re.IGNORECASE)


def ask(client: Client, path: Path) -> Dialogue[str]:
    """What `dockerd --validate` has against the file; "" for nothing, and where it cannot be asked.

    Only its refusal means something: before 28.3 it finds nothing wrong with addresses that it does not start with.
    """
    if client.version < FIRST_WITH_VALIDATE:
        return ""
    output = yield from run("dockerd", "--validate", "--config-file", str(path), timeout_s=5)
    said = output.stderr.strip() if output.status == 1 else ""
    return said.splitlines()[-1].partition(str(path))[2].lstrip(": ") or said if said else ""


def diagnose(case: Case) -> Iterator[Finding]:
    if conflicts.why_foreign(case.client):
        return
    for file in case.target.files(case.machine, case.client):
        text = case.text(file.path)
        if file.scope is None or text is None:
            continue
        broken = list(check_syntax(case, file.path, text))
        yield from broken
        settings = _settings(text)
        mirrors = settings.get(KEY)
        urls = [url for url in mirrors if isinstance(url, str)] if isinstance(mirrors, list) else []
        yield from _check_urls(case, file.path, text, urls)
        if file.scope is conflicts.scope_of(case.client):
            yield from _check_flags(case, file.path, text, settings)
            yield from _check_logins(case, file.path, text, urls)
            yield from _check_force(case, file.path, text, urls, file.scope, broken=bool(broken))
        yield from _check_insecure(case, file.path, text, settings, urls)


def _settings(text: str) -> dict[str, Any]:
    try:
        return json_object(text) or {}
    except RecursionError:  # said where its syntax was looked at
        return {}


# The list


def _check_urls(case: Case, path: Path, text: str, urls: list[str]) -> Iterator[Finding]:
    for url in dict.fromkeys(urls):
        line = line_of(text, f'"{url}"')
        better = _meant(case, url)
        if _accepts(case, url):
            place = Place(name=KEY, path=path, line=line)
            yield from check_address(case, url, place, partial(_repair, path, url))
            continue
        if better and find_dead(case.catalog, better, NAME):
            place = Place(name=KEY, path=path, line=line)
            yield from check_address(case, better, place, partial(_repair, path, url))
            continue
        repair = _repair(path, url, better) if better is not None else None
        yield Finding(
            code=Code.DAEMON_REFUSES,
            severity=Severity.ERROR,
            target=NAME,
            subject=redact(url) or '""',
            path=path,
            line=line,
            message=_("dockerd does not start with the mirror “{url}”: {why}", url=redact(url), why=_why(case, url)),
            remedy=_("mirrorctl doctor --fix makes it {url}", url=better)
            if repair and better
            else _("mirrorctl doctor --fix takes it out")
            if repair
            else _("write https://host or https://host:port, and nothing else"),
            repair=repair,
        )


def _repair(path: Path, url: str, new: str | None) -> Repair:
    return Repair(lens=NAME, path=path, changes=(((url,), (new,) if new else None),))


def _accepts(case: Case, url: str) -> bool:
    """Whether the dockerd that is here starts with the address."""
    try:
        conflicts.check_url(url)
    except MirrorctlError:
        place = case.client.version >= FIRST_WITH_PATHS and _WITH_PATH.fullmatch(url)
        return bool(place)
    return True


def _meant(case: Case, url: str) -> str | None:
    """What an address that dockerd refuses was meant to be: "" for nothing, None where that is anybody's guess."""
    bare = url.strip()
    guess = bare if not bare or "://" in bare else f"https://{bare}"
    return guess if guess != url and (not guess or _accepts(case, guess)) else "" if not bare else None


def _why(case: Case, url: str) -> Text:
    bare = url.strip()
    if not bare:
        return _("it is empty")
    if bare != url:
        return _("there are blanks around it")
    if "://" not in bare:
        return _("https:// is missing")
    if not {"@", "?", "#"}.isdisjoint(bare):
        return _("a name, a password, a query or a fragment may not stand in it")
    if "/" in bare.partition("://")[2].rstrip("/") and case.client.version < FIRST_WITH_PATHS:
        return _("a path may not stand in it before version 25")
    return _("it has to be http://… or https://…")


# Flags, and what is in force


def _check_flags(case: Case, path: Path, text: str, settings: dict[str, Any]) -> Iterator[Finding]:
    words = [FLAG] if conflicts.flags(case.client) else []
    defaults = conflicts.defaults_flag(case.machine, case.contents)
    if KEY not in settings or not (words or defaults):
        return
    yield Finding(
        code=Code.FLAG_AND_FILE,
        severity=Severity.ERROR if words else Severity.WARNING,
        target=NAME,
        subject=FLAG,
        path=path,
        line=line_of(text, f'"{KEY}"'),
        message=_(
            "dockerd has {flag} on its command line, and does not start when the file has registry-mirrors as well",
            flag=FLAG,
        )
        if words
        else _(
            "{path} has {flag}; dockerd does not start if its service reads that, for the file has registry-mirrors",
            path=defaults,
            flag=FLAG,
        ),
        remedy=_("take {flag} out of {where}, then: systemctl daemon-reload && systemctl restart docker",
                 flag=FLAG, where=defaults or _("the unit (systemctl cat docker)")),
    )  # fmt: skip


def _check_force(
    case: Case, path: Path, text: str, urls: list[str], scope: Scope, *, broken: bool
) -> Iterator[Finding]:
    state = None
    try:
        state = case.target.state(case.machine, case.client, case.contents, scope)
    except MirrorctlError:
        return
    for override in state.overrides:
        if override.name == conflicts.HOST and urls:
            yield Finding(
                code=Code.SHADOWED,
                severity=Severity.WARNING,
                target=NAME,
                subject=KEY,
                path=path,
                line=line_of(text, f'"{KEY}"'),
                message=_(
                    "dockerd does not use these mirrors: with the containerd image store {path} wins",
                    path=override.source,
                ),
                remedy=_("remove that file, or put the mirrors into it; docker info names the wrong ones"),
            )
    for notice in state.notices:
        if notice.code == "not-in-force":
            yield Finding(
                code=Code.NOT_IN_FORCE,
                severity=Severity.WARNING,
                target=NAME,
                subject=KEY,
                path=path,
                line=line_of(text, f'"{KEY}"'),
                message=notice.message,
                remedy=_("repair the file first; then: sudo systemctl reload docker")
                if broken
                else _("run: {command}", command="sudo systemctl reload docker")
                if urls
                else notice.hint or notice.message,
            )


# What it would give away


def _check_logins(case: Case, path: Path, text: str, urls: list[str]) -> Iterator[Finding]:
    login = conflicts.hub_login(case.machine, case.contents)
    if login is None or case.client.facts.get("images") == "containerd":
        return
    for url in urls:
        mirror = mirror_of(case.catalog, url, NAME)
        third = mirror.trust in {Trust.COMMUNITY, Trust.COMPANY} if mirror else not is_inside(host_of(url))
        if third:
            yield Finding(
                code=Code.HUB_LOGIN,
                severity=Severity.WARNING,
                target=NAME,
                subject=redact(url),
                path=path,
                line=line_of(text, f'"{url}"'),
                message=_(
                    "whoever runs {url} can ask for your Docker Hub login of {login}, and dockerd hands it over "
                    "(moby#42022)",
                    url=redact(url),
                    login=login,
                ),
                remedy=_("docker logout while the mirror is in use, or a mirror that you trust with it"),
            )


def _check_insecure(case: Case, path: Path, text: str, settings: dict[str, Any], urls: list[str]) -> Iterator[Finding]:
    hosts = settings.get("insecure-registries")
    for host in hosts if isinstance(hosts, list) else []:
        served = [url for url in urls if url.startswith("https://") and url.partition("://")[2].rstrip("/") == host]
        if served:
            place = Place(name="insecure-registries", path=path, line=line_of(text, f'"{host}"'))
            remedy = _(
                "take it out of insecure-registries; /etc/docker/certs.d/{host}/ca.crt names an authority",
                host=str(host),
            )
            yield unchecked(case, str(host), place, remedy)
