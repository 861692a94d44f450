"""The first hour: choose, look, break the configuration by hand in a dozen ways, ask, repair, and go back.

Every word of it is read, in both languages.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from servers.certificates import Authority
from servers.index import index
from servers.outside import Outside
from servers.web import Server
from servers.workstation import PROGRAM, Ran, Workstation

pytestmark = pytest.mark.client

PIP, LEGACY, UV, GIT, CATALOG = (
    ".config/pip/pip.conf",
    ".pip/pip.conf",
    ".config/uv/uv.toml",
    ".gitconfig",
    ".config/mirrorctl/mirrors.toml",
)
CLIENTS = (PIP, LEGACY, UV, GIT)
TARGETS = ("-t", "pip", "-t", "uv", "-t", "git")
HUB = "https://github.com/"
OLD, SECURE = "https://mirrors.gone.example/pypi/simple", "https://mirrors.omega.example/pypi/simple"
PLAIN = SECURE.replace("https", "http")
PROXY = f"https://gh.delta.example/{HUB}"
SECRET = "hunter2"
# Nothing is ever asked of these: they are not for `fastest`, and doctor is told to stay offline where they are in use.
MORE = f"""
[operator.delta]
trust = "community"
[[mirror]]
id = "gone-pypi"
ecosystem = "pypi"
operator = "near"
url = "{OLD}"
status = "dead"
status_since = 2025-04-06
[[mirror]]
id = "omega-pypi"
ecosystem = "pypi"
operator = "far"
url = "{SECURE}"
default = false
[[mirror]]
id = "delta-git"
ecosystem = "git"
operator = "delta"
kind = "url-prefix"
url = "{PROXY}"
default = false
"""
BEFORE = {
    PIP: "# mine\r\n[global]\r\ntimeout = 60 \r\n",
    UV: "# mine\nnative-tls = true\n",
    GIT: "[user]\n\tname = Mei\n\temail = mei@example.com  ; mine\n",
}
PROJECT = '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["six"]\n'
UV_LOCK = f"""version = 1
requires-python = ">=3.11"

[[package]]
name = "shop"
version = "1"
source = {{ virtual = "." }}
dependencies = [{{ name = "six" }}]

[package.metadata]
requires-dist = [{{ name = "six" }}]

[[package]]
name = "six"
version = "1.17.0"
source = {{ registry = "{SECURE}" }}
wheels = [{{ url = "{SECURE}/six-1.17.0-py2.py3-none-any.whl", hash = "sha256:{"0" * 64}" }}]
"""
POETRY_LOCK = f'[[package]]\nname = "six"\n[package.source]\ntype = "legacy"\nurl = "{SECURE}"\nreference = "omega"\n'
HINT = re.compile(r"(?:[→:：;；，,]\s*|或 ?|or |sudo )mirrorctl ([a-z]+)((?: [\w/:-]+)*)")
NEUTRAL = re.compile(
    r"(?:mirrorctl|git config|chmod|uv lock|poetry lock|use) [ -~]*|\S*[/.:=_@\[\]\d-]\S*"
    r"|\b(?:pip|uv|git|docker|podman|containerd|buildkit|poetry|pdm|pypi|near|far|university|company)\b"
)
SENTENCE = re.compile(r"[a-z]+ [a-z]+ [a-z]+")


@dataclass(slots=True)
class Hour:
    """One person at one machine, and all that was said to them."""

    machine: Workstation
    lang: str
    said: list[str] = field(default_factory=list)

    def do(self, *args: str, status: int = 0, cwd: Path | None = None, **environ: str) -> Ran:
        ran = self.machine.mirrorctl(*args, cwd=cwd, environ={"MIRRORCTL_LANG": self.lang, **environ}).ended(status)
        if "--json" not in args:
            self.said.append(ran.stdout + ran.stderr)
        return ran

    def findings(self, shop: Path) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.do("doctor", "--offline", "--json", cwd=shop).data["findings"]
        assert all(each["remedy"] for each in found)
        return found

    def files(self) -> dict[str, bytes]:
        return {
            name: (self.machine.home / name).read_bytes() for name in CLIENTS if (self.machine.home / name).exists()
        }

    def write(self, name: str, old: str, new: str) -> None:
        """As an editor does it."""
        file = self.machine.home / name
        text = file.read_bytes().decode()
        assert old in text
        file.write_bytes(text.replace(old, new, 1).encode())

    def check_hints(self) -> None:
        """Every command that was named exists, with the options that it was named with."""
        named = {found.groups() for text in self.said for found in HINT.finditer(plain(text))}
        assert {command for command, _options in named} >= {"doctor", "use", "undo", "exec"}
        helps = {name: self.machine.mirrorctl(name, "--help").ended(0).stdout for name, _options in named}
        for name, words in named:
            options = [word for word in words.split(" -- ")[0].split() if word.startswith("-")]
            assert [option for option in options if option not in re.findall(r"--?[\w-]+", helps[name])] == [], name


def plain(text: str) -> str:
    """What is seen of it: without the sequences that colour it and move the cursor."""
    return re.sub("\x1b\\[[?0-9;]*[A-Za-z]", "", text).replace("\r", "")


def english(text: str) -> Iterator[str]:
    """The lines in which English is left. Diffs, addresses, paths, names and commands belong to no language."""
    within = False
    for line in plain(text).splitlines():
        within = line.startswith(("--- ", "@@")) or (within and line[:1] in {" ", "+", "-", "@"})
        rest = NEUTRAL.sub(" ", "" if within else line)
        if re.search(r"[A-Za-z]{2,}", rest) and (SENTENCE.search(rest) or not re.search("[\u4e00-\u9fff]", rest)):
            yield line


def break_by_hand(hour: Hour, near: str) -> Path:
    """Ten ways, and what people add to them; gives the directory of a project that is no better."""
    machine = hour.machine
    hour.write(PIP, near, OLD)
    hour.write(
        PIP,
        "timeout = 60 \r\n",
        "timeout = 60 \r\ntrusted-host = mirrors.gone.example\r\n"
        f"extra-index-url = https://mei:{SECRET}@corp.example/simple\r\n",
    )
    machine.write(LEGACY, f"[global]\nindex-url = {PLAIN}\n")
    hour.write(UV, "[[index]]", "[[index]")
    hour.write(GIT, "[user]", f'[http]\n\tsslVerify = false\n[url "{PROXY}"]\n\tinsteadOf = {HUB}mei/\n[user]')
    machine.write("shop/pyproject.toml", PROJECT)
    machine.write("shop/uv.lock", UV_LOCK)
    machine.write("shop/poetry.lock", POETRY_LOCK)
    machine.secrets.append(SECRET)
    machine.environ["PIP_INDEX_URL"] = SECURE
    return machine.home / "shop"


@pytest.fixture(params=["en", "zh"])
def hour(request: pytest.FixtureRequest, choice: Workstation) -> Hour:
    assert choice.catalog
    choice.write(CATALOG, choice.catalog.read_text() + MORE)
    choice.catalog = None  # their own, so that any word may stand last
    for name, text in BEFORE.items():
        choice.write(name, text)
    return Hour(choice, request.param)


NAMED = {
    ("dead-mirror", "pip.conf"),
    ("trusted-host", "pip.conf"),
    ("foreign-rewrite", ".gitconfig"),
    ("ssl-verify", ".gitconfig"),
    ("plain-http", "pip.conf"),
    ("shadowed", "pip.conf"),
    ("unreadable", "uv.toml"),
    ("password-readable", "pip.conf"),
    ("lock-file", "uv.lock"),
    ("lock-file", "poetry.lock"),
    ("drift", "pip.conf"),
}
SAFE = {"dead-mirror", "plain-http", "ssl-verify"}  # what --fix mends
REMEDY = re.compile(r"(?:mirrorctl exec|chmod|git config --file)[^;,，；。]*")


@pytest.fixture
def upstream(hour: Hour, trusted: Authority, outside: Outside) -> Iterator[str]:
    """The index that uv asks when nothing is configured, as uv names it."""
    url = str(hour.machine.mirrorctl("status", "-t", "uv", "--json").data["targets"][0]["effective_url"])
    host = urlsplit(url).hostname or ""
    with Server(application=index(), tls=trusted.tls_for(host), host=host) as server:
        outside.names[f"{host}:443"] = server.port
        yield url


def choose_from_the_list(hour: Hour) -> None:
    with hour.machine.terminal("use", *TARGETS, "--lang", hour.lang) as terminal:
        terminal.read_until("❯")
        terminal.type("near\r")
        terminal.read_until("[y/N]")
        terminal.type("y\n")
        assert terminal.end() == 0
    hour.said.append(terminal.seen)


def carry_out(hour: Hour, left: list[dict[str, Any]], shop: Path) -> None:
    """Every remedy: by hand where it is none but words, and word for word where it is a command."""
    hour.write(UV, "[[index]", "[[index]]")
    hour.write(PIP, f"extra-index-url = https://mei:{SECRET}@corp.example/simple\r\n", "")
    (shop / "poetry.lock").unlink()
    hour.machine.environ.pop("PIP_INDEX_URL")
    commands = {found[0].strip() for each in left if (found := REMEDY.search(each["remedy"]))}
    assert {command.split()[0] for command in commands} == {"mirrorctl", "chmod", "git"}
    for command in sorted(commands):
        words = shlex.split(command)
        program = PROGRAM if words[0] == "mirrorctl" else (words[0],)
        hour.machine.run(*program, *words[1:], cwd=shop).ended(0)


def test_the_first_hour(hour: Hour, index_mirror: Server, upstream: str) -> None:
    choose_from_the_list(hour)
    ours = hour.files()
    hour.do("status")
    shop = break_by_hand(hour, f"{index_mirror.url}/simple")
    assert f"{UV}" in hour.do("status", status=11).stderr
    hour.do("doctor", "--offline", cwd=shop)
    named = hour.findings(shop)
    assert {(each["code"], Path(each["path"]).name) for each in named} >= NAMED
    broken = hour.files()
    told = hour.do("doctor", "--offline", "--fix", "-y", cwd=shop).stdout
    left = hour.findings(shop)
    assert {each["code"] for each in named} - {each["code"] for each in left} >= SAFE
    for each in left:
        assert f"[{each['code']}]" in told, "what a repair leaves is said at once"
    carry_out(hour, left, shop)
    assert upstream in (shop / "uv.lock").read_text()
    hour.do("use", "fastest", "-t", "pip", "-y")
    assert "[" not in hour.do("doctor", "--offline", cwd=shop).stdout
    hour.do("status", "--check")
    assert hour.do("history").stdout.count("Z  ") == 3
    hour.do("undo")
    hour.do("undo")
    now = hour.files()
    assert (now[LEGACY], OLD.encode() in now[PIP]) == (broken[LEGACY], True), "as broken as it was"
    (hour.machine.home / LEGACY).unlink()
    for name, content in ours.items():
        hour.machine.write(name, content)
    hour.do("undo")
    assert hour.files() == {name: text.encode() for name, text in BEFORE.items()}
    hour.check_hints()
    if hour.lang == "zh":
        assert [line for text in hour.said for line in english(text)] == []
