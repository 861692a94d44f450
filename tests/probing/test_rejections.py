"""Every code of a rejection is documented, and no others are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def codes_in(tree: ast.AST) -> Iterator[str]:
    """First arguments of Rejected, and the first of a pair that is returned in its place."""
    for node in ast.walk(tree):
        first: ast.expr | None = None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Rejected" and node.args:
            first = node.args[0]
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            first = node.value.elts[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value:
            yield first.value


def test_the_codes_are_those_of_the_reference() -> None:
    sources = [*(ROOT / "mirrorctl/ecosystems").glob("*.py"), *(ROOT / "mirrorctl/probing").glob("*.py")]
    sources.append(ROOT / "mirrorctl/commands/gate.py")
    used = {code for source in sources for code in codes_in(ast.parse(source.read_text(encoding="utf-8")))}
    text = (ROOT / "docs/reference/rejections.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE))
    assert used == documented
