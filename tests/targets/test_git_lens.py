"""git: the lens on the rules of a configuration file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from targets.laws import check, corpus_cases, hold, refuses, text_of

from mirrorctl.model import Value
from mirrorctl.targets import git

HOME = Path("/home/u/.gitconfig")
HUB = "https://github.com/"
M, N = "https://proxy.example/https://github.com/", "https://gh.example/"
FETCH, PUSH = "insteadof", "pushinsteadof"
BOTH = [[M, FETCH, HUB], [HUB, PUSH, HUB]]
VALUES: tuple[Value, ...] = (
    [],
    [[M, FETCH, HUB]],
    [[N, FETCH, HUB], [N, FETCH, "https://h.example/"], [HUB, PUSH, HUB]],
    [['a"b\\c', FETCH, "x y;#"], [M, FETCH, HUB], [M, FETCH, HUB]],
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("\n# why\n", id="comment"),
        pytest.param("[user]\n\tname = U\n", id="foreign"),
        pytest.param(f'[url "{M}"]\n\tinsteadOf = {HUB}\n[core]\n\tpager = less', id="first-no-final-newline"),
        pytest.param(f'[URL "{M}"] INSTEADOF="{HUB}" ; why\r\n[user]\r\n\tname = U # me\r\n', id="one-line-crlf"),
        pytest.param(f'[url "{M}"]\n# keep\n\tinsteadOf = {HUB}\n\tother = 1\n', id="comment-in-the-section"),
        pytest.param(f'[url "{HUB}"]\n\tinsteadOf = gh:\n\tpushInsteadOf = {HUB}\n\tinsteadOf = gh:\n', id="repeated"),
        pytest.param('[url]\n\tinsteadOf = x\n[alias]\n\tx = !f() { \\\n  echo "#"; }; f\n', id="no-subsection"),
        pytest.param("\ufeff[core]\n\teditor = vi\n", id="byte-order-mark"),
    ],
)  # fmt: skip
def test_the_lens_laws(text: str) -> None:
    hold(git, text, HOME, *VALUES)


def conf(*rules: tuple[str, str, str]) -> str:
    return "".join(f'[url "{base}"]\n\t{key} = {prefix}\n' for base, key, prefix in rules)


_RULES = st.lists(
    st.tuples(st.sampled_from([M, N, HUB]), st.sampled_from([FETCH, PUSH]), st.sampled_from([HUB, "gh:", N])),
    max_size=5,
)


@given(_RULES, _RULES)
@settings(max_examples=60, deadline=None)
def test_the_lens_laws_for_any_rules(before: list[tuple[str, str, str]], after: list[tuple[str, str, str]]) -> None:
    text = conf(*before) + "[user]\n\tname = U\n# end\n"
    hold(git, text, HOME, [], [list(rule) for rule in sorted(after, key=lambda rule: (rule[1], rule[0], rule[2]))])


# What git refuses, too.
REFUSED = (
    "016-03xyl-xyl.gitconfig",
    "017-041122-dynamics-uta-DesmondEnglishRevature1.gitconfig",
    "022-07th-mod-python-patcher.gitconfig",
    "046-0scarB-mandelbrot.gitconfig",
    "hostile-trailing-comma.gitconfig",
    "hostile-utf16.gitconfig",
    "hostile-whitespace-only.gitconfig",
)


@pytest.mark.parametrize("path", corpus_cases("git"))
def test_the_lens_laws_on_the_corpus(path: Path) -> None:
    assert check(git, text_of(path), HOME, *VALUES) is (path.name not in REFUSED)


@pytest.mark.parametrize(
    "text",
    ["[url\n", "junk junk\n", '[url "x]\n', '[core]\n\tx = "y\n', "[core]\n\tx : y\n"],
    ids=["header", "junk", "subsection", "quote", "colon"],
)  # fmt: skip
def test_what_git_refuses_is_refused(text: str) -> None:
    assert refuses(git, text, HOME, [[M, FETCH, HUB]])


def test_an_edit_touches_our_rules_alone() -> None:
    before = f'[user]\n\tname = U\n[url "{N}"]\n\tinsteadOf = {HUB}\n\tinsteadOf = gh:\n# end\n'
    kept = f'[user]\n\tname = U\n[url "{N}"]\n\tinsteadOf = gh:\n# end\n'
    ours = f'[url "{M}"]\n\tinsteadOf = {HUB}\n[url "{HUB}"]\n\tpushInsteadOf = {HUB}\n'
    assert git.write(before, HOME, [[N, FETCH, "gh:"]]) == kept
    assert git.write(before, HOME, [[N, FETCH, "gh:"], *BOTH]) == kept + ours


def test_what_was_written_can_be_taken_out_without_a_trace() -> None:
    for before in ("", "[user]\n\tname = U", "# only this\n"):
        assert git.write(git.write(before, HOME, BOTH), HOME, []) == before
