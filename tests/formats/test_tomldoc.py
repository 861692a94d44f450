"""The lens for uv.toml and pyproject.toml, against literal texts, the corpus, and tomllib."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeAlias

import corpus
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirrorctl.errors import FormatError
from mirrorctl.formats import decode, tomldoc, tomlscan

Place: TypeAlias = tuple[str | int, ...]

INDEX: Place = ("index",)
ENTRY: dict[str, str | bool] = {"url": "U", "default": True}
URL = "https://mirror.example/simple"


def read_by_python(text: str) -> dict[str, Any]:
    """What the document says, floats as written, so that equal documents are equal."""
    return tomllib.loads(text.removeprefix("\ufeff"), parse_float=str)


def strings(value: object, path: Place = ()) -> list[tuple[Place, str]]:
    """Every string of a document with its path."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return [found for key, inner in items for found in strings(inner, (*path, key))]
    return [(path, value)] if isinstance(value, str) else []


def changed(text: str, path: Place, value: object) -> dict[str, Any]:
    """What the document says, with another value at `path`."""
    document = read_by_python(text)
    inner: Any = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return document


def check_laws(text: str, path: Place) -> None:
    """Every string can be set and nothing else changes; a table comes, and goes without a trace."""
    before = read_by_python(text)
    for place, value in strings(tomldoc.parse(text)):
        assert tomldoc.set_string(text, place, value) == text
        after = tomldoc.set_string(text, place, URL)
        assert read_by_python(after) == changed(text, place, URL)
        assert tomldoc.get(tomldoc.set_string(after, place, value), place) == value
    found = tomldoc.tables(text, path)
    after = tomldoc.append_table(text, path, ENTRY)
    assert tomldoc.tables(after, path) == (*found, ENTRY)
    assert tomldoc.remove(after, (*path, len(found))) == text
    for index in range(len(found)):
        rest = tomldoc.remove(text, (*path, index))
        assert tomldoc.tables(rest, path) == (*found[:index], *found[index + 1 :])
        assert {key: value for key, value in read_by_python(rest).items() if key != path[0]} == {
            key: value for key, value in before.items() if key != path[0]
        }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", '[[index]]\nurl = "U"\ndefault = true\n', id="no file"),
        pytest.param("a = 1\n", 'a = 1\n\n[[index]]\nurl = "U"\ndefault = true\n', id="at the end"),
        pytest.param("a = 1", 'a = 1\n\n[[index]]\nurl = "U"\ndefault = true', id="no final line end"),
        pytest.param("a = 1\r\n", 'a = 1\r\n\r\n[[index]]\r\nurl = "U"\r\ndefault = true\r\n', id="CRLF"),
        pytest.param("\ufeffa = 1\n", '\ufeffa = 1\n\n[[index]]\nurl = "U"\ndefault = true\n', id="byte order mark"),
        pytest.param("# c\n", '# c\n\n[[index]]\nurl = "U"\ndefault = true\n', id="comment"),
        pytest.param(
            '[[index]]\nurl = "V"\n# c\n[pip]\n',
            '[[index]]\nurl = "V"\n# c\n[pip]\n\n[[index]]\nurl = "U"\ndefault = true\n',
            id="behind other tables",
        ),
        pytest.param("index = []\n", 'index = [{ url = "U", default = true }]\n', id="empty inline array"),
        pytest.param(
            'index = [{url = "V"}] # c\n',
            'index = [{url = "V"}, { url = "U", default = true }] # c\n',
            id="inline array",
        ),
        pytest.param(
            'index = [\n  {url = "V"}, # c\n]\n',
            'index = [\n  {url = "V"}, # c\n  { url = "U", default = true },\n]\n',
            id="inline array, one element a line",
        ),
        pytest.param(
            'index = [\r\n\t{url = "V"} # c\r\n]\r\n',
            'index = [\r\n\t{url = "V"}, # c\r\n\t{ url = "U", default = true }\r\n]\r\n',
            id="inline array without the last comma",
        ),
        pytest.param(
            'index = [{url = "V"},]\n',
            'index = [{url = "V"}, { url = "U", default = true },]\n',
            id="comma on one line",
        ),
    ],
)
def test_append_table_follows_the_documents_own_form(before: str, after: str) -> None:
    assert tomldoc.append_table(before, INDEX, ENTRY) == after
    assert tomldoc.remove(after, ("index", len(tomldoc.tables(before, INDEX)))) == before


def test_append_table_names_the_whole_path() -> None:
    after = '[tool.uv]\nx = 1\n\n[[tool.uv."a b"]]\nurl = "q\\"\\\\é"\n'
    assert tomldoc.append_table("[tool.uv]\nx = 1\n", ("tool", "uv", "a b"), {"url": 'q"\\é'}) == after


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        pytest.param('index-url = "V" # c\n', ("index-url",), 'index-url = "U" # c\n', id="key"),
        pytest.param("a = 'V'\r\n", ("a",), "a = 'U'\r\n", id="apostrophes stay"),
        pytest.param('a = """V\nW"""\n', ("a",), 'a = "U"\n', id="several lines become one"),
        pytest.param("a = '''V''''\n", ("a",), 'a = "U"\n', id="apostrophe before the end"),
        pytest.param('[pip]\n"a".b="V"', ("pip", "a", "b"), '[pip]\n"a".b="U"', id="dotted and quoted"),
        pytest.param(
            '[[index]]\nurl = "V"\n[[index]]\nurl = "V"\n',
            ("index", 1, "url"),
            '[[index]]\nurl = "V"\n[[index]]\nurl = "U"\n',
            id="second table",
        ),
        pytest.param(
            '[[a]]\n[[a.b]]\n[[a]]\n[[a.b]]\n[[a.b]]\n[a.b.c]\nd = "V"',
            ("a", 1, "b", 1, "c", "d"),
            '[[a]]\n[[a.b]]\n[[a]]\n[[a.b]]\n[[a.b]]\n[a.b.c]\nd = "U"',
            id="arrays of tables in each other",
        ),
        pytest.param('a = [{}, { x = [1, "V"] }]', ("a", 1, "x", 1), 'a = [{}, { x = [1, "U"] }]', id="inline"),
        pytest.param('\ufeffa = "V"', ("a",), '\ufeffa = "U"', id="byte order mark"),
        pytest.param('"\\u0061" = "V"', ("a",), '"\\u0061" = "U"', id="escaped name"),
    ],
)
def test_set_string_changes_the_value_alone(before: str, path: Place, after: str) -> None:
    assert tomldoc.set_string(before, path, "U") == after


def test_a_value_that_does_not_fit_its_apostrophes_gets_quotes() -> None:
    assert tomldoc.set_string("a = 'V'", ("a",), "it's\n\\") == 'a = "it\'s\\n\\\\"'


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        pytest.param("a = 1 # c\nb = 2\n", ("a",), "b = 2\n", id="key"),
        pytest.param("a = [\n 1, # c\n]\nb = 2\n", ("a",), "b = 2\n", id="key on several lines"),
        pytest.param("a = 1\nb = 2", ("b",), "a = 1", id="last key, no final line end"),
        pytest.param("a = 1\n\nb = 2\n", ("b",), "a = 1\n\n", id="a key leaves the blank line"),
        pytest.param("[t]\na = 1\n", ("t", "a"), "[t]\n", id="the header stays"),
        pytest.param("a.b = 1\n", ("a", "b"), "", id="dotted"),
        pytest.param(
            '# one\n[[index]]\n# in\nurl = "V"\n\n# two\n[[index]]\nurl = "W"\n',
            ("index", 0),
            '# one\n\n# two\n[[index]]\nurl = "W"\n',
            id="table with its lines",
        ),
        pytest.param("[[index]]\na=1\n[index.x]\nb=1\n[y]\n", ("index", 0), "[y]\n", id="with its sub-table"),
        pytest.param(
            "[[index]]\n[y]\n[[index]]\nb=1\n", ("index", 0), "[y]\n[[index]]\nb=1\n", id="other tables between"
        ),
        pytest.param("x = 1\n\n[[index]]\na=1\n# c\n", ("index", 0), "x = 1\n\n# c\n", id="comment behind it stays"),
        pytest.param("a = [1, 2, 3]", ("a", 1), "a = [1, 3]", id="element"),
        pytest.param("a = [1, 2]", ("a", 1), "a = [1]", id="last element"),
        pytest.param("a = [\n  1, # c\n  2 # d\n]", ("a", 1), "a = [\n  1 # c\n]", id="last line of an array"),
        pytest.param("a = { b = 1, c.d = 2 }", ("a", "c", "d"), "a = { b = 1 }", id="inline key"),
        pytest.param("a = { b = 1, c.d = 2 }", ("a", "b"), "a = { c.d = 2 }", id="first inline key"),
        pytest.param("a = 1\n", ("b",), "a = 1\n", id="not there"),
        pytest.param("[[index]]\n", ("index", 1), "[[index]]\n", id="no such table"),
        pytest.param("[t]\n", ("t",), "[t]\n", id="a plain table is left alone"),
    ],
)
def test_remove_takes_exactly_its_lines(before: str, path: Place, after: str) -> None:
    assert tomldoc.remove(before, path) == after


@pytest.mark.parametrize(
    ("text", "path"),
    [
        pytest.param("index = 1\n", INDEX, id="number"),
        pytest.param("[index]\n", INDEX, id="table"),
        pytest.param('index = ["a"]\n', INDEX, id="array of strings"),
        pytest.param("index = { x = [] }\n", INDEX, id="inline table"),
        pytest.param("tool = 1\n", ("tool", "uv", "index"), id="no table above it"),
        pytest.param("tool = { uv = {} }\n", ("tool", "uv", "index"), id="closed table above it"),
    ],
)
def test_what_is_no_array_of_tables_gets_none(text: str, path: Place) -> None:
    read_by_python(text)
    with pytest.raises(FormatError):
        tomldoc.tables(tomldoc.append_table(text, path, ENTRY), path)


@pytest.mark.parametrize("text", ["", "a = 1", "a = 1.5", "a = true", "[a]", "a = []", "[[a]]"])
def test_set_string_needs_a_string(text: str) -> None:
    with pytest.raises(FormatError):
        tomldoc.set_string(text, ("a",), "U")


@pytest.mark.parametrize("value", ["\x7f", "\udcff"], ids=ascii)
def test_values_that_toml_cannot_hold_are_refused(value: str) -> None:
    with pytest.raises(FormatError):
        tomldoc.append_table("", INDEX, {"url": value})


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        pytest.param("a = 1\na = 2\n", 2, 6, id="key twice"),
        pytest.param("[a]\n[a]\n", 2, 3, id="table twice"),
        pytest.param("a =\n", 1, 4, id="no value"),
        pytest.param("a = {b = 1,}\n", 1, 12, id="trailing comma in an inline table"),
        pytest.param("a = [1\n", 2, 1, id="array not closed"),
        pytest.param('a = "b\n', 1, 5, id="string not closed"),
        pytest.param("a = 1 b = 2\n", 1, 7, id="two on a line"),
        pytest.param("a = 1\r", 1, 6, id="lone CR"),
        pytest.param("\x85", 1, 1, id="control character"),
        pytest.param("# \udcd3\n", 1, 3, id="not UTF-8"),
        pytest.param("\ufeff\ufeff", 1, 1, id="two byte order marks"),
        pytest.param("a = " + "9" * 500 * 10, 1, 5, id="very long number"),
        pytest.param("a." * 20_000 + "a = 1", 1, 402, id="name of very many parts"),
        pytest.param("a = " + "[" * 100_000, 1, 206, id="nested very deeply"),
    ],
)
def test_what_is_not_toml_is_refused(text: str, line: int, column: int) -> None:
    with pytest.raises(FormatError) as caught:
        tomldoc.parse(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    with pytest.raises(FormatError):
        tomldoc.append_table(text, INDEX, ENTRY)


# Files that tomllib reads otherwise than we do.
DIFFERENCES = {
    "uv/hostile-bom.toml": "uv reads past a byte order mark, TOML 1.0 and tomllib do not",
    "podman/hostile-bom.conf": "the same",
    "cargo/hostile-bom.toml": "the same",
}


@pytest.mark.parametrize("path", corpus.cases("uv", "podman", "cargo"))
def test_real_files_keep_the_laws(path: Path) -> None:
    text = decode(path.read_bytes())
    if corpus.is_accepted(path) == (path.relative_to(corpus.ROOT).as_posix() in DIFFERENCES):
        with pytest.raises(FormatError):
            tomldoc.append_table(text, INDEX, ENTRY)
    else:
        check_laws(text, INDEX)
        check_laws(text, ("tool", "uv", "index"))


def check_nodes(text: str) -> None:
    """Each node's own text, read by tomllib, is the value at its path."""
    document = read_by_python(text)
    for node in tomlscan.Scanner(text).nodes:
        value: Any = document
        for key in node.path:
            value = value[key]
        assert read_by_python(f"x = {text[node.value_start : node.end]}")["x"] == value


@pytest.mark.parametrize("path", corpus.cases("uv", "podman", "cargo"))
def test_spans_are_those_of_the_values(path: Path) -> None:
    if corpus.is_accepted(path):
        check_nodes(decode(path.read_bytes()))


SCALARS = st.sampled_from(
    [
        *(
            '"a"',
            "'b'",
            '""',
            "''",
            '"""c\n"d"""""',
            "'''e'f\n''''",
            '"\\"]#"',
            "'#['",
            "1",
            "-0x1F",
            "1_0.5e-3",
            "nan",
        ),
        *("true", "1979-05-27 07:32:00", "1979-05-27T07:32:00Z", "07:32:00.5"),
    ]
)
GAPS = st.sampled_from(["", " ", "\n", "\r\n\t", " # ]},\n"])
INNER = st.recursive(
    SCALARS,
    lambda value: (
        st.builds(
            lambda items, comma: f"[{','.join(items)}{comma if items else ''}]",
            st.lists(st.tuples(GAPS, value, GAPS).map("".join), max_size=3),
            st.sampled_from(["", ",", ", # x\n"]),
        )
        | st.lists(value, max_size=3).map(
            lambda items: "{" + ", ".join(f'k{n}."x.y" = {item}' for n, item in enumerate(items)) + "}"
        )
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(["a", "b.c", '"d e" . f', "'g'", "index"])
STATEMENTS = st.one_of(
    st.builds("{}{} = {}{}".format, st.sampled_from(["", "  "]), NAMES, INNER, st.sampled_from(["", " # c"])),
    NAMES.map("[{}]".format),
    NAMES.map(" [[ {} ]] # c".format),
    st.sampled_from(["", "# c", "  "]),
)
TEXTS = st.builds(
    lambda lines, end, last: end.join(lines) + last,
    st.lists(STATEMENTS, max_size=6),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\n"]),
)


@given(TEXTS)
def test_any_document_keeps_the_laws(text: str) -> None:
    try:
        document = read_by_python(text)
    except tomllib.TOMLDecodeError:
        with pytest.raises(FormatError):
            tomldoc.parse(text)
        return
    assert tomldoc.parse(text).keys() == document.keys()
    check_nodes(text)
    try:
        found = tomldoc.tables(text, INDEX)
        tomldoc.append_table(text, INDEX, ENTRY)
    except FormatError:
        value = document.get("index")
        assert "index" in document
        assert not isinstance(value, list) or not all(isinstance(table, dict) for table in value)
        return
    assert found == tuple(tomllib.loads(text).get("index", ())) or "nan" in text
    check_laws(text, INDEX)


@given(TEXTS.filter(lambda text: "# ]}," not in text))
def test_any_value_can_be_taken_out(text: str) -> None:
    try:
        read_by_python(text)
    except tomllib.TOMLDecodeError:
        return
    for node in tomlscan.Scanner(text).nodes:
        rest = tomldoc.remove(text, node.path)
        before, after = ([path for path, _value in strings(tomldoc.parse(each))] for each in (text, rest))
        assert len(after) == sum(path[: len(node.path)] != node.path for path in before)


def test_a_comment_before_the_comma_is_nobodys() -> None:
    with pytest.raises(FormatError):
        tomldoc.remove("a = [\n 1 # c\n , 2]", ("a", 0))


@given(st.text(st.sampled_from("[]{}\"'=,.#\\ \n\r\tab1-:\ufeff\udcff\x00")))
def test_any_text_is_read_or_refused(text: str) -> None:
    """What is read is what Python reads; and nothing but FormatError is raised."""
    try:
        document = tomldoc.parse(text)
    except FormatError:
        with pytest.raises((tomllib.TOMLDecodeError, UnicodeEncodeError)):
            read_by_python(text.encode().decode())
        return
    assert document.keys() == read_by_python(text).keys()
