"""What is known of the arrival of bytes that lay about before they were read."""

from __future__ import annotations

import asyncio  # noqa: TID253  tests may
import math
from collections.abc import Callable, Sequence

import pytest
from probing.simulation import Arm, VirtualLoop, run

from mirrorctl.probing.events import Stage
from mirrorctl.probing.goodput import Transfer, estimate
from mirrorctl.probing.lane import Lane
from mirrorctl.probing.loop import PatientLoop, idle_s, loop_s
from mirrorctl.probing.reading import Reading

PIECE = 16_384


class ToldLoop(PatientLoop):
    """Its times are told to it."""

    now_s = 0.0
    caught_up_s = 0.0

    def time(self) -> float:
        return self.now_s

    @property
    def idle_s(self) -> float:
        return self.caught_up_s


def read(pieces: Sequence[tuple[float, float]], ended_s: float) -> Transfer:
    """A transfer of pieces, each with the time at which it was read, and at which all before it had been read."""

    async def main() -> Transfer:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, ToldLoop)
        reading = Reading(limit_bytes=10_000_000, window_s=1.0, rtt_s=0.03, enough=lambda _transfer: False)
        for loop.now_s, loop.caught_up_s in pieces:
            reading.take(PIECE)
        loop.now_s = ended_s
        return reading.transfer()

    with asyncio.Runner(loop_factory=ToldLoop) as runner:
        return runner.run(main())


def prompt(count: int, gap_s: float, since_s: float = 0.0) -> list[tuple[float, float]]:
    """Pieces that are read as they come."""
    return [(since_s + n * gap_s, since_s + (n - 0.1) * gap_s) for n in range(1, count + 1)]


def test_pieces_that_are_read_as_they_come_keep_their_times() -> None:
    transfer = read(prompt(4, 0.01), ended_s=0.05)
    assert [seconds for seconds, _bytes in transfer.marks] == pytest.approx([0.01, 0.02, 0.03, 0.04])
    assert transfer.behind == []


def test_what_a_late_reader_finds_is_spread_over_the_time_it_was_away() -> None:
    """Away from 0.04 to 0.10, and then 0.03 to read five pieces: they came at any time between."""
    late = [(0.10 + 0.0075 * n, 0.0401) for n in range(5)]
    transfer = read([*prompt(4, 0.01), *late], ended_s=0.13)
    assert transfer.behind == [(0.0401, 0.13)]
    assert [seconds for seconds, _bytes in transfer.marks[4:]] == pytest.approx(
        [0.058, 0.076, 0.094, 0.112, 0.13], abs=1e-3
    )


def test_a_burst_after_a_pause_of_ours_is_no_bandwidth() -> None:
    """The machine stood still for 80 ms, and 1.3 MB were read within 25 ms; the way carries 16 MB/s."""
    before = prompt(60, 0.001)
    since_s, until_s = 0.0601, 0.140
    waiting = [(until_s + 0.0003 * n, since_s) for n in range(82)]
    after = prompt(60, 0.001, since_s=waiting[-1][0])
    pieces = [*before, *waiting, *after]
    found = estimate(read(pieces, ended_s=pieces[-1][0]))
    assert found is not None
    assert found.likely == pytest.approx(PIECE / 0.001, rel=0.25)
    assert not found.dropped


def test_a_reader_that_is_always_behind_leaves_the_best_open() -> None:
    slow = [(0.01 + 0.01 * n, 0.005) for n in range(10)]
    found = estimate(read(slow, ended_s=0.1))
    assert found is not None
    assert found.high == math.inf


def test_a_slow_end_that_was_ours_is_no_throttle() -> None:
    """The same bytes at the same times are a throttle if the reader was waiting for them."""
    slow_s = [0.2 + 0.02 * n for n in range(1, 11)]
    ours = read([*prompt(200, 0.001), *((at_s, 0.2005) for at_s in slow_s)], ended_s=0.4)
    theirs = read([*prompt(200, 0.001), *((at_s, at_s - 0.001) for at_s in slow_s)], ended_s=0.4)
    found = [estimate(transfer) for transfer in (ours, theirs)]
    assert [goodput is not None and goodput.dropped for goodput in found] == [False, True]


def stopping(flight: int, seconds: float) -> Callable[[int], float]:
    """A factor of 1, and at that flight the whole machine stands still, once."""
    pauses_s = [seconds]

    def noise(number: int) -> float:
        loop = asyncio.get_running_loop()
        if number == flight and pauses_s and isinstance(loop, VirtualLoop):
            loop.clockwork.now_s += pauses_s.pop()
        return 1.0

    return noise


@pytest.mark.parametrize("flight", range(1, 13))
def test_a_machine_that_stands_still_during_a_transfer_blames_nobody(flight: int) -> None:
    """So nobody else needs a long transfer, and only one that was not seen well is made twice."""
    outcome = run(Arm(name="best", rate=30e6, noise=stopping(flight, 0.9)), Arm(name="other", rate=8e6))
    assert [(entry.probe.mirror.id, entry.probe.confirmed) for entry in outcome.ranking.ranked] == [
        ("best", True),
        ("other", False),
    ]
    assert outcome.predicted_s("best") < 2.0
    transfers = [event.mirror for event in outcome.events if event.stage is Stage.TRANSFER]
    assert transfers.count("best") == (3 if 8 <= flight <= 11 else 2)


def test_a_scout_that_does_not_see_well_goes_on_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = []

    def behind(count: int) -> Transfer:
        marks = [(0.05 + 0.001 * n, n * PIECE) for n in range(1, count // PIECE)]
        return Transfer(marks=marks, ended_s=marks[-1][0], rtt_s=0.03, behind=[(0.05, marks[-1][0])])

    async def transfer(lane: Lane, limit_bytes: int, window_s: float, enough: Callable[[Transfer], bool]) -> None:
        answers.append([enough(behind(500_000)), enough(behind(700_000))])

    monkeypatch.setattr(Lane, "transfer", transfer)
    run(Arm(name="one"))
    assert answers == [[False, True]]


def test_the_loop_tells_when_it_had_nothing_to_do() -> None:
    async def main() -> tuple[float, float, float, float]:
        await asyncio.sleep(0.001)
        before_s = idle_s()
        await asyncio.sleep(0)  # the loop goes round, and finds this task ready
        busy_s, now_s = idle_s(), loop_s()
        await asyncio.sleep(0.001)
        return before_s, busy_s, now_s, idle_s()

    with asyncio.Runner(loop_factory=PatientLoop) as runner:
        before_s, busy_s, now_s, after_s = runner.run(main())
    assert before_s == busy_s <= now_s <= after_s
