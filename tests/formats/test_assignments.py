"""Every form of an assignment, read back by the shells themselves where they are installed."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from mirrorctl.errors import UsageError
from mirrorctl.formats.assignments import FORMS, render

# What may be in a value. The hostile ones would do something if a quote were forgotten.
VALUES = {
    "url": "https://mirrors.alpha.example/pypi/simple",
    "git": "url.https://mirrors.alpha.example/https://github.com/.insteadOf",
    "empty": "",
    "spaces": "  two  words ",
    "single": "it's 'quoted'",
    "double": 'say "hello"',
    "dollar": "$HOME ${HOME} $(id) `id` $$ $env:PATH",
    "backslash": r"C:\new\table\ \\ \' \" \$ \n",
    "last-backslash": "ends with \\",
    "operators": "a;b|c&d>e<f(g)h!i*j?k[l]m{n,o}p~q#r%s^t",
    "tilde": "~/x",
    "equals": "a=b==c",
    "typographic": "\u2018curly\u2019 \u201alow\u201b \u201cdouble\u201d",
    "chinese": "清华大学 mirror",
    "percent": "https://h.example/%20%24",
}
REFUSED = {
    "newline": "a\nexport EVIL=1",
    "return": "a\rb",
    "nul": "a\0b",
    "escape": "\x1b[31m",
    "line-separator": "a\u2028b",
    "bidi": "a\u202eb",
}

each_value = pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)


def ask(program: list[str], script: str) -> str:
    """What a shell prints that has run `script` in an empty environment."""
    ran = subprocess.run(
        program, input=script, capture_output=True, encoding="utf-8", env={"LC_ALL": "C.UTF-8"}, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def shell(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"needs {name}")
    return found


@pytest.mark.parametrize("name", ["sh", "dash", "bash", "ksh", "zsh"])
@each_value
def test_a_posix_shell_reads_what_was_meant(name: str, value: str) -> None:
    line = render([("X", value)], "sh")[0]
    script = f"{line}\n{shutil.which('env')} -0"  # a child sees it: it is exported
    assert f"X={value}\0" in ask([shell(name)], script)


@each_value
def test_eval_reads_what_was_meant(value: str) -> None:
    """As people type it, with quotes around the substitution."""
    lines = "\n".join(render([("A", "1"), ("X", value), ("A", None)], "sh"))
    script = f"""given=$(cat <<'END'\n{lines}\nEND\n)\neval "$given"\nprintf '%s|%s' "$X" "${{A-unset}}" """
    assert ask([shell("sh")], script) == f"{value}|unset"


@each_value
def test_fish_reads_what_was_meant(value: str, tmp_path: object) -> None:
    lines = render([("X", value), ("Y", "1"), ("Y", None)], "fish")
    script = "\n".join([*lines, f"{shutil.which('env')} -0"])
    ran = subprocess.run(
        [shell("fish"), "--no-config"],
        input=script,
        capture_output=True,
        encoding="utf-8",
        env={"LC_ALL": "C.UTF-8", "HOME": str(tmp_path), "TERM": "dumb"},
        check=True,
    )
    assert f"X={value}\0" in ran.stdout
    assert "Y=" not in ran.stdout


def powershell(line: str) -> str:
    """A single-quoted string of PowerShell (about_Quoting_Rules): any of the five quotes, doubled, stands for itself."""
    quotes = "'\u2018\u2019\u201a\u201b"
    found = re.fullmatch(rf"\$env:X = '((?:[^{quotes}]|([{quotes}])\2)*)'", line)
    assert found, line
    return re.sub(rf"([{quotes}])\1", r"\1", found[1])


@each_value
def test_powershell_is_quoted_by_its_rules(value: str) -> None:
    assert powershell(render([("X", value)], "powershell")[0]) == value


@each_value
def test_powershell_reads_what_was_meant(value: str) -> None:
    script = render([("X", value)], "powershell")[0] + "\n[Console]::Out.Write($env:X)"
    assert ask([shell("pwsh"), "-NoProfile", "-Command", "-"], script) == value


def dockerfile(line: str) -> str:
    r"""A double-quoted word as the shell lexer of BuildKit reads it: a backslash takes ", $ and itself."""
    found = re.fullmatch(r'ENV X="((?:[^"\\$]|\\["\\$])*)"', line)
    assert found, line
    return re.sub(r'\\(["\\$])', r"\1", found[1])


@each_value
def test_dockerfile_is_quoted_by_its_rules(value: str) -> None:
    assert dockerfile(render([("X", value)], "dockerfile")[0]) == value


@each_value
def test_github_takes_the_line_as_it_is(value: str) -> None:
    """The runner splits at the first "=", unless "<<" stands before it."""
    name, equals, found = render([("X", value)], "github")[0].partition("=")
    assert (name, equals, found) == ("X", "=", value)


@pytest.mark.parametrize(
    "value", [value for value in VALUES.values() if "'" not in value and "\\" not in value], ids=repr
)
def test_a_dotenv_file_is_read_alike_by_a_shell(value: str) -> None:
    line = render([("X", value)], "dotenv")[0]
    assert ask([shell("sh")], f"set -a\n{line}\nprintf '%s' \"$X\"") == value


@pytest.mark.parametrize("name", ["url", "git", "empty", "percent", "equals"])
def test_what_mirrors_need_is_written_bare_in_dotenv(name: str) -> None:
    """With --env-file Docker takes quotes for a part of the value."""
    assert render([("X", VALUES[name])], "dotenv") == [f"X={VALUES[name]}"]


@pytest.mark.parametrize("name", ["single", "backslash", "last-backslash"])
def test_dotenv_refuses_what_its_readers_do_not_agree_on(name: str) -> None:
    with pytest.raises(UsageError):
        render([("X", VALUES[name])], "dotenv")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
def test_control_characters_are_refused_everywhere(form: str, value: str) -> None:
    with pytest.raises(UsageError, match="X"):
        render([("A", "fine"), ("X", value)], form)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["", "1X", "X Y", "X=Y", "X;id", "X\n", "Ü"])
def test_a_name_is_a_name(form: str, name: str) -> None:
    with pytest.raises(UsageError):
        render([(name, "value")], form)


@pytest.mark.parametrize("form", ["dotenv", "dockerfile", "github"])
def test_what_cannot_unset_says_so(form: str) -> None:
    with pytest.raises(UsageError, match="X"):
        render([("X", None)], form)
