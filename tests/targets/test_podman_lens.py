"""podman: the lens on the mirrors in registries.conf."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from targets.laws import check, corpus_cases, hold, refuses, text_of

from mirrorctl.errors import FormatError
from mirrorctl.model import Value
from mirrorctl.targets import podman_lens as lens

FILE = Path("/etc/containers/registries.conf")
A, B, LOCAL, OWN = "https://a.example", "https://b.example", "http://127.0.0.1:5000", "https://registry.corp.example"
VALUES: tuple[Value, ...] = (
    None,
    [[A, "docker.io"]],
    [[LOCAL, "docker.io"], [A, "docker.io"]],
    [[A, "docker.io"], [B, "ghcr.io"]],
    [[OWN, "docker.io"], [A, "docker.io"], [A, "quay.io"]],
)
HUB = '[[registry]]\nlocation = "docker.io"\n\n'
SAMPLES = {
    "empty": "",
    "blank": "\n",
    "search alone": 'unqualified-search-registries = ["docker.io"]\n',
    "no line end": 'short-name-mode = "enforcing"',
    "a table": HUB,
    "a mirror": HUB + f'[[registry.mirror]]\nlocation = "{A[8:]}"\n',
    "foreign keys": HUB
    + '# ours\n[[registry.mirror]]\nlocation = "registry.corp.example" # near\npull-from-mirror = "digest-only"\n',
    "prefix": '[[registry]]\nprefix = "docker.io"\nlocation = "hub.corp.example"\n[[registry.mirror]]\nlocation = "b.example/hub"\n',
    "blocked": '[[registry]]\nlocation = "quay.io"\nblocked = true\n',
    "twice": HUB + HUB + '[[registry.mirror]]\nlocation = "unread.example"\n',
    "crlf": 'short-name-mode = "enforcing"\r\n\r\n[[registry]]\r\nlocation = "docker.io"\r\n[[registry.mirror]]\r\nlocation = "a.example"\r\n',
    "a comment in it": '[[registry]]\n# the hub\nlocation = "docker.io"\n\n[[registry.mirror]]\nlocation = "a.example"\n\n[aliases]\n"x" = "docker.io/x"\n',
    "mark": "\ufeff" + HUB,
}


@pytest.mark.parametrize("text", SAMPLES.values(), ids=SAMPLES)
def test_the_lens_laws(text: str) -> None:
    hold(lens, text, FILE, *VALUES)


@given(st.lists(st.sampled_from([A, B, LOCAL, OWN]), unique=True, max_size=4), st.sampled_from(sorted(SAMPLES)))
def test_the_lens_laws_for_any_list(urls: list[str], name: str) -> None:
    hold(lens, SAMPLES[name], FILE, None, [[url, "docker.io"] for url in urls] or None)


# Version 1 of the format, and what is no TOML.
REFUSED = (
    "007-rvanderpol3-podman-jenkins-bug.conf",
    "009-subodhp-Openshift-Origin-3.7-on-RHEL-7.4-Dev-Cluster.conf",
    "010-xuxiaodong-nextcontainer-example.conf",
    "012-harleysad-podman-config.conf",
    "hostile-duplicate-sections.conf",
    "hostile-gbk-comment.conf",
    "hostile-mixed-eol.conf",
    "hostile-trailing-comma.conf",
    "hostile-utf16.conf",
    "hostile-whitespace-only.conf",
)


@pytest.mark.parametrize("path", corpus_cases("podman"))
def test_the_lens_laws_on_the_corpus(path: Path) -> None:
    if path.suffix != ".conf":
        pytest.skip("not a registries.conf")
    assert check(lens, text_of(path), FILE, *VALUES) is (path.name not in REFUSED)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('[registries.search]\nregistries = ["docker.io"]\n', id="version-1"),
        pytest.param('registry = [{ location = "docker.io" }]\n', id="inline"),
        pytest.param(
            '[[registry]]\nlocation = "docker.io"\nmirror = [{ location = "a.example" }]\n', id="inline-mirror"
        ),
        pytest.param(HUB + '[[registry.mirror]]\nlocation = "https://a.example"\n', id="a-scheme"),
        pytest.param(HUB + "[[registry.mirror]]\ninsecure = true\n", id="no-location"),
        pytest.param('registry = "docker.io"\n', id="a-string"),
        pytest.param("[[registry]\n", id="not-toml"),
    ],
)
def test_what_cannot_be_edited_is_refused(text: str) -> None:
    assert refuses(lens, text, FILE, [[A, "docker.io"]])


def test_a_mirror_goes_before_those_that_are_there_and_before_the_comment_of_the_first() -> None:
    before = HUB + '# the company\'s\n[[registry.mirror]]\nlocation = "registry.corp.example"\n'
    after = lens.write(before, FILE, [[A, "docker.io"], [OWN, "docker.io"]])
    assert after == (
        '[[registry]]\nlocation = "docker.io"\n\n'
        '[[registry.mirror]]\nlocation = "a.example"\n\n'
        '# the company\'s\n[[registry.mirror]]\nlocation = "registry.corp.example"\n'
    )
    assert lens.write(after, FILE, [[OWN, "docker.io"]]) == before


def test_a_new_drop_in() -> None:
    assert lens.write("", FILE, [[A, "docker.io"], [LOCAL, "ghcr.io"]]) == (
        '[[registry]]\nlocation = "docker.io"\n\n[[registry.mirror]]\nlocation = "a.example"\n\n'
        '[[registry]]\nlocation = "ghcr.io"\n\n[[registry.mirror]]\nlocation = "127.0.0.1:5000"\ninsecure = true\n'
    )


def test_a_table_that_says_nothing_goes_with_its_last_mirror_unless_a_comment_is_in_it() -> None:
    plain = HUB + '[[registry.mirror]]\nlocation = "a.example"\n'
    assert lens.write(plain, FILE, None) == ""
    assert "# the hub" in lens.write(SAMPLES["a comment in it"], FILE, None)


def test_what_is_refused_is_named_with_its_line() -> None:
    with pytest.raises(FormatError) as caught:
        lens.read('short-name-mode = "enforcing"\n\n' + HUB + "[[registry.mirror]]\ninsecure = true\n", FILE)
    assert caught.value.line == 3
