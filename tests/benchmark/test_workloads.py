from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirrorctl.benchmark import workloads
from mirrorctl.benchmark.workloads import BUILT_IN, Task, parse
from mirrorctl.errors import UsageError

ECOSYSTEMS = ("pypi", "docker", "git")
HERE = Path("/srv/team")


def tasks(text: str) -> tuple[Task, ...]:
    return parse(text, "team.toml", HERE, ECOSYSTEMS)


def test_a_file_of_two() -> None:
    first, second = tasks(
        """\
        # what we pull
        [build]
        description = "a build of ours"
        pypi = [" ruff ", "-r requirements.txt", "ruff"]

        [deploy]
        docker = ["redis:7-alpine"]
        git = ["https://github.com/octo/hello.git"]
        """
    )
    assert (first.name, str(first.description)) == ("build", "a build of ours")
    assert first.items == {"pypi": ("ruff", "-r requirements.txt")}
    assert first.folder == HERE
    assert second.items == {"docker": ("redis:7-alpine",), "git": ("https://github.com/octo/hello.git",)}
    assert str(second.description) == ""


def test_braces_in_a_description_are_no_fields() -> None:
    (task,) = tasks('[a]\ndescription = "{x} and {"\npypi = ["six"]')
    assert str(task.description) == "{x} and {"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("[a\n", r"team\.toml: this is not TOML: .*line 1", id="syntax"),
        pytest.param("", r"team\.toml: there is no workload in it", id="empty"),
        pytest.param("a = 1", r"team\.toml: a: this is not a table", id="no-table"),
        pytest.param("[A]", r"team\.toml: 'A': a name has up to 40", id="name"),
        pytest.param("[a]", r"team\.toml: a: it pulls nothing; name what, by docker, git, pypi", id="nothing"),
        pytest.param('[a]\npip = ["six"]', r"team\.toml: a\.pip: there is no such key; the keys are", id="key"),
        pytest.param("[a]\npypi = 'six'", r"team\.toml: a\.pypi: this is not a list with something", id="no-list"),
        pytest.param("[a]\npypi = []", r"team\.toml: a\.pypi: this is not a list with something", id="empty-list"),
        pytest.param("[a]\npypi = ['six', 1]", r"team\.toml: a\.pypi\[1\]: this is not one line", id="item"),
        pytest.param('[a]\npypi = ["a\\nb"]', r"team\.toml: a\.pypi\[0\]: this is not one line", id="newline"),
        pytest.param('[a]\npypi = ["a\\u001b[2J"]', r"team\.toml: a\.pypi\[0\]: this is not one line", id="escape"),
        pytest.param("[a]\ndescription = 1\npypi = ['six']", r"team\.toml: a\.description: this is not one", id="text"),
        pytest.param(f"[a]\npypi = {['x'] * 101}", r"team\.toml: a\.pypi: there are more than 100 items", id="items"),
        pytest.param(f"[a]\npypi = ['{'x' * 501}']", r"team\.toml: a\.pypi\[0\]: this is not one line", id="long"),
        pytest.param(
            "".join(f"[a{number}]\n" for number in range(51)),
            r"team\.toml: there are more than 50 workloads",
            id="workloads",
        ),
    ],
)
def test_what_is_wrong_is_named(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        tasks(text)
    assert re.match(message, str(caught.value))
    assert caught.value.subject == "team.toml"


def test_the_built_in_ones() -> None:
    path = Path(workloads.__file__).with_suffix(".toml")
    found = parse(path.read_text(encoding="utf-8"), path.name, path.parent, ECOSYSTEMS, built_in=True)
    assert [task.name for task in found] == list(BUILT_IN)
    assert all(task.items.keys() == set(ECOSYSTEMS) for task in found), "every client has something to pull"
    assert [str(task.description) for task in found] == list(BUILT_IN.values())


@given(st.text(max_size=200) | st.text(alphabet="[]{}a.='\"\n", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(UsageError):
        assert tasks(text)
