"""The lens for daemon.json, against literal texts, the corpus, and Python's own reader."""

from __future__ import annotations

import json
from pathlib import Path

import corpus
import pytest
from formats.json_reader import others, read_by_python
from hypothesis import given
from hypothesis import strategies as st

from mirrorctl.errors import FormatError
from mirrorctl.formats import decode, jsondoc

KEY = "registry-mirrors"
URL = "https://mirror.example"


def check_laws(text: str, key: str, *values: list[str]) -> None:
    """GetPut, PutGet, PutPut and Frame, and that taking a new key out again leaves no trace."""
    old = jsondoc.get(text, key)
    if old is None or isinstance(old, list):
        assert jsondoc.put(text, key, old) == text
    frame = others(text, key)
    assert others(jsondoc.put(text, key, None), key) == frame
    for value in values:
        after = jsondoc.put(text, key, value)
        assert jsondoc.get(after, key) == value
        assert (others(after, key), dict(read_by_python(after))[key] or []) == (frame, value)
        for other in values:
            assert jsondoc.get(jsondoc.put(after, key, other), key) == other
        again = jsondoc.put(after, key, None)
        assert others(again, key) == frame
        assert old is not None or again == text or not text.strip()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", '{\n    "k": [\n        "U"\n    ]\n}\n', id="no file"),
        pytest.param(" \r\n", '{\r\n    "k": [\r\n        "U"\r\n    ]\r\n}\r\n', id="blank file"),
        pytest.param("{}", '{"k": ["U"]}', id="empty object"),
        pytest.param("{ }\n", '{ "k": ["U"] }\n', id="empty object with a blank"),
        pytest.param("{\n}\n", '{\n    "k": [\n        "U"\n    ]\n}\n', id="empty object on two lines"),
        pytest.param('{"a": 1}', '{"a": 1, "k": ["U"]}', id="one line"),
        pytest.param('{"a":1,"b":2}', '{"a":1,"b":2,"k":["U"]}', id="one dense line"),
        pytest.param('{\n  "a": 1.0e3\n}', '{\n  "a": 1.0e3,\n  "k": [\n    "U"\n  ]\n}', id="two blanks"),
        pytest.param('{\r\n\t"a" : 1\r\n}', '{\r\n\t"a" : 1,\r\n\t"k" : [\r\n\t\t"U"\r\n\t]\r\n}', id="tabs and CRLF"),
        pytest.param('{\r  "a": 1\r}', '{\r  "a": 1,\r  "k": [\r    "U"\r  ]\r}', id="lone CR"),
        pytest.param('{\n"a": 1}', '{\n"a": 1,\n"k": [\n    "U"\n]}', id="no indentation"),
        pytest.param('{"a": 1\n, "b": 2\n}', '{"a": 1\n, "b": 2, "k": ["U"]\n}', id="commas first"),
        pytest.param(
            '{\n\n  "a": 1\n\n}', '{\n\n  "a": 1,\n  "k": [\n    "U"\n  ]\n\n}', id="blank lines are not copied"
        ),
        pytest.param('{"k": null, "a": 1}', '{"k": ["U"], "a": 1}', id="null"),
        pytest.param('{"k": "https://m"}', '{"k": ["U"]}', id="not a list"),
        pytest.param('{\n "k": []\n}', '{\n "k": [\n  "U"\n ]\n}', id="empty list"),
        pytest.param('{\n "k": ["V"]\n}', '{\n "k": ["U"]\n}', id="short list stays short"),
        pytest.param('{\n "k": [\n   "V"\n ]\n}', '{\n "k": [\n   "U"\n ]\n}', id="long list stays long"),
        pytest.param(
            '{"registry-mirrors": [], "\\u006b":["V"]}', '{"registry-mirrors": [], "\\u006b":["U"]}', id="escaped key"
        ),
    ],
)
def test_put_follows_the_documents_own_layout(before: str, after: str) -> None:
    assert jsondoc.put(before, "k", ["U"]) == after


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        pytest.param(
            '{"k": ["https:\\/\\/m"]}', ["U", "https://m"], '{"k": ["U", "https:\\/\\/m"]}', id="escapes stay"
        ),
        pytest.param('{"k": [ "a","b" ]}', ["b", "c", "a"], '{"k": [ "b","c","a" ]}', id="separators stay"),
        pytest.param('{"k":[\n"a",\n"b"]}', ["a"], '{"k":[\n"a"]}', id="shortened"),
        pytest.param('{"k": ["a", 1]}', [], '{"k": []}', id="emptied"),
        pytest.param('{"k": null}', [], '{"k": null}', id="null is empty already"),
        pytest.param('{"k": [ "a" , "b" ]}', ["a", "b"], '{"k": [ "a" , "b" ]}', id="same list, same text"),
        pytest.param('{"k": ["a"]}', ['q"\\\u00e9'], '{"k": ["q\\"\\\\\\u00e9"]}', id="escaped, and ASCII"),
    ],
)
def test_put_keeps_what_stays_in_the_list(before: str, value: list[str], after: str) -> None:
    assert jsondoc.put(before, "k", value) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param('{"k": [1]}', "{}", id="only key"),
        pytest.param('{\n  "k": [\n    "a"\n  ]\n}\n', "{\n}\n", id="only key, on lines of its own"),
        pytest.param('{\n  "k": 1,\n  "b": 2\n}', '{\n  "b": 2\n}', id="first"),
        pytest.param('{\n  "a": 1,\n  "k": [],\n  "b": 2\n}', '{\n  "a": 1,\n  "b": 2\n}', id="in the middle"),
        pytest.param('{"a": 1\n, "k": 2}', '{"a": 1}', id="last"),
        pytest.param('{"a": 1}', '{"a": 1}', id="not there"),
        pytest.param("", "", id="no file"),
    ],
)
def test_put_none_takes_the_key_out(before: str, after: str) -> None:
    assert jsondoc.put(before, "k", None) == after


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param('{"k": ["a", "\\u00e9"]}', ["a", "é"], id="list"),
        pytest.param('{"k": null}', [], id="null"),
        pytest.param('{"k": "a"}', "a", id="string"),
        pytest.param('{"k": {"k": [1]}}', {"k": [1.0]}, id="object"),
        pytest.param('{"a": {"k": 1}}', None, id="nested only"),
        pytest.param("\n", None, id="blank"),
        pytest.param('{"k": ' + "9" * 5000 + "}", float("inf"), id="more digits than an int may have"),
    ],
)
def test_get_returns_the_value(text: str, value: object) -> None:
    assert jsondoc.get(text, "k") == value


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        pytest.param("[]", 1, 1, id="not an object"),
        pytest.param("null", 1, 1, id="null"),
        pytest.param('{"a": 1,\n "a": 2}', 2, 2, id="key twice"),
        pytest.param('{"a": 1, "\\u0061": 2}', 1, 10, id="key twice, escaped"),
        pytest.param('{"a": 1,}', 1, 9, id="trailing comma"),
        pytest.param('{"a": [1,2,,]}', 1, 12, id="two commas in a list"),
        pytest.param('{"a": [1,\n]}', 2, 1, id="trailing comma in a list"),
        pytest.param('// c\n{"a": 1}', 1, 1, id="comment"),
        pytest.param('{"a": 1 /* c */}', 1, 9, id="comment inside"),
        pytest.param('{"a": 1}\n{"b": 2}', 2, 1, id="text behind"),
        pytest.param('{"a": 1', 1, 8, id="cut off"),
        pytest.param("{'a': 1}", 1, 2, id="apostrophes"),
        pytest.param('{"a": NaN}', 1, 7, id="not a number"),
        pytest.param('{"a": -Infinity}', 1, 7, id="infinity"),
        pytest.param('{"a": 01}', 1, 8, id="leading zero"),
        pytest.param('{"a": "\t"}', 1, 8, id="control character"),
        pytest.param('\ufeff{"a": 1}', 1, 1, id="byte order mark"),
        pytest.param('{"a": "\udcd3"}', 1, 8, id="not UTF-8"),
        pytest.param("\u3000\n", 1, 1, id="ideographic space"),
        pytest.param('{"a": ' + "[" * 100_000, 1, 7, id="nested too deeply"),
        pytest.param("{" + ",".join(f'"{n:05}":1' for n in range(10_001)) + "}", 1, 100_002, id="too many keys"),
    ],
)
def test_what_dockerd_may_not_read_is_refused(text: str, line: int, column: int) -> None:
    with pytest.raises(FormatError) as caught:
        jsondoc.get(text, KEY)
    assert (caught.value.line, caught.value.column) == (line, column)
    for value in ([URL], None):
        with pytest.raises(FormatError):
            jsondoc.put(text, KEY, value)


# Files that Python's json reads otherwise than we do.
DIFFERENCES = {
    "hostile-duplicate-sections.json": "the key is there three times: which one counts would be a guess",
    "hostile-empty.json": "an empty file is an object that has yet to be written, for dockerd 24 and later too",
}


@pytest.mark.parametrize("path", corpus.cases("docker"))
def test_real_files_keep_the_laws(path: Path) -> None:
    text = decode(path.read_bytes())
    if corpus.is_accepted(path) != (path.name in DIFFERENCES):
        check_laws(text, KEY, [URL], ["https://other.example", URL], [])
        check_laws(text, "no such key", [URL], [])
    else:
        with pytest.raises(FormatError):
            jsondoc.put(text, KEY, [URL])


SPACES = st.text(" \t\r\n", max_size=3)
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A valid object with blanks wherever they may be."""
    keys = draw(st.lists(st.sampled_from(["k", "a", "b", "é", '"']), unique=True, max_size=4))
    indent = draw(st.sampled_from([None, 1, "\t"]))
    members = [
        f"{draw(SPACES)}{json.dumps(key)}{draw(SPACES)}:{draw(SPACES)}{json.dumps(draw(VALUES), indent=indent)}{draw(SPACES)}"
        for key in keys
    ]
    return f"{draw(SPACES)}{{{','.join(members) or draw(SPACES)}}}{draw(SPACES)}"


@given(
    documents(),
    st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=4), max_size=3), max_size=2),
)
def test_any_document_keeps_the_laws(text: str, values: list[list[str]]) -> None:
    check_laws(text, "k", *values)


@given(st.text(st.sampled_from('{}[]",:\\ \n1e-.tfuk\ufeff\udcff\x00')))
def test_any_text_is_read_or_refused(text: str) -> None:
    """What is read is what Python reads; and nothing but FormatError is raised."""
    try:
        after = jsondoc.put(text, "k", [URL])
    except FormatError:
        return
    assert others(after, "k") == others(text, "k")
