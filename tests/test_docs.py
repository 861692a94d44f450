"""What the documentation says is so: links lead somewhere, commands and options exist, examples can be used."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from generated import manual, pages

from mirrorctl import errors
from mirrorctl.catalog import bundled_text
from mirrorctl.catalog.layers import parse
from mirrorctl.catalog.merging import merge
from mirrorctl.cli.app import application
from mirrorctl.errors import ExitCode, MirrorctlError

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
EXIT_CODES = ROOT / "docs" / "reference" / "exit-codes.md"

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<body>.*?)^ *```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.*?) *$", re.MULTILINE)
MARKED = re.compile(r"<!-- (?:main|test) command -->\n```sh\n(.*?)\n```\n<!-- end -->", re.DOTALL)
# In a line of shell: the command, up to where something else begins.
CALL = re.compile(r"(?:^|[\s`|;&({/])mirrorctl ((?:[^`\n|;&>…\"]|\"[^\"\n]*\")*)", re.MULTILINE)

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path, *languages: str) -> list[str]:
    """The bodies of the fenced blocks in one of these languages, without their indentation."""
    found = (match for match in FENCE.finditer(text_of(page)) if match["language"] in languages)
    return [re.sub(rf"^{match['indent']}", "", match["body"], flags=re.MULTILINE) for match in found]


@cache
def anchors(page: Path) -> frozenset[str]:
    """What can follow # in a link to this page, as GitHub makes it of headings."""
    headings = HEADING.findall(FENCE.sub("", text_of(page)))
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return frozenset(heading.replace(" ", "-") for heading in plain)


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for match in LINK.finditer(FENCE.sub("", text_of(page))):
        place, _, anchor = match["target"].partition("#")
        if "://" in place:
            continue
        target = (page.parent / place).resolve() if place else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(match["target"])
    assert broken == []


def test_every_page_can_be_reached_from_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / match["target"]).resolve() for match in LINK.finditer(text_of(index))}
    assert {page for page in PAGES if ROOT / "docs" in page.parents} - {index} <= linked


def test_the_reference_of_commands_is_up_to_date() -> None:
    text = text_of(pages.COMMANDS_PAGE)
    assert pages.page_with(pages.parts(), text) == text, "run tests/generated/pages.py"
    assert {match["name"] for match in pages.PART.finditer(text)} == pages.parts().keys()


def test_the_manual_page_is_up_to_date() -> None:
    assert manual.page() == text_of(manual.MANUAL), "run tests/generated/pages.py"


@pytest.mark.skipif(not shutil.which("groff"), reason="not installed: groff")
def test_the_manual_page_can_be_set() -> None:
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", "-z", manual.MANUAL], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_every_exit_code_is_explained() -> None:
    rows = re.findall(r"^\| (\d+) \| (?:`([a-z-]+)`)? ?\|", text_of(EXIT_CODES), re.MULTILINE)
    known = {kind.exit_code: kind.code for kind in vars(errors).values() if is_error(kind)} | {ExitCode.BUG: "bug"}
    assert {(int(number), name) for number, name in rows} == {(int(code), known.get(code, "")) for code in ExitCode}


def is_error(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, MirrorctlError)


def test_both_readmes_have_the_same_commands() -> None:
    english, chinese = text_of(ROOT / "README.md"), text_of(ROOT / "README.zh-CN.md")
    commands = MARKED.findall(english)
    assert len(commands) == 2
    assert [command for command in commands if f"```sh\n{command}\n```" not in chinese] == []


@each_page
def test_shell_examples_are_shell(page: Path) -> None:
    for block in blocks(page, "sh"):
        done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
        assert done.stderr == "", block


@each_page
def test_catalog_examples_are_sound(page: Path) -> None:
    bundled = parse(bundled_text(), name="mirrors.toml", origin="bundled")
    for block in blocks(page, "toml"):
        if "[[mirror]]" in block:
            merge([bundled, parse(block, name=page.name, origin="named")])


@cache
def commands() -> dict[str, frozenset[str]]:
    """Every command with its options."""
    found = vars(typer.main.get_command(application()))["commands"]
    return {
        name: frozenset(option for parameter in command.params for option in parameter.opts) | {"--help", "-h"}
        for name, command in found.items()
    }


def calls(page: Path) -> Iterator[list[str]]:
    """The words after `mirrorctl` wherever it is called in code."""
    code = blocks(page, "sh", "yaml", "dockerfile")
    code += [line for block in blocks(page, "console") for line in block.splitlines() if line.startswith("$ ")]
    code += re.findall(r"`([^`\n]+)`", FENCE.sub("", text_of(page)))
    for line in code:
        for match in CALL.finditer(line):
            yield match[1].partition(" #")[0].rstrip(" \\})]").split()


@each_page
def test_commands_and_options_exist(page: Path) -> None:
    wrong = [" ".join(words) for words in calls(page) if words and not is_right(words)]
    assert wrong == []


def is_right(words: list[str]) -> bool:
    options = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    if words[0].startswith("-"):
        every = frozenset[str]().union(*commands().values()) | {"--version"}
        return options <= every
    if "/" in words[0] or words[0].isupper():
        return True  # a path, COMMAND
    return words[0] in commands() and options <= commands()[words[0]]
