"""uv as a target: what it finds in force."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from targets.uv_samples import (
    CORP,
    DEFAULT,
    MACHINE,
    NAMED,
    OWN,
    PARENT,
    PROJECT,
    SYSTEM,
    USER,
    XDG,
    A,
    B,
    index,
    look,
    project,
)

from mirrorctl.errors import ConfigError
from mirrorctl.model import Scope
from mirrorctl.targets import uv


@pytest.mark.parametrize(
    ("files", "environ", "effective"),
    [
        pytest.param({}, {}, DEFAULT, id="nothing"),
        pytest.param({USER: index(A)}, {}, A, id="user"),
        pytest.param({SYSTEM: index(A)}, {}, A, id="system"),
        pytest.param({SYSTEM: index(B), USER: index(A)}, {}, A, id="user-over-system"),
        pytest.param({SYSTEM: index(B), XDG: index(A)}, {}, A, id="first-system-file"),
        pytest.param({SYSTEM: index(B), XDG: ""}, {}, DEFAULT, id="only-the-first-system-file"),
        pytest.param({USER: index(B), OWN: index(A)}, {}, A, id="project-over-user"),
        pytest.param({USER: index(A), OWN: f'index-url = "{B}"'}, {}, A, id="index-over-index-url-of-any-file"),
        pytest.param({USER: f'index-url = "{B}"\n[pip]\nindex-url = "{A}"'}, {}, A, id="pip-over-index-url"),
        pytest.param({USER: f'[pip]\nindex-url = "{A}"', OWN: f'index-url = "{B}"'}, {}, A, id="pip-of-any-file"),
        pytest.param({USER: index(B)}, {"UV_DEFAULT_INDEX": A, "UV_INDEX_URL": B}, A, id="variable"),
        pytest.param({USER: index(B)}, {"UV_DEFAULT_INDEX": "", "UV_INDEX_URL": A}, A, id="empty-variable"),
        pytest.param({}, {"UV_DEFAULT_INDEX": f"name={A}"}, A, id="named-variable"),
        pytest.param({USER: index(A)}, {"PIP_INDEX_URL": B}, A, id="not-pip's-variable"),
        pytest.param({USER: index(B)}, {"UV_NO_CONFIG": "1"}, DEFAULT, id="no-config"),
        pytest.param({USER: index(A)}, {"UV_NO_CONFIG": "false"}, A, id="no-config-off"),
        pytest.param({USER: index(B), Path("/x.toml"): index(A)}, {"UV_CONFIG_FILE": "/x.toml"}, A, id="config-file"),
        pytest.param({USER: "no-index = true\n" + index(A)}, {}, None, id="no-index"),
        pytest.param({USER: "no-index = true\n[pip]\nno-index = false\n" + index(A)}, {}, A, id="no-index-of-pip"),
        pytest.param(
            {USER: index(B, 'name = "x"') + index(A, 'name = "x"', "default = true")}, {}, DEFAULT, id="name-twice"
        ),
        pytest.param({USER: index(B) + index(A, 'name = "x"')}, {}, B, id="others-do-not-count"),
        pytest.param({Path("/c/uv/uv.toml"): index(A)}, {"XDG_CONFIG_HOME": "/c"}, A, id="xdg-config-home"),
        pytest.param({USER: index(A)}, {"XDG_CONFIG_HOME": "relative"}, A, id="relative-xdg-config-home"),
        pytest.param(
            {Path("/b/uv/uv.toml"): index(A), SYSTEM: index(B)}, {"XDG_CONFIG_DIRS": "/a:/b"}, A, id="xdg-config-dirs"
        ),
    ],
)
def test_effective_url(files: dict[Path, str], environ: dict[str, str], effective: str | None) -> None:
    assert look(files, environ=environ).effective_url == effective


@pytest.mark.parametrize(
    ("files", "path"),
    [
        pytest.param({}, OWN, id="nothing"),
        pytest.param({OWN: ""}, OWN, id="uv.toml"),
        pytest.param({PROJECT: NAMED}, PROJECT, id="pyproject-without-settings"),
        pytest.param({PROJECT: "# nothing\n"}, PROJECT, id="empty-pyproject"),
        pytest.param({PROJECT: NAMED, OWN: ""}, OWN, id="uv.toml-beside-pyproject"),
        pytest.param({PROJECT: NAMED, PARENT: ""}, PARENT, id="settings-of-the-parent"),
        pytest.param({PROJECT: NAMED + "[tool.uv]\n", PARENT: ""}, PROJECT, id="empty-settings"),
        pytest.param(
            {
                PROJECT: NAMED,
                Path("/home/u/pyproject.toml"): NAMED + '[tool.uv.workspace]\nmembers = ["w*"]\n',
            },
            Path("/home/u/pyproject.toml"),
            id="workspace",
        ),
        pytest.param(
            {
                PROJECT: NAMED,
                Path("/home/u/pyproject.toml"): '[tool.uv.workspace]\nmembers = ["*"]\nexclude = ["work"]\n',
            },
            Path("/home/u/pyproject.toml"),
            id="excluded-but-found-on-the-way-up",
        ),
        pytest.param(
            {
                PROJECT: project(B),
                Path("/home/u/pyproject.toml"): '[tool.uv.workspace]\nmembers = ["*"]\nexclude = ["work"]\n',
            },
            PROJECT,
            id="excluded",
        ),
        pytest.param(
            {OWN: index(B), Path("/home/u/pyproject.toml"): NAMED + "[tool.uv]\n"},
            Path("/home/u/pyproject.toml"),
            id="uv.toml-below-the-project",
        ),
        pytest.param({PROJECT: "x = [", PARENT: index(B)}, PARENT, id="broken-pyproject"),
    ],
)
def test_file_of_the_project(files: dict[Path, str], path: Path) -> None:
    assert look(files, Scope.PROJECT).path == path


@pytest.mark.parametrize(
    ("members", "included"),
    [
        (["work"], True),
        (["./w*/"], True),
        (["x/../work"], True),
        (["**"], True),
        (["other", "[uw]ork"], True),
        (["**/" * 3000 + "x"], False),
        (["**/*/" * 40 + "x"], False),
        (["*/work"], False),
        (["w"], False),
        ([], False),
    ],
)
def test_members_of_a_workspace(members: list[str], included: bool) -> None:
    """A pattern has as many parts as the path it matches."""
    root = Path("/home/u/pyproject.toml")
    files = {PROJECT: project(B), root: f"[tool.uv.workspace]\nmembers = {members}\n"}
    assert look(files, Scope.PROJECT).path == (root if included else PROJECT)


@pytest.mark.parametrize(
    ("files", "environ", "scope", "overrides"),
    [
        pytest.param({SYSTEM: index(B)}, {}, Scope.USER, [], id="weaker-file"),
        pytest.param({USER: f'[pip]\nindex-url = "{B}"'}, {}, Scope.USER, [], id="own-file"),
        pytest.param({OWN: index(B)}, {}, Scope.USER, [(str(OWN), "index", B)], id="project"),
        pytest.param({OWN: f'[pip]\nindex-url = "{B}"'}, {}, Scope.USER, [], id="weaker-form"),
        pytest.param({USER: index(B)}, {}, Scope.SYSTEM, [(str(USER), "index", B)], id="user"),
        pytest.param(
            {}, {"UV_INDEX_URL": CORP}, Scope.USER,
            [("environment", "UV_INDEX_URL", "https://u:***@corp.example/simple")], id="variable",
        ),
        pytest.param({}, {"UV_NO_CONFIG": "1"}, Scope.USER, [("environment", "UV_NO_CONFIG", "1")], id="no-config"),
        pytest.param(
            {}, {"UV_CONFIG_FILE": "/x"}, Scope.PROJECT, [("environment", "UV_CONFIG_FILE", "/x")], id="config-file",
        ),
        pytest.param(
            {OWN: "[pip]\nno-index = true\n"}, {}, Scope.USER, [(str(OWN), "pip.no-index", "true")], id="no-index",
        ),
    ],
)  # fmt: skip
def test_overrides(
    files: dict[Path, str], environ: dict[str, str], scope: Scope, overrides: list[tuple[str, str, str]]
) -> None:
    found = look(files, scope, environ).overrides
    assert [(override.source, override.name, override.value) for override in found] == overrides


def test_an_image_is_asked_about_itself_alone() -> None:
    machine = replace(MACHINE, root=Path("/img"), environ={"UV_DEFAULT_INDEX": B, "XDG_CONFIG_DIRS": "/elsewhere"})
    client = uv.assume(machine)
    written = [file.path for file in uv.files(machine, client) if file.scope]
    assert written == [Path("/img/etc/uv/uv.toml"), Path("/img/etc/xdg/uv/uv.toml")]
    assert all(file.path.is_relative_to("/img") for file in uv.files(machine, client))
    contents = {Path("/img/etc/uv/uv.toml"): index(A).encode()}
    assert uv.state(machine, client, contents, Scope.SYSTEM).effective_url == A


def test_a_file_that_uv_cannot_read_is_named() -> None:
    with pytest.raises(ConfigError, match=r"/home/u/\.config/uv/uv\.toml, line 2") as caught:
        look({USER: "x = [\n"})
    assert caught.value.subject == str(USER)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (index(A), []),
        (index(A) + index(B, 'name = "b"'), ["index-first"]),
        (index(A) + index(B, 'name = "b"', "explicit = true"), []),
        ('allow-insecure-host = ["a.example"]\n' + index(A), ["insecure-host"]),
        ('allow-insecure-host = ["b.example"]\n' + index(A), []),
        (index("http://a.example/simple"), ["plain-http"]),
        (index("http://127.0.0.1/simple"), []),
    ],
)
def test_notices(text: str, codes: list[str]) -> None:
    assert [notice.code for notice in look({USER: text}).notices] == codes
