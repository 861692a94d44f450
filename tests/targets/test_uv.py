"""uv as a target: its lens, what it finds in force, and what it decides."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from targets.laws import check, corpus_cases, hold, refuses, text_of

from mirrorctl.errors import ConfigError, ConflictError
from mirrorctl.model import Client, Machine, Mirror, Scope, Status, Trust, Value
from mirrorctl.targets import uv
from mirrorctl.targets.base import Decision, State, Target

TARGET: Target = uv
WORK = Path("/home/u/work")
USER = Path("/home/u/.config/uv/uv.toml")
SYSTEM = Path("/etc/uv/uv.toml")
XDG = Path("/etc/xdg/uv/uv.toml")
OWN, PROJECT, LOCK = WORK / "uv.toml", WORK / "pyproject.toml", WORK / "uv.lock"
PARENT = Path("/home/u/uv.toml")
A, B, DEFAULT = "https://a.example/simple", "https://b.example/simple", "https://index.example/simple"
CORP = "https://u:secret@corp.example/simple"
VALUES: tuple[Value, ...] = (A, "http://127.0.0.1:8080/simple/", None)

MACHINE = Machine(environ={}, home=Path("/home/u"), cwd=WORK, platform="linux", euid=1000)
CLIENT = Client(target="uv", version=(0, 13, 8), default_url=DEFAULT)
NAMED = '[project]\nname = "p"\nversion = "0"\n'


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


def index(url: str, *more: str, table: str = "index") -> str:
    return "\n".join((f"[[{table}]]", f'url = "{url}"', *(more or ("default = true",)), ""))


def project(url: str) -> str:
    return NAMED + index(url, table="tool.uv.index")


def look(files: dict[Path, str], scope: Scope = Scope.USER, environ: dict[str, str] | None = None) -> State:
    contents = {path: text.encode() for path, text in files.items()}
    return uv.state(replace(MACHINE, environ=environ or {}), CLIENT, contents, scope)


def decide(
    files: dict[Path, str],
    url: str | None,
    scope: Scope = Scope.USER,
    environ: dict[str, str] | None = None,
    *,
    force: bool = False,
) -> Decision:
    contents = {path: text.encode() for path, text in files.items()}
    return uv.decide(
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


@pytest.mark.parametrize("path", [OWN, PROJECT], ids=["uv.toml", "pyproject.toml"])
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("# 注释\n\n", id="comment"),
        pytest.param("{top}offline = true", id="no-final-newline"),
        pytest.param(
            '[[{dot}index]]\nname = "m"\nurl = "https://o.example/"  # c\ndefault = true\n\n[x]\ny = 1\n', id="set"
        ),
        pytest.param("[[{dot}index]]\r\nurl = 'https://o.example/'\r\ndefault = true\r\n", id="crlf"),
        pytest.param('\ufeff[[{dot}index]]\nurl = "https://o.example/"\ndefault = true\n', id="byte-order-mark"),
        pytest.param('{top}index-url = "https://o.example/"\noffline = true\n', id="index-url"),
        pytest.param('[{dot}pip]\nindex-url = "https://o.example/"\n', id="pip"),
        pytest.param(
            '{top}index-url = "https://o.example/"\n[{dot}pip]\nindex-url = "https://p.example/"\nuniversal = true\n'
            '[[{dot}index]]\nurl = "https://x.example/"\n[[{dot}index]]\nurl = "https://d.example/"\ndefault = true\n'
            '[[{dot}index]]\nurl = "https://e.example/"\ndefault = true\n',
            id="every-form",
        ),
        pytest.param(
            '[[{dot}index]]\nname = "corp"\nurl = "https://corp.example/"\nexplicit = true\n\n# mine\n', id="explicit"
        ),
        pytest.param('{top}index = [\n  {{ url = "https://x.example/" }}, # x\n]\n', id="inline-array"),
        pytest.param(
            '{top}index = [{{ url = "https://x.example/", default = true }}, {{ url = "https://y.example/" }}]\n',
            id="inline-default",
        ),
    ],
)
def test_laws(text: str, path: Path) -> None:
    top, dot = ("[tool.uv]\n", "tool.uv.") if path == PROJECT else ("", "")
    hold(uv, text.format(top=top, dot=dot), path, *VALUES)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("index-url = \n", id="no-toml"),
        pytest.param("index-url = 1\n", id="number"),
        pytest.param('[index]\nurl = "https://o.example/"\n', id="no-array"),
        pytest.param("[[index]]\ndefault = true\n", id="no-url"),
        pytest.param("pip = 1\n", id="no-table"),
        pytest.param("# \udcb0\udca2\n", id="no-utf-8"),
    ],
)
def test_refused(text: str) -> None:
    assert refuses(uv, text, OWN, *VALUES)


def test_the_name_of_the_file_decides() -> None:
    """What is a setting in one is a stranger's table in the other."""
    text = 'index-url = "https://o.example/"\n'
    assert uv.read(text, OWN) == "https://o.example/"
    assert uv.read(text, PROJECT) is None
    assert uv.write(text, PROJECT, A) == text + f'\n[[tool.uv.index]]\nurl = "{A}"\ndefault = true\n'


@pytest.mark.parametrize("path", corpus_cases("uv"))
def test_corpus(path: Path) -> None:
    check(uv, text_of(path), OWN, *VALUES)
    check(uv, text_of(path), PROJECT, *VALUES)


blocks = st.sampled_from(
    (
        'index-url = "u"',
        "offline = true",
        "# c",
        "[pip]",
        "[tool.uv]",
        "[tool.uv.pip]",
        "[tool]",
        "[[index]]",
        '[[index]]\nurl = "x"',
        '[[tool.uv.index]]\nname = "n"\nurl = "y"\ndefault = true',
        '[[index]]\nurl = "y"\ndefault = true',
        'index = [{ url = "z" }]',
        'index = [{ url = "z", default = true }, ]',
        "[other]\nk = nan",
    )
)


@settings(max_examples=200, deadline=None)
@given(st.lists(blocks, max_size=5), st.sampled_from(("\n", "\r\n")), st.booleans(), st.sampled_from((OWN, PROJECT)))
def test_laws_on_whatever_is_accepted(parts: list[str], end: str, final: bool, path: Path) -> None:
    check(uv, ("\n".join(parts) + "\n" * final).replace("\n", end), path, *VALUES)


# What is in force


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


# What to write


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
