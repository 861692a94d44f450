"""The rules of the house, read from the source: who may import whom, who may write, and how long things get."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from mirrorctl.targets import TARGETS

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "mirrorctl"

# Where a module stands. A package speaks for the modules in it, `catalog` for `catalog_syntax`. `render` shows what `commands` return, so it stands
# above them; only `cli` brings the two together.
LAYERS = {
    "text": 0,
    "values": 0,
    "reasons": 0,
    "errors": 0,
    "model": 0,
    "measured": 0,
    "dialogue": 0,
    "redaction": 1,
    "network": 1,
    "formats": 1,
    "catalog": 2,
    "ecosystems": 2,
    "targets": 2,
    "ranking": 3,
    "diagnosis": 3,
    "verdicts": 3,
    "experience": 3,
    "planning": 3,
    "variables": 3,
    "profile": 3,
    "quantities": 1,
    "benchmark": 3,
    "environment": 4,
    "disk": 4,
    "places": 4,
    "swap": 4,
    "files": 4,
    "memory": 4,
    "process": 4,
    "metering": 4,
    "probing": 4,
    "journal": 5,
    "mismatches": 5,
    "chronicle": 5,
    "commands": 6,
    "render": 7,
    "cli": 8,
    "__main__": 9,
    "": 9,  # mirrorctl/__init__.py, the public names
}
PURE = 3  # up to this layer: no clock, no chance, no environment, no network, no disk

OF_OS = {"os.devnull", "os.pathsep", "os.path", "os.path.normpath"}  # what the core may take: constants and text

# What only its owner may import.
OWNERS = {
    "asyncio": ("probing",),
    "httpcore": ("probing",),
    "httpx": ("probing",),
    "jinja2": ("render.report.page",),
    "pygal": ("render.report.chart",),
    "prompt_toolkit": ("cli.chooser",),
    "rich": ("render",),
    "socket": ("probing", "process"),
    "ssl": ("probing",),
    "subprocess": ("process",),
    "tempfile": ("process",),
    "tomlkit": ("targets.overlay",),
    "typer": ("cli",),
}
IMPURE = {"fcntl", "glob", "http", "locale", "logging", "platform", "random", "secrets", "shutil", "signal"}
IMPURE |= {"sys", "threading", "time", "urllib.request", "uuid", *OWNERS} - {"tomlkit"}

# Who writes: users' files, and what is the program's own.
WRITERS = {"files", "disk", "places", "swap"} | {
    "journal",
    "chronicle",
    "memory",
    "cli.runner",
    "process",
}  # history, cache, crash log, a pipe
WRITING_METHODS = {"write_text", "write_bytes", "touch", "mkdir", "unlink", "rmdir", "rename", "chmod", "symlink_to"}
WRITING_METHODS |= {"hardlink_to"}
WRITING_FUNCTIONS = {
    "os": {"replace", "rename", "remove", "unlink", "open", "link", "symlink", "truncate", "chmod", "chown", "mkdir"}
    | {"makedirs", "fdopen", "write", "rmdir", "removedirs", "utime"},
    "shutil": {"copy", "copy2", "copyfile", "copymode", "copystat", "copytree", "move", "rmtree", "chown"},
}


@dataclass(frozen=True, slots=True)
class Import:
    """An import of `name` (a dotted name, or the name that is taken from a module) at `line`."""

    name: str
    line: int


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the package by its name below it: "", "model", "targets.pip"."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def room(module: str) -> str:
    """What a module stands in: its folder, or the package itself."""
    top = module.partition(".")[0]
    return top if (PACKAGE / top).is_dir() else ""


def layer(module: str) -> int:
    return LAYERS[part(module)]


def part(module: str) -> str:
    return module.partition(".")[0].partition("_")[0] if not module.startswith("_") else module


def imports(tree: ast.AST) -> Iterator[Import]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the whole path"
            yield from (Import(f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def own(name: str) -> str | None:
    """The module of ours that an import means, or None: `mirrorctl.model.Mirror` is of `model`."""
    head, _, rest = name.partition(".")
    if head != "mirrorctl":
        return None
    while rest and rest not in modules():
        rest = rest.rpartition(".")[0]
    return rest


def is_of(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


def test_every_module_has_a_layer() -> None:
    assert {part(module) for module in modules()} <= LAYERS.keys()


@pytest.mark.parametrize("module", modules())
def test_imports_point_down(module: str) -> None:
    for found in imports(modules()[module]):
        target = own(found.name)
        if target is None or target in {"", module}:
            continue
        sideways = layer(target) == layer(module) and room(target) == room(module)
        assert layer(target) < layer(module) or sideways, f"{module}:{found.line} imports {found.name}"


@pytest.mark.parametrize("module", modules())
def test_what_has_an_owner_is_imported_by_its_owner_alone(module: str) -> None:
    for found in imports(modules()[module]):
        for name, owners in OWNERS.items():
            if is_of(found.name, name):
                assert any(is_of(module, owner) for owner in owners), f"{module}:{found.line} imports {name}"


@pytest.mark.parametrize("module", [name for name in modules() if LAYERS.get(part(name), PURE) <= PURE])
def test_the_core_is_pure(module: str) -> None:
    for found in imports(modules()[module]):
        assert not any(is_of(found.name, name) for name in IMPURE), f"{module}:{found.line} imports {found.name}"
    for node in ast.walk(modules()[module]):
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"now", "utcnow", "today"}, f"{module}:{node.lineno} reads the clock"
            name = ast.unparse(node)
            assert not is_of(name, "os") or name in OF_OS, f"{module}:{node.lineno} uses {name}"


@pytest.mark.parametrize("module", [name for name in modules() if not {name, part(name)} & WRITERS])
def test_only_files_and_the_journal_write(module: str) -> None:
    for node in ast.walk(modules()[module]):
        if isinstance(node, ast.Call) and (name := writes(node)):
            pytest.fail(f"{module}:{node.lineno} writes: {name}")


def writes(call: ast.Call) -> str | None:
    """What a call writes with, as far as its name and mode tell."""
    function = call.func
    if isinstance(function, ast.Name):
        return "open" if function.id == "open" and writing_mode(call, 1) else None
    if not isinstance(function, ast.Attribute):
        return None
    place = function.value.id if isinstance(function.value, ast.Name) else ""
    if ast.unparse(call).startswith("os.open(os.devnull,"):
        return None
    if function.attr in WRITING_FUNCTIONS.get(place, ()) or function.attr in WRITING_METHODS:
        return f"{place}.{function.attr}"
    # Much else has a method `open`; a Path is given a mode, and gives itself away when it is written out.
    if function.attr == "open" and any(isinstance(mode, ast.Constant) for mode in call.args) and writing_mode(call, 0):
        return "Path.open"
    # Path.replace takes one argument, str.replace two.
    is_path_replace = function.attr == "replace" and len(call.args) == 1 and not call.keywords
    return "Path.replace" if is_path_replace else None


def writing_mode(call: ast.Call, position: int) -> bool:
    given = [*call.args[position : position + 1], *(word.value for word in call.keywords if word.arg == "mode")]
    return any(not isinstance(mode, ast.Constant) or set(str(mode.value)) & set("wax+") for mode in given)


@pytest.mark.parametrize(
    ("code", "with_what"),
    [
        ("open(p)", None),
        ("open(p, 'rb')", None),
        ("open(p, 'w')", "open"),
        ("open(p, mode=m)", "open"),
        ("p.open()", None),
        ("p.open('ab')", "Path.open"),
        ("connection.open(request)", None),
        ("os.open(os.devnull, os.O_WRONLY)", None),
        ("p.read_text()", None),
        ("p.write_text(t)", "p.write_text"),
        ("os.replace(a, b)", "os.replace"),
        ("shutil.move(a, b)", "shutil.move"),
        ("a.replace(b)", "Path.replace"),
        ("text.replace('a', 'b')", None),
        ("dataclasses.replace(edit, after=b'')", None),
        ("replace(edit, after=b'')", None),
    ],
)
def test_writing_is_recognised(code: str, with_what: str | None) -> None:
    call = ast.parse(code, mode="eval").body
    assert isinstance(call, ast.Call)
    assert writes(call) == with_what


@pytest.mark.parametrize("module", modules())
def test_the_environment_comes_in_at_the_edge(module: str) -> None:
    for node in ast.walk(modules()[module]):
        if (
            isinstance(node, ast.Attribute)
            and node.attr in {"environ", "getenv"}
            and part(module) not in {"environment", "cli"}
        ):
            is_os = isinstance(node.value, ast.Name) and node.value.id == "os"
            assert not is_os, f"{module}:{node.lineno} reads os.{node.attr}"


def python_files() -> list[Path]:
    """The product. A test file is as long as its tables are."""
    return sorted((ROOT / "mirrorctl").rglob("*.py"))


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = len(text.splitlines())
    assert lines <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 50, f"{node.name} has {length} lines"


@pytest.mark.parametrize(("room", "registry"), [("targets", "TARGETS"), ("ecosystems", "ECOSYSTEMS")])
def test_every_module_of_a_registry_is_registered(room: str, registry: str) -> None:
    """A module that states its NAME and what it is about is a client or an ecosystem."""
    package = __import__(f"mirrorctl.{room}", fromlist=[registry])
    stated = {}
    for name, tree in modules().items():
        values = {
            ast.unparse(node.targets[0]): node.value
            for node in tree.body
            if isinstance(node, ast.Assign) and name.startswith(f"{room}.")
        }
        if "NAME" in values and values.keys() & {"ECOSYSTEM", "WORKLOAD"}:
            stated[ast.literal_eval(values["NAME"])] = f"mirrorctl.{name}"
    assert {name: module.__name__ for name, module in getattr(package, registry).items()} == stated
    assert stated


def test_the_registry_tells_what_a_target_consumes() -> None:
    """It says so without importing the target, so it says it twice."""
    assert {name: TARGETS.ecosystem(name) for name in TARGETS} == {
        name: target.ECOSYSTEM for name, target in TARGETS.items()
    }


@cache
def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


# Written in pieces, so that this file does not find itself.
FORBIDDEN = [
    "pypi" + ".org",
    "python" + "hosted.org",
    "registry.npm" + "js.org",
    "deb.debian" + ".org",
    "security.debian" + ".org",
    "/wo" + "rk/main",
    "/wo" + "rk/shared",
    "/tmp" + "/v/",
    "fault" + "lab",
]


@pytest.mark.parametrize("literal", FORBIDDEN)
def test_no_tracked_file_names(literal: str) -> None:
    """Upstreams are asked of the client, and no path is that of one developer's machine."""
    naming = [path for path in tracked() if literal.encode() in path.read_bytes()]
    assert [str(path.relative_to(ROOT)) for path in naming] == []
