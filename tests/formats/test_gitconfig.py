"""The lens for git's files, against literal texts, the corpus, and git itself."""

from __future__ import annotations

from pathlib import Path

import corpus
import pytest
from formats.git_reader import alike, listing, read_by_git
from hypothesis import given, settings
from hypothesis import strategies as st

from mirrorctl.errors import FormatError
from mirrorctl.formats import decode, gitconfig
from mirrorctl.formats.gitconfig import Variable

BASE = "https://mirror.example/"
PREFIX = "https://github.com/"


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
        pytest.param("# c\r", '# c\r\r\n[url "B"]\n\tinsteadOf = P', id="CR at the very end"),
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
            '[url "B"] x = 1 \\\n\n[a]\n',
            '[url "B"] x = 1 \\\n\n\tinsteadOf = P\n[a]\n',
            id="below a full header that is continued by nothing",
        ),
        pytest.param(
            '[url "B"]\n\tx = 1\n[url "B"]\n\tx = 2\n',
            '[url "B"]\n\tx = 1\n[url "B"]\n\tx = 2\n\tinsteadOf = P\n',
            id="in the last block",
        ),
        pytest.param(
            '[url "b"]\n\tx = 1\n', '[url "b"]\n\tx = 1\n[url "B"]\n\tinsteadOf = P\n', id="case of a subsection"
        ),
        pytest.param(
            '[a]\r\n[url "B"] x = 1\n', '[a]\r\n[url "B"] x = 1\n\tinsteadOf = P\r\n', id="line ends of both kinds"
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
        pytest.param("\n\ninsteadOf = P\n[a]\n", "\n\n[a]\n", id="before any header"),
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
        pytest.param("[a]\r\n\tb =\r\n", "[a]\r\n\tb = U\r\n", id="empty, CRLF"),
        pytest.param("[a]\n\tb = \r\n", "[a]\n\tb = U\r\n", id="empty but for a blank, CRLF"),
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
        pytest.param("url.b", None, "x", "y", id="dot in the section"),
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


def test_a_line_that_would_be_swallowed_is_not_written() -> None:
    with pytest.raises(FormatError):
        gitconfig.add("[a]\n\tb = c\\\n", "url", BASE, "insteadOf", PREFIX)


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
