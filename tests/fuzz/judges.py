"""What must hold for every text: it is refused, or it is read as the real reader reads it, and an edit changes no byte outside.

A judge raises AssertionError, or whatever the lens let out; it returns whether the text was accepted. git is asked for
many texts at once, so that its judge only collects what it is to be asked; `flush` asks.
"""

from __future__ import annotations

import configparser
import os
import subprocess
import tempfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from formats import ini_reader, json_reader, toml_reader
from formats.git_reader import Listing, alike, listing, read_by_git

from mirrorctl.errors import FormatError
from mirrorctl.formats import decode, encode, gitconfig, ini, jsondoc, tomldoc, tomlscan

URL = "https://mirror.example/simple"
REFUSED_ASKED = 10  # git is asked of every so manieth text that we refuse: that costs a process each
BATCH = 600


def is_refused(act: Callable[[], object]) -> bool:
    try:
        act()
    except FormatError:
        return True
    return False


def common(one: str, other: str) -> int:
    """How many characters both begin with."""
    return len(os.path.commonprefix([one, other]))  # noqa: RUF071  characters are what is meant


def only_inserted(before: str, after: str) -> bool:
    """Whether nothing but one piece has come in."""
    same = common(before, after)
    return after.endswith(before[same:]) and len(after) >= len(before)


def only_between(before: str, after: str, start: int, end: int) -> bool:
    """Whether all outside of `start` to `end` is as it was."""
    kept = start + len(before) - end
    return len(after) >= kept and after.startswith(before[:start]) and after.endswith(before[end:])


def only_taken_out(before: str, after: str) -> bool:
    """Whether nothing but pieces have gone."""
    signs = iter(before)
    return all(sign in signs for sign in after)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


# pip.conf


def judge_ini(text: str, random: Random) -> bool:
    section, name = random.choice((("global", "index-url"), ("global", "timeout"), ("x", "a"), ("DEFAULT", "extra")))
    try:
        refused = not _is_utf8(text) or ini_reader.is_ambiguous(text)
    except configparser.Error:
        refused = True
    if refused:
        assert is_refused(lambda: ini.scan(text)), "accepted what pip refuses, or its versions read differently"
        assert is_refused(lambda: ini.put(text, section, name, URL)), "edited what it refuses"
        return False
    before = ini_reader.normalised(ini_reader.read_by_python(text))
    options = ini.scan(text).options
    assert {(option.section, ini.normalise(option.name)): option.value for option in options} == before, (
        "read otherwise"
    )
    key = (section, ini.normalise(name))
    assert ini.put(text, section, name, before.get(key)) == text, "GetPut"
    after = ini.put(text, section, name, URL)
    assert ini_reader.normalised(ini_reader.read_by_python(after)) == {**before, key: URL}, "written otherwise"
    own = [option for option in options if (option.section, ini.normalise(option.name)) == key]
    if own:
        assert only_between(text, after, own[-1].value_start, own[-1].end), "changed outside the value"
        _judge_ini_removal(text, before, own[-1])
    elif before.get(key) != URL:
        assert only_inserted(text, after), "changed outside the line"
        again = ini.put(after, section, name, None)
        assert again == text or text.rstrip().endswith(f"[{section}]"), "left a trace"
    return True


def _judge_ini_removal(text: str, before: ini_reader.Settings, own: ini.Option) -> None:
    key = (own.section, ini.normalise(own.name))
    rest = ini.put(text, own.section, own.name, None)
    others = {other: value for other, value in before.items() if other != key}
    assert ini_reader.normalised(ini_reader.read_by_python(rest)) == others, "removed otherwise"
    assert only_taken_out(text, rest), "removal has put something in"
    head = common(text[: own.start], rest)
    assert text[head : own.start].strip() in ("", f"[{own.section}]"), "removed above"
    assert rest.endswith(text[own.end :]), "removed below"


# daemon.json


def judge_json(text: str, random: Random) -> bool:
    key = random.choice(("registry-mirrors", "k"))
    wanted = random.choice(([URL], [], [URL, "é"]))
    blank = not text.strip(" \t\r\n")
    try:
        before = json_reader.others(text, key) if blank or text.strip(" \t\r\n")[0] == "{" else None
    except (ValueError, RecursionError):
        before = None
    if before is None:
        assert is_refused(lambda: jsondoc.put(text, key, wanted)), "accepted what is no object"
        return False
    if is_refused(lambda: jsondoc.put(text, key, wanted)):
        return False  # what dockerd refuses and Python does not: the tests of the lens have it
    members = jsondoc._members(text)
    after = jsondoc.put(text, key, wanted)
    assert json_reader.others(after, key) == before, "others changed"
    assert (dict(json_reader.read_by_python(after))[key] or []) == wanted, "written otherwise"
    own = [member for member in members if member.key == key]
    if own:
        assert only_between(text, after, own[0].value_start, own[0].end), "changed outside the value"
        rest = jsondoc.put(text, key, None)
        assert json_reader.others(rest, key) == before, "removed otherwise"
        assert only_taken_out(text, rest), "removal has put something in"
    elif text.strip():
        assert only_inserted(text, after), "changed outside the member"
        assert jsondoc.put(after, key, None) == text, "left a trace"
    return True


# uv.toml


def judge_toml(text: str, random: Random) -> bool:
    path: tomlscan.Path = random.choice((("index",), ("tool", "uv", "index")))
    try:
        before = toml_reader.read_by_python(text) if _is_utf8(text) else None
    except (tomllib.TOMLDecodeError, RecursionError):
        before = None
    if before is None:
        assert is_refused(lambda: tomldoc.parse(text)), "accepted what is no TOML"
        assert is_refused(lambda: tomldoc.append_table(text, path, toml_reader.ENTRY)), "edited what it refuses"
        return False
    if is_refused(lambda: tomldoc.parse(text)):
        return False
    _judge_a_string(text, random)
    if is_refused(lambda: tomldoc.append_table(text, path, toml_reader.ENTRY)):
        return False
    found = tomldoc.tables(text, path)
    after = tomldoc.append_table(text, path, toml_reader.ENTRY)
    assert only_inserted(text, after), "changed outside the table"
    assert tomldoc.tables(after, path) == (*found, toml_reader.ENTRY), "written otherwise"
    assert tomldoc.remove(after, (*path, len(found))) == text, "left a trace"
    if found:
        rest = tomldoc.remove(text, (*path, 0))
        assert only_taken_out(text, rest), "removal has put something in"
        assert tomldoc.tables(rest, path) == found[1:], "removed otherwise"
    return True


def _judge_a_string(text: str, random: Random) -> None:
    places = toml_reader.strings(tomldoc.parse(text))
    if not places:
        return
    place, value = random.choice(places)
    assert tomldoc.set_string(text, place, value) == text, "GetPut"
    after = tomldoc.set_string(text, place, URL)
    assert toml_reader.read_by_python(after) == toml_reader.changed(text, place, URL), "written otherwise"
    mark = text.startswith("\ufeff")  # offsets are counted behind it
    node = next(node for node in tomlscan.Scanner(text.removeprefix("\ufeff")).nodes if node.path == place)
    assert only_between(text, after, node.value_start + mark, node.end + mark), "changed outside the string"


# .gitconfig


@dataclass(slots=True)
class Git:
    """`asked` are texts with the settings that git has to find in them; None: it has to refuse them."""

    asked: list[tuple[str, Listing | None]] = field(default_factory=list)
    refused: int = 0

    def judge(self, text: str, random: Random) -> bool:
        try:
            variables = gitconfig.variables(text)
        except FormatError:
            self.refused += 1
            if self.refused % REFUSED_ASKED == 0 and "\0" not in text:
                assert read_by_git(text) is None, "refused what git reads"
            return False
        held = listing(variables)
        self.asked.append((text, held))
        if variables:
            self._judge_one(text, variables, random)
        try:
            after = gitconfig.add(text, "url", "B", "insteadOf", URL)
        except FormatError:
            assert text.endswith(("\\", "\\\n", "\\\r\n")), "could not be added to"
            return False
        assert only_inserted(text, after), "changed outside the lines"
        now = gitconfig.variables(after)
        at = next(at for at, new in enumerate(now) if [new.setting] != [old.setting for old in variables[at : at + 1]])
        assert listing([*now[:at], *now[at + 1 :]]) == held, "others changed"
        assert gitconfig.remove(after, [now[at]]) == text, "left a trace"
        self.asked.append((after, listing(now)))
        return True

    def _judge_one(self, text: str, variables: Sequence[gitconfig.Variable], random: Random) -> None:
        index = random.randrange(len(variables))
        rest = gitconfig.remove(text, [variables[index]])
        assert only_taken_out(text, rest), "removal has put something in"
        self.asked.append((rest, listing([*variables[:index], *variables[index + 1 :]])))
        after = gitconfig.replace(text, variables[index], URL)
        assert only_between(text, after, variables[index].start, variables[index].end), "changed outside the variable"
        self.asked.append((after, listing(gitconfig.variables(after))))

    def flush(self) -> list[str]:
        """What git reads otherwise."""
        asked, self.asked = self.asked, []
        return [
            f"git reads otherwise: {text!r}"
            for text, held in _unlike(asked)
            if alike(read_by_git(text)) != alike(held)  # one that was alone with git, and follows no include
        ]


def _unlike(asked: list[tuple[str, Listing | None]]) -> list[tuple[str, Listing | None]]:
    """Those that git does not read as said, and perhaps some that share a batch with one that it refuses."""
    if not asked:
        return []
    found = _read_together([text for text, _held in asked])
    if found is not None:
        return [
            (text, held) for (text, held), seen in zip(asked, found, strict=True) if alike(list(seen)) != alike(held)
        ]
    if len(asked) == 1:
        return asked
    half = len(asked) // 2
    return _unlike(asked[:half]) + _unlike(asked[half:])


def _read_together(texts: Sequence[str]) -> list[Listing] | None:
    """The settings of each text by one git, which includes them all. None when it refuses one."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        place = Path(name)
        for number, text in enumerate(texts):
            (place / str(number)).write_bytes(encode(text))
        main = "".join(f"[include]\n\tpath = {number}\n" for number in range(len(texts)))
        (place / "main").write_text(main, encoding="ascii")
        command = ["git", "config", "--file", "main", "--includes", "--list", "-z", "--show-origin"]
        environ = {"PATH": os.environ["PATH"], "HOME": name, "GIT_CONFIG_NOSYSTEM": "1"}
        run = subprocess.run(command, cwd=place, env=environ, capture_output=True, check=False)
    if run.returncode:
        return None
    found: list[Listing] = [[] for _text in texts]
    parts = decode(run.stdout).split("\0")[:-1]
    for origin, entry in zip(parts[::2], parts[1::2], strict=True):
        file = origin.rpartition("/")[2].removeprefix("file:")
        if file != "main":
            key, equals, value = entry.partition("\n")
            found[int(file)].append((key, value if equals else None))
    return found


@dataclass(frozen=True, slots=True)
class Judge:
    judge: Callable[[str, Random], bool]
    flush: Callable[[], list[str]] = list


def judges() -> Mapping[str, Judge]:
    git = Git()
    return {
        "ini": Judge(judge_ini),
        "gitconfig": Judge(git.judge, git.flush),
        "json": Judge(judge_json),
        "toml": Judge(judge_toml),
    }
