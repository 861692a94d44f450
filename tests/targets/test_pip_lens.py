"""pip as a target: its lens."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from targets.laws import check, corpus_cases, hold, refuses, text_of
from targets.pip_samples import (
    FILE,
    VALUES,
)

from mirrorctl.targets import pip


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("\n", id="blank"),
        pytest.param("# 注释\n", id="comment"),
        pytest.param("[global]\n", id="header"),
        pytest.param("[global]\nindex-url = https://old.example/simple\n", id="set"),
        pytest.param("[global]\r\nINDEX_URL: https://old.example/\r\ntimeout = 6\r\n", id="crlf-other-spelling"),
        pytest.param("[global]\nindex-url =\n    https://old.example/simple\n# c\ntimeout = 6", id="continued"),
        pytest.param("[global]\n  indented = 1\n  index-url = x # no comment\n", id="indented"),
        pytest.param("[install]\nindex-url = https://i.example/\n[global]", id="no-final-newline"),
        pytest.param("[DEFAULT]\nindex-url = https://d.example/\ntimeout = 3\n", id="default-section"),
        pytest.param("[global]\nextra-index-url =\n    https://x.example/\n\n    https://y.example/\n", id="list"),
    ],
)
def test_laws(text: str) -> None:
    hold(pip, text, FILE, *VALUES)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("index-url = x\n", id="no-section"),
        pytest.param("[global]\na = 1\n[global]\n", id="section-twice"),
        pytest.param("[global]\nindex-url = x\nindex_url = y\n", id="option-twice"),
        pytest.param("\ufeff[global]\n", id="byte-order-mark"),
    ],
)
def test_refused(text: str) -> None:
    """What pip, or one of its versions, stops at is left alone."""
    assert refuses(pip, text, FILE, *VALUES)


@pytest.mark.parametrize("path", corpus_cases("pip"))
def test_corpus(path: Path) -> None:
    check(pip, text_of(path), path, *VALUES)


line = st.sampled_from(
    (
        "[global]",
        "[install]",
        "[DEFAULT]",
        "index-url = u",
        "index_url: v",
        "timeout = 1",
        "x =",
        "  deeper",
        "# c",
        "",
        "  k = 2",
    )
)


@settings(max_examples=300, deadline=None)
@given(st.lists(line, max_size=8), st.sampled_from(("\n", "\r\n", "\r")), st.booleans())
def test_laws_on_whatever_is_accepted(lines: list[str], end: str, final: bool) -> None:
    check(pip, end.join(lines) + end * final, FILE, *VALUES)
