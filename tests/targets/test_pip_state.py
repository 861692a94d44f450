"""pip as a target: what it finds in force."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from targets.pip_samples import (
    CLIENT,
    CORP,
    DEFAULT,
    FILE,
    LEGACY,
    MACHINE,
    SITE,
    SYSTEM,
    XDG,
    A,
    B,
    conf,
    look,
)

from mirrorctl.errors import ConfigError
from mirrorctl.model import Scope
from mirrorctl.targets import pip


@pytest.mark.parametrize(
    ("files", "environ", "effective"),
    [
        pytest.param({}, {}, DEFAULT, id="nothing"),
        pytest.param({FILE: conf(f"index-url = {A}")}, {}, A, id="user"),
        pytest.param({FILE: conf(f"index-url = {A}"), LEGACY: conf(f"index-url = {B}")}, {}, A, id="user-over-legacy"),
        pytest.param({XDG: conf(f"index-url = {B}"), SYSTEM: conf(f"index-url = {A}")}, {}, A, id="etc-over-xdg"),
        pytest.param({SYSTEM: conf(f"index-url = {B}"), FILE: conf(f"index-url = {A}")}, {}, A, id="user-over-system"),
        pytest.param({FILE: conf(f"index-url = {B}"), SITE: conf(f"index-url = {A}")}, {}, A, id="site-over-user"),
        pytest.param(
            {SYSTEM: conf(f"index-url = {A}", section="install"), FILE: conf(f"index-url = {B}")},
            {},
            A,
            id="section-over-file",
        ),
        pytest.param({FILE: conf(f"index-url = {B}")}, {"PIP_INDEX_URL": A}, A, id="variable"),
        pytest.param({FILE: conf(f"index-url = {A}")}, {"PIP_INDEX_URL": ""}, A, id="empty-variable"),
        pytest.param({FILE: conf(f"index-url = {A}")}, {"pip_index_url": B}, A, id="lower-case-variable"),
        pytest.param({FILE: conf(f"index-url = {B}")}, {"PIP_PYPI_URL": A}, A, id="alias-variable"),
        pytest.param({}, {"PIP_INDEX_URL": B, "PIP_PYPI_URL": A}, A, id="later-variable"),
        pytest.param({FILE: conf(f"pypi-url = {B}", f"index-url = {A}")}, {}, A, id="later-alias"),
        pytest.param({FILE: conf(f"index-url = {A}")}, {"PIP_ISOLATED": "1"}, A, id="isolated-by-variable"),
        pytest.param({FILE: conf(f"index-url = {B}")}, {"PIP_CONFIG_FILE": "/dev/null"}, DEFAULT, id="dev-null"),
        pytest.param(
            {FILE: conf(f"index-url = {B}"), Path("/x/pip.conf"): conf("timeout = 3")},
            {"PIP_CONFIG_FILE": "/x/pip.conf"},
            DEFAULT,
            id="named-file-hides-user",
        ),
        pytest.param(
            {FILE: conf(f"index-url = {A}")}, {"PIP_CONFIG_FILE": "/x/missing.conf"}, A, id="named-file-missing"
        ),
        pytest.param(
            {Path("/home/u/work/p.conf"): conf(f"index-url = {A}"), SITE: conf(f"index-url = {B}")},
            {"PIP_CONFIG_FILE": "p.conf"},
            A,
            id="named-file-relative",
        ),
        pytest.param({FILE: conf(f"index-url = {A}", "no-index = yes")}, {}, None, id="no-index"),
        pytest.param({FILE: conf(f"index-url = {A}", "no-index = no")}, {}, A, id="no-index-off"),
        pytest.param(
            {FILE: conf("index-url ="), SYSTEM: conf(f"index-url = {B}")}, {}, DEFAULT, id="empty-value-cancels"
        ),
        pytest.param(
            {FILE: conf(f"index-url = {A}") + conf("index-url =", section="install")}, {}, A, id="empty-section-value"
        ),
        pytest.param({FILE: conf(f"index-url = {A}", section="Global")}, {}, DEFAULT, id="section-names-are-exact"),
        pytest.param({FILE: conf(f"index-url = {A}", section="DEFAULT")}, {}, DEFAULT, id="default-alone"),
        pytest.param(
            {FILE: conf(f"index-url = {A}", section="DEFAULT") + "[list]\n[global]\n"}, {}, A, id="default-leaks"
        ),
        pytest.param(
            {Path("/b/pip/pip.conf"): conf(f"index-url = {A}"), Path("/a/pip/pip.conf"): conf(f"index-url = {B}")},
            {"XDG_CONFIG_DIRS": "/a:/b"},
            A,
            id="later-xdg-directory",
        ),
        pytest.param(
            {Path("/c/pip/pip.conf"): conf(f"index-url = {A}")}, {"XDG_CONFIG_HOME": "/c"}, A, id="xdg-config-home"
        ),
    ],
)
def test_effective_url(files: dict[Path, str], environ: dict[str, str], effective: str | None) -> None:
    assert look(files, environ=environ).effective_url == effective


def test_a_relative_xdg_directory_counts_in_older_versions() -> None:
    """Which is how pip's own copy of platformdirs has it since 26.3."""
    machine = replace(MACHINE, environ={"XDG_CONFIG_HOME": "c", "XDG_CONFIG_DIRS": "d:/e"})
    old = [str(file.path) for file in pip.files(machine, replace(CLIENT, version=(26, 2)))]
    new = [str(file.path) for file in pip.files(machine, CLIENT)]
    assert old[:2] == ["/home/u/work/d/pip/pip.conf", "/e/pip/pip.conf"]
    assert "/home/u/work/c/pip/pip.conf" in old
    assert new[0] == "/e/pip/pip.conf"
    assert str(FILE) in new


@pytest.mark.parametrize(
    ("files", "scope", "path", "urls"),
    [
        pytest.param({}, Scope.USER, FILE, (), id="none"),
        pytest.param({}, Scope.SYSTEM, SYSTEM, (), id="none-system"),
        pytest.param({LEGACY: conf("timeout = 3")}, Scope.USER, LEGACY, (), id="legacy-exists"),
        pytest.param({LEGACY: conf(f"index-url = {A}"), FILE: ""}, Scope.USER, LEGACY, (A,), id="legacy-decides"),
        pytest.param({LEGACY: conf(f"index-url={A}"), FILE: conf(f"index-url={B}")}, Scope.USER, FILE, (B,), id="both"),
        pytest.param({XDG: conf(f"index-url={A}"), SYSTEM: ""}, Scope.SYSTEM, XDG, (A,), id="xdg-decides"),
    ],
)
def test_deciding_file(files: dict[Path, str], scope: Scope, path: Path, urls: tuple[str, ...]) -> None:
    state = look(files, scope)
    assert (state.path, state.urls) == (path, urls)


@pytest.mark.parametrize(
    ("files", "environ", "scope", "overrides"),
    [
        pytest.param({SYSTEM: conf(f"index-url = {B}")}, {}, Scope.USER, [], id="weaker-file"),
        pytest.param(
            {}, {"PIP_INDEX_URL": CORP}, Scope.USER,
            [("environment", "PIP_INDEX_URL", "https://u:***@corp.example/simple")], id="variable",
        ),
        pytest.param(
            {FILE: conf(f"index-url = {B}")}, {}, Scope.SYSTEM, [(str(FILE), "global.index-url", B)], id="user-file",
        ),
        pytest.param(
            {SITE: conf(f"index-url = {B}"), SYSTEM: conf(f"index-url = {A}", section="download")}, {}, Scope.USER,
            [(str(SITE), "global.index-url", B), (str(SYSTEM), "download.index-url", A)], id="site-and-section",
        ),
        pytest.param(
            {FILE: conf("no-index = 1")}, {}, Scope.USER, [(str(FILE), "global.no-index", "1")], id="no-index",
        ),
        pytest.param(
            {}, {"PIP_CONFIG_FILE": "/dev/null"}, Scope.USER, [("environment", "PIP_CONFIG_FILE", "/dev/null")],
            id="no-file-is-read",
        ),
    ],
)  # fmt: skip
def test_overrides(
    files: dict[Path, str], environ: dict[str, str], scope: Scope, overrides: list[tuple[str, str, str]]
) -> None:
    found = look(files, scope, environ).overrides
    assert [(override.source, override.name, override.value) for override in found] == overrides


def test_an_image_is_asked_about_itself_alone() -> None:
    """Nothing of the builder's home or environment counts, the image's own files do."""
    machine = replace(MACHINE, root=Path("/img"), environ={"PIP_INDEX_URL": B, "XDG_CONFIG_DIRS": "/elsewhere"})
    client = pip.assume(machine)
    written = [file.path for file in pip.files(machine, client) if file.scope]
    assert written == [Path("/img/etc/xdg/pip/pip.conf"), Path("/img/etc/pip.conf")]
    assert all(file.path.is_relative_to("/img") for file in pip.files(machine, client))
    contents = {Path("/img/etc/pip.conf"): conf(f"index-url = {A}").encode()}
    assert pip.state(machine, client, contents, Scope.SYSTEM).effective_url == A


def test_a_file_that_pip_cannot_read_is_named() -> None:
    with pytest.raises(ConfigError, match=r"/etc/pip\.conf, line 1") as caught:
        look({SYSTEM: "index-url = x\n"})
    assert caught.value.subject == "/etc/pip.conf"


def test_a_file_in_another_encoding_than_the_locale_is_refused() -> None:
    client = replace(CLIENT, facts={"prefix": "/opt/python", "encoding": "ascii"})
    contents = {FILE: "# 清华\n".encode()}
    with pytest.raises(ConfigError, match="ascii"):
        pip.state(MACHINE, client, contents, Scope.USER)


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        ([f"index-url = {A}"], []),
        (["extra-index-url = https://x.example/"], ["extra-index-url"]),
        ([f"index-url = {A}", "trusted-host = a.example"], ["trusted-host"]),
        ([f"index-url = {A}", "trusted-host = b.example a.example:443"], []),
        (
            ["index-url = https://a.example:8443/", "trusted-host =", "  b.example", "  a.example:8443"],
            ["trusted-host"],
        ),
        (["index-url = http://a.example/", "trusted-host = a.example"], []),
    ],
)
def test_notices(lines: list[str], codes: list[str]) -> None:
    assert [notice.code for notice in look({FILE: conf(*lines)}).notices] == codes


def test_an_address_that_is_none_is_no_reason_to_fall_over() -> None:
    state = look({FILE: conf("index-url = https://[x/simple", "trusted-host = x")})
    assert state.effective_url == "https://[x/simple"
