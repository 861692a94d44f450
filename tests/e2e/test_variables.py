"""`env` and `exec` through the real clients: the variables are honoured, and nothing is written."""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import shutil
import signal
import subprocess
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from servers.certificates import Authority
from servers.index import index
from servers.overlay import entry, overlay
from servers.web import Answer, Faults, Hit, Server
from servers.workstation import PROGRAM, Ran, Workstation, tree

pytestmark = pytest.mark.client

DOWNLOAD = ("pip", "download", "-q", "--no-deps", "--no-cache-dir", "idna", "-d", "files")


@pytest.fixture
def untouched(machine: Workstation) -> Iterator[Workstation]:
    """A machine on which no file of a client, and no record of a change, is made."""
    machine.write(".config/pip/pip.conf", "[global]\ntimeout = 60\n")
    before = tree(machine.home / ".config")
    yield machine
    assert tree(machine.home / ".config") == before
    assert not (machine.home / ".gitconfig").exists()
    assert not list(machine.state.glob("tx/*"))


def run_exec(machine: Workstation, *words: str, environ: Mapping[str, str] | None = None) -> Ran:
    """`exec` with the machine's catalog, which cannot stand behind the words of the program."""
    named = {"MIRRORCTL_CATALOG": str(machine.catalog), **(environ or {})}
    return machine.run(*PROGRAM, "exec", *words, environ=named)


def test_exec_runs_pip_through_the_mirror(untouched: Workstation, index_mirror: Server) -> None:
    ran = run_exec(untouched, "near", "--", *DOWNLOAD).ended(0)
    assert index_mirror.asked("/files/idna/", agent="pip/")
    assert ran.stderr.splitlines()[0] == f"pip: {index_mirror.url}/simple (near-index)"


def test_exec_runs_uv_through_the_mirror(untouched: Workstation, index_mirror: Server) -> None:
    untouched.write("in.txt", "idna\n")
    run_exec(untouched, "near", "--", "uv", "pip", "compile", "-q", "in.txt").ended(0)
    assert index_mirror.asked("/simple/idna/", agent="uv/")


def test_exec_fetches_from_the_mirror_and_pushes_upstream(
    untouched: Workstation, git_mirror: Server, github: Server
) -> None:
    clone = ("git", "clone", "-q", "https://github.com/octocat/Hello-World", "copy")
    run_exec(untouched, "near", "--", *clone).ended(0)
    assert git_mirror.asked("/info/refs", agent="git/")
    assert not github.hits
    copy = untouched.home / "copy"
    assert (
        untouched.run("git", "remote", "get-url", "origin", cwd=copy).stdout
        == "https://github.com/octocat/Hello-World\n"
    )
    push = ("git", "-C", str(copy), "push", "-q", "origin", "HEAD:refs/heads/second")
    run_exec(untouched, "near", "--", *push).ended(0)
    assert github.asked("git-receive-pack")
    assert not git_mirror.asked("git-receive-pack")


@pytest.mark.parametrize(
    ("program", "form", "script"),
    [
        ("sh", "sh", 'eval "$(cat)"'),
        ("fish", "fish", "source"),
    ],
    ids=["sh", "fish"],
)
def test_a_shell_takes_what_env_prints(
    untouched: Workstation, index_mirror: Server, program: str, form: str, script: str
) -> None:
    if not shutil.which(program):
        pytest.skip(f"needs {program}")
    printed = untouched.mirrorctl("env", "near", "-t", "pip", "-t", "git", "--format", form).ended(0).stdout
    asked = "git ls-remote --get-url https://github.com/octocat/Hello-World"
    done = subprocess.run(
        [program, "-c", f"{script}; pip config get :env:.index-url; {asked}"],
        input=printed,
        env=untouched.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    url, address = done.stdout.splitlines()
    assert url == f"{index_mirror.url}/simple"
    assert address.endswith("/https://github.com/octocat/Hello-World")
    assert not address.startswith("https://github.com/")


@pytest.mark.parametrize(
    ("script", "status"), [("exit 7", 7), ("kill -TERM $$", -signal.SIGTERM)], ids=["code", "signal"]
)
def test_exec_ends_as_the_program_does(machine: Workstation, script: str, status: int) -> None:
    run_exec(machine, "near", "-t", "pip", "--", "sh", "-c", script).ended(status)


def test_exec_becomes_the_program(machine: Workstation) -> None:
    """The same process, so that signals reach the program and nothing is left behind it."""
    words = [*PROGRAM, "exec", "near", "-t", "pip", "--catalog", str(machine.catalog), "--", "sh", "-c", "echo $$"]
    with subprocess.Popen(words, env=machine.environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.communicate()[0] == f"{process.pid}\n".encode()


def test_a_pipe_that_is_closed_ends_the_program_as_ever(machine: Workstation) -> None:
    """Python ignores SIGPIPE; the program it becomes must not."""
    script = "(yes; echo $? >&2) | head -n 1"
    ran = run_exec(machine, "near", "-t", "pip", "-q", "--", "sh", "-c", script).ended(0)
    assert ran.stderr == f"{128 + signal.SIGPIPE}\n"


def test_exec_passes_on_what_looks_like_its_own_options(machine: Workstation) -> None:
    words = ("--json", "--lang", "zh", "-t", "x", "a b", "$HOME", "--")
    ran = run_exec(machine, "near", "-t", "pip", "-q", "--", "printf", "%s\n", *words)
    assert ran.stdout.splitlines() == list(words)


def test_a_program_that_is_not_there(machine: Workstation) -> None:
    ran = run_exec(machine, "near", "-t", "pip", "--", "no-such-program").ended(21)
    assert "no-such-program could not be run" in ran.stderr


def test_fastest_is_measured_for_what_is_run(choice: Workstation, index_mirror: Server, git_mirror: Server) -> None:
    run_exec(choice, "fastest", "--deadline", "3s", "--", *DOWNLOAD).ended(0)
    assert index_mirror.asked("/files/idna/", agent="pip/")
    assert not git_mirror.hits


@pytest.mark.parametrize(
    ("fallback", "status", "stdout"),
    [("fail", 20, ""), ("keep", 0, "before\n"), ("upstream", 0, "default\n")],
    ids=["fail", "keep", "upstream"],
)
def test_where_nothing_can_be_used(
    machine: Workstation, index_mirror: Server, fallback: str, status: int, stdout: str
) -> None:
    environ = {"PIP_INDEX_URL": "before"}
    script = 'test "$PIP_INDEX_URL" = before && echo before || echo default'
    with index_mirror.failing(Faults(portal=True)):
        ran = run_exec(
            machine,
            *("fastest", "-t", "pip", "--deadline", "2s", "--fallback", fallback, "--", "sh", "-c", script),
            environ=environ,
        )
    assert (ran.status, ran.stdout) == (status, stdout)


def test_clients_without_a_file(machine: Workstation, tmp_path: Path) -> None:
    """Asked of the clients themselves, without a request."""
    machine.know(
        overlay(
            entry("near-npm", "npm", "https://npm.example/repository", operator="near"),
            entry("near-go", "go", "https://go.example/proxy", operator="near", **{"features.sumdb": False}),
        )
    )
    machine.environ |= {"GOFLAGS": "", "GOPATH": str(tmp_path), "GOCACHE": str(tmp_path)}
    for name in ("GOPROXY", "GOSUMDB", "npm_config_registry", "NPM_CONFIG_REGISTRY"):
        machine.environ.pop(name, None)
    asked = {
        ("npm", "config", "get", "registry"): ["https://npm.example/repository/"],
        ("go", "env", "GOPROXY", "GOSUMDB"): ["https://go.example/proxy,direct", "sum.golang.google.cn"],
    }
    ran = 0
    for command, answer in asked.items():
        if shutil.which(command[0], path=machine.environ["PATH"]):
            said = run_exec(machine, "near", "--", *command).ended(0).stdout
            assert said.splitlines() == answer
            ran += 1
    if not ran:
        pytest.skip("needs npm or go")


def test_an_ecosystem_that_cannot_be_measured_says_so(machine: Workstation) -> None:
    machine.know(overlay(entry("near-brew", "homebrew", "https://brew.example/bottles", operator="near")))
    ran = machine.mirrorctl("env", "fastest", "-t", "homebrew").ended(20)
    assert "cannot be measured yet" in ran.stderr
    assert (
        "HOMEBREW_BOTTLE_DOMAIN='https://brew.example/bottles'" in machine.mirrorctl("env", "near-brew").ended(0).stdout
    )


def test_rustup_asks_the_mirror(machine: Workstation, tmp_path: Path) -> None:
    """For the manifest of the channel first; what it would get then is not here."""
    program = shutil.which(
        "rustup", path=os.pathsep.join([machine.environ["PATH"], f"{pwd.getpwuid(os.getuid()).pw_dir}/.cargo/bin"])
    )
    if program is None or not os.access(program, os.X_OK):
        pytest.skip("needs rustup")
    with Server(application=lambda _hit: Answer(status=404)) as server:
        machine.know(overlay(entry("near-rust", "rustup", f"{server.url}/static", operator="near")))
        environ = {"RUSTUP_HOME": str(tmp_path / "rustup"), "CARGO_HOME": str(tmp_path / "cargo"), "no_proxy": "*"}
        words = ("-t", "rustup", "--", program, "toolchain", "install", "stable", "--profile", "minimal")
        assert run_exec(machine, "near", *words, environ=environ).status != 0
    assert server.hits[0].path == "/static/dist/channel-rust-stable.toml.sha256"


TARBALL = b"\x1f\x8b" + bytes(5_000_000)


def npm_registry(hit: Hit) -> Answer:
    """As much of a registry as npm, and so the race, asks for."""
    if hit.path.endswith(".tgz"):
        return Answer(body=TARBALL if "large" in hit.path else TARBALL[:1000])
    name = "large" if hit.path.endswith("/latest") else "small"
    host = hit.headers["host"]
    digest = hashlib.sha512(TARBALL[:1000]).digest()
    version = {"dist": {"tarball": f"https://{host}/{name}.tgz", "integrity": f"sha512-{b64encode(digest).decode()}"}}
    document = version if name == "large" else {"dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}
    return Answer(body=json.dumps(document).encode(), type="application/json")


def test_registries_of_npm_are_measured(machine: Workstation, trusted: Authority) -> None:
    """One is quick and serves other bytes, one is slow, one is good."""
    with ExitStack() as stack:
        faults = {
            "bad": Faults(only="small.tgz", corrupt=True),
            "slow": Faults(rate_bytes_per_s=300_000),
            "good": Faults(),
        }
        servers = {
            name: stack.enter_context(Server(application=npm_registry, tls=trusted.tls, faults=fault))
            for name, fault in faults.items()
        }
        machine.know(overlay(*(entry(f"npm-{name}", "npm", server.url) for name, server in servers.items())))
        ran = machine.mirrorctl("env", "fastest", "-t", "npm", "--deadline", "3s", "--json").ended(0)
    assert [target["mirror"]["id"] for target in ran.data["targets"]] == ["npm-good"]
    rejected = {entry["id"]: entry["reason"]["code"] for entry in ran.data["ecosystems"][0]["rejected"]}
    assert rejected["npm-bad"] == "hash-mismatch"


def test_mirrors_of_such_clients_are_listed(machine: Workstation) -> None:
    machine.know(overlay(entry("near-npm", "npm", "https://npm.example", operator="near")))
    ran = machine.mirrorctl("list", "-t", "npm", "--json").ended(0)
    assert [mirror["id"] for mirror in ran.data["mirrors"]] == ["near-npm"]
    machine.mirrorctl("probe", "-t", "homebrew").ended(20)


def test_use_points_to_env_where_there_is_no_file(machine: Workstation) -> None:
    machine.know(overlay(entry("near-npm", "npm", "https://npm.example", operator="near")))
    ran = machine.mirrorctl("use", "near-npm", "-y").ended(20)
    assert "mirrorctl env near-npm" in ran.stderr


def test_a_mirror_of_an_individual_is_told(machine: Workstation, index_mirror: Server) -> None:
    text = overlay(
        entry("far-index", "pypi", f"{index_mirror.url}/simple", operator="far"), operators={"far": "community"}
    )
    machine.know(text)
    ran = machine.mirrorctl("env", "far", "-t", "pip", "--json").ended(0)
    assert [warning["code"] for warning in ran.envelope["warnings"]] == ["community"]
    assert machine.mirrorctl("env", "fastest", "-t", "pip").ended(20).stdout == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("env", "near", "-t", "docker"), "docker does not listen to variables"),
        (("env", "near", "-t", "nothing"), "there is no client nothing"),
        (("env", "near", "--format", "toml"), "there is no format toml"),
        (("env", "nobody"), "there is no mirror or operator nobody"),
        (("env", "https://m.example/simple"), "is not in the catalog"),
        (("env", "upstream", "-t", "npm", "--format", "github"), "would have to be unset"),
        (("exec", "near"), "is missing"),
        (("env", "near", "--fallback", "keep"), "--fallback is about fastest alone"),
        (("env", "near", "--max-age", "1d"), "--max-age is about fastest alone"),
        (("use", "near", "--fallback", "upstream", "-y"), "--fallback is about fastest alone"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_mistakes(machine: Workstation, words: tuple[str, ...], said: str) -> None:
    ran = machine.mirrorctl(*words).ended(2)
    assert said in ran.stderr
    assert ran.stdout == ""


# What cannot win


def test_an_option_of_the_command_wins(machine: Workstation) -> None:
    ran = run_exec(machine, "near", "-t", "pip", "--", "echo", "-i", "https://x.example/simple").ended(0)
    assert "-i on the command line wins" in ran.stderr


def test_further_indexes_of_pip_are_told(machine: Workstation) -> None:
    machine.write(".config/pip/pip.conf", "[global]\nextra-index-url = https://more.example/simple\n")
    ran = machine.mirrorctl("env", "near", "-t", "pip", "--json").ended(0)
    assert [warning["code"] for warning in ran.envelope["warnings"]] == ["extra-index-url"]


def test_an_index_that_is_switched_off_stays_off(machine: Workstation) -> None:
    machine.write(".config/pip/pip.conf", "[global]\nno-index = true\n")
    ran = machine.mirrorctl("env", "near", "-t", "pip", "--json").ended(0)
    assert [warning["code"] for warning in ran.envelope["warnings"]] == ["not-effective"]


def test_a_rule_in_a_file_of_git_wins(machine: Workstation) -> None:
    machine.write(".gitconfig", '[url "https://other.example/"]\n\tinsteadOf = https://github.com/\n')
    machine.mirrorctl("env", "near", "-t", "git").ended(12)
    ran = machine.mirrorctl("env", "near").ended(0)
    assert "GIT_CONFIG" not in ran.stdout
    assert "git goes by what it reads first" in ran.stderr


# Secrets


def test_a_password_reaches_the_client_and_no_message(machine: Workstation, trusted: Authority) -> None:
    machine.write(".config/pip/pip.conf", "[global]\ntimeout = 60\n")
    with Server(application=index(credentials="me:hunter2"), tls=trusted.tls) as private:
        url = private.url.replace("://", "://me:hunter2@") + "/simple"
        ran = run_exec(machine, url, "-t", "pip", "--", *DOWNLOAD).ended(0)
        assert private.asked("/files/idna/", agent="pip/")
    assert "hunter2" not in ran.stdout + ran.stderr
    assert "hold a password" in ran.stderr
    printed = machine.mirrorctl("env", url, "-t", "pip").ended(0)
    assert f"PIP_INDEX_URL='{url}'" in printed.stdout
    assert "hunter2" not in printed.stderr
    document = machine.mirrorctl("env", url, "-t", "pip", "--json").ended(0)
    assert document.data["targets"][0]["variables"] == [{"name": "PIP_INDEX_URL", "value": url}]
    assert "hunter2" not in document.data["targets"][0]["mirror"]["url"]
    assert not [path for path in machine.state.rglob("*") if path.is_file() and b"hunter2" in path.read_bytes()]


def test_a_password_that_is_refused_is_not_shown(machine: Workstation) -> None:
    ran = machine.mirrorctl("use", "https://me:hunter2@pypi.example/simple", "-t", "pip", "-y").ended(2)
    assert "hunter2" not in ran.stdout + ran.stderr
