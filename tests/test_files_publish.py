"""Writing the file that a user has named for a result."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from mirrorctl import files
from mirrorctl.disk import Disk
from mirrorctl.places import MissingFolderError, Rules

RULES = Rules(euid=os.geteuid(), links=True)


def test_a_new_file_is_readable_as_the_umask_has_it(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        files.publish(tmp_path / "report.md", b"one", RULES)
    finally:
        os.umask(before)
    assert (tmp_path / "report.md").read_bytes() == b"one"
    assert (tmp_path / "report.md").stat().st_mode & 0o777 == 0o640


def test_what_stood_there_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    path.write_text("a longer text than what comes")
    files.publish(path, b"new", RULES)
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_directory_is_not_made_up(tmp_path: Path) -> None:
    with pytest.raises(MissingFolderError):
        files.publish(tmp_path / "none" / "report.md", b"new", RULES)
    assert list(tmp_path.iterdir()) == []


class FullDisk(Disk):
    """Takes five bytes and no more."""

    def write(self, file: int, data: memoryview) -> int:
        if len(data) <= 5:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(file, data[:5])


def test_half_a_file_is_none(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    path.write_text("old")
    with pytest.raises(OSError, match="No space"):
        files.publish(path, b"0123456789", RULES, FullDisk())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
