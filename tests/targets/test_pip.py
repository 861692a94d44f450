"""pip as a target: its lens, what it finds in force, and what it decides."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from targets.laws import check, corpus_cases, hold, refuses, text_of

from mirrorctl.errors import ConfigError, ConflictError
from mirrorctl.model import Client, Machine, Mirror, Scope, Status, Trust, Value
from mirrorctl.targets import pip
from mirrorctl.targets.base import Decision, State, Target

TARGET: Target = pip
FILE = Path("/home/u/.config/pip/pip.conf")
LEGACY = Path("/home/u/.pip/pip.conf")
SYSTEM = Path("/etc/pip.conf")
XDG = Path("/etc/xdg/pip/pip.conf")
SITE = Path("/opt/python/pip.conf")
A, B, DEFAULT = "https://a.example/simple", "https://b.example/simple", "https://index.example/simple"
CORP = "https://u:secret@corp.example/simple"
VALUES: tuple[Value, ...] = (A, "http://127.0.0.1:8080/simple/", None)

MACHINE = Machine(environ={}, home=Path("/home/u"), cwd=Path("/home/u/work"), platform="linux", euid=1000)
CLIENT = Client(
    target="pip", version=(26, 3), default_url=DEFAULT, facts={"prefix": "/opt/python", "encoding": "UTF-8"}
)


def mirror(url: str) -> Mirror:
    return Mirror(
        id="m",
        ecosystem="pypi",
        operator="o",
        url=url,
        kind="mirror",
        trust=Trust.UNIVERSITY,
        status=Status.ACTIVE,
        domain="d",
    )


def conf(*lines: str, section: str = "global") -> str:
    return "\n".join((f"[{section}]", *lines, ""))


def look(files: dict[Path, str], scope: Scope = Scope.USER, environ: dict[str, str] | None = None) -> State:
    contents = {path: text.encode() for path, text in files.items()}
    return pip.state(replace(MACHINE, environ=environ or {}), CLIENT, contents, scope)


def decide(
    files: dict[Path, str],
    url: str | None,
    scope: Scope = Scope.USER,
    environ: dict[str, str] | None = None,
    *,
    force: bool = False,
) -> Decision:
    contents = {path: text.encode() for path, text in files.items()}
    return pip.decide(
        replace(MACHINE, environ=environ or {}),
        CLIENT,
        contents,
        scope,
        (mirror(url),) if url else (),
        known=frozenset({A, B}),
        ours=frozenset({"https://ours.example/simple"}),
        force=force,
    )


# The lens


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("\n", id="blank"),
        pytest.param("# 注释\n", id="comment"),
        pytest.param("[global]\n", id="header"),
        pytest.param("[global]\nindex-url = https://old.example/simple\n", id="set"),
        pytest.param("[global]\r\nINDEX_URL: https://old.example/\r\ntimeout = 6\r\n", id="crlf-other-spelling"),
        pytest.param("[global]\nindex-url =\n    https://old.example/simple\n# c\ntimeout = 6", id="continued"),
        pytest.param("[global]\n  indented = 1\n  index-url = x # no comment\n", id="indented"),
        pytest.param("[install]\nindex-url = https://i.example/\n[global]", id="no-final-newline"),
        pytest.param("[DEFAULT]\nindex-url = https://d.example/\ntimeout = 3\n", id="default-section"),
        pytest.param("[global]\nextra-index-url =\n    https://x.example/\n\n    https://y.example/\n", id="list"),
    ],
)
def test_laws(text: str) -> None:
    hold(pip, text, FILE, *VALUES)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("index-url = x\n", id="no-section"),
        pytest.param("[global]\na = 1\n[global]\n", id="section-twice"),
        pytest.param("[global]\nindex-url = x\nindex_url = y\n", id="option-twice"),
        pytest.param("\ufeff[global]\n", id="byte-order-mark"),
    ],
)
def test_refused(text: str) -> None:
    """What pip, or one of its versions, stops at is left alone."""
    assert refuses(pip, text, FILE, *VALUES)


@pytest.mark.parametrize("path", corpus_cases("pip"))
def test_corpus(path: Path) -> None:
    check(pip, text_of(path), path, *VALUES)


line = st.sampled_from(
    (
        "[global]",
        "[install]",
        "[DEFAULT]",
        "index-url = u",
        "index_url: v",
        "timeout = 1",
        "x =",
        "  deeper",
        "# c",
        "",
        "  k = 2",
    )
)


@settings(max_examples=300, deadline=None)
@given(st.lists(line, max_size=8), st.sampled_from(("\n", "\r\n", "\r")), st.booleans())
def test_laws_on_whatever_is_accepted(lines: list[str], end: str, final: bool) -> None:
    check(pip, end.join(lines) + end * final, FILE, *VALUES)


# What is in force


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


# What to write


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
