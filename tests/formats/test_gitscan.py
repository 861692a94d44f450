"""How git's files are read, against literal texts and git itself."""

from __future__ import annotations

import pytest
from formats.git_reader import read_by_git

from mirrorctl.errors import FormatError
from mirrorctl.formats import gitconfig
from mirrorctl.formats.gitconfig import Variable


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        pytest.param("[a\n", 1, 1, id="header not closed"),
        pytest.param('\n  [a "b\n', 2, 3, id="subsection not closed"),
        pytest.param("[a 'b']\n", 1, 1, id="apostrophes"),
        pytest.param("[a b]\n", 1, 1, id="subsection without quotes"),
        pytest.param("[]\n", 1, 1, id="no name"),
        pytest.param("[url.http://m/]\n", 1, 1, id="no section name"),
        pytest.param('[a]\nb = "c\n', 2, 5, id="quotes not closed"),
        pytest.param("[a]\nb = c\\/d\n", 2, 6, id="escape"),
        pytest.param("[a]\nb : c\n", 2, 1, id="colon"),
        pytest.param("[a]\nb_c = d\n", 2, 1, id="underscore"),
        pytest.param("[a]\nb # c\n", 2, 1, id="comment behind a name"),
        pytest.param("[a]\nb\r", 2, 1, id="lone CR behind a name"),
        pytest.param("[a]\n\u3000\n", 2, 1, id="ideographic space"),
        pytest.param("[a]\n\x0b\n", 2, 1, id="vertical tab"),
        pytest.param("\ufeff\ufeff[a]\n", 1, 2, id="two byte order marks"),
        pytest.param("\udcef\udcbb[a]\n", 1, 1, id="half a byte order mark"),
        pytest.param("[\0a\0]\0", 1, 2, id="UTF-16"),
    ],
)
def test_what_git_refuses_is_refused(text: str, line: int, column: int) -> None:
    assert read_by_git(text) is None
    with pytest.raises(FormatError) as caught:
        gitconfig.variables(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    with pytest.raises(FormatError):
        gitconfig.add(text, "url", "https://mirror.example/", "insteadOf", "https://github.com/")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[a]\nb = c\0d\n", id="NUL, where git cuts what it reads"),
        pytest.param("[a]\n" * 20_001, id="too large"),
    ],
)
def test_what_only_git_reads_is_refused_all_the_same(text: str) -> None:
    assert read_by_git(text) is not None
    with pytest.raises(FormatError):
        gitconfig.variables(text)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        pytest.param(" b c  # d", "b c", id="blanks around"),
        pytest.param("b;c", "b", id="comment without a blank"),
        pytest.param('"b ; c" d', "b ; c d", id="quotes in part"),
        pytest.param('"" "b"', "b", id="blanks behind nothing"),
        pytest.param('b ""', "b ", id="blanks before nothing"),
        pytest.param("b  \\\n", "b  ", id="blanks before a continuation"),
        pytest.param("\\\r\n  b\\\n c", "b c", id="continued twice"),
        pytest.param('"b\\\r\n c"', "b c", id="continued inside quotes"),
        pytest.param('\\t\\n\\b\\"\\\\', '\t\n\b"\\', id="escapes"),
        pytest.param("b\r\n", "b", id="CRLF"),
        pytest.param("b\\", "b", id="backslash at the very end"),
        pytest.param("b\x0b\x85", "b\x0b\x85", id="no blanks to git"),
    ],
)
def test_values_are_what_git_says(raw: str, value: str) -> None:
    text = f"[x]\ny = {raw}"
    assert [variable.value for variable in gitconfig.variables(text)] == [value]
    assert read_by_git(text) == [("x.y", value)]


def test_spans_and_lines() -> None:
    text = '[a]\n\tb = "c" d ; e\n\n[f.G "h"] i\n'
    first, second = gitconfig.variables(text)
    assert first == Variable("a", None, "b", "c d", 4, 19, 2, 9, 14)
    assert (text[first.start : first.end], text[first.value_start : first.value_end]) == ('\tb = "c" d ; e\n', '"c" d')
    assert second.setting == ("f", "g.h", "i", None)
    assert (text[second.start : second.end], second.line) == (" i", 4)
