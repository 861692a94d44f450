"""Breaks the code that keeps users' files safe, one place at a time, and asks whether the tests notice.

    python tests/crash/mutants.py [MODULE] … [--only KIND] [--every N] [--list]

Works on a copy of the project. A statement is left out, a condition is taken for granted or turned round, a flag of
open(2) is dropped, an error is let pass, two calls change places. Prints what nobody noticed.
"""

from __future__ import annotations

import ast
import copy
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULES: tuple[str, ...] = ("swap", "swap_back", "swap_lock", "swap_slot", "places", "disk", "files")
MODULES += ("journal", "journal_record", "commands/transaction", "commands/rollback", "planning_merge")
TESTS = [f"tests/test_{name}.py" for name in ("swap", "swap_back", "swap_metadata", "places", "files", "disk")]
TESTS += [f"tests/test_{name}.py" for name in ("journal", "journal_damage", "planning")]
TESTS += ["tests/commands", "tests/crash"]
DURABLE = ("fsync", "sync_folder", "rename", "rename_new", "exchange", "link", "mark")
FLAGS = ("O_EXCL", "O_NOFOLLOW", "O_NONBLOCK", "O_CREAT", "O_DIRECTORY")
TIMEOUT_S = 600


@dataclass(frozen=True, slots=True)
class Mutant:
    module: str
    line: int
    kind: str
    what: str
    text: str

    def __str__(self) -> str:
        return f"{self.module}:{self.line} {self.kind}: {self.what}"


def mutants(module: str) -> Iterator[Mutant]:
    source = (ROOT / "mirrorctl" / f"{module}.py").read_text(encoding="utf-8")
    nodes = list(ast.walk(ast.parse(source)))
    for index in [index for index, node in enumerate(nodes) if isinstance(node, ast.stmt | ast.expr | ast.mod)]:
        for variant in range(3):
            if not _has_variant(nodes[index], variant):
                continue
            tree = ast.parse(source)
            node = list(ast.walk(tree))[index]
            before = ast.unparse(node) if isinstance(node, ast.stmt | ast.expr) else ""
            kind = _mutate(tree, node, variant)
            if kind:
                text = ast.unparse(ast.fix_missing_locations(tree))
                yield Mutant(module, getattr(node, "lineno", 0), kind, before.splitlines()[0][:90], text)


def _has_variant(node: ast.AST, variant: int) -> bool:
    """Whether `_mutate` is worth a tree of its own: most nodes cannot be changed."""
    if variant == 2:
        return isinstance(getattr(node, "body", None), list)
    if variant == 1:
        return isinstance(node, ast.If | ast.While | ast.IfExp)
    changeable = ast.Expr | ast.Raise | ast.Attribute | ast.If | ast.While | ast.IfExp | ast.Return | ast.BoolOp
    return isinstance(node, changeable)


def _mutate(tree: ast.Module, node: ast.AST, variant: int) -> str | None:  # noqa: PLR0911  one per kind of mutant
    """Changes the tree at `node` in the way `variant`. None where there is no such way."""
    if variant == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return _replace(tree, node, ast.Pass(), "durability" if _name(node.value) in DURABLE else "left out")
    if variant == 0 and isinstance(node, ast.Raise):
        return _replace(tree, node, ast.Pass(), "let pass")
    if variant == 0 and isinstance(node, ast.Attribute) and node.attr in FLAGS:
        node.attr = "O_RDONLY"  # 0: no flag
        return "flag"
    if (
        variant in {0, 1}
        and isinstance(node, ast.If | ast.While | ast.IfExp)
        and not isinstance(node.test, ast.Constant)
    ):
        node.test = ast.Constant(bool(variant))
        return f"always {bool(variant)}"
    if variant == 0 and isinstance(node, ast.Return) and isinstance(node.value, ast.Constant):
        if not isinstance(node.value.value, bool):
            return None
        node.value = ast.Constant(not node.value.value)
        return "turned round"
    if variant == 0 and isinstance(node, ast.BoolOp):
        node.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
        return "and/or"
    if variant == 2 and hasattr(node, "body") and isinstance(node.body, list):
        return _swap_calls(node.body)
    return None


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _replace(tree: ast.Module, node: ast.stmt, new: ast.stmt, kind: str) -> str | None:
    for parent in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            held = getattr(parent, name, None)
            if isinstance(held, list) and node in held:
                held[held.index(node)] = new
                return kind
    return None


def _swap_calls(body: list[ast.stmt]) -> str | None:
    """The first two calls in a row change places."""
    for at, (one, two) in enumerate(pairwise(body)):
        calls = [statement.value for statement in (one, two) if isinstance(statement, ast.Expr)]
        if len(calls) == 2 and all(isinstance(call, ast.Call) for call in calls):
            body[at], body[at + 1] = copy.copy(two), copy.copy(one)
            return "order"
    return None


def tests_for(module: str) -> list[str]:
    """All of them, those of the module itself first: most mutants are noticed there, and soon."""
    name = module.rpartition("/")[2]
    return sorted(TESTS, key=lambda test: (name.partition("_")[0] not in test, "crash" in test))


def notice(place: Path, mutant: Mutant) -> bool:
    """Whether the tests fail with the mutant in place."""
    path = place / "mirrorctl" / f"{mutant.module}.py"
    good = path.read_text(encoding="utf-8")
    path.write_text(mutant.text, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "--no-header",
        *tests_for(mutant.module),
    ]
    environ = {**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, cwd=place, env=environ, capture_output=True, check=False, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        print(f"noticed, for it never ended: {mutant}", flush=True)
        return True
    finally:
        path.write_text(good, encoding="utf-8")
    return done.returncode != 0


def main(words: list[str]) -> int:
    only = words[words.index("--only") + 1] if "--only" in words else ""
    modules = [word for word in words if word in MODULES] or MODULES
    every = int(words[words.index("--every") + 1]) if "--every" in words else 1
    found = [mutant for module in modules for mutant in mutants(module) if only in mutant.kind][::every]
    if "--list" in words:
        print("\n".join(map(str, found)))
        return 0
    noticed, all_of = Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        place = Path(name)
        for part in ("mirrorctl", "tests"):
            shutil.copytree(ROOT / part, place / part, ignore=shutil.ignore_patterns("__pycache__"))
        for part in ("pyproject.toml", "mirrors.toml"):
            shutil.copy(ROOT / part, place)
        for mutant in found:
            all_of[mutant.kind] += 1
            if notice(place, mutant):
                noticed[mutant.kind] += 1
            else:
                print(f"not noticed: {mutant}", flush=True)
    for kind, count in sorted(all_of.items()):
        print(f"{kind:<14}{noticed[kind]:>5} of {count}")
    print(f"{'all':<14}{noticed.total():>5} of {all_of.total()}")
    return 0 if noticed == all_of else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
