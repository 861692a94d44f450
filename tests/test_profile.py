"""What a profile says, and every way in which it can be wrong."""

from __future__ import annotations

import pytest

from mirrorctl.errors import UsageError
from mirrorctl.model import Scope, Trust
from mirrorctl.profile import Profile, Terms, Wish, parse

FULL = """
schema = 1
which = "acme"
catalogs = ["mirrors.toml"]
[policy]
trust = "university"
max-lag = "36h"
max-age = "1d"
deadline = "2s"
budget = "5MB"
latency-only = true
fallback = "keep"
[target.pip]
scope = "system"
replace-private = true
force = true
[target.git]
which = "upstream"
"""


def test_every_key() -> None:
    assert parse(FULL, "p.toml") == Profile(
        wishes=(
            Wish(target="pip", which="acme", scope=Scope.SYSTEM, replace_private=True, force=True),
            Wish(target="git", which="upstream"),
        ),
        terms=Terms(
            trust=Trust.UNIVERSITY,
            max_lag_s=129600.0,
            max_age_s=86400.0,
            deadline_s=2.0,
            budget_bytes=5_000_000,
            latency_only=True,
            fallback="keep",
        ),
        catalogs=("mirrors.toml",),
    )


def test_what_is_left_out_is_as_on_the_command_line() -> None:
    assert parse("[target.pip]\n", "p.toml") == Profile(wishes=(Wish(target="pip", which="fastest"),), terms=Terms())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "p.toml: target: the profile names no target", id="empty"),
        pytest.param("[target]\n", "p.toml: target: the profile names no target", id="no target"),
        pytest.param("[target.pi]\n", "p.toml: target.pi: there is no target pi", id="unknown target"),
        pytest.param("[targets.pip]\n", "p.toml: targets: unknown key", id="unknown table"),
        pytest.param("schema = 2\n[target.pip]\n", "p.toml: schema: this file is of schema 2", id="schema"),
        pytest.param("[target.pip]\nurl = 'x'\n", "p.toml: target.pip.url: unknown key", id="unknown key"),
        pytest.param(
            "[target.pip]\nscope = 'global'\n", "p.toml: target.pip.scope: 'global' is not a known value", id="scope"
        ),
        pytest.param("[target.pip]\nforce = 1\n", "p.toml: target.pip.force: this has to be true or false", id="flag"),
        pytest.param("[target]\npip = 1\n", "p.toml: target.pip: this has to be a table", id="no table"),
        pytest.param("[target.pip]\nwhich = ''\n", "p.toml: target.pip.which: this is empty", id="empty which"),
        pytest.param(
            "[policy]\nmax_lag = '1h'\n[target.pip]\n", "p.toml: policy.max_lag: unknown key", id="underscore"
        ),
        pytest.param(
            "[policy]\nmax-lag = 5\n[target.pip]\n", "p.toml: policy.max-lag: this has to be a string", id="number"
        ),
        pytest.param(
            "[policy]\nmax-lag = '5 y'\n[target.pip]\n", "p.toml: policy.max-lag: '5 y' is no duration", id="duration"
        ),
        pytest.param("[policy]\nbudget = '5 l'\n[target.pip]\n", "p.toml: policy.budget: '5 l' is no size", id="size"),
        pytest.param(
            "[policy]\ntrust = 'me'\n[target.pip]\n", "p.toml: policy.trust: 'me' is not a known value", id="trust"
        ),
        pytest.param(
            "[policy]\nfallback = 'x'\n[target.pip]\n",
            "p.toml: policy.fallback: 'x' is not a known value",
            id="fallback",
        ),
        pytest.param("catalogs = 'x'\n[target.pip]\n", "p.toml: catalogs: this has to be an array", id="catalogs"),
        pytest.param("[target.pip\n", "p.toml: this is not TOML", id="syntax"),
        pytest.param("[target.pip]\n[target.pip]\n", "p.toml: this is not TOML", id="twice"),
        pytest.param("x = 1\n" * 100_000, "p.toml: 600000 bytes are more than", id="huge"),
    ],
)
def test_what_is_wrong_is_named(text: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(text, "p.toml")
    assert str(raised.value.message).startswith(message)
    assert raised.value.subject == "p.toml"


@pytest.mark.parametrize("place", ["", "[target.pip]\n"], ids=["usual", "of a target"])
def test_a_password_is_refused_and_not_repeated(place: str) -> None:
    """A profile is kept in Git."""
    text = f"{place}which = 'https://me:hunter2@pypi.example/simple'\n"
    with pytest.raises(UsageError) as raised:
        parse(text if place else f"{text}[target.pip]\n", "p.toml")
    assert "password" in str(raised.value.message)
    assert "hunter2" not in str(raised.value.message)
