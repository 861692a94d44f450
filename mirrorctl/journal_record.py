"""How a transaction is written down: one line of JSON and its checksum. Bytes are text with surrogates (PEP 383)."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zlib import crc32

from mirrorctl.formats import decode, encode
from mirrorctl.model import SavedFile, Scope, Transaction

FORMAT = 1


class DamagedError(ValueError):
    """A record is not what was written, or was written by a later version of the program."""


def pack(entry: Transaction) -> bytes:
    """The record of `entry`, without its id and state, which are its name."""
    body = {
        "format": FORMAT,
        "at": entry.at.isoformat(),
        "command": entry.command,
        "undoes": entry.undoes,
        "files": [_pack_file(file) for file in entry.files],
    }
    line = json.dumps(body, separators=(",", ":")).encode("ascii")
    return b"%s\n%08x\n" % (line, crc32(line))


def unpack(data: bytes, identifier: str, state: str) -> Transaction:
    """What `pack` was given. Raises DamagedError."""
    line, _newline, check = data.partition(b"\n")
    if check != b"%08x\n" % crc32(line):
        raise DamagedError("the checksum is wrong")
    try:
        body = json.loads(line)
        if body["format"] != FORMAT:
            raise DamagedError(f"its format is {body['format']}")
        return Transaction(
            id=identifier,
            at=datetime.fromisoformat(body["at"]),
            command=body["command"],
            state=state,
            undoes=body["undoes"],
            files=tuple(_unpack_file(entry) for entry in body["files"]),
        )
    except (KeyError, TypeError) as error:
        raise DamagedError(str(error)) from error


def _pack_file(file: SavedFile) -> dict[str, Any]:
    return {
        "target": file.target,
        "scope": file.scope.value,
        "path": str(file.path),
        "lock": file.lock,
        "mode": file.mode,
        "folders": [str(folder) for folder in file.folders],
        "before": _text(file.before),
        "after": _text(file.after),
        "interim": _text(file.interim),
        "drained": _text(file.drained),
        "value_before": file.value_before,
        "value_after": file.value_after,
        "urls": list(file.urls),
    }


def _unpack_file(entry: dict[str, Any]) -> SavedFile:
    return SavedFile(
        target=entry["target"],
        scope=Scope(entry["scope"]),
        path=Path(entry["path"]),
        lock=entry["lock"],
        mode=entry["mode"],
        folders=tuple(Path(folder) for folder in entry["folders"]),
        before=_bytes(entry["before"]),
        after=_bytes(entry["after"]),
        interim=_bytes(entry["interim"]),
        drained=_bytes(entry["drained"]),
        value_before=entry["value_before"],
        value_after=entry["value_after"],
        urls=tuple(entry["urls"]),
    )


def _text(data: bytes | None) -> str | None:
    return None if data is None else decode(data)


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else encode(text)
