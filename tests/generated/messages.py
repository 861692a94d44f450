"""The catalogue of Chinese messages, brought up to date with the source: `python tests/generated/messages.py`.

New messages come in without a translation, changed ones keep theirs marked as fuzzy, those that are gone go. What is
missing is printed. How to go on from there: docs/how-to/translate.md.
"""

from __future__ import annotations

import ast
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "mirrorctl"
PO = PACKAGE / "locale" / "zh_CN" / "LC_MESSAGES" / "mirrorctl.po"
MO = PO.with_suffix(".mo")
KEYWORDS = ("_", "N_")


@dataclass(frozen=True, slots=True)
class Use:
    """A call of a keyword. `message` is None where its first argument is not a literal."""

    path: str
    line: int
    message: str | None


def uses(tree: ast.AST, path: str) -> Iterator[Use]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS:
            first = node.args[0] if node.args else None
            literal = isinstance(first, ast.Constant) and isinstance(first.value, str)
            yield Use(path, node.lineno, first.value if literal else None)  # type: ignore[union-attr]


def all_uses() -> list[Use]:
    """Every use of a keyword in the package, in the order of files and lines."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += sorted(uses(tree, str(path.relative_to(ROOT))), key=lambda use: use.line)
    return found


def read() -> Catalog:
    from babel.messages.pofile import read_po

    text = PO.read_text(encoding="utf-8")
    catalog = read_po(io.BytesIO(text.encode()), locale="zh_CN")
    catalog.header_comment = "\n".join(takewhile(lambda line: line.startswith("#"), text.split("\n")))
    return catalog


def template() -> Catalog:
    from babel.messages.catalog import Catalog

    catalog = Catalog()
    for use in all_uses():
        if use.message is not None:
            catalog.add(use.message, locations=[(use.path, use.line)])
    return catalog


def update(catalog: Catalog) -> list[str]:
    """Brings `catalog` up to date with the source and returns what has to be translated."""
    new = template()
    new.creation_date = catalog.creation_date  # nothing but messages shall make a difference
    catalog.update(new, update_header_comment=False)
    catalog.obsolete.clear()
    return [str(message.id) for message in catalog if message.id and (message.fuzzy or not message.string)]


def po_bytes(catalog: Catalog) -> bytes:
    from babel.messages.pofile import write_po

    buffer = io.BytesIO()
    write_po(buffer, catalog, width=110, include_lineno=False, omit_header=False)
    return buffer.getvalue()


def mo_bytes(catalog: Catalog) -> bytes:
    from babel.messages.mofile import write_mo

    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def main() -> int:
    catalog = read()
    missing = update(catalog)
    PO.write_bytes(po_bytes(catalog))
    MO.write_bytes(mo_bytes(catalog))
    for message in missing:
        print(f"to translate: {message!r}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
