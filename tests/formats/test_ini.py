"""The lens for pip.conf, against literal texts, the corpus, and Python's own parser reading as pip does."""

from __future__ import annotations

import configparser
from pathlib import Path

import corpus
import pytest
from formats.ini_reader import is_ambiguous, normalised, read_by_python
from hypothesis import given
from hypothesis import strategies as st

from mirrorctl.errors import FormatError
from mirrorctl.formats import decode, ini

URL = "https://mirror.example/simple"


def check_laws(text: str, section: str, name: str, *values: str) -> None:
    """GetPut, PutGet, PutPut and Frame, and that taking a new option out again leaves no trace."""
    before = normalised(read_by_python(text))
    key = (section, ini.normalise(name))
    old = ini.get(text, section, name)
    assert old == before.get(key)
    assert ini.put(text, section, name, old) == text
    without = {other: value for other, value in before.items() if other != key}
    assert normalised(read_by_python(ini.put(text, section, name, None))) == without
    for value in values:
        after = ini.put(text, section, name, value)
        assert ini.get(after, section, name) == value
        assert normalised(read_by_python(after)) == {**without, key: value}
        for other in values:
            assert normalised(read_by_python(ini.put(after, section, name, other))) == {**without, key: other}
        again = ini.put(after, section, name, None)
        assert normalised(read_by_python(again)) == without
        assert old is not None or again == text or text.rstrip().endswith(f"[{section}]")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", "[global]\nindex-url = U\n", id="no file"),
        pytest.param("[global]\nindex-url = V\n", "[global]\nindex-url = U\n", id="replaced"),
        pytest.param("[global]\nINDEX_URL:V  \nz=1", "[global]\nINDEX_URL:U  \nz=1", id="spelling and blanks kept"),
        pytest.param("[global]\n--index-url = V\n", "[global]\n--index-url = U\n", id="spelled as an option"),
        pytest.param("[global]\r\nindex-url = V\r\n", "[global]\r\nindex-url = U\r\n", id="CRLF"),
        pytest.param("[global]\rtimeout = 9\r", "[global]\rindex-url = U\rtimeout = 9\r", id="lone CR"),
        pytest.param("[global]\nindex-url =\n  V\nz = 1\n", "[global]\nindex-url = U\nz = 1\n", id="value below"),
        pytest.param(
            "[global]\nindex-url = V\n  # W is slow\n\n  W\n[x]\n",
            "[global]\nindex-url = U\n  # W is slow\n[x]\n",
            id="comment between continuation lines",
        ),
        pytest.param("[global]\nindex-url = \n", "[global]\nindex-url = U\n", id="empty value"),
        pytest.param("[global]\nindex-url=\n", "[global]\nindex-url=U\n", id="empty value without blanks"),
        pytest.param("[global]\nindex-url =", "[global]\nindex-url = U", id="empty value at the very end"),
        pytest.param("[global]\nindex-url = V # c\n", "[global]\nindex-url = U\n", id="no inline comments"),
        pytest.param("[global]\n# c\ntimeout = 9\n", "[global]\nindex-url = U\n# c\ntimeout = 9\n", id="inserted"),
        pytest.param(
            "[global]\n\n  timeout = 9\n",
            "[global]\n  index-url = U\n\n  timeout = 9\n",
            id="inserted above a deeper option",
        ),
        pytest.param(
            "[global]\n [install]\n a = b\n",
            "[global]\n index-url = U\n [install]\n a = b\n",
            id="inserted above a deeper header",
        ),
        pytest.param("[global]", "[global]\nindex-url = U", id="header without a line end"),
        pytest.param("[x]\na = b\n", "[x]\na = b\n\n[global]\nindex-url = U\n", id="section appended"),
        pytest.param("[x]\na = b", "[x]\na = b\n\n[global]\nindex-url = U", id="section appended, no final line end"),
        pytest.param("[x]\r\na = b\r\n", "[x]\r\na = b\r\n\r\n[global]\r\nindex-url = U\r\n", id="appended, CRLF"),
        pytest.param("[Global]\n", "[Global]\n\n[global]\nindex-url = U\n", id="section names are exact"),
        pytest.param(
            "[global]\nextra-index-url = V\n    index-url = W\n",
            "[global]\nindex-url = U\nextra-index-url = V\n    index-url = W\n",
            id="looks like an option, is a continuation",
        ),
        pytest.param(
            "[DEFAULT]\nindex-url = V\n[global]\n",
            "[DEFAULT]\nindex-url = V\n[global]\nindex-url = U\n",
            id="the default section stays",
        ),
    ],
)
def test_put_changes_nothing_else(before: str, after: str) -> None:
    assert ini.put(before, "global", "index-url", "U") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("[global]\nindex-url = V\n", "", id="what put made"),
        pytest.param("[x]\na = b\n\n[global]\nindex-url = V\n", "[x]\na = b\n", id="the section that put made"),
        pytest.param("[x]\na = b\n\n[global]\nindex-url = V", "[x]\na = b", id="no final line end"),
        pytest.param("[x]\na = b\n[global]\nindex-url = V\n", "[x]\na = b\n[global]\n", id="somebody else's section"),
        pytest.param("[global]\nindex_url : V\n W\n X\nz = 1\n", "[global]\nz = 1\n", id="all its lines"),
        pytest.param("[global]\nindex-url =\n # c\n V\n", "[global]\n # c\n", id="a comment stays"),
        pytest.param("[global]\nz = 1\n", "[global]\nz = 1\n", id="not there"),
        pytest.param("[global]\nz = 1\nindex-url = V", "[global]\nz = 1", id="last line without an end"),
    ],
)
def test_put_none_takes_the_option_out(before: str, after: str) -> None:
    assert ini.put(before, "global", "index-url", None) == after


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("[global]\nindex-url = U  # c\n", "U  # c", id="a comment is no comment"),
        pytest.param('[global]\nindex-url = "U"\n', '"U"', id="quotes are part of it"),
        pytest.param("[global]\nindex-url =\n  U\n", "\nU", id="on its own line"),
        pytest.param("[global]\nindex-url = U\n\n  V\n", "U\n\nV", id="blank line inside"),
        pytest.param("[global]\nindex-url = U\n; c\n  V\n", "U\nV", id="comment inside"),
        pytest.param("[global]\rindex-url =\r\r # c\r U\r  V\r", "\n\nU\nV", id="lone CRs"),
        pytest.param("[global]\nindex-url : a=b\n", "a=b", id="first delimiter"),
        pytest.param("[ global ]\nindex-url = U\n", None, id="blanks in the section name"),
        pytest.param("[global] ; c\nindex-url = U\n", "U", id="text behind the header"),
        pytest.param("  [global]\nindex-url = U\n", "U", id="indented header"),
        pytest.param("[DEFAULT]\nindex-url = U\n[global]\n", None, id="not through the default section"),
    ],
)
def test_get_reads_as_configparser_does(text: str, value: str | None) -> None:
    assert ini.get(text, "global", "index-url") == value
    assert normalised(read_by_python(text)).get(("global", "index-url")) == value


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("\ufeff[global]\n", 1, id="byte order mark"),
        pytest.param("a = b\n[global]\n", 1, id="before the first section"),
        pytest.param("[global]\na = b\n\n[global]\n", 4, id="section twice"),
        pytest.param("[global]\na = b\nA = c\n", 3, id="option twice"),
        pytest.param("[global]\nindex-url = b\nindex_url = c\n", 3, id="two spellings"),
        pytest.param("[global]\r\na = b\r\njunk\r\n", 3, id="no delimiter"),
        pytest.param("[global]\r\r= b\r", 3, id="no name"),
        pytest.param("[]\n", 1, id="empty header"),
        pytest.param("[global] # see [x]\n", 1, id="header that Python versions read differently"),
        pytest.param("[global]\n# \udcd3\udcc9\n", 2, id="not UTF-8"),
        pytest.param("\n" * 20_001, 20_001, id="too many lines"),
    ],
)
def test_what_pip_may_not_read_is_refused(text: str, line: int) -> None:
    with pytest.raises(FormatError) as caught:
        ini.scan(text)
    assert caught.value.line == line
    for value in (URL, None):
        with pytest.raises(FormatError):
            ini.put(text, "global", "index-url", value)


@pytest.mark.parametrize("value", ["a\nb", "\na\n\nb", "a\n[x]", "a\nb = c"], ids=repr)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "[global]\na = b\n",
        "[x]\na = b",
        "[global]\n      a = b\n",
        "[global]\n      index-url = V\n      a = b\n",
        "[global]\r\n  a = b\r\n",
        "[global]\n\tindex-url =\n\t\tV\n\t\tW\n\ta = b\n",
    ],
    ids=repr,
)
def test_a_value_of_several_lines_is_folded(text: str, value: str) -> None:
    """Every line behind the first one stands deeper, whatever it looks like."""
    after = ini.put(text, "global", "index-url", value)
    assert read_by_python(after)["global", "index-url"] == value
    assert ini.put(after, "global", "index-url", None) == ini.put(text, "global", "index-url", None)


def test_a_value_of_several_lines_at_the_very_end_leaves_no_line_end() -> None:
    assert ini.put("[global]\nindex-url = V\n  W", "global", "index-url", "U") == "[global]\nindex-url = U"


@pytest.mark.parametrize("value", ["a\n# b", "a\n b", "a\rb", " a", "a ", "\x85", "\n;", "\udcff"], ids=repr)
def test_values_that_would_read_otherwise_are_refused(value: str) -> None:
    with pytest.raises(FormatError):
        ini.put("[global]\na = b\n", "global", "index-url", value)


def test_the_default_section_may_be_there_twice() -> None:
    text = "[DEFAULT]\na = 1\n[DEFAULT]\nb = 2\n"
    assert [(option.name, option.value) for option in ini.scan(text).options] == [("a", "1"), ("b", "2")]


def test_spans_are_whole_lines_and_bare_values() -> None:
    text = "# c\n[global]\n  a = b \n    c\n\nd = e\n"
    first, second = ini.scan(text).options
    assert (text[first.start : first.end], text[first.value_start : first.value_end]) == (
        "  a = b \n    c\n",
        "b \n    c",
    )
    assert (first.line, second.line) == (3, 6)
    (empty,) = ini.scan("[a]\nb = \n").options
    assert (empty.value_start, empty.value_end) == (8, 8)
    (section,) = ini.scan(text).sections
    assert (section.name, text[section.start : section.end], section.line) == ("global", "[global]\n", 2)


@pytest.mark.parametrize("path", corpus.cases("pip"))
def test_real_files_keep_the_laws(path: Path) -> None:
    text = decode(path.read_bytes())
    if corpus.is_accepted(path):
        check_laws(text, "global", "index-url", URL, "https://other.example/")
        check_laws(text, "install", "trusted-host", "mirror.example")
    else:
        with pytest.raises(FormatError):
            ini.put(text, "global", "index-url", URL)


LINES = st.sampled_from(
    [
        *(
            "[global]",
            "[install]",
            "[DEFAULT]",
            "[x] ; y",
            "[x]]",
            "[",
            "# c",
            "; c",
            "",
            "index-url = U",
            "index_url:V",
        ),
        *("Timeout=9", "extra =", "extra", "a = # x", "b =   ", "c==d", "= e", "\ufeff", "é = ß", "\x85", "\x1c a"),
    ]
)
TEXTS = st.lists(
    st.tuples(
        st.sampled_from(["", " ", "  ", "\t", "\u3000"]), LINES, st.sampled_from(["\n", "\n", "\r\n", "\r", " \n", ""])
    ),
    max_size=8,
).map(lambda lines: "".join("".join(line) for line in lines))


@given(TEXTS, st.sampled_from([("global", "index-url"), ("x", "timeout"), ("DEFAULT", "extra")]))
def test_any_text_is_read_and_edited_as_configparser_reads_it(text: str, key: tuple[str, str]) -> None:
    try:
        settings = normalised(read_by_python(text))
        is_refused = is_ambiguous(text)
    except configparser.Error:
        settings, is_refused = {}, True
    if is_refused:
        with pytest.raises(FormatError):
            ini.put(text, *key, URL)
    else:
        options = ini.scan(text).options
        assert {(option.section, ini.normalise(option.name)): option.value for option in options} == settings
        check_laws(text, *key, URL, "z # q")
