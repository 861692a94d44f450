"""The first run of mirrorctl.pyz: puts the program where later runs find it."""

import atexit
import io
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Callable

KEPT_S = 30 * 86400


def unpack(archive: str, parent: str, place: str, is_own: Callable[[str], bool]) -> str:
    """The folder that holds the program: `place`, or a passing one where nothing can be kept."""
    try:
        os.makedirs(parent, mode=0o700, exist_ok=True)
        if not is_own(parent):
            return _passing(archive)
        fresh = tempfile.mkdtemp(prefix="new-", dir=parent)
    except OSError:
        return _passing(archive)
    try:
        _extract(archive, fresh)
        os.sync()  # a power cut must not leave empty modules under the final name
        os.rename(fresh, place)
    except OSError:  # another run was faster; or the disk is full
        shutil.rmtree(fresh, ignore_errors=True)
        return place if is_own(place) else _passing(archive)
    _tidy(parent, place)
    return place


def _extract(archive: str, folder: str) -> None:
    with zipfile.ZipFile(archive) as outer, zipfile.ZipFile(io.BytesIO(outer.read("payload.zip"))) as payload:
        payload.extractall(folder)


def _passing(archive: str) -> str:
    folder = tempfile.mkdtemp(prefix="mirrorctl-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _extract(archive, folder)
    return folder


def _tidy(parent: str, place: str) -> None:
    """Removes what earlier versions, and runs that were cut off, have left for long."""
    now = time.time()
    for entry in os.scandir(parent):
        old = entry.name.startswith(("pyz-", "new-")) and entry.path != place
        if old and now - entry.stat(follow_symlinks=False).st_mtime > KEPT_S:
            shutil.rmtree(entry.path, ignore_errors=True)
