"""Mirrors of one's own, and a newer catalog: through the command line, for that is where they are used."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from mirrorctl.catalog import bundled_text
from mirrorctl.cli import main
from mirrorctl.commands import catalog_edit
from mirrorctl.model import Value
from mirrorctl.targets.overlay import with_entry

URL = "https://pypi.acme.example/simple"


@pytest.fixture
def overlay(home: Path) -> Path:
    return home / ".config/mirrorctl/mirrors.toml"


def run(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    found = main(["catalog", *words, "--lang", "en"])
    shown = capsys.readouterr()
    assert found == code, shown.err
    return shown.out + shown.err


def test_a_mirror_is_added_known_and_taken_back(overlay: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run(capsys, "add", URL, "-t", "pip")
    assert f'+url = "{URL}"' in said
    assert "mirrorctl use pypi-acme" in said
    assert "private" in run(capsys, "show", "pypi-acme")
    main(["undo"])
    assert not overlay.exists()


def test_the_way_back_of_an_image_names_the_image(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = run(capsys, "add", URL, "-t", "pip", "--root", str(tmp_path))
    found = re.search(r"mirrorctl (undo --root \S+ \S+)$", shown, re.MULTILINE)
    assert found
    assert main(found[1].split()) == 0
    assert not (tmp_path / "etc/mirrorctl/mirrors.toml").exists()


def test_every_other_byte_of_the_overlay_stays(overlay: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = '# ours\r\n[operator.acme]   # who\r\nname = "ACME"\r\n\r\n[[mirror]] # first\r\nid = "a"\r\necosystem = "pypi"\r\nurl = "https://a.example/simple"\r\n'
    overlay.parent.mkdir(parents=True)
    overlay.write_bytes(old.encode())
    run(capsys, "add", URL, "-t", "pip", "--id", "b", "--operator", "acme")
    new = overlay.read_bytes().decode()
    assert new.startswith(old)
    assert re.findall(r'^(\w+) = "(.*)"\r$', new.removeprefix(old), re.MULTILINE) == [
        ("id", "b"),
        ("ecosystem", "pypi"),
        ("url", URL),
        ("operator", "acme"),
    ]
    run(capsys, "remove", "b")
    assert overlay.read_bytes().decode() == old


def test_one_of_the_same_id_is_replaced(overlay: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "add", URL, "-t", "pip", "--id", "b")
    run(capsys, "add", "https://b.example/simple", "-t", "pip", "--id", "b")
    assert overlay.read_text().count("[[mirror]]") == 1
    before = overlay.stat().st_mtime_ns
    assert "nothing to do" in run(capsys, "add", "https://b.example/simple", "-t", "pip", "--id", "b")
    assert overlay.stat().st_mtime_ns == before


def test_a_removed_entry_with_lists_comes_back_by_key(overlay: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also when the file has other entries by now."""
    overlay.parent.mkdir(parents=True)
    entry = 'id = "a"\necosystem = "pypi"\nurl = "https://a.example/simple"\nquirks = ["slow", "far"]\nprobe = { project = "x" }\n'
    overlay.write_text(f"[[mirror]]\n{entry}")
    run(capsys, "remove", "a")
    run(capsys, "add", URL, "-t", "pip")
    main(["history", "--json"])
    changes = json.loads(capsys.readouterr().out)["data"]["transactions"]
    assert [change["command"] for change in changes] == ["catalog add pypi-acme", "catalog remove a"]
    assert main(["undo", changes[-1]["id"], "--force"]) == 0
    capsys.readouterr()
    assert "far" in run(capsys, "show", "a")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["add", URL], 2, "name one client with -t"),
        (["add", "https://u:p@x.example/simple", "-t", "pip"], 10, "user name or password"),
        (["add", URL, "-t", "pip", "--id", "fastest"], 10, "fastest"),
        (["add", URL, "-t", "pip", "--operator", "nobody"], 10, "nobody"),
        (["remove", "pypi-tuna"], 2, "disabled = true"),
        (["remove", "nothing"], 2, "nothing is not in"),
        (["update", "http://catalog.example/mirrors.toml"], 2, "only https"),
        (["update", "nowhere.toml"], 10, "no such catalog"),
        (["update", "https://["], 10, "is no address"),
        (["update", "https://127.0.0.1:port/"], 10, "Invalid port"),
        (["update", "http://u:secret@h.example/"], 2, "http://u:***@h.example/"),
        (["add", "https://[", "-t", "pip"], 10, "host is not valid"),
        (["update"], 2, "catalog takes"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_makes_no_sense_is_refused(
    words: list[str], code: int, said: str, overlay: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in run(capsys, *words, code=code)
    assert not overlay.exists()


def newer(place: Path, day: str = "2099-01-01") -> Path:
    text = re.sub(r"^catalog_date = .*$", f"catalog_date = {day}", bundled_text(), flags=re.MULTILINE)
    text = text.replace("https://mirrors.ustc.edu.cn/pypi/simple", "https://new.ustc.edu.cn/pypi/simple")
    file = place / "newer.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_newer_catalog_takes_the_place_of_the_bundled_one(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = newer(tmp_path)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert "~ pypi-ustc" in run(capsys, "update", str(file), "--sha256", digest)
    assert "new.ustc.edu.cn" in run(capsys, "show", "pypi-ustc")
    assert "bundled" in run(capsys, "show", "pypi-ustc"), "it is held to the rules of the bundled one"
    run(capsys, "update", "--reset")
    assert "new.ustc.edu.cn" not in run(capsys, "show", "pypi-ustc")


def test_another_catalog_of_the_same_day_takes_its_place_too(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day = re.search(r"^catalog_date = (\S+)", bundled_text(), re.MULTILINE)
    assert day
    assert "~ pypi-ustc" in run(capsys, "update", str(newer(tmp_path, day[1])))
    assert "new.ustc.edu.cn" in run(capsys, "show", "pypi-ustc")


def test_an_older_or_altered_catalog_is_refused(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "update", str(newer(tmp_path, "2000-01-01")), code=10)
    run(capsys, "update", str(newer(tmp_path)), "--sha256", "0" * 64, code=10)
    assert "new.ustc.edu.cn" not in run(capsys, "show", "pypi-ustc")


def test_a_program_that_is_newer_than_the_update_goes_by_its_own(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(capsys, "update", str(newer(tmp_path)))
    later = tmp_path / "bundled.toml"
    later.write_text(bundled_text().replace("catalog_date = ", "catalog_date = 2100-01-01 # "), encoding="utf-8")
    monkeypatch.setattr("mirrorctl.commands.session.bundled_path", lambda: later)
    assert "new.ustc.edu.cn" not in run(capsys, "show", "pypi-ustc")


def test_what_somebody_writes_meanwhile_is_not_overwritten(
    overlay: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look into the overlay and the change of it."""
    theirs = '[[mirror]]\nid = "theirs"\necosystem = "pypi"\nurl = "https://theirs.example/simple"\n'
    overlay.parent.mkdir(parents=True)
    overlay.write_text("# ours\n")

    def hindered(text: str, path: Path, entry: dict[str, str]) -> Value:
        path.write_text(theirs)
        return with_entry(text, path, entry)

    monkeypatch.setattr(catalog_edit, "with_entry", hindered)
    run(capsys, "add", URL, "-t", "pip", code=12)
    assert overlay.read_text() == theirs
