"""The start of mirrorctl.pyz.

Python does not keep the compiled form of what it imports from an archive, so the program would be compiled at each start.
It is unpacked once instead, into the user's cache, and runs from there.
"""

# Few and light imports: this runs each time, and is compiled each time.
import os
import stat
import sys

CONTENT = ""  # the SHA-256 of the payload; build.py writes it here


def start() -> int:
    archive = os.path.dirname(os.path.abspath(__file__))
    parent = cache()
    place = os.path.join(parent, "pyz-" + CONTENT[:16])
    if not is_own(place):
        from unpack import unpack

        place = unpack(archive, parent, place, is_own)
    sys.path[:] = [place, *(entry for entry in sys.path if entry != archive)]
    sys.dont_write_bytecode = False  # it is the program's own folder, made for this

    from mirrorctl.cli import main

    return main()


def cache() -> str:
    """Root's is not in HOME, which may still be that of the user who called sudo."""
    chosen = os.environ.get("XDG_CACHE_HOME", "").strip()
    if not chosen and os.geteuid() == 0:
        chosen = "/var/cache"
    return os.path.join(os.path.realpath(chosen or os.path.expanduser("~/.cache")), "mirrorctl")


def is_own(folder: str) -> bool:
    """Whether nobody else can put anything into it, or another in its place."""
    try:
        found = os.lstat(folder)
    except OSError:
        return False
    shared = found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX
    if shared or not stat.S_ISDIR(found.st_mode) or found.st_uid not in {0, os.geteuid()}:
        return False
    parent = os.path.dirname(folder)
    return parent == folder or is_own(parent)
