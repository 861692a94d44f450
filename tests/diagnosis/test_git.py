"""What is found wrong with git, from its files, its own words and variables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from diagnosis.patients import ETC_GIT, GIT, GONE, HUB, PROXY, XDG_GIT, case, look, mended, told

from mirrorctl.commands.repairs import amended

ADDED = f'[url "{HUB}"]\n\tpushInsteadOf = {HUB}\n'


def rule(base: str, prefix: str = HUB, key: str = "insteadOf") -> str:
    return f'[url "{base}"]\n\t{key} = {prefix}\n'


@pytest.mark.parametrize(
    ("text", "expected", "after"),
    [
        pytest.param("[user]\n\tname = U\n", [], None, id="healthy"),
        pytest.param(rule(GONE) + "[user]\n\tname = U\n", ["error dead-mirror 2 fix"], "[user]\n\tname = U\n", id="dead"),
        pytest.param(rule(GONE) + ADDED, ["error dead-mirror 2 fix"], "", id="dead-with-its-push-rule"),
        pytest.param(
            rule("https://gone.example/"), ["error dead-mirror 2 fix"], "", id="dead-by-another-name"
        ),
        pytest.param(
            rule(GONE) + rule(PROXY) + ADDED,
            [
                "error dead-mirror 2 fix",
                "warning foreign-rewrite 4",
                "warning shadowed 4",
            ],
            rule(PROXY) + ADDED,
            id="dead-and-wins-over-a-live-one",
        ),
        pytest.param(
            rule(PROXY),
            ["warning foreign-rewrite 2", "warning push-to-mirror 2 fix"],
            rule(PROXY) + ADDED,
            id="of-another-program",
        ),
        pytest.param(rule(PROXY) + ADDED, ["warning foreign-rewrite 2"], None, id="with-pushes-kept"),
        pytest.param(
            rule("https://git.corp.example/gh/"),
            ["note foreign-rewrite 2", "note push-to-mirror 2"],
            None,
            id="of-a-company",
        ),
        pytest.param(rule("git@github.com:"), [], None, id="ssh"),
        pytest.param(rule("https://github.com/", "git://github.com/"), [], None, id="https-for-git"),
        pytest.param(rule("https://github.com/", "gh:"), [], None, id="shorthand"),
        pytest.param(
            rule(PROXY.rstrip("/"), "https://github.com"),
            ["warning wide-rewrite 2", "warning foreign-rewrite 2", "warning push-to-mirror 2 fix"],
            rule(PROXY.rstrip("/"), "https://github.com") + ADDED,
            id="no-slash",
        ),
        pytest.param(rule("https://x.example/", ""), ["error wide-rewrite 2"], None, id="empty-prefix"),
        pytest.param(rule("https://x.example/https://", "https://"), ["warning wide-rewrite 2"], None, id="bare-scheme"),
        pytest.param(
            "[http]\n\tsslVerify = false\n\tpostBuffer = 1\n",
            ["warning ssl-verify 2 fix"],
            "[http]\n\tpostBuffer = 1\n",
            id="no-certificates",
        ),
        pytest.param("[http]\n\tsslVerify = true\n", [], None, id="certificates"),
        pytest.param("[http]\n\tsslVerify\n", [], None, id="certificates-by-a-bare-word"),
        pytest.param(
            f'[http "{HUB}"]\n\tsslVerify = 0\n', ["warning ssl-verify 2 fix"], "", id="no-certificate-of-github"
        ),
        pytest.param(
            '[http "https://corp.example/"]\n\tsslVerify = off\n', ["warning ssl-verify 2"], None, id="of-a-company-s-own"
        ),
        pytest.param("[user\n", ["error unreadable 1"], None, id="syntax"),
    ],
)  # fmt: skip
def test_one_file(text: str, expected: list[str], after: str | None) -> None:
    found = look(case("git", {GIT: text}))
    assert told(found) == expected
    assert mended(text, GIT, found, amended) == (text if after is None else after)


def test_our_own_rule_is_nothing_foreign() -> None:
    found = look(case("git", {GIT: rule(PROXY) + ADDED}, ours=frozenset({PROXY})))
    assert told(found) == []


@pytest.mark.parametrize(
    ("files", "path"),
    [
        pytest.param({ETC_GIT: rule(PROXY), GIT: rule("https://two.example/")}, GIT, id="system-first"),
        pytest.param({XDG_GIT: rule(PROXY), GIT: rule("https://two.example/")}, GIT, id="xdg-first"),
    ],
)
def test_the_first_rule_read_wins(files: dict[Path, str], path: Path) -> None:
    lost = [f for f in look(case("git", files)) if f.code.value == "shadowed"]
    assert [(finding.path, finding.line) for finding in lost] == [(path, 2)]
    assert f"{next(iter(files))}:2 sends {HUB} to {PROXY}" in str(lost[0].message)


@pytest.mark.parametrize(
    ("facts", "environ", "expected"),
    [
        pytest.param({"broken": "fatal: bad config line 2"}, {}, ["error unreadable -"], id="broken"),
        pytest.param(
            {"unchecked": json.dumps([[".git/config", "http.sslverify"]])}, {}, ["warning ssl-verify -"], id="repository"
        ),
        pytest.param({}, {"GIT_SSL_NO_VERIFY": "1"}, ["warning ssl-verify -"], id="variable"),
        pytest.param(
            {"remotes": json.dumps([["remote.origin.url", f"{PROXY}o/r"]])}, {}, ["warning remote-on-mirror -"], id="remote"
        ),
        pytest.param(
            {"remotes": json.dumps([["remote.origin.url", f"{GONE}o/r"]])}, {}, ["error remote-on-mirror -"], id="dead-remote"
        ),
        pytest.param({"remotes": json.dumps([["remote.origin.url", f"{HUB}o/r"]])}, {}, [], id="remote-upstream"),
    ],
)  # fmt: skip
def test_what_git_says_itself(facts: dict[str, str], environ: dict[str, str], expected: list[str]) -> None:
    assert told(look(case("git", {}, facts=facts, environ=environ))) == expected


def test_a_remote_on_a_mirror_gets_the_command_that_brings_it_back() -> None:
    facts = {"remotes": json.dumps([["remote.my.fork.url", f"{PROXY}o/r.git"]])}
    (finding,) = look(case("git", {}, facts=facts))
    assert str(finding.remedy) == f"run: git remote set-url my.fork {HUB}o/r.git"


@pytest.mark.parametrize("fact", ["headers", "helpers"])
def test_secrets_that_a_rule_leads_to_a_mirror(fact: str) -> None:
    facts = {fact: json.dumps([str(GIT)])}
    with_rule = look(case("git", {GIT: rule(PROXY) + ADDED}, facts=facts))
    assert "warning secret-to-mirror -" in told(with_rule)
    assert told(look(case("git", {GIT: ""}, facts=facts))) == []


def test_a_push_address_that_is_rewritten() -> None:
    facts = {"pushurls": json.dumps([["remote.origin.pushurl", f"{HUB}o/r"]])}
    found = look(case("git", {GIT: rule(PROXY) + ADDED}, facts=facts))
    assert ("push-to-mirror", "remote.origin.pushurl") in [(f.code.value, f.subject) for f in found]


@pytest.mark.parametrize(
    ("environ", "text", "expected"),
    [
        ({"GIT_CONFIG_NOSYSTEM": "1"}, rule(GONE), ["override"]),
        ({"GIT_CONFIG_NOSYSTEM": "0"}, rule(GONE), []),
        ({"GIT_CONFIG_NOSYSTEM": "1"}, "[user]\n\tname = U\n", []),
    ],
)
def test_a_variable_that_keeps_git_from_its_rules(environ: dict[str, str], text: str, expected: list[str]) -> None:
    found = look(case("git", {ETC_GIT: text}, environ=environ))
    assert [finding.code.value for finding in found if finding.code.value == "override"] == expected


@pytest.mark.parametrize(
    "text",
    [
        '[http "https://u:hunter2@github.com/"]\n\tsslVerify = false\n',
        f'[url "https://u:hunter2@proxy.example/https://github.com/"]\n\tinsteadOf = {HUB}\n',
        f'[url "{PROXY}"]\n\tinsteadOf = https://u:hunter2@github.com/\n\tinsteadOf = https://u:hunter2@github.com\n',
        (
            f'[url "{PROXY}"]\n\tinsteadOf = https://u:hunter2@github.com/\n'
            '[url "https://u:hunter2@other.example/"]\n\tinsteadOf = https://u:hunter2@github.com/\n'
        ),
        '[url "https://u:hunter2@gone.example/https://github.com/"]\n\tinsteadOf = https://u:hunter2@github.com/\n',
    ],
    ids=["certificate", "base", "prefix", "shadowed", "dead"],
)
def test_no_finding_says_a_password(text: str) -> None:
    facts = {
        "headers": '["file:/x"]',
        "unchecked": '[["/x", "http.https://u:hunter2@corp.example/.sslverify"]]',
        "remotes": f'[["remote.origin.url", "{PROXY.replace("proxy", "u:hunter2@proxy")}o/r"]]',
        "pushurls": '[["remote.origin.pushurl", "https://u:hunter2@github.com/o/r"]]',
    }
    found = look(case("git", {GIT: text}, facts=facts))
    assert found
    shown = [(each.message, each.remedy, each.subject) for each in found]
    assert not [each for each in shown if any("hunter2" in str(word) for word in each)]
