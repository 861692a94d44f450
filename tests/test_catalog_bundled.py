"""What holds of the catalog that is shipped."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from mirrorctl.catalog import Catalog, bundled_text, is_usable
from mirrorctl.catalog import entries as entry
from mirrorctl.catalog import layers as schema
from mirrorctl.catalog.addresses import normalise
from mirrorctl.catalog.layers import BUNDLED, parse
from mirrorctl.catalog.merging import merge
from mirrorctl.model import REGISTRIES, Status, Trust

ROOT = Path(__file__).resolve().parents[1]


# Mirrors of clients that are told by variables alone.
BY_VARIABLE = {
    ("npm", "active"): 3,
    ("npm", "dead"): 1,
    ("go", "active"): 4,
    ("go", "unverified"): 1,
    ("rustup", "active"): 8,
    ("rustup", "redirects"): 1,
    ("huggingface", "active"): 1,
    ("huggingface", "dead"): 1,
    ("homebrew", "active"): 4,
}

# Of other registries than Docker Hub.
FURTHER = {
    ("ghcr", "active"): 1,
    ("ghcr", "unverified"): 3,
    ("ghcr", "dead"): 1,
    ("quay", "active"): 2,
    ("quay", "unverified"): 3,
    ("gcr", "active"): 1,
    ("gcr", "unverified"): 1,
    ("gcr", "login"): 1,
    ("gcr", "internal"): 1,
    ("gcr", "dead"): 1,
    ("k8s", "active"): 2,
    ("k8s", "unverified"): 3,
}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return merge([parse(bundled_text(), name="mirrors.toml", origin=BUNDLED)])


def host(url: str) -> str:
    return url.split("/")[2]


def test_the_checkout_is_where_the_text_comes_from() -> None:
    assert bundled_text() == (ROOT / "mirrors.toml").read_text(encoding="utf-8")


def test_it_is_small_enough_to_be_read_at_every_start() -> None:
    assert len(bundled_text().encode()) < 130_000


def test_every_known_mirror_is_there_by_status(catalog: Catalog) -> None:
    """155 are known. Upstreams are asked of the client: three of git, one each of pypi and docker. Alibaba Cloud's
    accelerator has a host for each account, and so no address.
    """
    assert Counter((mirror.ecosystem, mirror.status.value) for mirror in catalog.mirrors) == {
        ("pypi", "active"): 12,
        ("pypi", "unverified"): 5,
        ("pypi", "redirects"): 3,
        ("pypi", "internal"): 2,
        ("pypi", "dead"): 2,
        ("docker", "active"): 10,
        ("docker", "unverified"): 11,
        ("docker", "login"): 3,
        ("docker", "internal"): 2,
        ("docker", "dead"): 10,
        ("git", "active"): 68,
        ("git", "unverified"): 7,
        ("git", "dead"): 14,
        **BY_VARIABLE,
        **FURTHER,
    }
    assert len(catalog.mirrors) == 155 - 3 - 1 - 1 - 1 + sum((BY_VARIABLE | FURTHER).values())
    assert len(catalog.dead_docker_hosts) == 64 - 1  # hub.rat.dev is an entry


def test_the_default_set(catalog: Catalog) -> None:
    assert [mirror.id for mirror in catalog.mirrors if mirror.default] == [
        "pypi-tuna",
        "pypi-aliyun",
        "pypi-ustc",
        "pypi-bfsu",
        "pypi-tencent",
        "pypi-huawei",
        "pypi-sjtu",
        "pypi-nju",
        "pypi-pku",
        "pypi-hust",
        "docker-daocloud",
        "docker-1ms",
        "docker-1panel",
        *("ghcr-daocloud", "quay-daocloud", "gcr-daocloud", "k8s-daocloud", "k8s-sjtu", "quay-nju"),
        *("npm-npmmirror", "npm-huawei", "npm-tencent"),
        *("go-goproxy-cn", "go-aliyun"),
        *("rustup-rsproxy", "rustup-ustc", "rustup-tuna", "rustup-aliyun", "rustup-nju"),
        *("homebrew-ustc", "homebrew-tuna", "homebrew-bfsu", "homebrew-nju"),
    ]


def test_what_is_in_the_default_set_is_sound(catalog: Catalog) -> None:
    for mirror in catalog.mirrors:
        if mirror.default:
            assert mirror.url.startswith("https://"), mirror.id
            assert mirror.trust in {Trust.UNIVERSITY, Trust.COMPANY}, mirror.id
            assert mirror.rank, mirror.id
            assert is_usable(mirror), mirror.id


def test_ranked_mirrors_are_active_and_their_ranks_differ(catalog: Catalog) -> None:
    ranked = [mirror for mirror in catalog.mirrors if mirror.rank]
    assert {mirror.status for mirror in ranked} == {Status.ACTIVE}
    assert max(Counter((mirror.ecosystem, mirror.rank) for mirror in ranked).values()) == 1


def test_ranks_rest_on_evidence_of_eighteen_months(catalog: Catalog) -> None:
    oldest = catalog.catalog_date - timedelta(days=548)
    assert [mirror.id for mirror in catalog.mirrors if mirror.rank and (mirror.evidence_at or date.min) < oldest] == []


def test_every_mirror_has_dated_evidence_no_newer_than_the_catalog(catalog: Catalog) -> None:
    assert [mirror.id for mirror in catalog.mirrors if not mirror.evidence or not mirror.evidence_at] == []
    assert max(evidence.at for evidence in catalog.evidence.values()) == catalog.catalog_date == date(2026, 9, 15)


def test_nothing_is_declared_that_no_mirror_uses(catalog: Catalog) -> None:
    assert catalog.operators.keys() == {mirror.operator for mirror in catalog.mirrors}
    used = {key for mirror in catalog.mirrors for key in (*mirror.evidence, *mirror.sync.source)}
    assert catalog.evidence.keys() == used


def test_ids_tell_the_ecosystem_and_are_no_operators(catalog: Catalog) -> None:
    assert [mirror.id for mirror in catalog.mirrors if not mirror.id.startswith(f"{mirror.ecosystem}-")] == []
    assert {mirror.id for mirror in catalog.mirrors} & catalog.operators.keys() == set()


def test_no_address_stands_for_two_mirrors(catalog: Catalog) -> None:
    addresses = Counter(
        (mirror.ecosystem, address)
        for mirror in catalog.mirrors
        for address in {normalise(url) for url in (mirror.url, *mirror.aliases)}
    )
    assert [address for address, count in addresses.items() if count > 1] == []


@pytest.mark.parametrize(("ecosystem", "registry"), REGISTRIES.items(), ids=REGISTRIES)
def test_registry_mirrors_are_for_one_registry(catalog: Catalog, ecosystem: str, registry: str) -> None:
    assert {(mirror.kind, mirror.registry) for mirror in catalog.of(ecosystem)} == {("registry-mirror", registry)}


def test_dead_hosts_belong_to_no_mirror_that_lives(catalog: Catalog) -> None:
    living = {host(mirror.url) for mirror in catalog.mirrors if mirror.status is not Status.DEAD}
    assert living & set(catalog.dead_docker_hosts) == set()


def test_since_when_dead_mirrors_are_dead(catalog: Catalog) -> None:
    unknown = [mirror.id for mirror in catalog.mirrors if mirror.status is Status.DEAD and not mirror.status_since]
    assert unknown == ["docker-cn", "git-dead-hub-fastgit-org"]


def test_the_failure_domain_of_tuna(catalog: Catalog) -> None:
    shared = [mirror.id for mirror in catalog.candidates("pypi") if mirror.domain == "tuna"]
    assert shared == ["pypi-tuna", "pypi-ustc", "pypi-bfsu", "pypi-sjtu"]


def test_canaries(catalog: Catalog) -> None:
    assert catalog.canaries["pypi"]["small_projects"] == ("six", "certifi")
    assert catalog.canaries["pypi"]["large_projects"] == ("opencv-python", "numpy")
    assert catalog.canaries["docker"]["images"] == ("library/busybox", "library/hello-world")
    assert catalog.canaries["docker"]["large_images"] == ("library/python",)
    assert catalog.canaries["git"] == {"repositories": ("octocat/Hello-World", "git/git", "octo/hello")}


def test_upstreams_are_asked_of_the_client_and_nothing_is_a_placeholder() -> None:
    text = bundled_text()
    assert [name for name in ("pypi" + ".org", "python" + "hosted", "://registry-1.docker.io") if name in text] == []
    assert [line for line in text.splitlines() if "<" in line and "<owner>/<repo>" not in line] == []


def test_the_reference_speaks_of_every_key_and_value() -> None:
    text = (ROOT / "docs/reference/catalog.md").read_text(encoding="utf-8")
    words = {
        *entry._KEYS,
        *entry._FEATURES,
        *entry._RECIPE_TYPES,
        *entry._PROBE_NAMES,
        *entry._PROBE_URLS,
        *entry.KINDS,
    }
    words |= {*schema._TOP_KEYS - {"operator", "mirror", "evidence", "probe", "dead"}, *schema._OPERATOR_KEYS}
    words |= {*schema._EVIDENCE_KEYS, *schema._DEAD_KEYS, *entry._SYNC_KEYS, *entry._RECIPE_KEYS, *Status, *Trust}
    assert [word for word in sorted(words) if f"`{word}`" not in text] == []


@pytest.mark.client
@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_git_replaces_the_repository_and_no_other(catalog: Catalog, tmp_path: Path) -> None:
    """Asks git itself about every form of every pair on GitHub."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
    pairs = [
        mirror for mirror in catalog.of("git") if mirror.kind == "repo" and "//github.com/" in "".join(mirror.replaces)
    ]
    assert len(pairs) == 19
    for mirror in pairs:
        name = mirror.replaces[0].removesuffix(".git")
        rules = [part for prefix in mirror.replaces for part in ("-c", f"url.{mirror.url}.insteadOf={prefix}")]
        expected = {f"{name}.git": mirror.url, f"{name}/": mirror.url, name: name, f"{name}-more": f"{name}-more"}
        for form, url in expected.items():
            command = ["git", *rules, "ls-remote", "--get-url", form]
            output = subprocess.run(command, env=environ, capture_output=True, check=True, text=True)
            assert output.stdout == f"{url}\n"
