"""What a brief look at the mirrors in use comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from diagnosis.patients import CORP, DEAD, DEFAULT, LIVE, PIP, UV, case, catalog, told

from mirrorctl.commands import contact, selection
from mirrorctl.commands.session import Session
from mirrorctl.diagnosis.case import Case
from mirrorctl.model import Machine, Mirror, Probe, Ranking, Reason, Workload
from mirrorctl.text import _

MACHINE = Machine(environ={}, home=Path("/home/u"), cwd=Path("/home/u"), platform="linux", euid=1000)
SESSION = Session(machine=MACHINE, catalog=catalog())


class Outcome:
    """Every mirror that is asked is rejected with the code of its host, or not at all."""

    def __init__(self, codes: Mapping[str, str]) -> None:
        self.codes = codes
        self.asked: list[str] = []

    def measure(
        self, _session: Session, racing: Mapping[str, Sequence[Mirror]], _policy: object
    ) -> tuple[Ranking, ...]:
        mirrors = [mirror for found in racing.values() for mirror in found]
        self.asked += [mirror.url for mirror in mirrors]
        rejected = tuple(
            Probe(mirror=mirror, reason=Reason(code=self.codes[mirror.url], detail=_("x")))
            for mirror in mirrors
            if mirror.url in self.codes
        )
        return (Ranking(ecosystem="pypi", workload=Workload(requests=1, bytes=1), ranked=(), rejected=rejected),)


def pip(url: str) -> Case:
    return case("pip", {PIP: f"[global]\nindex-url = {url}\n"})


def uv(url: str) -> Case:
    return case("uv", {UV: f'index-url = "{url}"\n'})


@pytest.mark.parametrize(
    ("cases", "codes", "asked", "expected"),
    [
        pytest.param([pip(LIVE), uv(LIVE)], {}, [LIVE], [], id="one-question-for-both"),
        pytest.param([pip(LIVE)], {LIVE: "stale"}, [LIVE], ["warning mirror-stale -"], id="stale"),
        pytest.param([pip(LIVE)], {LIVE: "dns"}, [LIVE], ["error mirror-unreachable -"], id="unreachable"),
        pytest.param(
            [pip(LIVE), uv(LIVE)], {LIVE: "http-status"}, [LIVE], ["error mirror-unreachable -"] * 2, id="used-by-both"
        ),
        pytest.param(
            [pip(LIVE), uv(CORP)],
            {LIVE: "dns", CORP: "connect-timeout"},
            [LIVE, CORP],
            ["error mirror-unreachable -"],
            id="no-network",
        ),
        pytest.param([pip(DEFAULT), uv(DEAD)], {}, [], [], id="upstream-and-the-dead-are-not-asked"),
        pytest.param([pip("https://u:p@corp.example/simple")], {}, [], [], id="nor-is-one-with-a-password"),
        pytest.param([case("pip", {})], {}, [], [], id="nothing-configured"),
    ],
)
def test_the_mirrors_in_use(
    monkeypatch: pytest.MonkeyPatch,
    cases: list[Case],
    codes: dict[str, str],
    asked: list[str],
    expected: list[str],
) -> None:
    outcome = Outcome(codes)
    monkeypatch.setattr(selection, "measure", outcome.measure)
    assert told(tuple(contact.check_mirrors(SESSION, cases))) == expected
    assert outcome.asked == asked
