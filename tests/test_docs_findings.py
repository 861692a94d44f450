"""docs/reference/findings.md has every code, with its severities, and every code is one that can be found."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from mirrorctl.diagnosis.finding import Code, Severity

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "findings.md"


def rows() -> dict[str, set[str]]:
    """The severities of each code."""
    found = re.findall(r"^\| `([a-z-]+)` \| ([a-z, ]+) \| .+ \|.*\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {code: set(severities.split(", ")) for code, severities in found if code not in set(Severity)}


def test_every_code_is_documented_and_no_other() -> None:
    assert list(rows()) == [code.value for code in Code]


def test_the_severities_are_those_that_there_are() -> None:
    assert all(severities <= {severity.value for severity in Severity} for severities in rows().values())


def test_every_code_is_found_by_something() -> None:
    """Each is named in a diagnosis or where facts are gathered, outside of its definition."""
    named: set[str] = set()
    for path in [*(ROOT / "mirrorctl/diagnosis").glob("*.py"), *(ROOT / "mirrorctl/commands").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Code":
                named.add(node.attr)
    assert named == set(Code.__members__)
