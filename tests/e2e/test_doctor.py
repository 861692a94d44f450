"""A machine broken in a dozen ways: `doctor` names each, repairs what is safe, and `undo` brings every byte back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from servers import dockerd
from servers.certificates import Authority
from servers.dockerd import Daemon
from servers.web import Faults, Server
from servers.workstation import Ran, Workstation, tree

from mirrorctl.disk import REAL
from mirrorctl.journal import Journal
from mirrorctl.model import Machine, SavedFile, Scope
from mirrorctl.places import rules_for

PIP, LEGACY, UV, GIT = ".config/pip/pip.conf", ".pip/pip.conf", ".config/uv/uv.toml", ".gitconfig"
HUB = "https://github.com/"
# Addresses of the bundled catalog. Nothing is ever asked of them: --offline.
DEAD_INDEX, DEAD_PROXY = "https://mirrors.jlu.edu.cn/pypi/web/simple", "https://ghproxy.com/https://github.com/"
PLAIN, SECURE = "http://mirrors.aliyun.com/pypi/simple/", "https://mirrors.aliyun.com/pypi/simple/"
BROKEN = {
    PIP: f"# mine\r\n[global]\r\nindex-url = {DEAD_INDEX}\r\ntimeout = 60\r\n",
    LEGACY: f"[global]\nindex-url = {PLAIN}\n[install]\ntrusted-host = mirrors.aliyun.com\n",
    UV: f'# mine\n[[index]]\nurl = "{DEAD_INDEX}"\ndefault = true\n',
    GIT: f'[user]\n\tname = U\n[http]\n\tsslVerify = false\n\n[url "{DEAD_PROXY}"]\n\tinsteadOf = {HUB}\n'
    f'[url "https://gh-proxy.com/https://github.com/"]\n\tinsteadOf = {HUB}mei/\n',
    "shop/uv.lock": 'source = { registry = "https://pypi.tuna.tsinghua.edu.cn/simple" }\n',
}
CATALOG = ".config/mirrorctl/mirrors.toml"
SECRET = "https://mei:hunter2@corp.example/simple"
OFFLINE = ("doctor", "--offline")

pytestmark = pytest.mark.client


@pytest.fixture
def patient(bare: Workstation) -> Workstation:
    for path, content in BROKEN.items():
        bare.write(path, content)
    bare.write(".config/pip/pip.conf", BROKEN[PIP] + f"extra-index-url = {SECRET}\r\n")
    bare.secrets.append("hunter2")
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        bare.environ.pop(name, None)
    bare.environ["http_proxy"] = "127.0.0.1:7890"
    return bare


def cut_off(machine: Workstation) -> str:
    """What a crash leaves of a change before it has written anything."""
    file = machine.home / ".config/pip/other.conf"
    saved = SavedFile(target="pip", scope=Scope.USER, path=file, before=None, after=b"[global]\n")
    here = Machine(environ={}, home=machine.home, cwd=machine.home, platform="linux", euid=0)
    journal = Journal(machine.state, rules_for(here, Scope.USER), REAL)
    with journal.lock():
        return journal.begin("use", (saved,), at=datetime(2026, 1, 1, tzinfo=UTC))


def seen(ran: Ran) -> set[tuple[str, str]]:
    """The code of each finding and the name of the file, or what it is about."""
    found: list[dict[str, Any]] = ran.data["findings"]
    return {(each["code"], Path(each["path"]).name if each["path"] else each["subject"]) for each in found}


def user_files(machine: Workstation) -> dict[str, bytes]:
    return {path: content for path, (_inode, _time, content) in tree(machine.home).items()}


def test_each_thing_that_is_wrong_is_named(patient: Workstation) -> None:
    unfinished = cut_off(patient)
    patient.write(CATALOG, "[[mirror]]\n")
    before = tree(patient.home, patient.state)
    ran = patient.mirrorctl(*OFFLINE, "--json", cwd=patient.home / "shop").ended(0)
    assert seen(ran) >= {
        ("dead-mirror", "pip.conf"),
        ("shadowed", "pip.conf"),
        ("plain-http", "pip.conf"),
        ("extra-index", "pip.conf"),
        ("password-readable", "pip.conf"),
        ("dead-mirror", "uv.toml"),
        ("dead-mirror", ".gitconfig"),
        ("ssl-verify", ".gitconfig"),
        ("foreign-rewrite", ".gitconfig"),
        ("push-to-mirror", ".gitconfig"),
        ("lock-file", "uv.lock"),
        ("proxy-malformed", "http_proxy"),
        ("catalog-invalid", "mirrors.toml"),
        ("interrupted", unfinished),
    }
    assert tree(patient.home, patient.state) == before
    patient.mirrorctl(*OFFLINE, "--check").ended(4)


def test_what_is_safe_is_repaired_and_taken_back(patient: Workstation) -> None:
    unfinished = cut_off(patient)
    before = user_files(patient)
    ran = patient.mirrorctl(*OFFLINE, "--fix", "-y", "--json").ended(0)
    fixed = {(each["code"], each["target"]) for each in ran.data["findings"] if each["fixed"]}
    assert fixed >= {
        ("dead-mirror", "pip"),
        ("plain-http", "pip"),
        ("dead-mirror", "uv"),
        ("dead-mirror", "git"),
        ("ssl-verify", "git"),
        ("push-to-mirror", "git"),
        ("interrupted", None),
    }
    check_clients(patient)
    again = patient.mirrorctl(*OFFLINE, "--fix", "-y", "--json").ended(0)
    assert (again.data["transaction"], again.data["edits"]) == (None, [])
    assert not [each for each in again.data["findings"] if each["fixable"]]
    patient.mirrorctl("undo").ended(0)
    assert user_files(patient) == before
    assert not list((patient.state / "tx").glob(f"{unfinished}.pending"))


def check_clients(machine: Workstation) -> None:
    """What pip, uv and git themselves say after the repair."""
    used = machine.run("pip", "-v", "install", "--dry-run", "--report", "/dev/null", "-r", "/dev/null").stdout
    assert f"Looking in indexes: {SECURE.rstrip('/')}" in used
    asked = machine.run("uv", "pip", "compile", "--emit-index-url", "-q", "--no-header", "-").stdout
    assert "jlu" not in asked
    assert machine.run("git", "ls-remote", "--get-url", f"{HUB}o/r").stdout.strip() == f"{HUB}o/r"
    assert machine.run("git", "config", "--get", "http.sslVerify").status == 1
    work = machine.home.parent / "work"
    machine.run("git", "init", "-q", str(work)).ended(0)
    machine.run("git", "remote", "add", "origin", f"{HUB}mei/r", cwd=work).ended(0)
    assert machine.run("git", "remote", "get-url", "origin", cwd=work).stdout.startswith("https://gh-proxy.com/")
    assert machine.run("git", "remote", "get-url", "--push", "origin", cwd=work).stdout.strip() == f"{HUB}mei/r"


def test_undo_takes_back_the_repair_alone_where_the_file_was_edited_since(patient: Workstation) -> None:
    patient.mirrorctl(*OFFLINE, "--fix", "-y").ended(0)
    git = patient.home / GIT
    git.write_text(git.read_text() + "[alias]\n\tst = status\n")
    pip = patient.home / LEGACY
    pip.write_text("# edited\n" + pip.read_text())
    patient.mirrorctl("undo").ended(0)
    assert git.read_text() == BROKEN[GIT] + "[alias]\n\tst = status\n"
    assert pip.read_text() == "# edited\n" + BROKEN[LEGACY]


def test_nothing_is_written_without_consent(patient: Workstation) -> None:
    before = tree(patient.home, patient.state)
    ran = patient.mirrorctl(*OFFLINE, "--fix", "--json").ended(2)
    assert ran.envelope["errors"][0]["code"] == "usage"
    assert ran.data["findings"]
    assert f"-index-url = {DEAD_INDEX}" in patient.mirrorctl(*OFFLINE, "--fix", "--dry-run").ended(0).stdout
    assert tree(patient.home, patient.state) == before


def test_on_a_terminal_it_asks(patient: Workstation) -> None:
    with patient.terminal(*OFFLINE, "--fix", "-t", "git") as terminal:
        terminal.read_until("[y/N]")
        assert "sslVerify" in terminal.seen
        terminal.type("y\n")
        assert terminal.end() == 0
    assert "sslVerify" not in (patient.home / GIT).read_text()


def test_a_healthy_machine(bare: Workstation) -> None:
    ran = bare.mirrorctl(*OFFLINE, "--check", environ={"http_proxy": "", "https_proxy": ""}).ended(0)
    assert "nothing is wrong" in ran.stdout


def test_a_mirror_that_does_not_answer(machine: Workstation, index_mirror: Server) -> None:
    machine.write(PIP, f"[global]\nindex-url = {index_mirror.url}/simple\n")
    assert seen(machine.mirrorctl("doctor", "-t", "pip", "--json").ended(0)) == set()
    index_mirror.faults = Faults(status=503)
    ran = machine.mirrorctl("doctor", "-t", "pip", "--json", "--check").ended(4)
    assert seen(ran) == {("mirror-unreachable", f"{index_mirror.url}/simple")}


@pytest.fixture
def daemon(trusted: Authority, tmp_path: Path) -> Iterator[Daemon]:
    config = '{\n    "registry-mirrors": ["https://docker.mirrors.ustc.edu.cn"]\n}\n'
    with dockerd.dockerd(tmp_path / "d", config, dict(trusted.environ)) as found:
        yield found


@pytest.mark.docker
def test_a_running_daemon_forgets_its_dead_mirror_and_learns_it_again(bare: Workstation, daemon: Daemon) -> None:
    bare.environ |= daemon.environ
    before = daemon.config.read_bytes()
    ran = bare.mirrorctl(*OFFLINE, "-t", "docker", "--fix", "-y", "--json").ended(0)
    assert seen(ran) == {("dead-mirror", "daemon.json")}
    assert (daemon.mirrors(), "registry-mirrors" in daemon.config.read_text()) == ([], False)
    bare.mirrorctl("undo").ended(0)
    assert (daemon.mirrors(), daemon.config.read_bytes()) == (["https://docker.mirrors.ustc.edu.cn/"], before)


@pytest.mark.docker
def test_what_keeps_dockerd_from_starting(bare: Workstation, daemon: Daemon, tmp_path: Path) -> None:
    """The daemon itself does not start with the file as it was, and takes the repaired one."""
    bare.environ |= daemon.environ
    daemon.config.write_text('{"registry-mirrors": ["", "hub.example", " https://b.example"]}\n')
    refused = bare.run(
        *("unshare", "--mount", "dockerd"),  # it leaves its data root mounted, which nobody could delete
        *("--config-file", str(daemon.config), "--data-root", str(tmp_path / "other")),
        *("--exec-root", str(tmp_path / "exec"), "--pidfile", str(tmp_path / "pid")),
        *("--host", f"unix://{tmp_path}/s", "--bridge=none", "--iptables=false", "--storage-driver=vfs"),
    )
    assert refused.status == 1
    assert "invalid mirror" in refused.stderr
    ran = bare.mirrorctl(*OFFLINE, "-t", "docker", "--fix", "-y", "--json").ended(0)
    assert [each["code"] for each in ran.data["findings"] if each["fixed"]] == ["daemon-refuses"] * 3
    assert daemon.mirrors() == ["https://hub.example/", "https://b.example/"]
