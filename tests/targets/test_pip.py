"""pip as a target: what it decides."""

from __future__ import annotations

from pathlib import Path

import pytest
from targets.pip_samples import (
    CORP,
    DEFAULT,
    FILE,
    LEGACY,
    SITE,
    SYSTEM,
    A,
    B,
    conf,
    decide,
)

from mirrorctl.errors import ConflictError
from mirrorctl.model import Scope
from mirrorctl.targets import pip
from mirrorctl.targets.base import Target

TARGET: Target = pip


@pytest.mark.parametrize(
    ("files", "scope", "url", "written"),
    [
        pytest.param({}, Scope.USER, A, {FILE: A}, id="new-file"),
        pytest.param({}, Scope.SYSTEM, A, {SYSTEM: A}, id="new-system-file"),
        pytest.param({LEGACY: conf(f"index-url = {B}")}, Scope.USER, A, {LEGACY: A}, id="where-it-is"),
        pytest.param({FILE: conf(f"index-url = {A}")}, Scope.USER, A, {FILE: A}, id="as-it-is"),
        pytest.param({FILE: conf(f"index-url = {DEFAULT}/")}, Scope.USER, A, {FILE: A}, id="explicit-default"),
        pytest.param({FILE: conf("index-url = https://ours.example/simple")}, Scope.USER, A, {FILE: A}, id="ours"),
        pytest.param({FILE: conf(f"index-url = {A}")}, Scope.USER, None, {FILE: None}, id="upstream"),
        pytest.param({}, Scope.USER, None, {FILE: None}, id="upstream-already"),
        pytest.param(
            {LEGACY: conf(f"index-url = {B}"), FILE: conf(f"index-url = {A}")}, Scope.USER, None,
            {LEGACY: None, FILE: None}, id="upstream-both-files",
        ),
        pytest.param({SYSTEM: conf(f"index-url = {B}")}, Scope.USER, A, {FILE: A}, id="over-a-known-system-mirror"),
        pytest.param({}, Scope.USER, "http://127.0.0.1:1/simple", {FILE: "http://127.0.0.1:1/simple"}, id="loopback"),
        pytest.param(
            {FILE: conf("trusted-host = plain.example")}, Scope.USER, "http://plain.example/simple",
            {FILE: "http://plain.example/simple"}, id="http-trusted-by-the-user",
        ),
    ],
)  # fmt: skip
def test_decide(files: dict[Path, str], scope: Scope, url: str | None, written: dict[Path, str | None]) -> None:
    assert {setting.path: setting.value for setting in decide(files, url, scope).settings} == written


def test_an_override_that_agrees_is_none() -> None:
    assert decide({}, A, environ={"PIP_INDEX_URL": f"{A}/"}).settings


@pytest.mark.parametrize(
    ("files", "environ", "scope", "url", "subject", "hint"),
    [
        pytest.param({}, {"PIP_INDEX_URL": B}, Scope.USER, A, "environment", "unset PIP_INDEX_URL", id="variable"),
        pytest.param({}, {"PIP_INDEX_URL": B}, Scope.USER, None, "environment", "unset PIP_INDEX_URL", id="back"),
        pytest.param({}, {"PIP_NO_INDEX": "1"}, Scope.USER, A, "environment", "unset PIP_NO_INDEX", id="no-index"),
        pytest.param(
            {}, {"PIP_CONFIG_FILE": "/dev/null"}, Scope.USER, A, "environment", "unset PIP_CONFIG_FILE", id="no-files",
        ),
        pytest.param(
            {SITE: conf(f"index-url = {B}")}, {}, Scope.USER, A, str(SITE), "remove the line from", id="site",
        ),
        pytest.param(
            {FILE: conf(f"index-url = {B}")}, {}, Scope.SYSTEM, A, str(FILE), "--scope user", id="user-wins",
        ),
        pytest.param(
            {SYSTEM: conf(f"index-url = {B}")}, {}, Scope.USER, None, str(SYSTEM), "--scope system", id="system-stays",
        ),
        pytest.param(
            {SYSTEM: conf(f"index-url = {B}", section="download")}, {}, Scope.USER, A, str(SYSTEM),
            "remove the line from /etc/pip.conf", id="section",
        ),
        pytest.param(
            {FILE: conf(f"pypi-url = {B}")}, {}, Scope.USER, None, str(FILE), "remove the line", id="alias",
        ),
        pytest.param({}, {}, Scope.USER, "http://plain.example/simple", str(FILE), "https mirror", id="http"),
    ],
)  # fmt: skip
def test_a_change_without_effect_is_a_conflict(
    files: dict[Path, str], environ: dict[str, str], scope: Scope, url: str | None, subject: str, hint: str
) -> None:
    with pytest.raises(ConflictError) as caught:
        decide(files, url, scope, environ, force=True)
    assert caught.value.subject == subject
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize("url", [A, None])
@pytest.mark.parametrize("old", [CORP, "https://corp.example/simple", "https://token@a.example/simple"])
def test_a_private_index_is_kept(old: str, url: str | None) -> None:
    """Unless it is given up on purpose; the message hides what is secret."""
    files = {FILE: conf(f"index-url = {old}")}
    with pytest.raises(ConflictError) as caught:
        decide(files, url)
    assert "--replace-private" in str(caught.value.hint)
    assert "secret" not in str(caught.value)
    assert "token" not in str(caught.value)
    assert decide(files, url, force=True).settings


def test_a_private_index_is_not_hidden_either() -> None:
    """The user's file would win over the company's."""
    with pytest.raises(ConflictError, match="corp") as caught:
        decide({SYSTEM: conf(f"index-url = {CORP}")}, A)
    assert caught.value.subject == str(SYSTEM)


def test_secrets_of_an_override_are_hidden() -> None:
    with pytest.raises(ConflictError) as caught:
        decide({}, A, environ={"PIP_INDEX_URL": CORP})
    assert "secret" not in str(caught.value)
