"""Lock files, proxies, tokens, owners and passwords."""

from __future__ import annotations

from pathlib import Path

import pytest
from diagnosis.patients import DEAD, LIVE, PIP, case, catalog, told

from mirrorctl.diagnosis import project, surroundings
from mirrorctl.diagnosis.finding import Code, Finding, Severity, rank
from mirrorctl.diagnosis.general import check_passwords
from mirrorctl.diagnosis.surroundings import Belonging
from mirrorctl.text import _

WORK = Path("/home/u/work")
WHEEL = "https://live.example/packages/six.whl"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("uv.lock", f'x\nsource = {{ registry = "{LIVE}" }}\nurl = "{WHEEL}"\n', ["warning lock-file 2"]),
        ("uv.lock", f'source = {{ registry = "{DEAD}" }}\n', ["error lock-file 1"]),
        ("uv.lock", 'source = { registry = "https://index.example/simple" }\n', []),
        ("poetry.lock", f'[package.source]\nurl = "{LIVE}"\n', ["warning lock-file 2"]),
        ("Pipfile", f'[[source]]\nurl = "{LIVE}"\n', ["warning lock-file 2"]),
        ("package-lock.json", '"resolved": "https://registry.npmmirror.com/a.tgz"\n', ["warning lock-file 1"]),
        ("package-lock.json", '"resolved": "https://registry.npm.taobao.org/a.tgz"\n', ["error lock-file 1"]),
        ("requirements.txt", f"six\n-i {LIVE}\n", ["warning lock-file 2"]),
        ("requirements.txt", f"six @ {WHEEL}\n", []),
        ("pyproject.toml", f'[[tool.poetry.source]]\nurl = "{LIVE}"\n', ["warning lock-file 2"]),
        (".npmrc", "registry=https://registry.npmmirror.com\n", ["warning lock-file 1"]),
        ("yarn.lock", 'resolved "https://github.com/x/y"\n', []),
    ],
)
def test_lock_files(name: str, text: str, expected: list[str]) -> None:
    assert told(rank(project.diagnose({WORK / name: text.encode()}, catalog()))) == expected


def test_a_lock_file_is_spoken_of_once_for_each_mirror() -> None:
    text = f'"{LIVE}" "{WHEEL}" "{WHEEL}" "{DEAD}"'
    found = tuple(project.diagnose({WORK / "uv.lock": text.encode()}, catalog()))
    assert [(finding.subject, str(finding.message).partition("):")[0].partition("),")[0]) for finding in found] == [
        ("live.example", "uv.lock names the mirror live.example (places: 3"),
        ("dead.example", "uv.lock names the mirror dead.example (places: 1"),
    ]


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("http://127.0.0.1:7890", None),
        ("socks5h://u:p@proxy.example:1080/", None),
        ("http://[::1]:8080", None),
        ("127.0.0.1:7890", "http://127.0.0.1:7890"),
        ("'http://127.0.0.1:7890'", "http://127.0.0.1:7890"),
        ("http://127.0.0.1:7890 ", "http://127.0.0.1:7890"),
        ("socks://127.0.0.1:1080", "socks5h://127.0.0.1:1080"),
        ("http:/127.0.0.1:7890", "http://HOST:PORT"),
        ("http://127.0.0.1:99999", "http://HOST:PORT"),
        ("http://127.0.0.1:port", "http://HOST:PORT"),
        ("htp://127.0.0.1:1", "http://HOST:PORT"),
    ],
)
def test_proxies(value: str, meant: str | None) -> None:
    found = tuple(surroundings.diagnose_variables({"https_proxy": value, "HTTPS_PROXY": value}))
    remedies = [str(finding.remedy) for finding in found]
    assert remedies == ([f"run: export HTTPS_PROXY={meant}"] if meant else [])


def test_an_empty_proxy_is_none() -> None:
    assert list(surroundings.diagnose_variables({"http_proxy": ""})) == []


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"HF_ENDPOINT": "https://hf.example", "HF_TOKEN": "t"}, ["warning secret-to-mirror -"]),
        ({"HF_ENDPOINT": "https://hf.example"}, []),
        ({"HF_TOKEN": "t"}, []),
        ({"HF_ENDPOINT": "https://hf.example", "HF_TOKEN": "t", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}, []),
    ],
)
def test_the_token_of_hugging_face(environ: dict[str, str], expected: list[str]) -> None:
    assert told(tuple(surroundings.diagnose_token(environ, saved=False))) == expected


@pytest.mark.parametrize("saved", [True, False])
def test_the_token_that_was_saved_at_login(saved: bool) -> None:
    found = tuple(surroundings.diagnose_token({"HF_ENDPOINT": "https://hf.example"}, saved=saved))
    assert bool(found) is saved


def test_what_sudo_has_left() -> None:
    mine, roots = Belonging(path=Path("/home/u/a"), uid=1000), Belonging(path=Path("/home/u/b"), uid=0)
    (finding,) = surroundings.diagnose_owners((mine, roots), uid=1000, name="u")
    assert (finding.path, str(finding.remedy)) == (roots.path, "run: sudo chown -R u: /home/u/b")
    assert list(surroundings.diagnose_owners((roots,), uid=0, name="root")) == []


@pytest.mark.parametrize(
    ("line", "mode", "expected"),
    [
        ("index-url = https://u:secret@h.example/simple", 0o644, ["warning password-readable 2"]),
        ("index-url = https://u:secret@h.example/simple", 0o600, []),
        ("# index-url = https://u:secret@h.example/simple", 0o644, []),
        ("index-url = https://h.example/simple", 0o644, []),
        ("index-url = https://mei@h.example/simple", 0o644, []),
        ("index-url = https://u:${PASSWORD}@h.example/simple", 0o644, []),
        (f"index-url = https://{'t0ken' * 6}@h.example/simple", 0o644, ["warning password-readable 2"]),
    ],
)
def test_passwords_in_readable_files(line: str, mode: int, expected: list[str]) -> None:
    found = tuple(check_passwords(case("pip", {PIP: f"[global]\n{line}\n"}), {PIP: mode}))
    assert told(found) == expected
    assert not any("secret" in str(finding.message) for finding in found)


def test_what_does_not_work_comes_first_and_nothing_twice() -> None:
    def finding(severity: Severity, subject: str) -> Finding:
        return Finding(code=Code.DRIFT, severity=severity, subject=subject, message=_("x"), remedy=_("y"))

    found = rank(
        [
            finding(Severity.NOTE, "a"),
            finding(Severity.ERROR, "b"),
            finding(Severity.WARNING, "c"),
            finding(Severity.ERROR, "d"),
            finding(Severity.ERROR, "b"),
        ]
    )
    assert [each.subject for each in found] == ["b", "d", "c", "a"]
