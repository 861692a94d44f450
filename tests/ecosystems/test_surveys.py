"""What a source is asked, and what is observed of its answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress

import pytest
from ecosystems.walking import Served, Site, mirror, reply, walked
from hypothesis import given
from hypothesis import strategies as st

from mirrorctl.ecosystems import docker_survey, git_survey, pypi_survey
from mirrorctl.ecosystems.base import Asking, Rejected, Reply, Request
from mirrorctl.ecosystems.git import FLUSH, packet
from mirrorctl.ecosystems.survey import UPSTREAM, Survey, digest_of
from mirrorctl.model import Mirror
from mirrorctl.values import replace

INDEX = "https://m.example/simple"
A, B = "a" * 64, "b" * 64


def values(survey: Survey) -> list[tuple[str, str, str]]:
    return [(seen.subject, seen.kind, seen.got) for seen in survey.observations]


# PyPI


def page(found: Served) -> Survey:
    return walked(pypi_survey.survey(mirror("pypi", INDEX), "six"), Site({f"GET {INDEX}/six/": found}))


HTML = f"""<!DOCTYPE html><html><body>
<a href="../../f/six-1.16.0-py3-none-any.whl#sha256={A}" data-yanked="broken" data-core-metadata="sha256={B}">x</a>
<a href="../../f/six-1.17.0.tar.gz#md5=00">x</a></body></html>"""
JSON = {
    "files": [
        {
            "filename": "six-1.16.0-py3-none-any.whl",
            "url": "https://m.example/f/six-1.16.0-py3-none-any.whl",
            "hashes": {"sha256": A.upper()},
            "yanked": "broken",
            "core-metadata": {"sha256": B},
        },
        {"filename": "six-1.17.0.tar.gz", "url": "https://m.example/f/six-1.17.0.tar.gz", "hashes": {"md5": "00"}},
    ]
}
OBSERVED = [
    ("six-1.17.0.tar.gz", "hash", ""),
    ("six-1.17.0.tar.gz", "yanked", "no"),
    ("six-1.16.0-py3-none-any.whl", "hash", f"sha256:{A}"),
    ("six-1.16.0-py3-none-any.whl", "metadata-hash", f"sha256:{B}"),
    ("six-1.16.0-py3-none-any.whl", "yanked", "yes"),
]


@pytest.mark.parametrize("body", [HTML, json.dumps(JSON)], ids=["PEP 503", "PEP 691"])
def test_both_forms_of_a_page_say_the_same(body: str) -> None:
    survey = page(reply(body))
    assert values(survey) == OBSERVED
    assert survey.whole == {"six"}
    assert [(place.kind, place.request.url) for place in survey.places] == [
        ("bytes", "https://m.example/f/six-1.17.0.tar.gz"),
        ("bytes", "https://m.example/f/six-1.16.0-py3-none-any.whl"),
        ("metadata-bytes", "https://m.example/f/six-1.16.0-py3-none-any.whl.metadata"),
    ]


@pytest.mark.parametrize("ending", ["tar.xz", "tar.lzma", "tbz", "tar", "tar.zst"])
def test_every_archive_that_a_client_takes_is_seen(ending: str) -> None:
    """A client takes more kinds of archives than PEP 625 allows (pip, utils/filetypes.py; uv as well)."""
    name = f"six-99.0.{ending}"
    survey = page(reply(f'{HTML}<a href="/f/{name}">x</a>'))
    assert (name, "hash", "") in values(survey)


def test_a_version_without_end_is_none() -> None:
    name = f"six-{'9' * 5000}.tar.gz"
    assert (name, "hash", "") in values(page(reply(f'{HTML}<a href="/f/{name}">x</a>')))


def test_a_project_that_is_not_there_is_absent() -> None:
    assert page(reply(status=404)) == Survey(absent=frozenset({"six"}))


def test_an_index_in_trouble_is_a_rejection() -> None:
    with pytest.raises(Rejected):
        page(reply(status=503))


# Docker

BASE = "https://r.example"
SAMPLE = "library/busybox:latest"
CONFIG, LAYER = b"{}", b"layer"
MANIFEST = json.dumps(
    {
        "layers": [{"digest": digest_of(b"big"), "size": 99}, {"digest": digest_of(LAYER), "size": 5}],
        "config": {"digest": digest_of(CONFIG), "size": 2},
    }
).encode()
LIST = json.dumps(
    {"manifests": [{"digest": digest_of(MANIFEST), "platform": {"architecture": "amd64", "os": "linux"}}]}
).encode()


def registry(stated: str = "") -> Site:
    manifests = f"{BASE}/v2/library/busybox/manifests"
    return Site(
        {
            f"GET {BASE}/v2/": reply("{}"),
            f"GET {manifests}/latest": reply(LIST, docker_content_digest=stated),
            f"HEAD {manifests}/{digest_of(LIST)}": reply(),
            f"HEAD {manifests}/sha256:odd": reply(status=500),
            f"GET {manifests}/{digest_of(MANIFEST)}": reply(MANIFEST),
        }
    )


def test_a_tag_is_the_digest_of_the_bytes_whatever_the_header_says() -> None:
    survey = walked(docker_survey.survey(mirror("docker", BASE), SAMPLE), registry(f"sha256:{A}"))
    assert values(survey) == [
        (SAMPLE, "tag", digest_of(LIST)),
        (SAMPLE, "digest-header", digest_of(LIST)),
        (f"library/busybox@{digest_of(MANIFEST)}", "manifest", digest_of(MANIFEST)),
    ]
    assert [seen.stated for seen in survey.observations] == ["", f"sha256:{A}", digest_of(MANIFEST)]
    assert survey.observations[0].parts == (digest_of(MANIFEST),)
    assert [place.size_bytes for place in survey.places] == [2, 5, 99], "the configuration, then the smallest layer"


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        pytest.param("manifest", reply(status=404), id="the-manifest-of-the-platform-is-missing"),
        pytest.param("manifest", reply("{}"), id="it-is-none"),
        pytest.param("latest", reply('{"manifests": []}'), id="an-index-of-nothing"),
        pytest.param("latest", reply('{"layers": [{"digest": "sha512:00"}]}'), id="layers-by-another-algorithm"),
    ],
)
def test_what_the_tag_stands_for_is_known_whatever_comes_of_it(path: str, answer: Served) -> None:
    """Who serves another image does not get away by spoiling the rest of it."""
    site = registry()
    reference = digest_of(MANIFEST) if path == "manifest" else path
    answers = {**site.answers, f"GET {BASE}/v2/library/busybox/manifests/{reference}": answer}
    survey = walked(docker_survey.survey(mirror("docker", BASE), SAMPLE), Site(answers))
    assert [seen.kind for seen in survey.observations] == ["tag"]
    assert (survey.places, set(survey.trouble)) == ((), {SAMPLE})


def test_upstream_is_asked_for_no_more_than_the_tag() -> None:
    """It counts pulls."""
    site = registry()
    survey = walked(docker_survey.survey(replace(mirror("docker", BASE), kind=UPSTREAM), SAMPLE), site)
    assert [request.url.rpartition("/")[2] for request in site.asked] == ["", "latest"]
    assert survey.places == ()


@pytest.mark.parametrize(
    ("value", "known"), [(digest_of(LIST), True), (f"sha256:{B}", False), ("sha256:odd", None)], ids=["yes", "no", "?"]
)
def test_a_registry_is_asked_whether_it_has_a_manifest(value: str, known: bool | None) -> None:
    assert walked(docker_survey.knows(mirror("docker", BASE), SAMPLE, value), registry()) is known


# Git

REPOSITORY = "https://github.com/o/r"
ONE, TWO = "1" * 40, "2" * 40
LISTED = (
    packet(f"{ONE} HEAD symref-target:refs/heads/main\n".encode())
    + packet(f"{ONE} refs/heads/main\n".encode())
    + packet(f"{TWO} refs/tags/v1 peeled:{ONE}\n".encode())
    + packet(f"{TWO} refs/pull/1/head\n".encode())
    + FLUSH
)
REFS = [
    (f"{REPOSITORY} HEAD", "ref", ONE),
    (f"{REPOSITORY} refs/heads/main", "branch", ONE),
    (f"{REPOSITORY} refs/tags/v1", "ref", TWO),
]
OLD = (
    packet(b"# service=git-upload-pack\n")
    + FLUSH
    + packet(f"{ONE} HEAD\0multi_ack\n".encode())
    + packet(f"{ONE} refs/heads/main\n".encode())
    + packet(f"{TWO} refs/tags/v1\n".encode())
    + packet(f"{ONE} refs/tags/v1^{{}}\n".encode())
    + FLUSH
)


def forge(base: str, answer: bytes = LISTED, advertised: bytes = packet(b"version 2\n") + FLUSH) -> Site:
    return Site(
        {
            f"GET {base}/info/refs?service=git-upload-pack": reply(advertised),
            f"POST {base}/git-upload-pack": reply(answer),
        }
    )


def github_proxy() -> Mirror:
    return mirror("git", "https://p.example/https://github.com/", kind="url-prefix")


@pytest.mark.parametrize("advertised", [packet(b"version 2\n") + FLUSH, OLD], ids=["version 2", "version 0"])
def test_head_branches_and_tags_are_observed_and_nothing_else(advertised: bytes) -> None:
    site = forge("https://p.example/https://github.com/o/r.git", advertised=advertised)
    assert values(walked(git_survey.survey(github_proxy(), REPOSITORY), site)) == REFS


@pytest.mark.parametrize(
    ("advertised", "answer"),
    [
        pytest.param(packet(b"version 2\n") + FLUSH, LISTED.replace(f"{ONE} refs/h".encode(), f"{TWO} refs/h".encode()), id="version 2"),
        pytest.param(
            OLD.replace(packet(f"{ONE} HEAD\0multi_ack\n".encode()), packet(f"{ONE} HEAD\0multi_ack symref=HEAD:refs/heads/main\n".encode())).replace(
                f"{ONE} refs/h".encode(), f"{TWO} refs/h".encode()
            ),
            b"",
            id="version 0",
        ),
    ],
)  # fmt: skip
def test_head_is_what_a_clone_would_check_out(advertised: bytes, answer: bytes) -> None:
    """The branch that HEAD names, not the commit that is said beside it: git clone looks at the branch (builtin/clone.c)."""
    site = forge("https://p.example/https://github.com/o/r.git", answer, advertised)
    found = values(walked(git_survey.survey(github_proxy(), REPOSITORY), site))
    assert [(subject.removeprefix(f"{REPOSITORY} "), got) for subject, _kind, got in found[:2]] == [
        ("HEAD", TWO),
        ("refs/heads/main", TWO),
    ]


def test_a_list_that_was_cut_off_is_not_whole() -> None:
    one = packet(b"1" * 40 + b" refs/heads/" + b"x" * 900 + b"\n")
    many = one * (git_survey.LIMIT_BYTES // len(one) + 1)
    site = forge("https://p.example/https://github.com/o/r.git", many[: git_survey.LIMIT_BYTES])
    survey = walked(git_survey.survey(github_proxy(), REPOSITORY), site)
    assert survey.observations
    assert survey.whole == frozenset()


@pytest.mark.parametrize(
    ("answer", "known"),
    [
        pytest.param(b"000dpackfile\n0023\x01PACK", True, id="a pack"),
        pytest.param(packet(b"ERR upload-pack: not our ref " + b"2" * 40), False, id="not our ref"),
        pytest.param(packet(b"ERR access denied"), None, id="another error"),
        pytest.param(b"<html>", None, id="a page"),
        pytest.param(b"", None, id="nothing"),
    ],
)
def test_a_server_is_asked_whether_it_has_a_commit(answer: bytes, known: bool | None) -> None:
    site = forge("https://p.example/https://github.com/o/r.git", answer)
    assert walked(git_survey.knows(github_proxy(), REPOSITORY, TWO), site) is known


def one_repository() -> Mirror:
    found = mirror("git", "https://m.example/git/brew.git", kind="repo")
    return replace(found, replaces=("https://github.com/Homebrew/brew.git", "https://github.com/Homebrew/brew/"))


BREW = "https://github.com/Homebrew/brew"


@pytest.mark.parametrize(
    ("found", "chosen", "samples"),
    [
        pytest.param(github_proxy(), False, (REPOSITORY,), id="all of a host"),
        pytest.param(one_repository(), False, (BREW,), id="one repository, by itself"),
        pytest.param(one_repository(), True, (), id="one repository, and another was named"),
    ],
)
def test_a_mirror_is_asked_for_what_it_has(found: Mirror, chosen: bool, samples: tuple[str, ...]) -> None:
    assert git_survey.samples_for(found, (REPOSITORY,), chosen=chosen) == samples


@pytest.mark.parametrize(
    ("found", "url"),
    [
        (github_proxy(), "https://p.example/https://github.com/Homebrew/brew.git"),
        (one_repository(), "https://m.example/git/brew.git"),
        (replace(github_proxy(), kind=UPSTREAM), "https://github.com/Homebrew/brew.git"),
    ],
    ids=["prefix", "repository", "upstream"],
)
def test_where_a_repository_is_asked_for(found: Mirror, url: str) -> None:
    request: Request = next(git_survey.survey(found, BREW))
    assert request.url == f"{url}/info/refs?service=git-upload-pack"


# Whatever is answered

WORDS = ["files", "filename", "url", "hashes", "sha256", "meta", "core-metadata", "yanked"]
WORDS += ["manifests", "layers", "fsLayers", "config", "digest", "size", "platform", "architecture", "os"]
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(WORDS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
BODIES = st.binary(max_size=200) | JSON_VALUES.map(lambda value: json.dumps(value).encode())


@pytest.mark.parametrize(
    "walk",
    [
        lambda: pypi_survey.survey(mirror("pypi", INDEX), "six"),
        lambda: docker_survey.survey(mirror("docker", BASE), SAMPLE),
        lambda: docker_survey.knows(mirror("docker", BASE), SAMPLE, f"sha256:{A}"),
        lambda: git_survey.survey(github_proxy(), REPOSITORY),
        lambda: git_survey.knows(github_proxy(), REPOSITORY, ONE),
    ],
    ids=["pypi", "docker", "docker knows", "git", "git knows"],
)
@given(bodies=st.lists(BODIES, min_size=1, max_size=4))
def test_every_answer_is_an_observation_or_a_rejection(walk: Callable[[], Asking[object]], bodies: list[bytes]) -> None:
    class Anything(Site):
        def answer(self, request: Request) -> Reply:
            self.asked.append(request)
            return replace(reply(bodies[min(len(self.asked), len(bodies)) - 1]), url=request.url)

    with suppress(Rejected):
        walked(walk(), Anything({}))


# Names


@pytest.mark.parametrize(
    ("surveyor", "text", "name"),
    [
        (pypi_survey, "Zope.Interface", "zope-interface"),
        (docker_survey, "busybox", "library/busybox:latest"),
        (docker_survey, "docker.io/grafana/loki:2.9", "grafana/loki:2.9"),
        (docker_survey, f"redis@sha256:{A}", f"library/redis@sha256:{A}"),
        (git_survey, "octocat/Hello-World", "https://github.com/octocat/Hello-World"),
        (git_survey, "https://git.kernel.org/pub/linux.git", "https://git.kernel.org/pub/linux"),
    ],
)
def test_names_are_understood_as_the_clients_do(surveyor: object, text: str, name: str) -> None:
    assert surveyor.sample_of(text) == name  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("surveyor", "text"),
    [
        (pypi_survey, ""),
        (pypi_survey, "../six"),
        (pypi_survey, "six\n"),
        (pypi_survey, "a" * 101),
        (docker_survey, "Busybox"),
        (docker_survey, "x/../y"),
        (docker_survey, "x?y"),
        (docker_survey, "x@sha256:00"),
        (docker_survey, "a-" * 5000),
        (git_survey, "name"),
        (git_survey, "../name"),
        (git_survey, "https://user:secret@github.com/o/r"),
        (git_survey, "https://github.com/o/../r"),
        (git_survey, "https://github.com/o/r?x"),
    ],
)
def test_what_can_be_no_name_is_refused(surveyor: object, text: str) -> None:
    with pytest.raises(ValueError):
        surveyor.sample_of(text)  # type: ignore[attr-defined]


def test_a_digest_is_made_as_the_one_it_is_compared_with() -> None:
    assert digest_of(b"x", "sha512:00") == f"sha512:{hashlib.sha512(b'x').hexdigest()}"
    assert digest_of(b"x", "") == f"sha256:{hashlib.sha256(b'x').hexdigest()}"
