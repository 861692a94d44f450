"""Comparing what mirrors serve: honest, stale and tampering ones, with upstream and without; and what is kept of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from servers.certificates import Authority
from servers.index import Content, index, projects, wheel
from servers.overlay import entry, overlay
from servers.registry import IMAGES, digest, image, registry
from servers.repositories import git, repositories, seed
from servers.web import Answer, Application, Faults, Hit, Server
from servers.workstation import Ran, Workstation

pytestmark = pytest.mark.client

PATHS = {"pypi": "/simple", "docker": "", "git": "/"}
TARGET = {"pypi": "pip", "docker": "docker", "git": "git"}
SIX = "six-1.17.0-py2.py3-none-any.whl"
EVIL = wheel("six", "1.17.0", "py2.py3-none-any", 1000)[1]


TAMPERED: Content = {**projects(), "six": {**projects()["six"], SIX: EVIL}}
STALE: Content = {**projects(), "six": {name: body for name, body in projects()["six"].items() if name != SIX}}
ADDED: Content = {**projects(), "six": {**projects()["six"], "six-9.0-py2.py3-none-any.whl": EVIL}}
DESCRIBED: Content = {**projects(), "six": {**projects()["six"], f"{SIX}.metadata": b"Name: six\n" * 9}}


@contextmanager
def serving(
    machine: Workstation,
    trusted: Authority,
    ecosystem: str,
    mirrors: dict[str, Application | Server],
    upstream: Application | None,
) -> Iterator[tuple[str, ...]]:
    """Mirrors by their ids, which are their operators too; gives the words that name upstream on the command line."""
    with ExitStack() as stack:
        entries = []
        for name, served in mirrors.items():
            server = served if isinstance(served, Server) else Server(application=served, tls=trusted.tls)
            stack.enter_context(server)
            entries.append(entry(name, ecosystem, f"{server.url}{PATHS[ecosystem]}", operator=f"of-{name}"))
        machine.know(overlay(*entries))
        gone = Server(application=index(), tls=trusted.tls)
        with gone:
            closed = gone.url
        found = stack.enter_context(Server(application=upstream, tls=trusted.tls)).url if upstream else closed
        yield "-t", TARGET[ecosystem], "--upstream", f"{found}{PATHS[ecosystem]}"


def verdicts(ran: Ran) -> dict[str, str]:
    return {mirror["id"]: mirror["verdict"] for mirror in ran.data["mirrors"]}


def evidence(ran: Ran, name: str) -> list[dict[str, Any]]:
    (found,) = (mirror["evidence"] for mirror in ran.data["mirrors"] if mirror["id"] == name)
    assert isinstance(found, list)
    return found


def test_indexes_are_told_apart(bare: Workstation, trusted: Authority) -> None:
    corrupt = Server(application=index(), tls=trusted.tls, faults=Faults(corrupt=True, only="/files/six/"))
    portal = Server(application=index(), tls=trusted.tls, faults=Faults(portal=True))
    redescribed = Faults(corrupt=True, only=".metadata")
    mirrors: dict[str, Application | Server] = {
        "honest": index(),
        "stale": index(content=STALE),
        "forged": index(content=TAMPERED),
        "added": index(content=ADDED),
        "corrupt": corrupt,
        "portal": portal,
        "described": index(content=DESCRIBED),
        "redescribed": Server(application=index(content=DESCRIBED), tls=trusted.tls, faults=redescribed),
    }
    with serving(bare, trusted, "pypi", mirrors, index(content=DESCRIBED)) as words:
        ran = bare.mirrorctl("verify", *words, "--json").ended(23)
    assert verdicts(ran) == {
        "honest": "same",
        "stale": "behind",
        "forged": "mismatch",
        "added": "behind",
        "corrupt": "mismatch",
        "portal": "unverifiable",
        "described": "same",
        "redescribed": "mismatch",
    }
    assert {item["kind"] for item in evidence(ran, "redescribed")} == {"metadata-bytes"}
    assert evidence(ran, "stale")[0]["finding"] == "missing"
    assert evidence(ran, "added")[0]["finding"] == "extra"
    assert {(item["kind"], item["subject"]) for item in evidence(ran, "forged")} == {("hash", SIX), ("bytes", SIX)}
    assert {item["kind"] for item in evidence(ran, "corrupt")} == {"bytes"}
    assert all(item["expected"].startswith("sha256:") and item["basis"] == words[3] for item in evidence(ran, "forged"))
    assert {error["subject"] for error in ran.envelope["errors"]} == {"forged", "corrupt", "redescribed"}
    assert [warning["subject"] for warning in ran.envelope["warnings"] if warning["code"] == "extra"] == ["added"]
    (portal_view,) = (mirror for mirror in ran.data["mirrors"] if mirror["id"] == "portal")
    assert portal_view["reason"]["code"] == "captive-portal"


def test_without_upstream_the_majority_counts(bare: Workstation, trusted: Authority) -> None:
    mirrors: dict[str, Application | Server] = {
        "one": index(),
        "two": index(),
        "forged": index(content=TAMPERED),
    }
    with serving(bare, trusted, "pypi", mirrors, None) as words:
        ran = bare.mirrorctl("verify", *words, "--json").ended(23)
        alone = bare.mirrorctl("verify", *words, "--via", "forged", "--json").ended(23)
    assert verdicts(ran) == {"one": "same", "two": "same", "forged": "mismatch"}
    assert ran.data["ecosystems"][0]["upstream"] is None
    assert ran.data["ecosystems"][0]["basis"] == "consensus of 3 operators"
    assert [warning["code"] for warning in ran.envelope["warnings"]] == ["no-upstream"]
    assert verdicts(alone) == {"forged": "mismatch"}, "the others are asked, and not judged"


def test_two_who_disagree_prove_nothing(bare: Workstation, trusted: Authority) -> None:
    mirrors: dict[str, Application | Server] = {"one": index(), "other": index(content=TAMPERED)}
    with serving(bare, trusted, "pypi", mirrors, None) as words:
        ran = bare.mirrorctl("verify", *words, "--package", "six", "--json").ended(1)
    assert verdicts(ran) == {"one": "unverifiable", "other": "unverifiable"}
    assert {item["finding"] for item in evidence(ran, "one")} == {"disputed"}


def test_what_was_found_keeps_a_mirror_from_being_chosen(bare: Workstation, trusted: Authority) -> None:
    forged = Server(application=index(content=TAMPERED), tls=trusted.tls)
    honest = Server(application=index(), tls=trusted.tls, faults=Faults(delay_s=0.05))
    with serving(bare, trusted, "pypi", {"forged": forged, "honest": honest}, index()) as words:
        bare.mirrorctl("verify", *words, "--json").ended(23)
        used = bare.mirrorctl("use", "fastest", "-t", "pip", "-y", "--latency-only", "--json").ended(0)
        assert used.data["targets"][0]["mirror"]["id"] == "honest"
        probed = bare.mirrorctl("probe", "-t", "pip", "--latency-only", "--json").ended(0)
        (rejected,) = probed.data["ecosystems"][0]["rejected"]
        assert (rejected["id"], rejected["reason"]["code"]) == ("forged", "mismatch")
        refused = bare.mirrorctl("use", "forged", "-t", "pip", "-y", "--json").ended(23)
        assert "--force" in refused.envelope["errors"][0]["hint"]
        bare.mirrorctl("use", "forged", "-t", "pip", "-y", "--force", "--dry-run").ended(0)
        # Another sample being the same refutes nothing; the same sample does, and it is looked at without being named.
        forged.application = index()
        cleared = bare.mirrorctl("verify", *words, "--package", "idna", "--via", "forged", "--json").ended(0)
        assert cleared.data["ecosystems"][0]["samples"] == ["idna", "six"]
        assert [warning["code"] for warning in cleared.envelope["warnings"]] == ["cleared"]
        bare.mirrorctl("use", "forged", "-t", "pip", "-y", "--dry-run").ended(0)


def test_what_is_kept_is_for_its_owner_alone(bare: Workstation, trusted: Authority) -> None:
    with serving(bare, trusted, "pypi", {"forged": index(content=TAMPERED)}, index()) as words:
        bare.mirrorctl("verify", *words).ended(23)
    file = bare.state / "mismatches.json"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    (found,) = json.loads(file.read_text())["mismatches"]
    assert (found["id"], found["samples"]) == ("forged", ["six"])


def test_an_honest_field_leaves_no_trace(bare: Workstation, trusted: Authority) -> None:
    with serving(bare, trusted, "pypi", {"honest": index()}, index()) as words:
        ran = bare.mirrorctl("verify", *words).ended(0)
    assert "same" in ran.stdout
    assert not (bare.state / "mismatches.json").exists()


BUSYBOX = "library/busybox"
OLDER = {**IMAGES, BUSYBOX: 2_000_000}


def with_older(hit: Hit) -> Answer:
    """Upstream's registry, which keeps what the tag was before."""
    old = digest(image(OLDER[BUSYBOX]).index)
    return registry(images=OLDER if old in hit.path else IMAGES)(hit)


def disguised(hit: Hit) -> Answer:
    """A registry that says the right digest of a manifest that does not have it."""
    answer = registry()(hit)
    if "/manifests/latest" in hit.path and answer.status == 200:
        return Answer(body=answer.body + b" ", type=answer.type, headers=answer.headers)
    return answer


def test_registries_are_told_apart(bare: Workstation, trusted: Authority) -> None:
    corrupt = Server(application=registry(), tls=trusted.tls, faults=Faults(corrupt=True, only="/storage/"))
    mirrors: dict[str, Application | Server] = {
        "honest": registry(),
        "stale": registry(images=OLDER),
        "forged": registry(images={**IMAGES, BUSYBOX: 3_000_000}),
        "disguised": disguised,
        "corrupt": corrupt,
    }
    with serving(bare, trusted, "docker", mirrors, with_older) as words:
        ran = bare.mirrorctl("verify", *words, "--image", "busybox", "--json").ended(23)
    assert verdicts(ran) == {
        "honest": "same",
        "stale": "behind",
        "forged": "mismatch",
        "disguised": "mismatch",
        "corrupt": "mismatch",
    }
    assert [item["finding"] for item in evidence(ran, "stale")] == ["older"]
    assert {item["kind"] for item in evidence(ran, "disguised")} == {"tag", "digest-header"}
    assert {item["kind"] for item in evidence(ran, "corrupt")} == {"blob"}


def test_repositories_are_told_apart(
    bare: Workstation, trusted: Authority, repository_root: Path, tmp_path: Path
) -> None:
    upstream = tmp_path / "upstream"
    git("clone", "-q", "--mirror", str(repository_root / "git/git.git"), str(upstream / "git/git.git"), cwd=tmp_path)
    work = tmp_path / "work"
    git("clone", "-q", str(upstream / "git/git.git"), str(work), cwd=tmp_path)
    git("commit", "-q", "--allow-empty", "-m", "Second", cwd=work)
    git("push", "-q", "origin", "master", cwd=work)
    mirrors: dict[str, Application | Server] = {
        "honest": repositories(upstream),
        "stale": repositories(repository_root),
        "forged": repositories(seed(tmp_path / "forged", "forged\n")),
    }
    with serving(bare, trusted, "git", mirrors, repositories(upstream)) as words:
        ran = bare.mirrorctl("verify", *words, "--repo", "git/git", "--json").ended(23)
    assert verdicts(ran) == {"honest": "same", "stale": "behind", "forged": "mismatch"}
    assert {item["finding"] for item in evidence(ran, "stale")} == {"differs"}


def test_who_does_not_answer_holds_nobody_up(bare: Workstation, trusted: Authority) -> None:
    """Upstream is silent, and so is one mirror; one breaks off, one asks to be left alone."""
    faults = {
        "silent": Faults(silent=True),
        "truncated": Faults(truncate=True, only="/files/"),
        "busy": Faults(status=429),
    }
    servers = {name: Server(application=index(), tls=trusted.tls, faults=fault) for name, fault in faults.items()}
    mirrors: dict[str, Application | Server] = {"one": index(), "two": index(), **servers}
    with (
        serving(bare, trusted, "pypi", mirrors, None) as words,
        Server(application=index(), tls=trusted.tls, faults=Faults(silent=True)) as upstream,
    ):
        bounds = (*words[:3], f"{upstream.url}/simple", "--deadline", "6s")
        ran = bare.mirrorctl("verify", *bounds, "--json").ended(0)
    assert verdicts(ran) == {"one": "same", "two": "same"} | dict.fromkeys(faults, "unverifiable")
    reasons = {mirror["id"]: mirror["reason"]["code"] for mirror in ran.data["mirrors"] if mirror["reason"]}
    assert reasons == {"silent": "silent", "truncated": "truncated", "busy": "rate-limited"}
    assert len(servers["busy"].hits) == 1
    assert ran.data["ecosystems"][0]["elapsed_s"] < 6.5


def test_no_more_is_read_than_may_be(bare: Workstation, trusted: Authority) -> None:
    with serving(bare, trusted, "pypi", {"one": index()}, index()) as words:
        ran = bare.mirrorctl("verify", *words, "--budget", "1", "--json").ended(1)
    assert ran.data["mirrors"][0]["reason"]["code"] == "budget"
    assert ran.data["ecosystems"][0]["read_bytes"] < 5000


def test_text_of_servers_does_not_reach_the_terminal(bare: Workstation, trusted: Authority) -> None:
    name = "six-2.0\x1b]0;owned\x07.tar.gz"
    odd: Content = {**projects(), "six": {**projects()["six"], name: b"x"}}
    with serving(bare, trusted, "pypi", {"odd": index(content=odd)}, index()) as words:
        ran = bare.mirrorctl("verify", *words).ended(0)
    assert "\\u001b]0;owned" in ran.stdout
    assert "\x1b" not in ran.stdout + ran.stderr


def test_nothing_is_sent_that_anybody_could_use(bare: Workstation, trusted: Authority) -> None:
    bare.secrets.append("hunter2")
    bare.write(".netrc", "default login me password hunter2\n", mode=0o600)
    mirror = Server(application=registry(), tls=trusted.tls)
    with serving(bare, trusted, "docker", {"one": mirror}, registry()) as words:
        bare.mirrorctl("verify", *words).ended(0)
    sent = {hit.authorization for hit in mirror.hits}
    assert sent <= {None, "Bearer anonymous"}


@pytest.mark.parametrize(
    ("words", "status"),
    [
        pytest.param(("--package", "../etc"), 2, id="no package"),
        pytest.param(("--package", "six", "-t", "git"), 2, id="a package of git"),
        pytest.param(("--via", "nobody"), 2, id="no mirror"),
        pytest.param(("--samples", "0"), 2, id="no sample"),
        pytest.param(("--via", "https://x.example"), 2, id="an address of whatever"),
    ],
)
def test_what_makes_no_sense_is_refused(machine: Workstation, words: tuple[str, ...], status: int) -> None:
    assert machine.mirrorctl("verify", *words, "--json").ended(status).data == {}
