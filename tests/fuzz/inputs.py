"""Texts that people, programs and accidents make: hostile pieces in any order, and real files with something done to them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

import corpus
from fuzz.undo_cases import GIT_LINES, PIP_LINES, UV_LINES

from mirrorctl.formats import decode

LONGEST = 3000  # characters of a real file: many short texts find more than few long ones
ENDS = ("\n", "\n", "\n", "\n", "\r\n", "\r", " \n", "")
INDENTS = ("", "", "", " ", "\t", "   ", "\u3000")
SIGNS = "[]{}()\"'=:,.#;\\ \t\r\n\0\x0c\x1c\x85\u2028\ufeff\udcff\udc80ß中aZ0-_/%$`|"

PIP_PIECES = [
    *PIP_LINES,
    *(
        "[DEFAULT]",
        "[x] ; y",
        "[x]]",
        "[",
        "[]",
        "[global ]",
        "index_url:V",
        "INDEX-URL = U",
        "--index-url = U",
        "extra",
    ),
    *("a = # x", "b =   ", "c==d", "= e", ": e", "\ufeff", "\ufeff[global]", "é = ß", "\x85", "\x1c a", "\u2028x = 1"),
    *("a = b\r c = d", "no-index = %(x)s", "[global]\ttimeout = 1", "index-url", "rem x", "k" * 90 + " = v", "\0"),
]
GIT_PIECES = [
    *GIT_LINES,
    *(
        "[a]",
        '[url "B"]',
        '[URL "B"] x = 1',
        '[q "\\"\\\\"]',
        "[A.b]",
        "[a",
        "; c",
        "b = c",
        "b",
        "b =",
        '[url""]',
        "[.]",
    ),
    *(
        'b = "c ; d" e ',
        "b = c # d",
        "b = c \\",
        'b = ""  ',
        "b = x\ty",
        "b = \\t\\n\\b",
        "b = \\q",
        '"',
        "\ufeff",
        "1",
    ),
    *(
        "\udcff",
        "b-c = \udcff",
        '[url "\udcd6"]',
        "[a] [b] c = 1 [d]",
        "b = \\\r",
        "\\",
        '[a "b',
        "a.b = c",
        "b\t\t= c",
        "\0",
    ),
    *(
        "insteadOf = https://github.com/",
        "b=c;d",
        "b = [c]",
        "[a]#x",
        '[a "x"]y',
        "[a-b.c]",
        "[é]",
        "b é",
        "b_c = 1",
        "\x85",
    ),
]
TOML_PIECES = [
    *UV_LINES,
    *(
        'a = "b"',
        "a = 'b'",
        'a = """c\nd"""',
        "a = '''e\n'f'''",
        "a = [1, 2,\n # x\n 3]",
        "a = { b = 1, c = [ { d = 2 } ] }",
    ),
    *(
        "b.c = 1",
        '"d e".f = 1',
        "[a.b]",
        "[[a.b]]",
        '["x.y"]',
        "[tool.uv]",
        "[[tool.uv.index]]",
        "index = []",
        "index = 1",
    ),
    *(
        'index = [{ url = "U" }]',
        "index = [\n]",
        "a = 0x1F",
        "a = 1_0.5e-3",
        "a = inf",
        "a = 1979-05-27 07:32:00Z",
        "a = 01",
    ),
    *(
        'a = "\\u00e9"',
        'a = "\\q"',
        "a =",
        "= 1",
        "[",
        "[[index]",
        "a = 1 # c",
        "\ufeff",
        "\udcff",
        "é = 1",
        "a = 'é'",
        "\0",
    ),
    *(
        'url = "https://x.example/" # mine',
        "default = true",
        "[index]",
        "a = [[[]]]",
        "a = {}",
        "a\t=\t1",
        '"" = 1',
        "\x85",
    ),
]
JSON_STRINGS = ["", "a", "https://old.example", "é", '"', "\\", "\u2028", "registry-mirrors", "\x7f", "𝄞", "//"]
JSON_KEYS = ["registry-mirrors", "k", "a", "b", "é", '"', "", "debug", "log-opts", "Registry-Mirrors"]
JSON_PIECES = [
    *'{}[]",:\\',
    "null",
    "true",
    "1e9",
    "-0",
    "1.0E+2",
    "NaN",
    "// c\n",
    "/*c*/",
    ",}",
    ",]",
    "01",
    "\ufeff",
    "\\ud800",
]


@dataclass(frozen=True, slots=True)
class Kind:
    """What texts of one format are made of. `clients` name the folders of the corpus that have real ones."""

    pieces: Sequence[str]
    clients: tuple[str, ...]


KINDS = {
    "ini": Kind(PIP_PIECES, ("pip",)),
    "gitconfig": Kind(GIT_PIECES, ("git",)),
    "json": Kind(JSON_PIECES, ("docker",)),
    "toml": Kind(TOML_PIECES, ("uv", "podman", "cargo")),
}


@cache
def real(name: str) -> tuple[str, ...]:
    """Files of the corpus, long ones cut short; none where there is no corpus."""
    texts = []
    for client in KINDS[name].clients:
        for path in sorted((corpus.ROOT / client).glob("*")):
            text = decode(path.read_bytes())
            texts.append(text if len(text) <= LONGEST else text[: text.rfind("\n", 0, LONGEST) + 1])
    return tuple(texts)


def texts(name: str, random: Random, count: int) -> Iterator[str]:
    for _number in range(count):
        yield text(name, random)


def text(name: str, random: Random) -> str:
    found = real(name)
    if found and random.random() < 0.4:
        made = random.choice(found)
    elif name == "json":
        made = _document(random)
    else:
        made = "".join(_line(name, random) for _number in range(random.randint(0, 9)))
    for _number in range(random.choice((0, 0, 1, 1, 2, 4))):
        made = random.choice(ACCIDENTS)(made, name, random)
    return made


def _line(name: str, random: Random) -> str:
    return random.choice(INDENTS) + random.choice(KINDS[name].pieces) + random.choice(ENDS)


def _document(random: Random) -> str:
    members = [
        f"{_gap(random)}{json.dumps(random.choice(JSON_KEYS))}{_gap(random)}:{_gap(random)}{_value(random, 3)}{_gap(random)}"
        for _number in range(random.randint(0, 4))
    ]
    return f"{_gap(random)}{{{','.join(members) or _gap(random)}}}{_gap(random)}"


def _gap(random: Random) -> str:
    return random.choice(("", "", "", " ", "\n", "\r\n", "\t", "\n    ", "\r"))


def _value(random: Random, depth: int) -> str:
    what = random.randrange(7 if depth else 5)
    if what < 3:
        return json.dumps(random.choice(JSON_STRINGS), ensure_ascii=random.random() < 0.5)
    if what < 5:
        return random.choice(("null", "true", "false", "0", "-1.5e3", "1E400", "12345678901234567890"))
    inner = [f"{_gap(random)}{_value(random, depth - 1)}{_gap(random)}" for _number in range(random.randint(0, 3))]
    if what == 5:
        return f"[{','.join(inner)}]"
    return "{" + ",".join(f"{json.dumps(random.choice(JSON_KEYS))}:{value}" for value in inner) + "}"


# What happens to files


def _insert(made: str, name: str, random: Random) -> str:
    at = random.randint(0, len(made))
    return made[:at] + random.choice((random.choice(KINDS[name].pieces), random.choice(SIGNS))) + made[at:]


def _replace(made: str, name: str, random: Random) -> str:
    at = random.randint(0, len(made))
    return made[:at] + random.choice(SIGNS) + made[at + 1 :]


def _delete(made: str, name: str, random: Random) -> str:
    at = random.randint(0, len(made))
    return made[:at] + made[at + random.choice((1, 1, 2, 9)) :]


def _cut_off(made: str, name: str, random: Random) -> str:
    return made[: random.randint(0, len(made))]


def _end_lines(made: str, name: str, random: Random) -> str:
    return made.replace("\n", random.choice(("\r\n", "\r", "\n\n", " \n")))


def _strip(made: str, name: str, random: Random) -> str:
    return made.rstrip("\r\n")


def _shuffle(made: str, name: str, random: Random) -> str:
    """A line is moved, doubled, indented or dropped, or one of another file comes in."""
    lines = made.splitlines(keepends=True) or [""]
    at, to = random.randrange(len(lines)), random.randrange(len(lines))
    match random.randrange(6):
        case 0:
            lines.insert(to, lines[at])
        case 1:
            lines.insert(to, lines.pop(at))
        case 2:
            lines[at] = random.choice(INDENTS) + lines[at].lstrip(" \t")
        case 3:
            lines.pop(at)
        case 4:
            others = random.choice(real(name) or (made,)).splitlines(keepends=True) or [""]
            lines[at:at] = others[random.randrange(len(others)) :][: random.randint(1, 4)]
        case _:
            lines.insert(to, _line(name, random))
    return "".join(lines)


ACCIDENTS = (_insert, _replace, _delete, _cut_off, _end_lines, _strip, _shuffle, _shuffle, _shuffle)
