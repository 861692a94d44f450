"""Command lines that make no sense: exit code 2, what is wrong, and where to look."""

from __future__ import annotations

import json

import pytest

from mirrorctl.cli import main

USE_HELP = "mirrorctl use --help shows what it takes"
DURATION_HELP = "write it as in 90s, 15min, 36h or 7d"


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("probbe", "there is no command 'probbe'", "did you mean probe?"),
        ("qqqq", "there is no command 'qqqq'", "mirrorctl --help lists the commands"),
        ("-q", "a command is missing", "mirrorctl --help lists the commands"),
        ("use", "WHICH is missing", "mirrorctl use fastest takes the best one"),
        ("env", "WHICH is missing", "mirrorctl env --help shows what it takes"),
        ("use a b", "nothing more is expected here: b", USE_HELP),
        ("use --frob a", "there is no option --frob; similar ones are --force, --root", USE_HELP),
        ("use a -z", "there is no option -z", USE_HELP),
        ("use a --scope", "--scope takes a value", USE_HELP),
        ("use a --scope=here", "--scope takes one of: user, system, project", USE_HELP),
        ("use a --json=3", "--json takes no value", USE_HELP),
        ("use a --max-age 1x", "--max-age: '1x' is no duration", DURATION_HELP),
        ("probe --max-lag 3y", "--max-lag: '3y' is no duration", DURATION_HELP),
        ("env a --max-age -1h", "--max-age: '-1h' is no duration", DURATION_HELP),
        ("probe --budget 2l", "--budget: '2l' is no size", "write it as in 500KB, 25MB or 1GiB"),
        ("verify --deadline soon", "--deadline: 'soon' is no duration", DURATION_HELP),
        ("bench --timeout x", "--timeout: 'x' is no duration", DURATION_HELP),
    ],
)
def test_a_mistake_is_named(line: str, message: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "en", *line.split()]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [f"error: {message}", f"  → {hint}"]


def test_a_mistake_is_named_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["use", "--lang", "zh"]) == 2
    assert "缺少 WHICH" in capsys.readouterr().err


def test_a_mistake_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "use", "a", "--scope", "here"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert (document["command"], document["status"], document["exit_code"]) == ("use", "error", 2)
    assert document["errors"][0]["code"] == "usage"
