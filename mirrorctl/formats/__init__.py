"""Lenses: text to text, one syntax per file, without knowledge of mirrors.

Files are bytes. `decode` gives a text in which every byte survives (undecodable ones as surrogates, line ends and a
byte order mark as they are), and `encode` gives the same bytes back.
"""

from __future__ import annotations


def decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def line_end(text: str) -> str:
    """The line end to use in `text`: that of its first line, or LF."""
    end = text.find("\n")
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column of `offset`, both from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
