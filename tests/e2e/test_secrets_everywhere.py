"""Secrets in every place at once, and every command run: none of them is in any output, log, cache or state but the record."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from servers.web import Server
from servers.workstation import PROGRAM, Workstation

pytestmark = pytest.mark.client

SECRET = "c4nary/9+51d7"  # some of its characters have to be encoded in a URL
ENCODED = quote(SECRET, safe="")
BASIC = base64.b64encode(f"somebody:{SECRET}".encode()).decode()
URL = f"https://somebody:{ENCODED}@private.example/simple"
PROXY = f"http://somebody:{ENCODED}@127.0.0.1:9"
FORMS = (SECRET, ENCODED, BASIC, base64.b64encode(SECRET.encode()).decode(), json.dumps(SECRET)[1:-1], SECRET[::-1])

PLANTED = {
    ".config/pip/pip.conf": f"[global]\nextra-index-url = {URL}\nproxy = {PROXY}\nclient-cert = /nowhere\n",
    ".config/uv/uv.toml": f'[[index]]\nname = "own"\nurl = "{URL}"\nexplicit = true\n',
    ".gitconfig": f"""[credential]
\thelper = store
[http "https://private.example/"]
\textraHeader = Authorization: Basic {BASIC}
\tproxy = {PROXY}
[url "{URL}/"]
\tinsteadOf = own:
""",
    ".git-credentials": f"https://somebody:{ENCODED}@private.example\n",
    ".netrc": f"machine private.example login somebody password {SECRET}\n",
    ".docker/config.json": json.dumps({"auths": {"private.example": {"auth": BASIC, "identitytoken": SECRET}}}),
    "profile.toml": f'[pip]\nuse = "{URL}"\n',
}
VARIABLES = {
    "UV_INDEX": f"own={URL}",
    "UV_INDEX_OWN_PASSWORD": SECRET,
    "PIP_FIND_LINKS": URL,
    "ALL_PROXY": "",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "http.https://private.example/.extraHeader",
    "GIT_CONFIG_VALUE_0": f"Authorization: Basic {BASIC}",
}
TARGETS = ("-t", "pip", "-t", "uv", "-t", "git")
# In this order: there is something to show, then something to take back.
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("status", "-v"),
    ("status", *TARGETS, "--json"),
    ("status", "--lang", "zh"),
    ("list", "-v"),
    ("use", "near", *TARGETS, "--dry-run", "-v"),
    ("use", "near", *TARGETS, "--check", "--json"),
    ("use", URL, "-t", "pip", "--dry-run", "-v", "--no-verify"),
    ("use", URL, "-t", "pip", "--dry-run", "--json", "--no-verify"),
    ("use", "near", *TARGETS, "-y", "-v"),  # the pull fails, for the proxy, and says so
    ("use", "near", *TARGETS, "-y", "-v", "--no-verify"),
    ("status", *TARGETS, "-v"),
    ("history", "-v"),
    ("history", "--json"),
    ("undo", "--dry-run", "-v"),
    ("undo", "--dry-run", "--json"),
    ("undo", "-v"),
    ("use", URL, "-t", "uv", "-y", "-v", "--no-verify", "--replace-private"),
    ("status", "-t", "uv", "--json"),
    ("undo", "no-such-change"),
    ("undo", "--force", "--json"),
    ("recover", "-v"),
    ("apply", "profile.toml", "--check", "-v"),
    ("doctor", "-v"),
    ("doctor", "--json"),
    ("env", *TARGETS, "near"),
    ("env", "-t", "pip", "near", "--format", "dockerfile"),
    ("exec", "near", "--", "true"),
    ("probe", "-t", "pip", "--url", URL, "--deadline", "1s", "-v"),
    ("probe", "-t", "pip", "--deadline", "1s", "--json"),
    ("verify", "--help"),
    ("bench", "--help"),
    ("catalog", "show", "near-index", "-v"),
    ("catalog", "validate", "profile.toml"),
    ("catalog", "show", URL),
    ("completion", "bash"),
    ("use", "--no-such-option", URL),
    (URL,),
)
BUG = """
import sys
from mirrorctl import planning
from mirrorctl.cli import main

def broken(target, scope, mirrors, decision, contents):
    raise RuntimeError(f"nobody expected {contents!r}")

planning.make_plan = broken
from mirrorctl.commands import use
for module in list(sys.modules.values()):
    if module is not None and getattr(module, "make_plan", None) is not None:
        module.make_plan = broken
sys.exit(main())
"""


@pytest.fixture
def planted(machine: Workstation, index_mirror: Server, git_mirror: Server) -> Workstation:
    """A machine with secrets wherever people keep them."""
    for path, content in PLANTED.items():
        machine.write(path, content, mode=0o600)
    machine.environ |= VARIABLES
    machine.secrets += FORMS
    return machine


def holders(machine: Workstation) -> list[Path]:
    """The files that hold a secret in any of its forms, and were not planted."""
    own = {machine.home / path for path in PLANTED}
    return [
        path
        for path in sorted(machine.home.parent.rglob("*"))
        if path.is_file() and path not in own and any(form.encode() in path.read_bytes() for form in FORMS)
    ]


def test_no_command_shows_or_keeps_a_secret(planted: Workstation) -> None:
    """Each output is searched by `Workstation`. The record of what stood there before has to be exact, and is private."""
    said = {words: planted.mirrorctl(*words).status for words in COMMANDS}
    assert [words for words, status in said.items() if status == 3] == []  # a bug
    assert said["use", "near", *TARGETS, "-y", "-v"] == 22
    assert said["use", "near", *TARGETS, "-y", "-v", "--no-verify"] == 0
    assert said["undo", "-v"] == 0
    found = holders(planted)
    record = planted.state / "tx"
    assert found
    assert [path for path in found if not path.is_relative_to(record)] == []
    assert [path for path in found if path.stat().st_mode & 0o077] == []
    assert [path for path in (planted.state, record) if path.stat().st_mode & 0o077] == []


def test_a_bug_of_ours_tells_no_secret(planted: Workstation) -> None:
    """The message of the error has whole files in it."""
    ran = planted.run(sys.executable, "-c", BUG, "use", "near", *TARGETS, "-y", "--catalog", str(planted.catalog))
    assert "nobody expected" in ran.ended(3).stderr
    (log,) = planted.state.glob("crash-*.log")
    assert "nobody expected" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0
    assert holders(planted) == []
    assert [form for form in FORMS if form in ran.stdout + ran.stderr] == []


def test_the_program_is_called_as_it_is_installed() -> None:
    """What is patched above is what runs."""
    assert (sys.executable, "-m", "mirrorctl") == PROGRAM
