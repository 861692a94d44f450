"""The rounds of a benchmark, with a client that pulls by telling how long it took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from mirrorctl.benchmark import DIRECT, Run
from mirrorctl.benchmark.summary import FEWEST
from mirrorctl.benchmark.workloads import Task
from mirrorctl.commands.bench_jobs import BenchClient, Job
from mirrorctl.commands.bench_runs import PullEvent, Pulls, Terms, make_pulls
from mirrorctl.dialogue import Dialogue
from mirrorctl.model import Client, Machine, Mirror, Status, Trust
from mirrorctl.targets.pulls import Pulled, Puller, Setup
from mirrorctl.text import Text

MACHINE = Machine(environ={}, home=Path("/h"), cwd=Path("/h"), platform="linux", euid=1)
SETUP = Setup(command="x", cold=Text("x"), first_byte=Text("x"), bytes=Text("x"))
Outcome = Callable[[str, int], Pulled]


def mirror(name: str) -> Mirror:
    return Mirror(
        id=name,
        ecosystem="pypi",
        operator=name,
        url=f"https://{name}.example",
        kind="index",
        trust=Trust.COMPANY,
        status=Status.ACTIVE,
        domain=name,
    )


def job(outcome: Outcome, *vias: str, name: str = "typical") -> Job:
    """A job whose nth pull by a way is what `outcome` says."""
    turns: Counter[str] = Counter()

    def pull(*args: Any) -> Dialogue[Pulled]:
        yield from ()
        via = args[4].id if args[4] else DIRECT
        turns[via] += 1
        return outcome(via, turns[via])

    puller = cast("Puller", SimpleNamespace(pull=pull))
    client = BenchClient(target="pip", client=Client(target="pip"), contents={}, puller=puller)
    task = Task(name=name, description=Text("x"), items={"pypi": ("six",)}, folder=Path("/h"))
    return Job(bench=client, task=task, items=("six",), mirrors={via: mirror(via) for via in vias})


def good(seconds: float) -> Pulled:
    return Pulled(seconds=seconds, first_byte_s=seconds / 2, wire_bytes=1000, payload_bytes=900)


def bench(*jobs: Job, rounds: int = 10, seed: int = 1, on_pull: Callable[[PullEvent], None] | None = None) -> Pulls:
    return make_pulls(jobs, {"pip": SETUP}, Terms(rounds=rounds, seed=seed), MACHINE, on_pull)


def rounds_of(runs: list[Run]) -> Iterator[list[str]]:
    for number in range(1, max(run.round for run in runs) + 1):
        yield [run.via for run in runs if run.round == number]


def unsteady(via: str, turn: int) -> Pulled:
    """The ways do not go up and down together: the intervals stay wide."""
    return good(1.0 + turn % (2 if via == DIRECT else 3))


def test_each_way_has_one_turn_in_each_round_in_changing_order() -> None:
    runs = bench(job(unsteady, "near", "far")).runs["pip/typical"]
    orders = list(rounds_of(runs))
    assert len(orders) == 10
    assert all(sorted(order) == ["direct", "far", "near"] for order in orders)
    assert len({tuple(order) for order in orders}) > 2


def test_the_seed_repeats_the_order() -> None:
    def orders(seed: int) -> list[list[str]]:
        return list(rounds_of(bench(job(unsteady, "near", "far"), seed=seed).runs["pip/typical"]))

    assert orders(5) == orders(5)
    assert orders(5) != orders(6)


def test_steady_times_end_it_early() -> None:
    runs = bench(job(lambda via, _turn: good(4.0 if via == DIRECT else 1.0), "near")).runs["pip/typical"]
    assert max(run.round for run in runs) == FEWEST


def test_what_goes_up_and_down_for_all_alike_ends_it_early_too() -> None:
    runs = bench(job(lambda via, turn: good((4.0 if via == DIRECT else 1.0) * (1 + turn % 2)), "near")).runs
    assert max(run.round for run in runs["pip/typical"]) == FEWEST


def test_a_job_goes_on_alone_when_another_has_had_enough() -> None:
    steady = job(lambda _via, _turn: good(2.0), "near", name="steady")
    pulls = bench(steady, job(unsteady, "near", name="unsteady"))
    assert {name: max(run.round for run in runs) for name, runs in pulls.runs.items()} == {
        "pip/steady": FEWEST,
        "pip/unsteady": 10,
    }


def test_jobs_take_turns_round_by_round() -> None:
    """So that an interrupted run has something to say of each of them."""
    seen: list[tuple[int, str]] = []
    jobs = [job(unsteady, "near", name=name) for name in ("one", "two")]
    bench(*jobs, rounds=2, on_pull=lambda event: seen.append((event.round, event.workload)) if event.run else None)
    assert seen == [(1, "one"), (1, "one"), (1, "two"), (1, "two"), (2, "one"), (2, "one"), (2, "two"), (2, "two")]


def test_a_way_that_never_works_is_given_up_and_the_others_go_on() -> None:
    def outcome(via: str, turn: int) -> Pulled:
        return unsteady(via, turn) if via != "far" else Pulled(seconds=1.0, error=Text("no"))

    runs = bench(job(outcome, "near", "far")).runs["pip/typical"]
    assert Counter(run.via for run in runs) == {"direct": 10, "near": 10, "far": FEWEST}


def test_what_was_measured_is_what_is_kept() -> None:
    def outcome(_via: str, turn: int) -> Pulled:
        return good(2.0) if turn == 1 else Pulled(seconds=600.0, timed_out=True, error=Text("late"))

    first, second = bench(job(outcome), rounds=2).runs["pip/typical"]
    assert (first.seconds, first.first_byte_s, first.bytes, first.payload_bytes) == (2.0, 1.0, 1000, 900)
    assert (first.ok, first.timed_out, first.error) == (True, False, None)
    assert (second.ok, second.timed_out, str(second.error)) == (False, True, "late")
    assert second.started_at >= first.started_at


def test_ctrl_c_keeps_what_there_is() -> None:
    def outcome(via: str, turn: int) -> Pulled:
        if turn == 3:
            raise KeyboardInterrupt
        return unsteady(via, turn)

    pulls = bench(job(outcome, "near"))
    assert pulls.interrupted
    assert len(pulls.runs["pip/typical"]) >= 4


def test_progress_tells_what_is_left() -> None:
    events: list[PullEvent] = []
    bench(job(lambda _via, _turn: good(2.0), "near"), rounds=2, on_pull=events.append)
    assert [(event.round, event.run is not None, event.left.pulls) for event in events] == [
        (1, False, 4),
        (1, True, 3),
        (1, False, 3),
        (1, True, 2),
        (2, False, 2),
        (2, True, 1),
        (2, False, 1),
        (2, True, 0),
    ]
    assert [event.left.seconds for event in events[:4]] == [None, 6.0, 6.0, 4.0]
    assert [event.read_bytes for event in events] == [0, 1000, 1000, 2000, 2000, 3000, 3000, 4000]


@pytest.mark.parametrize("rounds", [1, 3])
def test_no_more_rounds_than_asked_for(rounds: int) -> None:
    assert len(bench(job(unsteady, "near"), rounds=rounds).runs["pip/typical"]) == 2 * rounds
