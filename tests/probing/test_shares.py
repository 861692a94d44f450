"""Several ecosystems in one race: who may take how much of the time and the bytes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import cast

import pytest
from probing.fields import LINE, field_of, is_usable, regret_of
from probing.simulation import CANARIES, TERMS, Arm, Backend, VirtualLoop, World

from mirrorctl.ecosystems import ECOSYSTEMS
from mirrorctl.ecosystems.base import Rejected
from mirrorctl.model import Ranking
from mirrorctl.probing import race
from mirrorctl.probing.contest import stake
from mirrorctl.probing.lane import Lane
from mirrorctl.text import _
from mirrorctl.values import replace as changed

SIZES = {"pypi": 10, "docker": 3, "ghcr": 1, "quay": 2, "gcr": 1, "k8s": 2}


def lanes(alive: int, rejected: int) -> list[Lane]:
    gone = Rejected("stale", _("old"))
    found = [SimpleNamespace(rejection=None)] * alive + [SimpleNamespace(rejection=gone)] * rejected
    return cast("list[Lane]", found)


@pytest.mark.parametrize(
    ("alive", "rejected", "expected"),
    [(0, 3, 1), (1, 0, 1), (1, 5, 1), (2, 0, 2), (3, 0, 4), (4, 0, 6), (20, 0, 6)],
)
def test_what_has_nothing_to_decide_takes_little(alive: int, rejected: int, expected: int) -> None:
    assert stake(lanes(alive, rejected)) == expected


def run_all(fields: dict[str, list[Arm]]) -> tuple[Ranking, ...]:
    """One race of ecosystems that all speak as an index does."""
    arms = {arm.name: arm for field in fields.values() for arm in field}
    world = World(arms, LINE)
    candidates = {name: [changed(arm.mirror, ecosystem=name) for arm in field] for name, field in fields.items()}
    canaries = dict.fromkeys(fields, CANARIES["pypi"])
    found = race.Race(candidates, canaries, {"SSL_CERT_DIR": "/"}, TERMS, backend=Backend(world))
    return found.run(partial(VirtualLoop, world))


@pytest.mark.parametrize("seed", [0, 4, 7])
def test_six_ecosystems_at_once_come_to_an_end_and_to_the_best(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With 4, time runs out within less than the clock can tell, while a gate is open."""
    index = ECOSYSTEMS["pypi"]
    alike = {name: SimpleNamespace(**{**vars(index), "NAME": name}) for name in SIZES}
    monkeypatch.setattr(race, "ECOSYSTEMS", alike)
    fields = {
        name: [replace(arm, name=f"{name}-{arm.name}") for arm in field_of(seed * 100 + number, size=size)]
        for number, (name, size) in enumerate(SIZES.items())
    }
    for ranking in run_all(fields):
        field = fields[ranking.ecosystem]
        assert ranking.elapsed_s < TERMS.deadline_s
        if any(map(is_usable, field)):
            assert regret_of(ranking.ranked[0].probe.mirror.id, field) < 1.25
