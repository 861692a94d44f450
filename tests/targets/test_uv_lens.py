"""uv as a target: its lens."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from targets.laws import check, corpus_cases, hold, refuses, text_of
from targets.uv_samples import (
    OWN,
    PROJECT,
    VALUES,
    A,
)

from mirrorctl.targets import uv


@pytest.mark.parametrize("path", [OWN, PROJECT], ids=["uv.toml", "pyproject.toml"])
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("# 注释\n\n", id="comment"),
        pytest.param("{top}offline = true", id="no-final-newline"),
        pytest.param(
            '[[{dot}index]]\nname = "m"\nurl = "https://o.example/"  # c\ndefault = true\n\n[x]\ny = 1\n', id="set"
        ),
        pytest.param("[[{dot}index]]\r\nurl = 'https://o.example/'\r\ndefault = true\r\n", id="crlf"),
        pytest.param('\ufeff[[{dot}index]]\nurl = "https://o.example/"\ndefault = true\n', id="byte-order-mark"),
        pytest.param('{top}index-url = "https://o.example/"\noffline = true\n', id="index-url"),
        pytest.param('[{dot}pip]\nindex-url = "https://o.example/"\n', id="pip"),
        pytest.param(
            '{top}index-url = "https://o.example/"\n[{dot}pip]\nindex-url = "https://p.example/"\nuniversal = true\n'
            '[[{dot}index]]\nurl = "https://x.example/"\n[[{dot}index]]\nurl = "https://d.example/"\ndefault = true\n'
            '[[{dot}index]]\nurl = "https://e.example/"\ndefault = true\n',
            id="every-form",
        ),
        pytest.param(
            '[[{dot}index]]\nname = "corp"\nurl = "https://corp.example/"\nexplicit = true\n\n# mine\n', id="explicit"
        ),
        pytest.param('{top}index = [\n  {{ url = "https://x.example/" }}, # x\n]\n', id="inline-array"),
        pytest.param(
            '{top}index = [{{ url = "https://x.example/", default = true }}, {{ url = "https://y.example/" }}]\n',
            id="inline-default",
        ),
    ],
)
def test_laws(text: str, path: Path) -> None:
    top, dot = ("[tool.uv]\n", "tool.uv.") if path == PROJECT else ("", "")
    hold(uv, text.format(top=top, dot=dot), path, *VALUES)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("index-url = \n", id="no-toml"),
        pytest.param("index-url = 1\n", id="number"),
        pytest.param('[index]\nurl = "https://o.example/"\n', id="no-array"),
        pytest.param("[[index]]\ndefault = true\n", id="no-url"),
        pytest.param("pip = 1\n", id="no-table"),
        pytest.param("# \udcb0\udca2\n", id="no-utf-8"),
    ],
)
def test_refused(text: str) -> None:
    assert refuses(uv, text, OWN, *VALUES)


def test_the_name_of_the_file_decides() -> None:
    """What is a setting in one is a stranger's table in the other."""
    text = 'index-url = "https://o.example/"\n'
    assert uv.read(text, OWN) == "https://o.example/"
    assert uv.read(text, PROJECT) is None
    assert uv.write(text, PROJECT, A) == text + f'\n[[tool.uv.index]]\nurl = "{A}"\ndefault = true\n'


@pytest.mark.parametrize("path", corpus_cases("uv"))
def test_corpus(path: Path) -> None:
    check(uv, text_of(path), OWN, *VALUES)
    check(uv, text_of(path), PROJECT, *VALUES)


blocks = st.sampled_from(
    (
        'index-url = "u"',
        "offline = true",
        "# c",
        "[pip]",
        "[tool.uv]",
        "[tool.uv.pip]",
        "[tool]",
        "[[index]]",
        '[[index]]\nurl = "x"',
        '[[tool.uv.index]]\nname = "n"\nurl = "y"\ndefault = true',
        '[[index]]\nurl = "y"\ndefault = true',
        'index = [{ url = "z" }]',
        'index = [{ url = "z", default = true }, ]',
        "[other]\nk = nan",
    )
)


@settings(max_examples=200, deadline=None)
@given(st.lists(blocks, max_size=5), st.sampled_from(("\n", "\r\n")), st.booleans(), st.sampled_from((OWN, PROJECT)))
def test_laws_on_whatever_is_accepted(parts: list[str], end: str, final: bool, path: Path) -> None:
    check(uv, ("\n".join(parts) + "\n" * final).replace("\n", end), path, *VALUES)
