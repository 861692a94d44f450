"""What the operating system, and Python's readers of TOML and JSON, say went wrong: their words, to be translated.

English keeps the words as they come. What is not in the list is shown as it is in every language.
"""

from __future__ import annotations

import json
import re

from mirrorctl.text import N_, Text, _

KNOWN = frozenset(
    {
        # strerror(3), in lower case
        N_("operation not permitted"),
        N_("no such file or directory"),
        N_("input/output error"),
        N_("exec format error"),
        N_("cannot allocate memory"),
        N_("permission denied"),
        N_("device or resource busy"),
        N_("file exists"),
        N_("not a directory"),
        N_("is a directory"),
        N_("invalid argument"),
        N_("too many open files"),
        N_("text file busy"),
        N_("file too large"),
        N_("no space left on device"),
        N_("read-only file system"),
        N_("file name too long"),
        N_("too many levels of symbolic links"),
        N_("disk quota exceeded"),
        N_("stale file handle"),
        N_("network is unreachable"),
        N_("no route to host"),
        N_("connection refused"),
        N_("connection reset by peer"),
        N_("connection timed out"),
        # tomllib
        N_("Expected '=' after a key in a key/value pair"),
        N_("Expected newline or end of document after a statement"),
        N_("Expected ']' at the end of a table declaration"),
        N_("Expected ']]' at the end of an array declaration"),
        N_("Invalid value"),
        N_("Invalid statement"),
        N_("Invalid initial character for a key part"),
        N_("Invalid date or datetime"),
        N_("Unterminated string"),
        N_("Unclosed array"),
        N_("Unclosed inline table"),
        N_("Unescaped '\\' in a string"),
        N_("Cannot overwrite a value"),
        # json
        N_("Expecting value"),
        N_("Expecting ',' delimiter"),
        N_("Expecting ':' delimiter"),
        N_("Expecting property name enclosed in double quotes"),
        N_("Unterminated string starting at"),
        N_("Invalid control character at"),
        N_("Extra data"),
    }
)
_PLACE = re.compile(r"(?P<words>.*) \(at line (?P<line>\d+), column (?P<column>\d+)\)", re.DOTALL)
_AT_END = " (at end of document)"
_TWICE = re.compile(r"Cannot declare \((?P<name>.*)\) twice", re.DOTALL)
# What Python 3.13 says of a comma too many, and what those before it say of the bracket that follows.
_AT_BRACKET = {
    "Illegal trailing comma before end of object": "Expecting property name enclosed in double quotes",
    "Illegal trailing comma before end of array": "Expecting value",
}
_BLANKS = re.compile(r"[ \t\r\n]*")


def reason_of(error: OSError) -> Text:
    """`permission denied`; the kind of error where the system has no words for it."""
    return translatable((error.strerror or type(error).__name__).lower())


def complaint_of(error: Exception) -> Text:
    """What a reader of TOML or JSON has against a text, and where."""
    if isinstance(error, json.JSONDecodeError):
        error = at_bracket(error)
        return _placed(translatable(error.msg), error.lineno, error.colno)
    if found := _PLACE.fullmatch(str(error)):
        return _placed(translatable(found["words"]), int(found["line"]), int(found["column"]))
    words = str(error)
    if words.endswith(_AT_END):
        return _("{words} (at end of document)", words=translatable(words.removesuffix(_AT_END)))
    return translatable(words)


def at_bracket(error: json.JSONDecodeError) -> json.JSONDecodeError:
    """The error as every Python puts it, so that one text has one complaint, in one place, with each of them."""
    words, blanks = _AT_BRACKET.get(error.msg), _BLANKS.match(error.doc, error.pos + 1)
    return json.JSONDecodeError(words, error.doc, blanks.end()) if words and blanks else error


def _placed(words: Text, line: int, column: int) -> Text:
    return _("{words} (at line {line}, column {column})", words=words, line=line, column=column)


def translatable(words: str) -> Text:
    """Words of somebody else as a message."""
    if found := _TWICE.fullmatch(words):
        return _("Cannot declare {name} twice", name=found["name"].rstrip(","))
    return Text(words) if words in KNOWN else Text("{words}", {"words": words})
