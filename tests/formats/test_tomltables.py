"""Tables as pieces of text: where they are, and how they come and go."""

from __future__ import annotations

import pytest

from mirrorctl.errors import FormatError
from mirrorctl.formats import tomltables

TEXT = "a = 1\n\n# first\n[[t]]\nx = 1\n[[t.u]]\ny = 2\n\n[[t]]\nx = 3\n"


def test_where_tables_are() -> None:
    whole, header = tomltables.span_of(TEXT, ("t", 0)), tomltables.header_of(TEXT, ("t", 0))
    assert whole is not None
    assert header is not None
    assert tomltables.piece(TEXT, whole) == "[[t]]\nx = 1\n[[t.u]]\ny = 2\n"
    assert tomltables.piece(TEXT, header) == "[[t]]\nx = 1\n"
    assert tomltables.piece(TEXT, tomltables.with_comment(TEXT, header)) == "# first\n[[t]]\nx = 1\n"
    assert tomltables.span_of(TEXT, ("t", 2)) is None


def test_a_table_in_two_pieces_has_no_span() -> None:
    assert tomltables.span_of("[a.b]\n[c]\n[a.d]\n", ("a",)) is None


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "mark"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_what_is_put_in_and_taken_out_leaves_the_text_as_it_was(mark: str, end: str) -> None:
    text = mark + TEXT.replace("\n", end)
    second = tomltables.span_of(text, ("t", 1))
    assert second is not None
    table = end.join(("[[t]]", "x = 2", ""))
    longer = tomltables.apply(text, [tomltables.before(text, second, [table])])
    assert longer == text.replace(f"{end}[[t]]{end}x = 3", f"{end}{table}{end}[[t]]{end}x = 3")
    new = tomltables.span_of(longer, ("t", 1))
    assert new is not None
    assert tomltables.apply(longer, [tomltables.removal(longer, new)]) == text


@pytest.mark.parametrize(
    ("text", "after"),
    [("", "[t]\n"), ("a = 1\n", "a = 1\n\n[t]\n"), ("a = 1", "a = 1\n\n[t]\n")],
    ids=["empty", "a line", "no line end"],
)
def test_a_table_at_the_end(text: str, after: str) -> None:
    assert tomltables.apply(text, [tomltables.after(text, len(text), ["[t]\n"])]) == after


@pytest.mark.parametrize(
    ("current", "wanted", "places"),
    [
        pytest.param("abc", "xabc", {1: 0, 2: 1, 3: 2}, id="one before"),
        pytest.param("abc", "xc", {1: 2}, id="others gone"),
        pytest.param("abc", "ba", {1: 0}, id="turned round"),
        pytest.param("abc", "x", {}, id="all new"),
        pytest.param("abc", "", {}, id="none"),
    ],
)
def test_what_can_stay_where_it_is(current: str, wanted: str, places: dict[int, int]) -> None:
    assert tomltables.kept(current, wanted) == places


def test_what_is_no_toml_is_refused() -> None:
    with pytest.raises(FormatError):
        tomltables.load("[")
