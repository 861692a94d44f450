"""A catalog, a machine and clients for the tests of what `doctor` finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from mirrorctl import diagnosis
from mirrorctl.catalog import Catalog
from mirrorctl.catalog.layers import BUNDLED, parse
from mirrorctl.catalog.merging import merge
from mirrorctl.diagnosis.case import Case
from mirrorctl.diagnosis.finding import Finding, Repair, rank
from mirrorctl.model import Client, Machine, Scope, Value
from mirrorctl.targets import TARGETS

HOME = Path("/home/u")
PIP, LEGACY, SYSTEM = HOME / ".config/pip/pip.conf", HOME / ".pip/pip.conf", Path("/etc/pip.conf")
UV, PROJECT = HOME / ".config/uv/uv.toml", HOME / "work/pyproject.toml"
GIT, XDG_GIT, ETC_GIT = HOME / ".gitconfig", HOME / ".config/git/config", Path("/etc/gitconfig")
DAEMON, LOGIN = Path("/etc/docker/daemon.json"), HOME / ".docker/config.json"
FILES = {"pip": PIP, "uv": UV, "git": GIT, "docker": DAEMON}

DEFAULT, LIVE, DEAD, OLD, HEIR, CORP = (
    "https://index.example/simple",
    "https://live.example/simple",
    "https://dead.example/simple",
    "https://old.example/simple",
    "https://heir.example/simple",
    "https://corp.example/simple",
)
HUB = "https://github.com/"
PROXY, GONE = "https://proxy.example/https://github.com/", "https://gone.example/https://github.com/"

CATALOG = """
schema = 1
catalog_date = 2026-01-01
[operator.o]
name = "O"
trust = "company"
[operator.person]
name = "P"
trust = "community"
[operator.school]
name = "S"
trust = "university"
[evidence]
e = { ref = "x", date = 2026-01-01, says = "x" }
[probe.pypi]
projects = ["six"]
[probe.docker]
images = ["library/busybox"]
[probe.git]
repositories = ["git/git"]
[dead]
docker_hosts = ["hosts.dead.example"]
evidence = ["e"]
""" + "".join(
    f'[[mirror]]\nid = "{name}"\necosystem = "{ecosystem}"\noperator = "{operator}"\nurl = "{url}"\n'
    f'status = "{status}"\nevidence = ["e"]\n{more}'
    for name, ecosystem, operator, url, status, more in (
        ("live", "pypi", "o", LIVE, "active", ""),
        ("heir", "pypi", "o", HEIR, "active", ""),
        ("dead", "pypi", "o", DEAD, "dead", "status_since = 2025-04-06\n"),
        ("late", "pypi", "o", "https://live.example/late", "dead", ""),
        ("moved", "pypi", "o", "https://moved.example/simple", "dead", 'replaced_by = "heir"\n'),
        ("old", "pypi", "o", OLD, "redirects", 'replaced_by = "heir"\n'),
        ("hub", "docker", "o", "https://hub.example", "active", 'registry = "docker.io"\n'),
        ("campus", "docker", "school", "https://campus.example", "active", 'registry = "docker.io"\n'),
        ("hub-dead", "docker", "o", "https://dead.example", "dead", 'registry = "docker.io"\n'),
        ("proxy", "git", "person", PROXY, "active", f'kind = "url-prefix"\nreplaces = ["{HUB}"]\n'),
        ("gone", "git", "person", GONE, "dead", f'kind = "url-prefix"\nreplaces = ["{HUB}"]\naliases = ["https://gone.example/"]\n'),
    )
)  # fmt: skip


@cache
def catalog() -> Catalog:
    return merge([parse(CATALOG, name="mirrors.toml", origin=BUNDLED)])


CLIENTS = {
    "pip": Client(target="pip", version=(26, 3), default_url=DEFAULT, facts={"encoding": "UTF-8"}),
    "uv": Client(target="uv", version=(0, 13, 8), default_url=DEFAULT),
    "git": Client(target="git", version=(2, 39, 5), default_url=HUB),
    "docker": Client(target="docker", version=(20, 10, 24), facts={"daemon": "stopped"}),
}


def case(
    name: str,
    files: Mapping[Path, str],
    *,
    environ: Mapping[str, str] | None = None,
    facts: Mapping[str, str] | None = None,
    version: tuple[int, ...] | None = None,
    ours: frozenset[str] = frozenset(),
    said: str = "",
) -> Case:
    habitual = CLIENTS[name]
    return Case(
        machine=Machine(environ=environ or {}, home=HOME, cwd=HOME / "work", platform="linux", euid=1000),
        target=TARGETS[name],
        client=Client(
            target=name,
            version=version or habitual.version,
            default_url=habitual.default_url,
            facts={**habitual.facts, **(facts or {})},
        ),
        scope=Scope.SYSTEM if name == "docker" else Scope.USER,
        contents={path: text.encode("utf-8", "surrogateescape") for path, text in files.items()},
        catalog=catalog(),
        ours=ours,
        said=said,
    )


def look(found: Case) -> tuple[Finding, ...]:
    return rank(diagnosis.diagnose(found))


def told(findings: tuple[Finding, ...]) -> list[str]:
    """Each as "severity code line", and "fix" behind it if there is a repair."""
    return [
        " ".join([f.severity.value, f.code.value, str(f.line or "-"), *(["fix"] if f.repair else [])]) for f in findings
    ]


def mended(text: str, path: Path, findings: tuple[Finding, ...], amend: Callable[[Value, list[Repair]], Value]) -> str:
    """`text` after all repairs of this file."""
    repairs = [f.repair for f in findings if f.repair and f.repair.path == path]
    if not repairs:
        return text
    lens = TARGETS[repairs[0].lens]
    return lens.write(text, path, amend(lens.read(text, path), repairs))
