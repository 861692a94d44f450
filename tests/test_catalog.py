"""What can be asked of a catalog."""

from __future__ import annotations

from datetime import date

import pytest

from mirrorctl.catalog import Catalog, is_usable
from mirrorctl.catalog.layers import BUNDLED, parse
from mirrorctl.catalog.merging import merge
from mirrorctl.model import FreshnessRecipe, Operator, Status, Sync, Trust

BASE = """
schema = 1
catalog_date = 2026-09-15
[operator]
uni = { name = "Some University", name_zh = "某大学", trust = "university", home = "https://mirrors.uni.example/" }
corp = { name = "Corp Cloud", trust = "company" }
folk = { name = "folk.example", trust = "community" }
[probe]
pypi = { small_projects = ["six"] }
docker = { images = ["library/busybox"] }
git = { repositories = ["git/git"] }
[evidence]
list = { ref = "https://list.example/", date = "2025", says = "works" }
help = { ref = "owner/repo@abc:help.md", date = 2026-03-04, says = "works" }

[[mirror]]
id = "pypi-corp"
ecosystem = "pypi"
operator = "corp"
url = "https://mirrors.corp.example/pypi/simple/"
status = "active"
default = true
rank = 2
evidence = ["list"]

[[mirror]]
id = "pypi-uni"
ecosystem = "pypi"
operator = "uni"
url = "https://mirrors.uni.example/pypi/web/simple"
aliases = ["https://pypi.uni.example/simple"]
status = "active"
default = true
rank = 1
domain = "shared"
sync = { documented = "daily", source = ["help"], remark = "or so" }
freshness = [{ type = "tunasync", url = "https://mirrors.uni.example/static/tunasync.json", job = "pypi" }]
features = { pep691 = true, pep658 = false }
probe = { packages = "https://mirrors.uni.example/pypi/packages/" }
quirks = ["no nightlies"]
evidence = ["list", "help"]

[[mirror]]
id = "pypi-uni-old"
ecosystem = "pypi"
operator = "uni"
url = "https://old.uni.example/simple"
status = "dead"
status_since = "2024-06"
replaced_by = "pypi-uni"
evidence = ["list"]

[[mirror]]
id = "pypi-corp-slow"
ecosystem = "pypi"
operator = "corp"
url = "https://slow.corp.example/simple"
status = "active"
evidence = ["list"]

[[mirror]]
id = "docker-folk-new"
ecosystem = "docker"
operator = "folk"
url = "https://new.folk.example"
status = "unverified"
evidence = ["list"]

[[mirror]]
id = "docker-folk"
ecosystem = "docker"
operator = "folk"
url = "https://hub.folk.example"
status = "active"
evidence = ["list"]

[[mirror]]
id = "docker-uni"
ecosystem = "docker"
operator = "uni"
url = "https://hub.uni.example"
status = "dead"
evidence = ["list"]

[[mirror]]
id = "git-folk"
ecosystem = "git"
operator = "folk"
kind = "url-prefix"
url = "https://gh.folk.example/https://github.com/"
status = "active"
evidence = ["list"]

[[mirror]]
id = "git-folk-best"
ecosystem = "git"
operator = "folk"
kind = "path-prefix"
url = "https://best.folk.example/github.com/"
status = "active"
rank = 1
evidence = ["list"]

[[mirror]]
id = "git-folk-files"
ecosystem = "git"
operator = "folk"
kind = "download-prefix"
url = "https://dl.folk.example/https://github.com/"
status = "active"
evidence = ["list"]

[[mirror]]
id = "git-uni-brew"
ecosystem = "git"
operator = "uni"
kind = "repo"
url = "https://mirrors.uni.example/git/brew.git"
replaces = ["https://github.com/Homebrew/brew.git"]
status = "active"
evidence = ["list"]

[[mirror]]
id = "git-uni-tree"
ecosystem = "git"
operator = "uni"
kind = "host-replace"
url = "https://mirrors.uni.example/git/AOSP/"
replaces = ["https://android.googlesource.com/"]
status = "active"
evidence = ["list"]

[[mirror]]
id = "git-uni-qemu"
ecosystem = "git"
operator = "uni"
kind = "repo"
url = "https://mirrors.uni.example/git/qemu.git"
status = "active"
evidence = ["list"]
"""


def catalog(overlay: str = "") -> Catalog:
    return merge([parse(BASE, name="mirrors.toml", origin=BUNDLED), parse(overlay, name="own.toml", origin="named")])


def ids(catalog: Catalog, ecosystem: str, trust: set[Trust] | None = None) -> list[str]:
    found = catalog.candidates(ecosystem) if trust is None else catalog.candidates(ecosystem, trust=trust)
    return [mirror.id for mirror in found]


def test_everything_an_entry_says_arrives() -> None:
    (mirror,) = catalog().find("pypi-uni", "pypi")
    assert mirror.operator == "uni"
    assert mirror.trust is Trust.UNIVERSITY
    assert mirror.kind == "index"
    assert mirror.aliases == ("https://pypi.uni.example/simple",)
    assert (mirror.default, mirror.rank, mirror.domain) == (True, 1, "shared")
    assert mirror.sync == Sync(documented="daily", source=("help",), remark="or so")
    url = "https://mirrors.uni.example/static/tunasync.json"
    assert mirror.freshness == (FreshnessRecipe(type="tunasync", url=url, job="pypi"),)
    assert mirror.features == {"pep691": True, "pep658": False}
    assert mirror.probe == {"packages": "https://mirrors.uni.example/pypi/packages/"}
    assert mirror.quirks == ("no nightlies",)
    assert mirror.evidence_at == date(2026, 3, 4)
    assert mirror.origin == "bundled"


def test_what_an_entry_leaves_out_has_a_default() -> None:
    (mirror,) = catalog().find("docker-folk", "docker")
    assert (mirror.kind, mirror.registry, mirror.domain) == ("registry-mirror", "docker.io", "folk")
    assert (mirror.default, mirror.rank, mirror.status_since) == (False, None, None)
    assert mirror.evidence_at == date(2025, 1, 1)
    (proxy,) = catalog().find("git-folk", "git")
    assert proxy.replaces == ("https://github.com/",)


def test_what_goes_for_the_whole_catalog() -> None:
    found = catalog()
    assert found.catalog_date == date(2026, 9, 15)
    assert found.operators["uni"] == Operator(
        id="uni",
        name="Some University",
        name_zh="某大学",
        trust=Trust.UNIVERSITY,
        home="https://mirrors.uni.example/",
    )
    assert found.evidence["help"].ref == "owner/repo@abc:help.md"
    assert found.canaries["git"] == {"repositories": ("git/git",)}


@pytest.mark.parametrize(
    ("which", "ecosystem", "expected"),
    [
        pytest.param("pypi-corp", "pypi", ["pypi-corp"], id="mirror"),
        pytest.param("pypi-uni-old", "pypi", ["pypi-uni-old"], id="dead-mirror-by-its-id"),
        pytest.param("pypi-corp", "docker", [], id="mirror-of-another-ecosystem"),
        pytest.param("uni", "pypi", ["pypi-uni"], id="operator-without-its-dead"),
        pytest.param("corp", "pypi", ["pypi-corp"], id="operator-best-rank"),
        pytest.param("folk", "docker", ["docker-folk"], id="operator-active-first"),
        pytest.param("folk", "git", ["git-folk-best"], id="operator-one-for-all-of-github"),
        pytest.param("uni", "git", ["git-uni-brew", "git-uni-tree"], id="operator-each-repository"),
        pytest.param("uni", "docker", [], id="operator-with-dead-ones-only"),
        pytest.param("corp", "docker", [], id="operator-without-any"),
        pytest.param("nobody", "pypi", [], id="unknown"),
    ],
)
def test_find(which: str, ecosystem: str, expected: list[str]) -> None:
    assert [mirror.id for mirror in catalog().find(which, ecosystem)] == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("https://mirrors.uni.example/pypi/web/simple", "pypi-uni", id="same"),
        pytest.param("https://mirrors.uni.example/pypi/web/simple//", "pypi-uni", id="slashes"),
        pytest.param("HTTPS://Mirrors.UNI.example:443/pypi/web/simple", "pypi-uni", id="case-and-port"),
        pytest.param("https://pypi.uni.example/simple/", "pypi-uni", id="alias"),
        pytest.param("https://old.uni.example/simple", "pypi-uni-old", id="dead"),
        pytest.param("https://mirrors.uni.example/PyPI/web/simple", None, id="case-of-the-path"),
        pytest.param("http://mirrors.uni.example/pypi/web/simple", None, id="http"),
        pytest.param("https://mirrors.uni.example:8443/pypi/web/simple", None, id="port"),
        pytest.param("https://user@mirrors.uni.example/pypi/web/simple", None, id="user"),
        pytest.param("https://hub.folk.example", None, id="another-ecosystem"),
        pytest.param("", None, id="empty"),
    ],
)
def test_by_url(url: str, expected: str | None) -> None:
    mirror = catalog().by_url(url, "pypi")
    assert (mirror and mirror.id) == expected


def test_candidates_are_the_default_set_best_rank_first() -> None:
    assert ids(catalog(), "pypi") == ["pypi-uni", "pypi-corp"]
    assert ids(catalog(), "pypi", {Trust.UNIVERSITY}) == ["pypi-uni"]
    assert ids(catalog(), "docker") == []
    assert ids(catalog(), "git") == []


def test_community_mirrors_take_part_when_asked_for_and_active() -> None:
    assert ids(catalog(), "docker", set(Trust)) == ["docker-folk"]
    assert ids(catalog(), "git", set(Trust)) == ["git-folk-best", "git-folk"]


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.ACTIVE])
def test_private_mirrors_always_take_part_if_active(status: Status) -> None:
    mine = 'ecosystem = "pypi"\nurl = "http://127.0.0.1:8080/simple"\n'
    overlay = f'[[mirror]]\nid = "mine"\n{mine}[[mirror]]\nid = "gone"\nstatus = "{status}"\n{mine}'
    assert ids(catalog(overlay), "pypi", set()) == ["mine"]


def test_only_what_stands_for_all_of_github_takes_part() -> None:
    tree = 'ecosystem = "git"\nkind = "host-replace"\nurl = "https://git.example/"\n'
    overlay = f'[[mirror]]\nid = "all"\n{tree}[[mirror]]\nid = "some"\nreplaces = ["https://android.example/"]\n{tree}'
    assert ids(catalog(overlay), "git") == ["all"]


def test_usable_is_what_a_client_can_be_pointed_at() -> None:
    unusable = [mirror.id for mirror in catalog().mirrors if not is_usable(mirror)]
    assert unusable == ["git-folk-files", "git-uni-qemu"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("unii", ("uni",), id="typing-error"),
        pytest.param("pypi-unii", ("pypi-uni", "pypi-uni-old"), id="mirror"),
        pytest.param("Cloud", ("corp",), id="part-of-a-name"),
        pytest.param("某大学", ("uni",), id="chinese"),
        pytest.param("uni", ("pypi-uni", "pypi-uni-old"), id="operator-whose-mirrors-are-meant"),
        pytest.param("zzz", (), id="nothing"),
    ],
)
def test_suggest(name: str, expected: tuple[str, ...]) -> None:
    assert catalog().suggest(name)[: len(expected) or 1] == expected
