"""The wider lenses of pip and git, through which `doctor` repairs several settings of a file at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from targets.laws import check, corpus_cases, hold, text_of

from mirrorctl.model import Value
from mirrorctl.targets import TARGETS, git_repairs, pip_repairs
from mirrorctl.targets.facets import target_of

PIP, GIT = Path("/home/u/.config/pip/pip.conf"), Path("/home/u/.gitconfig")
A, HUB, M = "https://a.example/simple", "https://github.com/", "https://m.example/"
PIP_VALUES: tuple[Value, ...] = (
    [],
    [["global", "index-url", A]],
    [["global", "extra-index-url", A], ["global", "extra-index-url", M], ["global", "trusted-host", "h.example"]],
    [["install", "trusted-host", "a.example"], ["install", "trusted-host", "b.example:8080"]],
)
GIT_VALUES: tuple[Value, ...] = (
    [],
    [["", "sslverify", "false"]],
    [[M, "insteadof", HUB], [HUB, "pushinsteadof", HUB], ["https://corp.example/", "sslverify", "false"]],
)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(f"[global]\nindex-url = {A}\ntrusted-host = a\n  b # c\n  d\n[install]\ntimeout = 3", id="lists"),
        pytest.param(f"# mine\r\n[global]\r\nIndex_Url: {A}\r\ntrusted_host=x y\r\n", id="spelling-crlf"),
        pytest.param("[DEFAULT]\ntrusted-host = a\n[list]\nformat = columns\n", id="default-section"),
    ],
)
def test_the_lens_laws_for_pip(text: str) -> None:
    hold(pip_repairs, text, PIP, *PIP_VALUES)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("[http]\n\tsslVerify = false # why\n\tpostBuffer = 1\n", id="unscoped"),
        pytest.param(f'[http "{HUB}"]\r\n\tSSLVERIFY=0\r\n[url "{M}"] insteadOf = {HUB}\r\n', id="scoped-crlf"),
        pytest.param("[http]\n\tsslVerify\n# keep\n", id="without-a-value"),
        pytest.param("[imap]\n\tsslVerify = false\n", id="of-another-section"),
    ],
)
def test_the_lens_laws_for_git(text: str) -> None:
    hold(git_repairs, text, GIT, *GIT_VALUES)


@pytest.mark.parametrize("path", corpus_cases("pip"))
def test_the_lens_laws_on_the_corpus_of_pip(path: Path) -> None:
    accepted = check(TARGETS["pip"], text_of(path), PIP, A, None)
    assert check(pip_repairs, text_of(path), PIP, *PIP_VALUES) is accepted


@pytest.mark.parametrize("path", corpus_cases("git"))
def test_the_lens_laws_on_the_corpus_of_git(path: Path) -> None:
    accepted = check(TARGETS["git"], text_of(path), GIT, [])
    assert check(git_repairs, text_of(path), GIT, *GIT_VALUES) is accepted


@pytest.mark.parametrize("name", ["pip/repairs", "git/repairs"])
def test_a_facet_is_its_target_with_another_lens(name: str) -> None:
    found = TARGETS[name]
    assert (name, found.LOCK) == (found.NAME, TARGETS[target_of(name)].LOCK)
    assert found.read is not TARGETS[target_of(name)].read
    assert found.ECOSYSTEM == TARGETS[target_of(name)].ECOSYSTEM


def test_nobody_can_ask_for_a_facet() -> None:
    """Only a journal names one; -t pip/repairs is a mistake."""
    assert "pip/repairs" not in TARGETS
    assert not [name for name in TARGETS if "/" in name]
