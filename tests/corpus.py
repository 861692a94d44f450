"""The corpus of real configuration files: MIRRORCTL_CORPUS, or the folder beside the project. It need not be there."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(
    os.environ.get("MIRRORCTL_CORPUS") or Path(__file__).resolve().parent.parent.parent / "shared" / "corpus"
).resolve()


@cache
def verdicts() -> dict[str, dict[str, object]]:
    """What the real readers say of each file, by its path below the corpus."""
    files: dict[str, dict[str, object]] = json.loads((ROOT / "accepted.json").read_bytes())["files"]
    return files


def is_accepted(path: Path) -> bool:
    return verdicts()[path.relative_to(ROOT).as_posix()]["accepted"] is True


def cases(*clients: str) -> list[object]:
    """Parameters for a test of each file of these clients; one that is skipped where there is no corpus."""
    files = [path for client in clients for path in sorted((ROOT / client).glob("*")) if path.is_file()]
    if not files:
        return [pytest.param(None, marks=pytest.mark.skip(reason="no corpus here: set MIRRORCTL_CORPUS"))]
    return [pytest.param(path, id=path.relative_to(ROOT).as_posix()) for path in files]
