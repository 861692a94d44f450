"""The lens for git's files, against literal texts, the corpus, and git itself."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

import corpus
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirrorctl.errors import FormatError
from mirrorctl.formats import decode, encode, gitconfig
from mirrorctl.formats.gitconfig import Variable

BASE = "https://mirror.example/"
PREFIX = "https://github.com/"

Listing: TypeAlias = list[tuple[str, str | None]]


def read_by_git(text: str) -> Listing | None:
    """Every setting by git itself, None when it refuses the file."""
    run = subprocess.run(
        ["git", "config", "--file", "-", "--list", "-z"], input=encode(text), capture_output=True, check=False
    )
    entries = [entry.partition("\n") for entry in decode(run.stdout).split("\0")[:-1]]
    return [(key, value if equals else None) for key, equals, value in entries] if run.returncode == 0 else None


def listing(variables: Iterable[Variable]) -> Listing:
    """The variables as git lists them."""
    return [(".".join(part for part in names(variable) if part is not None), variable.value) for variable in variables]


def names(variable: Variable) -> tuple[str | None, str | None, str]:
    has_section = variable.section or variable.subsection is not None
    return variable.section if has_section else None, variable.subsection, variable.name


def alike(found: Listing | None) -> Listing | None:
    """Blanks inside a bare value are single spaces to git before 2.45, and what they are to later ones."""
    return [(key, value and re.sub(r"[ \t\r]", " ", value)) for key, value in found] if found is not None else None


def check_laws(text: str, variables: tuple[Variable, ...], section: str, subsection: str | None, value: str) -> None:
    """What is added is read by git and nothing else has changed; without it the text is the same again."""
    added = gitconfig.add(text, section, subsection, "insteadOf", value)
    after = list(gitconfig.variables(added))
    before = [variable.setting for variable in variables]
    index = next(at for at, variable in enumerate(after) if [variable.setting] != before[at : at + 1])
    assert after[index].setting == (section, subsection, "insteadof", value)
    assert listing([*after[:index], *after[index + 1 :]]) == listing(variables)
    assert alike(read_by_git(added)) == alike(listing(after))
    assert gitconfig.remove(added, [after[index]]) == text
    replaced = gitconfig.replace(added, after[index], "other")
    assert gitconfig.remove(replaced, [gitconfig.variables(replaced)[index]]) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", '[url "B"]\n\tinsteadOf = P\n', id="no file"),
        pytest.param("[a]\n\tb = c\n", '[a]\n\tb = c\n[url "B"]\n\tinsteadOf = P\n', id="new block at the end"),
        pytest.param("[a]\n\tb = c", '[a]\n\tb = c\n[url "B"]\n\tinsteadOf = P', id="no final line end"),
        pytest.param("[a]\r\n\tb\r\n", '[a]\r\n\tb\r\n[url "B"]\r\n\tinsteadOf = P\r\n', id="CRLF"),
        pytest.param("\ufeff", '\ufeff\n[url "B"]\n\tinsteadOf = P', id="byte order mark"),
        pytest.param("# \udcd3\n", '# \udcd3\n[url "B"]\n\tinsteadOf = P\n', id="bytes that are not UTF-8"),
        pytest.param(
            '[URL "B"]\n  pushInsteadOf = Q # c\n[a]\n\tb = c\n',
            '[URL "B"]\n  pushInsteadOf = Q # c\n\tinsteadOf = P\n[a]\n\tb = c\n',
            id="behind the others of its section",
        ),
        pytest.param(
            '[url "B"] pushInsteadOf = Q # c\n',
            '[url "B"] pushInsteadOf = Q # c\n\tinsteadOf = P\n',
            id="below a full header",
        ),
        pytest.param(
            '[url "B"]\n\tx = 1\n[url "B"]\n\tx = 2\n',
            '[url "B"]\n\tx = 1\n[url "B"]\n\tx = 2\n\tinsteadOf = P\n',
            id="in the last block",
        ),
        pytest.param(
            '[url "b"]\n\tx = 1\n', '[url "b"]\n\tx = 1\n[url "B"]\n\tinsteadOf = P\n', id="case of a subsection"
        ),
        pytest.param('[url "B"]\n', '[url "B"]\n[url "B"]\n\tinsteadOf = P\n', id="an empty block is left alone"),
    ],
)
def test_add_appends_one_line_or_one_block(before: str, after: str) -> None:
    assert gitconfig.add(before, "url", "B", "insteadOf", "P") == after
    assert gitconfig.remove(after, lambda variable: variable.value == "P") == before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param('[url "B"]\n\tinsteadOf = P\n', "", id="header goes"),
        pytest.param('[url "B"]\n\tinsteadOf = P\n\n[a]\n', "\n[a]\n", id="blank line stays"),
        pytest.param('[url "B"]\n\tinsteadOf = P\n\tx = 1\n', '[url "B"]\n\tx = 1\n', id="header stays for another"),
        pytest.param('[url "B"]\n\t# c\n\tinsteadOf = P\n', '[url "B"]\n\t# c\n', id="header stays for a comment"),
        pytest.param('[url "B"]\n\tinsteadOf = P ; c\n', "", id="comment on its line goes"),
        pytest.param('[url "B"] insteadOf = P\r\n[a]\r\n', "[a]\r\n", id="header and variable on a line"),
        pytest.param('[url "B"] insteadOf = P ; c\r\n\tx\r\n', '[url "B"]\r\n\tx\r\n', id="only behind the header"),
        pytest.param('[a] [url "B"] insteadOf = P\n', "[a]\n", id="two headers on a line"),
        pytest.param('[url "B"]\n\tinsteadOf = \\\n\tP\n\tx\n', '[url "B"]\n\tx\n', id="continued"),
        pytest.param("[a]\n\tb = c\n\tinsteadOf = P", "[a]\n\tb = c", id="no final line end"),
        pytest.param("insteadOf = P\n[a]\n", "[a]\n", id="before any header"),
        pytest.param("[a]\n\tb = c\n", "[a]\n\tb = c\n", id="not there"),
    ],
)
def test_remove_takes_exactly_its_lines(before: str, after: str) -> None:
    assert gitconfig.remove(before, lambda variable: variable.name == "insteadof") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("[a]\n\tb = V\n", "[a]\n\tb = U\n", id="bare"),
        pytest.param('[a]\n\tb="V" # c\n', "[a]\n\tb=U # c\n", id="comment and blanks stay"),
        pytest.param("[a]\n\tb = V \\\n  W\r\n", "[a]\n\tb = U\r\n", id="continued"),
        pytest.param("[a]\n\tb\n", "[a]\n\tb = U\n", id="without a value"),
        pytest.param("[a]\n\tb =\n", "[a]\n\tb = U\n", id="empty"),
        pytest.param("[a]\n\tb=;c\n", "[a]\n\tb=U;c\n", id="empty, with a comment"),
        pytest.param("[a] b = V", "[a] b = U", id="behind the header"),
    ],
)
def test_replace_changes_the_value_alone(before: str, after: str) -> None:
    assert gitconfig.replace(before, gitconfig.variables(before)[0], "U") == after


@pytest.mark.parametrize(
    "value",
    [
        "",
        "a b",
        " a",
        "a ",
        "#a",
        "a;b",
        'q"q',
        "b\\s",
        "t\ta",
        "\t",
        "n\nn",
        "c\r",
        "c\rc",
        "c\r\n",
        "é\udcff",
        "\\",
        '"',
        "\b",
    ],
    ids=ascii,
)
def test_any_value_git_reads_back(value: str) -> None:
    """CVE-2025-48384: a CR that is not quoted is lost, and the value names something else."""
    text = gitconfig.add("[x]\n\ty = z\n", "url", BASE, "insteadOf", value)
    assert read_by_git(text) == [("x.y", "z"), (f"url.{BASE}.insteadof", value)]
    assert gitconfig.remove(text, gitconfig.variables(text)[1:]) == "[x]\n\ty = z\n"


@pytest.mark.parametrize(
    "subsection", [None, "", "plain", 'q"\\', "]", " a\t", "# ;", "é\udcff", "c\r", "A.b", '"]\t[core]'], ids=ascii
)
def test_any_subsection_git_reads_back(subsection: str | None) -> None:
    text = gitconfig.add("", "url", subsection, "insteadOf", PREFIX)
    key = "url.insteadof" if subsection is None else f"url.{subsection}.insteadof"
    assert read_by_git(text) == [(key, PREFIX)]
    assert gitconfig.remove(text, gitconfig.variables(text)) == ""


@pytest.mark.parametrize(
    ("section", "subsection", "name", "value"),
    [
        pytest.param("u l", "B", "x", "y", id="blank in the section"),
        pytest.param("", None, "x", "y", id="no section"),
        pytest.param("url", "a\nb", "x", "y", id="line end in the subsection"),
        pytest.param("url", 'B"]\n[core', "x", "y", id="header in the subsection"),
        pytest.param("url", "a\0b", "x", "y", id="NUL in the subsection"),
        pytest.param("url", "B", "x_y", "y", id="underscore in the name"),
        pytest.param("url", "B", "x = 1\n\tz", "y", id="variable in the name"),
        pytest.param("url", "B", "x", "a\0b", id="NUL in the value"),
        pytest.param("url", "B" * 1000, "x", "y", id="line too long for older git"),
        pytest.param("url", "B", "x", "y" * 1000, id="value too long for older git"),
    ],
)
def test_what_git_would_not_read_back_is_not_written(section: str, subsection: str, name: str, value: str) -> None:
    with pytest.raises(FormatError):
        gitconfig.add("[a]\n", section, subsection, name, value)


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
        gitconfig.add(text, "url", BASE, "insteadOf", PREFIX)


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


def test_a_line_that_would_be_swallowed_is_not_written() -> None:
    with pytest.raises(FormatError):
        gitconfig.add("[a]\n\tb = c\\\n", "url", BASE, "insteadOf", PREFIX)


def test_spans_and_lines() -> None:
    text = '[a]\n\tb = "c" d ; e\n\n[f.G "h"] i\n'
    first, second = gitconfig.variables(text)
    assert first == Variable("a", None, "b", "c d", 4, 19, 2, 9, 14)
    assert (text[first.start : first.end], text[first.value_start : first.value_end]) == ('\tb = "c" d ; e\n', '"c" d')
    assert second.setting == ("f", "g.h", "i", None)
    assert (text[second.start : second.end], second.line) == (" i", 4)


@pytest.mark.parametrize("path", corpus.cases("git"))
def test_real_files_keep_the_laws(path: Path) -> None:
    text = decode(path.read_bytes())
    found = read_by_git(text)
    assert (found is not None) == corpus.is_accepted(path)
    if found is None:
        with pytest.raises(FormatError):
            gitconfig.add(text, "url", BASE, "insteadOf", PREFIX)
        return
    variables = gitconfig.variables(text)
    assert alike(listing(variables)) == alike(found)
    check_laws(text, variables, "url", BASE, PREFIX)
    check_laws(text, variables, "core", None, PREFIX)
    for index in {0, len(variables) // 2, len(variables) - 1} if variables else set():
        rest = gitconfig.remove(text, [variables[index]])
        assert alike(read_by_git(rest)) == alike([*found[:index], *found[index + 1 :]])


PIECES = st.sampled_from(
    [
        *("[a]", '[url "B"]', '[URL "B"] x = 1', '[q "\\"\\\\"]', "[A.b]", "[a", "# c", "; c", "", "b = c", "b", "b ="),
        *(
            'b = "c ; d" e ',
            "b = c # d",
            "b = c \\",
            'b = ""  ',
            "b = x\ty",
            "b = \\t\\n\\b",
            "b = \\q",
            '"',
            "\ufeff",
            "\udcff",
            "1",
        ),
    ]
)
TEXTS = st.lists(
    st.tuples(st.sampled_from(["", "\t", " "]), PIECES, st.sampled_from(["\n", "\n", "\r\n", "\r", " \n", ""])),
    max_size=6,
).map(lambda lines: "".join("".join(line) for line in lines))


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_any_text_is_read_as_git_reads_it(text: str) -> None:
    found = read_by_git(text)
    if found is None:
        with pytest.raises(FormatError):
            gitconfig.variables(text)
        return
    variables = gitconfig.variables(text)
    assert alike(listing(variables)) == alike(found)
    for variable in variables:
        assert gitconfig.replace(text, variable, variable.value or "")
    if not text.endswith(("\\\n", "\\\r\n", "\\")):
        check_laws(text, variables, "url", "B", "P")
    rest = gitconfig.remove(text, variables[::2])
    assert alike(read_by_git(rest)) == alike(found[1::2])
