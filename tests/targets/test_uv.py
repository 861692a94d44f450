"""uv as a target: what it decides."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from targets.uv_samples import (
    CLIENT,
    CORP,
    DEFAULT,
    LOCK,
    MACHINE,
    NAMED,
    OWN,
    PROJECT,
    SYSTEM,
    USER,
    XDG,
    A,
    B,
    decide,
    index,
    mirror,
)

from mirrorctl.errors import ConflictError
from mirrorctl.model import Scope
from mirrorctl.targets import uv
from mirrorctl.targets.base import Target

TARGET: Target = uv


@pytest.mark.parametrize(
    ("files", "scope", "url", "path"),
    [
        pytest.param({}, Scope.USER, A, USER, id="new-file"),
        pytest.param({}, Scope.SYSTEM, A, SYSTEM, id="new-system-file"),
        pytest.param({XDG: ""}, Scope.SYSTEM, A, XDG, id="the-system-file-there-is"),
        pytest.param({}, Scope.PROJECT, A, OWN, id="new-project-file"),
        pytest.param({PROJECT: NAMED}, Scope.PROJECT, A, PROJECT, id="pyproject"),
        pytest.param({USER: index(B)}, Scope.USER, A, USER, id="over-a-known-mirror"),
        pytest.param({USER: f'index-url = "{B}"'}, Scope.USER, A, USER, id="over-an-old-form"),
        pytest.param({USER: index(B)}, Scope.USER, None, USER, id="upstream"),
        pytest.param({}, Scope.USER, None, USER, id="upstream-already"),
        pytest.param({USER: index("https://ours.example/simple/")}, Scope.USER, A, USER, id="ours"),
        pytest.param({USER: index(f"{DEFAULT}/")}, Scope.USER, A, USER, id="explicit-default"),
        pytest.param({USER: index(CORP, 'name = "corp"')}, Scope.USER, A, USER, id="beside-a-private-index"),
        pytest.param({OWN: f'index-url = "{B}"'}, Scope.USER, A, USER, id="over-a-weaker-form-of-the-project"),
    ],
)
def test_decide(files: dict[Path, str], scope: Scope, url: str | None, path: Path) -> None:
    assert [(setting.path, setting.value) for setting in decide(files, url, scope).settings] == [(path, url)]


@pytest.mark.parametrize(
    ("files", "environ", "scope", "url", "subject", "hint"),
    [
        pytest.param({}, {"UV_DEFAULT_INDEX": B}, Scope.USER, A, "environment", "unset UV_DEFAULT_INDEX", id="variable"),
        pytest.param({}, {"UV_INDEX_URL": B}, Scope.USER, None, "environment", "unset UV_INDEX_URL", id="back"),
        pytest.param({}, {"UV_NO_CONFIG": "1"}, Scope.USER, A, "environment", "unset UV_NO_CONFIG", id="no-config"),
        pytest.param({OWN: index(B)}, {}, Scope.USER, A, str(OWN), "--scope project", id="project-wins"),
        pytest.param({USER: index(B)}, {}, Scope.SYSTEM, A, str(USER), "--scope user", id="user-wins"),
        pytest.param({SYSTEM: index(B)}, {}, Scope.USER, None, str(SYSTEM), "--scope system", id="system-stays"),
        pytest.param({USER: "no-index = true\n"}, {}, Scope.USER, A, str(USER), "remove the line", id="no-index"),
        pytest.param(
            {OWN: f'[pip]\nindex-url = "{B}"\n'}, {}, Scope.USER, None, str(OWN), "--scope project", id="pip-alone",
        ),
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
@pytest.mark.parametrize(
    "form", ['[[index]]\nurl = "{}"\ndefault = true', 'index-url = "{}"', '[pip]\nindex-url = "{}"']
)
def test_a_private_index_is_kept(form: str, old: str, url: str | None) -> None:
    files = {USER: form.format(old)}
    with pytest.raises(ConflictError) as caught:
        decide(files, url)
    assert "--replace-private" in str(caught.value.hint)
    assert "secret" not in str(caught.value)
    assert "token" not in str(caught.value)
    assert decide(files, url, force=True).settings


def test_a_private_index_is_not_hidden_either() -> None:
    with pytest.raises(ConflictError, match="corp") as caught:
        decide({SYSTEM: index(CORP)}, A)
    assert caught.value.subject == str(SYSTEM)


def test_a_login_is_not_handed_to_another_index() -> None:
    """For uv sends UV_INDEX_<NAME>_PASSWORD to whatever address the index of that name has."""
    files = {USER: index(B, 'name = "my-index"', "default = true")}
    assert decide(files, A).settings
    with pytest.raises(ConflictError):
        decide(files, A, environ={"UV_INDEX_MY_INDEX_PASSWORD": "x"})


def test_an_old_uv_is_not_given_what_it_refuses() -> None:
    old = replace(CLIENT, version=(0, 4, 22))
    with pytest.raises(ConflictError, match=r"0\.4\.22"):
        uv.decide(MACHINE, old, {}, Scope.USER, (mirror(A),), known=frozenset({A}), ours=frozenset(), force=False)


@pytest.mark.parametrize(
    ("lock", "url", "codes"), [(B, A, ["lock-file"]), (A, A, []), (DEFAULT, None, []), (A, None, ["lock-file"])]
)
def test_a_lock_file_of_another_index_is_told(lock: str, url: str | None, codes: list[str]) -> None:
    files = {PROJECT: NAMED, LOCK: f'source = {{ registry = "{lock}" }}\n'}
    assert [notice.code for notice in decide(files, url).notices] == codes


def test_upstream_does_not_take_an_index_out_that_sources_name() -> None:
    text = (
        NAMED
        + index(A, 'name = "x"', "default = true", table="tool.uv.index")
        + '[tool.uv.sources]\ntorch = { index = "x" }\n'
    )
    with pytest.raises(ConflictError, match="x"):
        decide({PROJECT: text}, None, scope=Scope.PROJECT)
