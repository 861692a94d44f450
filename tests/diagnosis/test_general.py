"""A client that nothing special is known of: its files, its setting, and what wins over it."""

from __future__ import annotations

import pytest
from diagnosis.patients import CORP, DEAD, LIVE, UV, case, told

from mirrorctl.diagnosis import diagnose
from mirrorctl.diagnosis.finding import Finding, rank
from mirrorctl.targets import TARGETS
from mirrorctl.targets.base import Target
from mirrorctl.targets.facets import facet
from mirrorctl.values import replace


class Lens:
    """uv's, under a name that the diagnosis does not know."""

    NAME = "other"
    read, write, frame = (staticmethod(getattr(TARGETS["uv"], name)) for name in ("read", "write", "frame"))


def other() -> Target:
    return facet(TARGETS["uv"], Lens())


def look(text: str, environ: dict[str, str] | None = None) -> tuple[Finding, ...]:
    return rank(diagnose(replace(case("uv", {UV: text}, environ=environ), target=other())))


@pytest.mark.parametrize(
    ("text", "environ", "expected"),
    [
        pytest.param(f'index-url = "{LIVE}"\n', {}, [], id="healthy"),
        pytest.param(f'\nindex-url = "{DEAD}"\n', {}, ["error dead-mirror 2"], id="dead"),
        pytest.param(f'index-url = "{LIVE}"\n', {"UV_INDEX_URL": CORP}, ["warning override -"], id="variable"),
        pytest.param("", {"UV_INDEX_URL": CORP}, ["note override -"], id="variable-alone"),
        pytest.param("index-url\n", {}, ["error unreadable 1"], id="syntax"),
    ],
)
def test_any_client(text: str, environ: dict[str, str], expected: list[str]) -> None:
    found = look(text, environ)
    assert told(found) == expected
    assert {finding.target for finding in found} <= {"other"}


def test_what_is_dead_has_a_remedy_in_words() -> None:
    (finding,) = look(f'index-url = "{DEAD}"\n')
    assert str(finding.remedy) == "put a mirror that works in its place: mirrorctl list -t other shows them"
