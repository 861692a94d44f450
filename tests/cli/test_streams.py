"""Standard streams that are closed, or lead to a disk that is full."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LINE = ("list", "-t", "pip")


def run(words: str, home: Path, *line: str) -> subprocess.CompletedProcess[str]:
    """Runs `mirrorctl` by a shell that does to the streams what `words` say."""
    environ = {"PATH": os.defpath, "HOME": str(home), "LANG": "C.UTF-8"}
    argv = ["sh", "-c", f'exec "$@" {words}', "sh", sys.executable, "-m", "mirrorctl", *(line or LINE)]
    return subprocess.run(argv, env=environ, cwd=home, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("words", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_no_failure(words: str, tmp_path: Path) -> None:
    done = run(words, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert bool(done.stdout) == (">&-" not in words.replace("2>&-", ""))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("line", ["list -t pip", "list -t pip --json", "--version", "--help", "use --help"])
def test_a_full_disk_is_no_bug(line: str, tmp_path: Path) -> None:
    done = run(">/dev/full", tmp_path, *line.split())
    assert done.returncode == 13
    assert done.stderr == "error: the output could not be written: no space left on device\n"
    assert not list(tmp_path.rglob("crash-*"))
