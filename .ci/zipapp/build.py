r"""Builds mirrorctl.pyz, one file with all dependencies that any Python from 3.11 on runs.

    python3 .ci/zipapp/build.py [mirrorctl.pyz]

Writes the file, and its SHA-256 beside it. The same sources give the same bytes (with the same zlib): versions and hashes
of the dependencies are in requirements.txt, which is made anew by

    uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml \
        -o .ci/zipapp/requirements.txt
"""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that an archive can hold
MODE = 0o644 << 16
# Rich wants these to show source code and Markdown, which mirrorctl never does. They would be half of the file.
UNUSED = ("pygments", "markdown_it", "mdurl")


def collect(place: Path) -> None:
    """The program and its dependencies, as they would be in site-packages."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-qq"]
    target = ["install", "--no-compile", "--no-deps", "--only-binary=:all:", "--target", str(place)]
    # Of a wheel with compiled parts and one without, the one without: the file is for any machine.
    target += ["--platform", "any", "--implementation", "py", "--abi", "none", "--python-version", "3.11"]
    locked = place.with_name("requirements.txt")
    locked.write_text(requirements((HERE / "requirements.txt").read_text(encoding="utf-8")), encoding="utf-8")
    subprocess.run([*pip, *target, "--require-hashes", "-r", str(locked)], check=True)
    package = place / "mirrorctl"
    shutil.copytree(ROOT / "mirrorctl", package, ignore=shutil.ignore_patterns("__pycache__", "*.po"))
    shutil.copy(ROOT / "mirrors.toml", package)
    for found in place.iterdir():
        name = found.name.partition("-")[0]
        if name in {*UNUSED, "bin", *(unused.replace("_", "-") for unused in UNUSED)}:
            shutil.rmtree(found)
    compiled = [path.name for path in place.rglob("*") if path.suffix in {".so", ".pyd"}]
    if compiled:
        sys.exit(f"not pure Python: {', '.join(compiled)}")


def requirements(text: str) -> str:
    """What any Python on any Unix needs: the file is for them all, whichever builds it."""
    entries = re.split(r"\n(?=\S)", text)
    return "\n".join(re.sub(r" ;[^\\\n]*", " ", entry) for entry in entries if "win32" not in entry)


def contents(place: Path) -> Iterator[tuple[str, bytes]]:
    """What is packed, in the order in which it is."""
    for path in sorted(place.rglob("*"), key=lambda path: path.relative_to(place).as_posix()):
        # RECORD and its like tell where and how something was installed.
        is_trace = path.parent.name.endswith(".dist-info") and path.name in {"RECORD", "INSTALLER", "REQUESTED"}
        if path.is_file() and not is_trace and path.suffix != ".pyc":
            yield path.relative_to(place).as_posix(), path.read_bytes()


def pack(entries: Iterator[tuple[str, bytes]], method: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in entries:
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr, entry.create_system = MODE, 3
            archive.writestr(entry, data, compress_type=method, compresslevel=9)
    return buffer.getvalue()


def build() -> bytes:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name) / "site"
        collect(place)
        payload = pack(contents(place), zipfile.ZIP_DEFLATED)
    digest = hashlib.sha256(payload).hexdigest()
    first = (HERE / "start.py").read_text(encoding="utf-8")
    start = first.replace('CONTENT = ""', f'CONTENT = "{digest}"')
    if start == first:
        sys.exit("start.py has no place for the digest")
    files = [(name, (HERE / name).read_bytes()) for name in ("__main__.py", "unpack.py")]
    files += [("start.py", start.encode()), ("payload.zip", payload)]
    return b"#!/usr/bin/env python3\n" + pack(iter(files), zipfile.ZIP_STORED)


def main(words: list[str]) -> int:
    out = Path(words[0] if words else "mirrorctl.pyz")
    data = build()
    out.write_bytes(data)
    out.chmod(0o755)
    digest = hashlib.sha256(data).hexdigest()
    out.with_name(f"{out.name}.sha256").write_text(f"{digest}  {out.name}\n", encoding="utf-8")
    print(f"{out}: {len(data) / 1e6:.1f} MB, SHA-256 {digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
