"""Lock files and other files of a project that bind everybody who uses it to one person's mirror."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from mirrorctl.catalog import Catalog
from mirrorctl.diagnosis.finding import Code, Finding, Severity
from mirrorctl.diagnosis.known import find_dead
from mirrorctl.formats import decode
from mirrorctl.targets.common import host_of
from mirrorctl.text import Text, _

# What takes the mirror out of each.
REMEDIES: Mapping[str, Text] = {
    "uv.lock": _("run: {command}, then commit the file", command="mirrorctl exec upstream -t uv -- uv lock"),
    "poetry.lock": _("take the mirror out of [[tool.poetry.source]] of pyproject.toml, then: poetry lock"),
    "pdm.lock": _("take the mirror out of [[tool.pdm.source]] of pyproject.toml, then: pdm lock"),
    "Pipfile.lock": _("put the upstream's address into [[source]] of Pipfile, then: pipenv lock"),
    "Pipfile": _("put the upstream's address into [[source]], then: pipenv lock"),
    "package-lock.json": _("run: npm config delete registry --location=project; rm package-lock.json; npm install"),
    "npm-shrinkwrap.json": _("point npm at the upstream, delete the file, then: npm install && npm shrinkwrap"),
    "yarn.lock": _("point yarn at the upstream, delete the file, then: yarn install"),
    "pnpm-lock.yaml": _("point pnpm at the upstream, delete the file, then: pnpm install"),
    "pyproject.toml": _("take it out of the project, and set it for yourself alone: mirrorctl use WHICH"),
    ".npmrc": _("take it out of the project, and set it for yourself alone: npm config set registry URL"),
    "requirements.txt": _("take the --index-url line out: it wins over every configuration, mirrorctl's too"),
}
NAMES = tuple(REMEDIES)
# Mirrors of what the catalog does not cover, as lock files name them.
OTHERS = frozenset({"registry.npmmirror.com", "cdn.npmmirror.com", "registry.npm.taobao.org", "registry.nlark.com"})
_NPM = frozenset(
    {"mirrors.cloud.tencent.com", "mirrors.tencent.com", "mirrors.huaweicloud.com", "repo.huaweicloud.com"}
)
_URL = re.compile(r"https?://[^\s\"'<>`\\]+")
_INDEX = re.compile(r"^\s*(?:-i|--index-url|--extra-index-url)[\s=]", re.MULTILINE)
NEUTRAL = frozenset({"github.com", "gitlab.com", "gitee.com"})  # they serve more than mirrors


def diagnose(contents: Mapping[Path, bytes], catalog: Catalog) -> Iterator[Finding]:
    """One finding for each file and mirror, at the first line that names it."""
    hosts = mirror_hosts(catalog)
    for path, data in contents.items():
        text = decode(data)
        if path.name == "requirements.txt":
            text = "\n".join(line if _INDEX.match(line) else "" for line in text.split("\n"))
        counts: dict[str, int] = {}
        first: dict[str, re.Match[str]] = {}
        for found in _URL.finditer(text):
            host = host_of(found.group())
            if host in hosts:
                counts[host] = counts.get(host, 0) + 1
                first.setdefault(host, found)
        for host, found in first.items():
            yield _finding(path, text, found, host, counts[host], catalog)


def mirror_hosts(catalog: Catalog) -> frozenset[str]:
    """Hosts of the indexes in the catalog, and of mirrors of other registries."""
    urls = (url for mirror in catalog.mirrors if mirror.ecosystem != "git" for url in (mirror.url, *mirror.aliases))
    return (frozenset(map(host_of, urls)) | OTHERS | _NPM) - NEUTRAL


def _finding(path: Path, text: str, found: re.Match[str], host: str, count: int, catalog: Catalog) -> Finding:
    dead = find_dead(catalog, f"https://{host}", "pypi") or host == "registry.npm.taobao.org"
    message = (
        _(
            "{name} names the mirror {host} (places: {count}), and that mirror is dead: nobody can install from it",
            name=path.name,
            host=host,
            count=count,
        )
        if dead
        else _(
            "{name} names the mirror {host} (places: {count}): everybody who uses this project is sent there, CI too",
            name=path.name,
            host=host,
            count=count,
        )
    )
    return Finding(
        code=Code.LOCK_FILE,
        severity=Severity.ERROR if dead else Severity.WARNING,
        subject=host,
        path=path,
        line=text.count("\n", 0, found.start()) + 1,
        message=message,
        remedy=REMEDIES[path.name],
    )
