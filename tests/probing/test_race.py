"""What the race decides, in a simulated network (see simulation.py). Nothing here waits, and nothing varies."""

from __future__ import annotations

import asyncio  # noqa: TID253  tests may
from collections.abc import Callable, Sequence
from itertools import count, pairwise

import pytest
from probing.fields import LINE, MBIT, field_of, regret_of
from probing.simulation import Arm, Outcome, VirtualLoop, run

from mirrorctl.probing.events import Stage
from mirrorctl.probing.lane import Lane


def test_the_widest_and_the_nearest_each_win_where_they_should() -> None:
    found = run(
        Arm(name="near-and-narrow", rtt_s=0.005, rate=8 * MBIT),
        Arm(name="middling", rtt_s=0.02, rate=60 * MBIT),
        Arm(name="far-and-wide", rtt_s=0.06, rate=280 * MBIT),
        Arm(name="near-and-wide", rtt_s=0.01, rate=250 * MBIT),
    )
    assert found.names == ["near-and-wide", "far-and-wide", "middling", "near-and-narrow"]


def test_lag_may_be_allowed() -> None:
    found = run(Arm(name="old", rate=300 * MBIT, age_h=72), Arm(name="new", rate=20 * MBIT), max_lag_s=100 * 3600)
    assert found.names[0] == "old"


def test_all_dead_is_an_empty_ranking_with_reasons() -> None:
    found = run(Arm(name="a", dead=True), Arm(name="b", status=503))
    assert (found.names, found.codes) == ([], {"a": "connect-timeout", "b": "http-status"})
    assert found.ranking.elapsed_s < 3.5


def test_an_unknown_age_is_said() -> None:
    found = run(Arm(name="silent", age_h=None), Arm(name="open", age_h=1))
    assert {entry.probe.mirror.id: entry.probe.lag_basis for entry in found.ranking.ranked} == {
        "silent": None,
        "open": "index-date",
    }


def test_a_small_budget_holds_too() -> None:
    arms = [Arm(name=f"m{n}", rtt_s=0.01 + n / 100) for n in range(6)]
    found = run(*arms, budget_bytes=2_000_000)
    assert found.sent_bytes < 2_000_000
    assert len(found.names) == 6


def test_latency_alone_is_quick_and_light() -> None:
    arms = [Arm(name=f"m{n}", rtt_s=0.01 + n / 100) for n in range(14)]
    found = run(*arms, Arm(name="dead", dead=True), latency_only=True)
    assert found.names[0] == "m0"
    assert found.ranking.elapsed_s < 1.0
    assert found.sent_bytes < 100_000


def test_an_outage_during_the_measurement_is_seen() -> None:
    found = run(
        Arm(name="fails", rtt_s=0.005, rate=300 * MBIT, fails_from_s=1.0), *(Arm(name=f"m{n}") for n in range(6))
    )
    assert found.codes == {"fails": "unsteady"}


def test_in_a_troubled_network_the_top_is_watched_for_some_seconds() -> None:
    found = run(
        Arm(name="flaps", rtt_s=0.005, rate=300 * MBIT, fails_from_s=4.0), Arm(name="b", status=503), Arm(name="c")
    )
    assert found.codes == {"flaps": "unsteady", "b": "http-status"}


def test_the_choice_is_near_the_best_in_fields_made_by_chance() -> None:
    regrets = []
    for seed in range(8):
        arms = field_of(seed)
        found = run(*arms, line=LINE)
        regrets.append(regret_of(found.names[0], arms))
    assert sum(regrets) / len(regrets) < 1.05
    assert max(regrets) < 1.25


def test_progress_is_told_in_order() -> None:
    found = run(Arm(name="a"), Arm(name="b", status=503))
    steps = {name: [event.stage for event in found.events if event.mirror == name] for name in "ab"}
    assert steps["a"][:3] == [Stage.GATE, Stage.WAITING, Stage.TRANSFER]
    assert steps["a"][-1] in (Stage.DONE, Stage.TRANSFER)
    assert steps["b"] == [Stage.GATE, Stage.REJECTED]


def test_the_same_race_ends_the_same() -> None:
    arms = [Arm(name=f"m{n}", rtt_s=0.01 + n / 100, rate=(10 + 20 * n) * MBIT) for n in range(6)]
    assert run(*arms).ranking == run(*arms).ranking


def transfers(found: Outcome) -> Sequence[tuple[str, float, float]]:
    """Each transfer: the mirror, and its beginning and end by the events."""
    begun: dict[str, float] = {}
    spans = []
    for event, at_s in zip(found.events, found.times_s, strict=True):
        if event.stage is Stage.TRANSFER:
            begun.setdefault(event.mirror, at_s)
        elif event.mirror in begun:
            spans.append((event.mirror, begun.pop(event.mirror), at_s))
    return spans


@pytest.mark.parametrize(("host", "overlaps"), [("one", False), ("", True)], ids=["one host", "two hosts"])
def test_a_host_has_one_transfer_at_a_time(host: str, overlaps: bool) -> None:
    spans = transfers(run(*(Arm(name=f"m{n}", host=host, rate=40 * MBIT) for n in range(4))))
    assert len(spans) > 1
    assert any(began_s < ended_s for (_, _, ended_s), (_, began_s, _) in pairwise(spans)) == overlaps


def test_a_mirror_that_is_no_match_any_more_is_given_up_by_that_name() -> None:
    """Its walk takes longer than a pull through the others would; nothing is wrong with it."""
    found = run(*(Arm(name=f"m{n}", rtt_s=0.01, rate=400 * MBIT) for n in range(3)), Arm(name="far", rtt_s=0.3))
    assert found.codes == {"far": "cannot-win"}


def test_no_long_transfer_begins_while_somebody_is_about_to_pass_the_gates() -> None:
    near = [Arm(name=f"near{n}", rtt_s=0.008, rate=3e6) for n in range(2)]
    far = [Arm(name=f"far{n}", rtt_s=0.05, rate=20e6) for n in range(2)]
    found = run(*near, *far)
    transfers = [event.mirror for event in found.events if event.stage is Stage.TRANSFER]
    assert sorted(transfers[:4]) == ["far0", "far1", "near0", "near1"]


def test_some_bytes_are_kept_for_what_is_no_transfer(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = []

    async def transfer(lane: Lane, limit_bytes: int, window_s: float, enough: object) -> None:
        limits.append(limit_bytes)

    monkeypatch.setattr(Lane, "transfer", transfer)
    run(Arm(name="one"), budget_bytes=1_000_000)
    assert 900_000 < max(limits) < 970_000


def test_on_a_slow_line_who_is_on_the_way_is_waited_for() -> None:
    """Where nobody has passed in the usual time; the dead are still not waited for."""
    found = run(Arm(name="far", rtt_s=0.4), Arm(name="farther", rtt_s=0.6), latency_only=True)
    assert (found.names, found.codes) == (["far"], {"farther": "late"})
    assert run(Arm(name="dead", dead=True), latency_only=True).ranking.elapsed_s < 1.0


def leaping(at: int, seconds: float) -> Callable[[int], float]:
    """Lets the clock of the loop leap at the n-th piece that is sent, as after a virtual machine was held."""
    sent = count()

    def leap(_flight: int) -> float:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.clockwork.now_s += seconds if next(sent) == at else 0.0
        return 1.0

    return leap


def test_while_the_machine_stands_still_nobody_is_late() -> None:
    """The first answers are on their way then."""
    found = run(Arm(name="near", rtt_s=0.01, noise=leaping(0, 1.0)), Arm(name="far", rtt_s=0.1), latency_only=True)
    assert (found.names, found.codes) == (["near", "far"], {})


def test_a_standstill_at_the_last_look_makes_nobody_unsteady() -> None:
    """Who is asked whether it still works, and is not heard because we stand still, is asked once more."""
    pieces: list[int] = []

    def note(flight: int) -> float:
        pieces.append(flight)
        return 1.0

    assert run(Arm(name="a", noise=note)).codes == {}
    assert run(Arm(name="a", noise=leaping(len(pieces) - 1, 2.0))).codes == {}


def test_without_transfers_what_does_not_answer_in_time_is_late() -> None:
    found = run(Arm(name="near", rtt_s=0.01), Arm(name="far", rtt_s=0.2), latency_only=True)
    assert (found.names, found.codes) == (["near"], {"far": "late"})
