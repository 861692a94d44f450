"""What is found wrong with uv."""

from __future__ import annotations

from pathlib import Path

import pytest
from diagnosis.patients import CORP, DEAD, HEIR, LIVE, OLD, PROJECT, UV, case, look, mended, told

from mirrorctl.commands.repairs import amended


def index(url: str, *more: str) -> str:
    return "\n".join(("[[index]]", f'url = "{url}"', *more, ""))


DEFAULT = "default = true"


@pytest.mark.parametrize(
    ("text", "expected", "after"),
    [
        pytest.param(index(LIVE, DEFAULT), [], None, id="healthy"),
        pytest.param("# mine\n" + index(DEAD, DEFAULT), ["error dead-mirror 3 fix"], "# mine\n", id="dead"),
        pytest.param(f'index-url = "{DEAD}"\noffline = false\n', ["error dead-mirror 1 fix"], "offline = false\n", id="old"),
        pytest.param(
            f'index-url = "{LIVE}"\n' + index(DEAD, DEFAULT), ["error dead-mirror 3"], None, id="dead-with-another-below"
        ),
        pytest.param(index(OLD, DEFAULT), ["note renamed-mirror 2 fix"], index(HEIR, DEFAULT), id="renamed"),
        pytest.param(index(DEAD, 'name = "x"'), ["error dead-mirror 2"], None, id="dead-beside-the-default"),
        pytest.param(f'extra-index-url = ["{DEAD}"]\n', ["error dead-mirror 1"], None, id="dead-extra"),
        pytest.param(
            index("http://live.example/simple", DEFAULT), ["warning plain-http 2 fix"], index(LIVE, DEFAULT), id="http"
        ),
        pytest.param(
            index(LIVE, DEFAULT) + index(CORP, DEFAULT), ["warning shadowed 5"], None, id="two-defaults"
        ),
        pytest.param(
            'allow-insecure-host = ["live.example"]\n' + index(LIVE, DEFAULT), ["warning trusted-host 1"], None, id="insecure"
        ),
        pytest.param(
            'allow-insecure-host = ["h.example"]\nindex-url = "http://h.example/simple"\n',
            ["note plain-http 2"],
            None,
            id="insecure-and-http",
        ),
        pytest.param(index("http://[x/simple", DEFAULT), ["note plain-http 2"], None, id="no-valid-host"),
        pytest.param("[index]\nurl = 1\n", ["error unreadable 1"], None, id="no-array"),
        pytest.param("index-url = \n", ["error unreadable 1"], None, id="syntax"),
    ],
)  # fmt: skip
def test_one_file(text: str, expected: list[str], after: str | None) -> None:
    found = look(case("uv", {UV: text}))
    assert told(found) == expected
    assert mended(text, UV, found, amended) == (text if after is None else after)


@pytest.mark.parametrize(
    ("url", "source", "after"),
    [
        pytest.param(DEAD, '{ index = "x" }', DEAD, id="needed"),
        pytest.param(DEAD, '[{ index = "x", marker = "os_name == \'nt\'" }]', DEAD, id="needed-at-times"),
        pytest.param(DEAD, '{ index = "y" }', None, id="another"),
        pytest.param(OLD, '{ index = "x" }', HEIR, id="replaced"),
    ],
)
def test_an_index_that_sources_name_is_not_taken_out(url: str, source: str, after: str | None) -> None:
    """Without it uv refuses the project."""

    def text(address: str | None) -> str:
        table = f'[[tool.uv.index]]\nname = "x"\nurl = "{address}"\ndefault = true\n' if address else ""
        return f'[project]\nname = "p"\n{table}[tool.uv.sources]\ntorch = {source}\n'

    assert mended(text(url), PROJECT, look(case("uv", {PROJECT: text(url)})), amended) == text(after)


@pytest.mark.parametrize(
    ("files", "environ", "expected"),
    [
        pytest.param(
            {UV: index(LIVE, DEFAULT), PROJECT: f'[project]\nname = "x"\n[[tool.uv.index]]\nurl = "{CORP}"\n{DEFAULT}\n'},
            {},
            [(UV, "note shadowed 2")],
            id="project-over-user",
        ),
        pytest.param({UV: index(LIVE, DEFAULT)}, {"UV_DEFAULT_INDEX": CORP}, [(UV, "warning shadowed 2")], id="variable"),
        pytest.param({UV: index(LIVE, DEFAULT)}, {"UV_NO_CONFIG": "1"}, [(UV, "warning shadowed 2")], id="no-config"),
        pytest.param({}, {"UV_INDEX_URL": LIVE}, [(None, "note override -")], id="variable-alone"),
        pytest.param(
            {}, {"UV_INDEX": f"x={DEAD} {LIVE}"}, [(None, "error dead-mirror -")], id="dead-named-index-of-a-variable"
        ),
        pytest.param({}, {"UV_INSECURE_HOST": "live.example"}, [(None, "warning trusted-host -")], id="insecure-variable"),
        pytest.param({PROJECT: "[project\n"}, {}, [], id="a-project-that-uv-does-not-configure"),
        pytest.param(
            {PROJECT: f'[tool.uv]\nsources = 1\nindex-url = "{LIVE}"\n'},
            {},
            [(PROJECT, "error unreadable 1")],
            id="sources-that-are-none",
        ),
    ],
)  # fmt: skip
def test_several_places(
    files: dict[Path, str], environ: dict[str, str], expected: list[tuple[Path | None, str]]
) -> None:
    found = look(case("uv", files, environ=environ))
    assert list(zip([finding.path for finding in found], told(found), strict=True)) == expected
