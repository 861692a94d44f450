"""What is found wrong with pip, from its files and variables, and what a repair makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from diagnosis.patients import CORP, DEAD, DEFAULT, HEIR, LEGACY, LIVE, OLD, PIP, SYSTEM, case, look, mended, told

from mirrorctl.commands.repairs import amended


def conf(*lines: str) -> str:
    return "\n".join(("[global]", *lines, ""))


INDEX = f"index-url = {LIVE}"


@pytest.mark.parametrize(
    ("lines", "expected", "after"),
    [
        pytest.param([INDEX], [], [INDEX], id="healthy"),
        pytest.param([f"index-url = {DEAD}"], ["error dead-mirror 2 fix"], [], id="dead"),
        pytest.param([f"index-url = {DEAD}/"], ["error dead-mirror 2 fix"], [], id="dead-with-slash"),
        pytest.param(
            ["index-url = https://dead.example/other/"], ["error dead-mirror 2 fix"], [], id="another-path-of-a-dead-host"
        ),
        pytest.param(
            ["index-url = https://moved.example/simple"],
            ["error dead-mirror 2 fix"],
            [f"index-url = {HEIR}"],
            id="dead-with-an-heir",
        ),
        pytest.param([f"index-url = {OLD}"], ["note renamed-mirror 2 fix"], [f"index-url = {HEIR}"], id="renamed"),
        pytest.param(
            ["index-url = http://live.example/simple", "trusted-host = live.example other.example"],
            ["warning plain-http 2 fix"],
            [INDEX, "trusted-host = other.example"],
            id="http-with-https-twin",
        ),
        pytest.param(
            ["index-url = http://old.example/simple"],
            ["warning plain-http 2 fix"],
            [f"index-url = {HEIR}"],
            id="http-renamed",
        ),
        pytest.param(
            ["index-url = http://corp.example/simple", "trusted-host = corp.example"],
            ["note plain-http 2"],
            ["index-url = http://corp.example/simple", "trusted-host = corp.example"],
            id="http-of-a-company",
        ),
        pytest.param(
            ["index-url = http://live.example/simple", "extra-index-url = http://live.example/private",
             "trusted-host = live.example"],
            ["warning plain-http 2 fix", "warning plain-http 3", "warning extra-index 3"],
            [INDEX, "extra-index-url = http://live.example/private", "trusted-host = live.example"],
            id="http-with-a-neighbour-that-stays",
        ),
        pytest.param(["index-url = https://live.example/other"], [], None, id="a-dead-neighbour-on-a-live-host"),
        pytest.param(["index-url = http://127.0.0.1:8080/simple"], [], None, id="http-on-loopback"),
        pytest.param([INDEX, "trusted-host = live.example"], ["warning trusted-host 3 fix"], [INDEX], id="trusted"),
        pytest.param(
            [INDEX, "trusted-host =", "    live.example", "    x.example"],
            ["warning trusted-host 3 fix"],
            [INDEX, "trusted-host = x.example"],
            id="trusted-among-others",
        ),
        pytest.param(
            ["trusted-host = index.example"], ["warning trusted-host 2 fix"], [], id="trusted-default-index"
        ),
        pytest.param(
            [f"index-url = {CORP}", "trusted-host = corp.example"], ["warning trusted-host 3"], None, id="trusted-company"
        ),
        pytest.param([INDEX, "trusted-host = x.example"], [], None, id="trusted-and-not-used"),
        pytest.param([INDEX, "trusted-host = https://live.example"], ["warning bad-url 3"], None, id="trusted-address"),
        pytest.param([f'index-url = "{LIVE}"'], ["error bad-url 2"], None, id="quotes"),
        pytest.param([f"index-url = {LIVE}  # fast"], ["error bad-url 2"], None, id="comment"),
        pytest.param(["index-url = http://[x/simple"], ["note plain-http 2"], None, id="no-valid-host"),
        pytest.param(["index-url = file:///srv/simple"], [], None, id="file"),
        pytest.param([INDEX, "trust-host = x"], ["warning ignored 3"], None, id="mistyped"),
        pytest.param([INDEX, "[Install]", "timeout = 3"], ["warning ignored 3"], None, id="mistyped-section"),
        pytest.param([INDEX, "no-index = yes"], ["warning no-index 3"], None, id="no-index"),
        pytest.param([INDEX, f"extra-index-url = {CORP}"], ["warning extra-index 3"], None, id="extra"),
        pytest.param([INDEX, f"extra-index-url = {HEIR}"], ["note extra-index 3"], None, id="extra-mirror"),
        pytest.param(
            [INDEX, f"extra-index-url = {DEAD} {HEIR}"],
            ["error dead-mirror 3 fix", "note extra-index 3"],
            [INDEX, f"extra-index-url = {HEIR}"],
            id="extra-dead",
        ),
        pytest.param(["a", INDEX], ["error unreadable 2"], None, id="no-option"),
        pytest.param([INDEX, INDEX], ["error unreadable 3"], None, id="twice"),
    ],
)  # fmt: skip
def test_one_file(lines: list[str], expected: list[str], after: list[str] | None) -> None:
    text = conf(*lines)
    found = look(case("pip", {PIP: text}))
    assert told(found) == expected
    wanted = lines if after is None else after
    assert mended(text, PIP, found, amended) == (conf(*wanted) if wanted else "")


@pytest.mark.parametrize(
    ("files", "environ", "expected"),
    [
        pytest.param(
            {PIP: conf(INDEX), LEGACY: conf(f"index-url = {CORP}")}, {}, [(LEGACY, "warning shadowed 2")], id="legacy"
        ),
        pytest.param(
            {PIP: conf(INDEX), SYSTEM: conf(f"index-url = {CORP}")}, {}, [(SYSTEM, "note shadowed 2")], id="system"
        ),
        pytest.param(
            {PIP: conf(INDEX), SYSTEM: f"[install]\nindex-url = {CORP}\n"},
            {},
            [(PIP, "warning shadowed 2")],
            id="command-section",
        ),
        pytest.param({PIP: conf(INDEX), LEGACY: conf(INDEX)}, {}, [], id="the-same"),
        pytest.param({PIP: conf(INDEX)}, {"PIP_INDEX_URL": CORP}, [(PIP, "warning shadowed 2")], id="variable-over-file"),
        pytest.param({}, {"PIP_INDEX_URL": LIVE}, [(None, "note override -")], id="variable-alone"),
        pytest.param(
            {},
            {"PIP_INDEX_URL": DEAD},
            [(None, "error dead-mirror -"), (None, "note override -")],
            id="dead-variable",
        ),
        pytest.param({}, {"PIP_TRUSTED_HOST": "index.example"}, [(None, "warning trusted-host -")], id="trusted-variable"),
        pytest.param(
            {PIP: conf(INDEX), Path("/x/p.conf"): conf(f"index-url = {HEIR}")},
            {"PIP_CONFIG_FILE": "/x/p.conf"},
            [(PIP, "warning shadowed 2")],
            id="named-file",
        ),
    ],
)  # fmt: skip
def test_several_places(
    files: dict[Path, str], environ: dict[str, str], expected: list[tuple[Path | None, str]]
) -> None:
    found = look(case("pip", files, environ=environ))
    assert list(zip([finding.path for finding in found], told(found), strict=True)) == expected


def test_a_byte_order_mark_is_named() -> None:
    (finding,) = look(case("pip", {PIP: "\ufeff" + conf(INDEX)}))
    assert str(finding.message) == (
        "pip cannot use this file: it begins with a byte order mark; save it as UTF-8 without one"
    )


def test_the_winner_is_named_with_its_line() -> None:
    (finding,) = look(case("pip", {PIP: conf("# mine", INDEX), LEGACY: conf(f"index-url = {CORP}")}))
    assert str(finding.message) == f"pip does not use this: {PIP}:3 says {LIVE} and wins"
    assert str(finding.remedy) == f"keep one of the two; to change what pip uses, edit {PIP}"


def test_passwords_are_not_shown() -> None:
    secret = "https://u:hunter2@corp.example/simple"
    found = look(case("pip", {PIP: conf(f"index-url = {secret}", f"extra-index-url = {secret}", "no-index = 1")}))
    assert found
    assert "hunter2" not in str(found[0]) + "".join(f"{f.message}{f.remedy}{f.subject}" for f in found)


def test_what_is_not_ours_to_write_has_no_repair() -> None:
    """Pip's file beside a Python is read and never written."""
    site = Path("/opt/python/pip.conf")
    found = look(case("pip", {site: conf(f"index-url = {DEAD}")}, facts={"prefix": "/opt/python"}))
    assert told(found) == ["error dead-mirror 2"]
    assert "--fix" not in str(found[0].remedy)


def test_the_default_index_is_nothing_to_speak_of() -> None:
    assert look(case("pip", {PIP: conf(f"index-url = {DEFAULT}")})) == ()
