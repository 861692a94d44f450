"""Texts that take long, or much memory, to read when a reader is careless. Each is made in any size."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from mirrorctl.formats import gitconfig, ini, jsondoc, tomldoc

Maker: TypeAlias = Callable[[int], str]


def filled(piece: str, before: str = "", after: str = "") -> Maker:
    """About `size` characters of one piece."""
    return lambda size: before + piece * (size // len(piece)) + after


def numbered(piece: str, before: str = "", after: str = "") -> Maker:
    """The same with a number in each piece, so that no two are equal."""
    return lambda size: before + "".join(piece.format(n) for n in range(size // (len(piece.format(0)) + 3))) + after


MAKERS: dict[str, dict[str, Maker]] = {
    "ini": {
        "spaces": filled(" ", "[a]\nb ="),
        "spaces before junk": filled(" ", "[a]\n", "x"),
        "delimiters": filled("=", "[a]\n"),
        "brackets": filled("["),
        "pairs of brackets": filled("[]"),
        "blank lines": filled("\n"),
        "lone CRs": filled("\r"),
        "long line": filled("x", "[a]\nb="),
        "long lines": filled("x" * 99 + "\n ", "[a]\nb="),
        "options": numbered("k{}=\n", "[a]\n"),
        "long options": numbered("k{:060}=\n", "[a]\n"),
        "sections": numbered("[{}]\n"),
        "comments": filled("#\n"),
    },
    "json": {
        "arrays": filled("[", '{"a":'),
        "objects": filled('{"a":'),
        "spaces": filled(" ", "{", "}"),
        "keys": numbered('"{}":1,', "{", '"z":1}'),
        "long keys": numbered('"{:0120}":1,', "{", '"z":1}'),
        "empty arrays": filled("[],", '{"a":[', "1]}"),
        "small objects": filled('{"a":1},', '{"a":[', "1]}"),
        "string": filled("x", '{"a":"', '"}'),
        "escapes": filled("\\n", '{"a":"', '"}'),
        "digits": filled("9", '{"a":', "}"),
        "exponent": filled("9", '{"a":1e', "}"),
        "our own list": filled('"a",', '{"registry-mirrors":[', '"b"]}'),
        "blank": filled(" \n"),
        "commas": filled(",", "{"),
    },
    "git": {
        "spaces": filled(" ", "[a]\nb ="),
        "long line": filled("x ", "[a]\nb="),
        "quotes": filled('"', "[a]\nb="),
        "short quotes": filled('"a"b', "[a]\nb="),
        "escapes": filled("\\n", "[a]\nb="),
        "continuations": filled("\\\n", "[a]\nb="),
        "headers on a line": filled("[a]"),
        "headers": filled("[a]\n"),
        "variables": filled("b\n", "[a]\n"),
        "long variables": filled("b" * 60 + "=c\n", "[a]\n"),
        "brackets": filled("["),
        "subsection": filled("x", '[a "', '"]\nb=c\n'),
        "escaped subsection": filled("\\x", '[a "', '"]\nb=c\n'),
        "dots": filled("a.", "[", "]\n"),
        "name": filled("a"),
        "lone CRs": filled("\r"),
        "blank lines": filled("\n"),
        "comments": filled("#\n"),
    },
    "toml": {
        "spaces": filled(" ", "a =", "1"),
        "arrays": filled("[", "a="),
        "inline tables": filled("{a=", "a="),
        "dotted key": filled("a.", "", "a=1"),
        "quoted dotted key": filled('"a".', "", "a=1"),
        "dotted header": filled("a.", "[", "a]"),
        "headers": numbered("[a{}]\n"),
        "long headers": numbered("[a{:060}]\n"),
        "array headers": filled("[[a]]\n"),
        "keys": numbered("a{}=1\n"),
        "long keys": numbered("a{:060}=1\n"),
        "keys below a long header": numbered("b{}=1\n", "[" + "a." * 199 + "a]\n"),
        "string": filled("x", 'a="', '"'),
        "escapes": filled("\\n", 'a="', '"'),
        "lines of a string": filled("\\\n", 'a="""', '"""'),
        "quotes in a string": filled('""x', 'a="""', '"""'),
        "digits": filled("9", "a="),
        "hexadecimal digits": filled("f", "a=0x"),
        "fraction": filled("1", "a=1."),
        "underscores": filled("_1", "a=1"),
        "numbers": filled("1,", "a=[", "]"),
        "small tables": filled("{a=1},", "a=[", "]"),
        "deep tables": filled("{a.b.c.d.e.f.g.h=1},", "a=[", "]"),
        "blank lines": filled("\n"),
        "comments": filled("#\n"),
    },
}

# What is done to each: the text is read, changed, and the change is checked.
EDITS: dict[str, Callable[[str], str]] = {
    "ini": lambda text: ini.put(text, "global", "index-url", "https://mirror.example/simple"),
    "json": lambda text: jsondoc.put(text, "registry-mirrors", ["https://mirror.example"]),
    "git": lambda text: gitconfig.add(text, "url", "https://mirror.example/", "insteadOf", "https://github.com/"),
    "toml": lambda text: tomldoc.append_table(text, ("index",), {"url": "https://mirror.example/simple"}),
}
