"""The lens for uv.toml and pyproject.toml, against literal texts, the corpus, and tomllib."""

from __future__ import annotations

import tomllib

import pytest
from formats.toml_reader import ENTRY, INDEX, Place, read_by_python

from mirrorctl.errors import FormatError
from mirrorctl.formats import tomldoc


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", '[[index]]\nurl = "U"\ndefault = true\n', id="no file"),
        pytest.param("a = 1\n", 'a = 1\n\n[[index]]\nurl = "U"\ndefault = true\n', id="at the end"),
        pytest.param("a = 1", 'a = 1\n\n[[index]]\nurl = "U"\ndefault = true', id="no final line end"),
        pytest.param("a = 1\r\n", 'a = 1\r\n\r\n[[index]]\r\nurl = "U"\r\ndefault = true\r\n', id="CRLF"),
        pytest.param("\ufeffa = 1\n", '\ufeffa = 1\n\n[[index]]\nurl = "U"\ndefault = true\n', id="byte order mark"),
        pytest.param(
            "x = nan\n", 'x = nan\n\n[[index]]\nurl = "U"\ndefault = true\n', id="what is not equal to itself"
        ),
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
        pytest.param("[[index]]\na=1\n\n# c\n[index.x]\nb=1\n[y]\n", ("index", 0), "[y]\n", id="with its sub-table"),
        pytest.param(
            "[[index]]\n[y]\n[[index]]\nb=1\n", ("index", 0), "[y]\n[[index]]\nb=1\n", id="other tables between"
        ),
        pytest.param("x = 1\n\n[[index]]\na=1\n# c\n", ("index", 0), "x = 1\n\n# c\n", id="comment behind it stays"),
        pytest.param("a = [1, 2, 3]", ("a", 1), "a = [1, 3]", id="element"),
        pytest.param("a = [1, 2, 3]", ("a", 0), "a = [2, 3]", id="first element"),
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


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a = [" + "1," * 25_000 + "]", id="values"),
        pytest.param("".join(f"[a{n}]\n" for n in range(25_001)), id="tables"),
        pytest.param("\n" * 50_001, id="lines"),
        pytest.param('a = "' + "\\n" * 50_001 + '"', id="escapes"),
        pytest.param("a = 1." + "1" * 1000, id="digits"),
    ],
)
def test_what_is_too_large_is_refused(text: str) -> None:
    tomllib.loads(text)
    with pytest.raises(FormatError):
        tomldoc.parse(text)


def test_a_comment_before_the_comma_is_nobodys() -> None:
    with pytest.raises(FormatError):
        tomldoc.remove("a = [\n 1 # c\n , 2]", ("a", 0))
