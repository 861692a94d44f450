"""A few of the texts that `python tests/fuzz` makes in any number."""

from __future__ import annotations

import pytest
from formats.git_reader import Listing
from fuzz.inputs import KINDS
from fuzz.judges import Git, only_between, only_inserted, only_taken_out
from fuzz.trial import judge_texts

COUNT = 600


@pytest.mark.parametrize("name", KINDS)
def test_texts_are_refused_or_read_and_edited_as_the_real_reader_does(name: str) -> None:
    outcome = judge_texts(name, 0, COUNT)
    assert outcome.failed == ()
    assert COUNT // 8 < outcome.accepted < COUNT


def test_git_is_asked_in_batches() -> None:
    """One text among others that git reads otherwise than said, or not at all, is found."""
    held: Listing = [("a.b", "c")]
    right = ("[a]\n\tb = c\n", held)
    wrong = ("[a]\n\tb = d\n", held)
    refused = ("[a\n", held)
    assert Git(asked=[right] * 3).flush() == []
    for bad in (wrong, refused):
        assert Git(asked=[right, bad, right]).flush() == [f"git reads otherwise: {bad[0]!r}"]


@pytest.mark.parametrize(
    ("before", "after", "inserted", "between", "taken_out"),
    [
        pytest.param("abcd", "abXcd", True, True, False, id="a piece comes in"),
        pytest.param("abcd", "abd", False, True, True, id="a piece goes"),
        pytest.param("abcd", "abXd", False, True, False, id="a piece is replaced"),
        pytest.param("abcd", "Xabd", False, False, False, id="something else changes"),
        pytest.param("aa", "a", False, False, True, id="no character counts twice"),
    ],
)
def test_what_an_edit_may_change(before: str, after: str, inserted: bool, between: bool, taken_out: bool) -> None:
    assert only_inserted(before, after) == inserted
    assert only_between(before, after, 2, 3) == between
    assert only_taken_out(before, after) == taken_out
