"""The guard itself: what it lets through, what it refuses, and that a session which touched the machine fails."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import guard
import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("host", ["203.0.113.7", "2001:db8::1"])
def test_connections_to_other_machines_raise(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.socket(family).close()
    except OSError as error:
        pytest.skip(f"there is no such family here: {error}")
    with socket.socket(family) as sock, pytest.raises(guard.ForbiddenConnectionError):
        sock.connect((host, 443))
    with socket.socket(family, socket.SOCK_DGRAM) as sock, pytest.raises(guard.ForbiddenConnectionError):
        sock.sendto(b"x", (host, 53))
    assert len(guard.refused) == 2
    guard.refused.clear()


def test_names_are_not_looked_up() -> None:
    with pytest.raises(guard.ForbiddenConnectionError):
        socket.create_connection(("www.example.com", 80))
    with pytest.raises(guard.ForbiddenConnectionError):
        socket.gethostbyname("www.example.com")
    assert guard.refused == ["address of www.example.com"] * 2
    guard.refused.clear()


@pytest.mark.parametrize("name", ["mirror.invalid", "mirror.test", "mirror.example"])
def test_reserved_names_do_not_resolve(name: str) -> None:
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo(name, 443)
    assert guard.refused == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2"])
def test_loopback_is_open(host: str) -> None:
    with socket.create_server(("", 0)) as listener:
        socket.create_connection((host, listener.getsockname()[1])).close()


def test_unix_sockets_are_open(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        client.connect(str(tmp_path / "s"))


def test_nothing_leads_to_the_machine(home: Path) -> None:
    assert Path.home() == home
    assert {name for name in os.environ if guard.steers(name)} == {
        "LC_ALL",
        "MIRRORCTL_STATE_DIR",
        *(f"XDG_{kind}_HOME" for kind in ("CACHE", "CONFIG", "DATA", "STATE")),
        "XDG_CONFIG_DIRS",
        "XDG_RUNTIME_DIR",
    }


def test_changes_are_seen(tmp_path: Path) -> None:
    same, rewritten, touched, removed = (tmp_path / name for name in ("same", "rewritten", "touched", "removed"))
    for path in (same, rewritten, touched, removed):
        path.write_bytes(b"before")
    before = guard.snapshot((tmp_path,))
    at = rewritten.stat().st_mtime_ns
    rewritten.write_bytes(b"after!")
    os.utime(rewritten, ns=(at, at))
    os.utime(touched, ns=(at + 1, at + 1))
    removed.unlink()
    (tmp_path / "added").touch()
    after = guard.snapshot((tmp_path,))
    assert guard.changes(before, after) == [tmp_path / "added", removed, rewritten, touched]


def session(tmp_path: Path, test: str) -> subprocess.CompletedProcess[str]:
    """A session of its own, guarded as this one is, whose user's home is `tmp_path`."""
    (tmp_path / "pytest.ini").touch()
    (tmp_path / "test_it.py").write_text(test, encoding="utf-8")
    (tmp_path / ".config/pip").mkdir(parents=True)
    (tmp_path / ".config/pip/pip.conf").write_text("[global]\n", encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "guard", "-p", "no:cacheprovider", str(tmp_path)],
        env=os.environ
        | {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT / "tests")}
        | {"PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_session_that_leaves_the_machine_alone_passes(tmp_path: Path) -> None:
    ended = session(tmp_path, "def test_nothing(): pass\n")
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_session_that_writes_to_the_users_files_fails(tmp_path: Path) -> None:
    conf = tmp_path / ".config/pip/pip.conf"
    ended = session(tmp_path, f"def test_write():\n    open({str(conf)!r}, 'a').write('x')\n")
    assert ended.returncode == 1
    assert "files of this machine changed" in ended.stdout
    assert "the tests changed files of this machine" in ended.stderr
    assert str(conf) in ended.stderr


def test_a_connection_that_the_test_swallows_fails_it_all_the_same(tmp_path: Path) -> None:
    ended = session(
        tmp_path,
        "import contextlib, socket\n"
        "def test_connect():\n"
        "    with contextlib.suppress(BaseException):\n"
        "        socket.create_connection(('203.0.113.7', 80))\n",
    )
    assert ended.returncode == 1
    assert "203.0.113.7" in ended.stdout
