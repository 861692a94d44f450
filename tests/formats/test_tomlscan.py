"""Properties of the lens for TOML: any document keeps the laws, and every span is that of its value."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import corpus
import pytest
from formats.toml_reader import ENTRY, INDEX, check_laws, read_by_python, strings
from hypothesis import given
from hypothesis import strategies as st

from mirrorctl.errors import FormatError
from mirrorctl.formats import decode, tomldoc, tomlscan

# Files that tomllib reads otherwise than we do.
DIFFERENCES = {
    "uv/hostile-bom.toml": "uv reads past a byte order mark, TOML 1.0 and tomllib do not",
}


@pytest.mark.parametrize("path", corpus.cases("uv"))
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
            "-inf",
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
    assert found == tuple(tomllib.loads(text).get("index", ()))
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
