"""What is read, what is refused beforehand, and how a failure is told."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mirrorctl import files
from mirrorctl.disk import Disk
from mirrorctl.errors import ConfigError, MirrorctlError, WriteError
from mirrorctl.places import MissingFolderError, Rules

ME = os.geteuid()
needs_root = pytest.mark.skipif(ME != 0, reason="only root may do this")
NOBODY = 65534


@pytest.fixture
def rules(tmp_path: Path) -> Rules:
    return Rules(euid=ME, links=True, root=tmp_path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        here = os.open(path.parent, os.O_RDONLY)
        sock.bind(f"/proc/self/fd/{here}/{path.name}")
        os.close(here)


ODD: dict[str, tuple[Callable[[Path], object], str]] = {
    "directory": (Path.mkdir, "a directory"),
    "pipe": (os.mkfifo, "a named pipe"),
    "socket": (make_socket, "a socket"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "a device"),
}


def test_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"a\r\n\xff")
    assert files.read(path) == b"a\r\n\xff"
    assert files.read(tmp_path / "none") is None


@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    """Without opening it: a pipe would block, and a device may do anything."""
    make, name = ODD[kind]
    make(tmp_path / "odd")
    with pytest.raises(ConfigError, match=name) as caught:
        files.read(tmp_path / "odd")
    assert caught.value.hint is not None


def test_a_huge_file_is_refused_and_not_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    os.truncate(path, files.LIMIT_BYTES)
    assert files.read(path) == bytes(files.LIMIT_BYTES)
    os.truncate(path, 1 << 40)
    with pytest.raises(ConfigError, match="more than 1048576 bytes"):
        files.read(path)


def test_a_circle_of_links_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("a")
    with pytest.raises(WriteError, match="cannot read") as caught:
        files.read(tmp_path / "a")
    assert "circle" in str(caught.value.hint)


# Checks beforehand


def refused(path: Path, rules: Rules) -> MirrorctlError:
    with pytest.raises((WriteError, ConfigError)) as caught:
        files.check(path, rules)
    assert caught.value.hint is not None, "what to do next"
    return caught.value


@pytest.mark.parametrize("name", ["file", "new", "deep/er/new"])
def test_what_can_be_written_is_let_through(tmp_path: Path, rules: Rules, name: str) -> None:
    (tmp_path / "file").touch()
    files.check(tmp_path / name, rules)
    assert [path.name for path in tmp_path.rglob("*")] == ["file"]


def test_hard_links_are_refused(tmp_path: Path, rules: Rules) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "other").hardlink_to(tmp_path / "file")
    error = refused(tmp_path / "file", rules)
    assert "2 hard links" in str(error)
    assert "cp -p" in str(error.hint)


def test_a_second_link_that_is_gone_in_a_moment_is_a_lock(tmp_path: Path, rules: Rules) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "file.lock").hardlink_to(tmp_path / "file")

    class Passing(Disk):
        def fstat(self, file: int) -> os.stat_result:
            found = super().fstat(file)
            (tmp_path / "file.lock").unlink(missing_ok=True)
            return found

    files.check(tmp_path / "file", rules, Passing())


@pytest.mark.parametrize("kind", ["directory", "pipe", "socket"])
def test_odd_things_are_refused(tmp_path: Path, rules: Rules, kind: str) -> None:
    ODD[kind][0](tmp_path / "odd")
    assert ODD[kind][1] in str(refused(tmp_path / "odd", rules))


@pytest.mark.skipif(ME == 0, reason="root may write anywhere")
@pytest.mark.parametrize("name", ["new", "deep/new"])
def test_a_directory_without_permission(tmp_path: Path, rules: Rules, name: str) -> None:
    (tmp_path / "a").mkdir(mode=0o500)
    assert isinstance(refused(tmp_path / "a" / name, rules), files.DeniedError)


def test_a_directory_without_permission_is_told_from_a_read_only_file_system(tmp_path: Path, rules: Rules) -> None:
    class Denying(Disk):
        def may_write(self, folder: int) -> bool:
            return False

    with pytest.raises(files.DeniedError, match="permission denied"):
        files.check(tmp_path / "file", rules, Denying())


@needs_root
def test_a_file_of_somebody_else(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    error = refused(tmp_path / "file", Rules(euid=1000, links=True, root=tmp_path))
    assert "belongs to root" in str(error)
    assert "chown" in str(error.hint)


@pytest.fixture
def immutable(tmp_path: Path) -> Iterator[Callable[[Path], None]]:
    made: list[Path] = []

    def make(path: Path) -> None:
        if ME != 0 or not shutil.which("chattr"):
            pytest.skip("needs root and chattr")
        if subprocess.run(["chattr", "+i", path], capture_output=True, check=False).returncode:
            pytest.skip("this file system knows no immutable files")
        made.append(path)

    yield make
    for path in made:
        subprocess.run(["chattr", "-i", path], check=True)


@pytest.mark.parametrize("what", ["file", "."])
def test_what_is_immutable(tmp_path: Path, rules: Rules, immutable: Callable[[Path], None], what: str) -> None:
    (tmp_path / "file").touch()
    immutable(tmp_path / what)
    error = refused(tmp_path / "file", rules)
    assert "chattr -i" in str(error.hint)


def test_a_mount_point(tmp_path: Path, rules: Rules) -> None:
    (tmp_path / "file").touch()

    class Mounted(Disk):
        def mount_of(self, file: int) -> str | None:
            return str(Path(f"/proc/self/fd/{file}").readlink())

    with pytest.raises(WriteError) as caught:
        files.check(tmp_path / "file", rules, Mounted())
    assert "mounted from" in str(caught.value.hint)


# Files of our own


def test_keep(tmp_path: Path, rules: Rules) -> None:
    path = tmp_path / "cache/answers"
    files.keep(path, b"one", rules)
    files.keep(path, b"two", rules)
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]


@needs_root
def test_root_keeps_nothing_in_the_home_of_others(tmp_path: Path, rules: Rules) -> None:
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    with pytest.raises(WriteError, match="belongs to nobody"):
        files.keep(home / ".cache/answers", b"x", rules)
    assert list(home.iterdir()) == []


# Failures


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EBUSY, errno.EIO, errno.EDQUOT, errno.EPERM])
def test_a_failure_is_told_with_its_remedy(tmp_path: Path, code: int) -> None:
    with pytest.raises(WriteError) as caught, files.explained(tmp_path / "file"):
        raise OSError(code, os.strerror(code))
    assert str(caught.value) == f"cannot write {tmp_path / 'file'}: {os.strerror(code).lower()}"
    assert caught.value.hint is not None
    assert not isinstance(caught.value, files.DeniedError)


def test_a_missing_directory_is_no_failure() -> None:
    with pytest.raises(MissingFolderError), files.explained(Path("/x")):
        raise MissingFolderError((Path("/x"),))
