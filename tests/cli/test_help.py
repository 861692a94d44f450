"""The help of commands, in both languages."""

from __future__ import annotations

import pytest

from mirrorctl.cli import main
from mirrorctl.cli.overview import names
from mirrorctl.render.screen import width, wrap


def help_of(*words: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert main([*words, "--help"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    return shown.out.splitlines()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("command", names())
def test_every_command_explains_itself(
    command: str, language: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = help_of(command, "--lang", language, capsys=capsys)
    assert lines[0].endswith(lines[0][lines[0].index(f"mirrorctl {command}") :])
    assert max(map(width, lines)) <= 80
    assert any("--json" in line for line in lines)


def test_help_states_defaults_and_choices(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    lines = help_of("probe", capsys=capsys)
    assert "  --deadline DUR        How long measuring may take [default: 8s]" in lines
    assert "  --trust university|company|community|private" in lines


def test_chinese_help_has_no_english_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left in Latin letters are names of options, values and commands."""
    monkeypatch.setenv("COLUMNS", "100")
    lines = help_of("use", "--lang", "zh", capsys=capsys)
    assert lines[0].startswith("用法：mirrorctl use")
    said = [line for line in lines[1:] if line.strip() and not line.strip().startswith("-")]
    assert [line for line in said if line.isascii()] == []


def test_the_group_shows_the_overview(capsys: pytest.CaptureFixture[str]) -> None:
    plain = help_of("--lang", "zh", capsys=capsys)
    assert help_of("-q", "--lang", "zh", capsys=capsys) == plain


@pytest.mark.parametrize(
    ("text", "columns", "wrapped"),
    [
        ("one two three", 20, "one two three"),
        ("one two three", 8, "one two\nthree"),
        ("longerthanthat is", 5, "longerthanthat\nis"),
        ("一二三四五", 6, "一二三\n四五"),
        ("一二三，四", 6, "一二\n三，四"),
        ("用 id 和 URL", 6, "用 id\n和 URL"),
        ("", 5, ""),
    ],
    ids=["short", "words", "long word", "chinese", "no line begins with a comma", "mixed", "empty"],
)
def test_wrap(text: str, columns: int, wrapped: str) -> None:
    assert wrap(text, columns) == wrapped
