"""Makes the pulls of `bench`: round after round, every way once in each, in random order."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from mirrorctl import metering, process
from mirrorctl.benchmark import Run, schedule
from mirrorctl.benchmark.schedule import Left
from mirrorctl.benchmark.summary import summarise
from mirrorctl.commands.bench_jobs import Job
from mirrorctl.dialogue import Answer, Dialogue, Fetch, Question, Timed
from mirrorctl.environment_facts import architecture
from mirrorctl.model import Machine
from mirrorctl.targets.pulls import Pulled, Setup
from mirrorctl.values import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How many rounds at most, how long one pull may take, when enough is enough; `seed` repeats order and intervals."""

    rounds: int = schedule.ROUNDS
    timeout_s: float = schedule.TIMEOUT_S
    narrow: float = schedule.NARROW
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PullEvent:
    """A pull is about to be made (`run` is None) or has been. `read_bytes` is of all pulls so far."""

    target: str
    workload: str
    via: str
    round: int
    rounds: int
    run: Run | None
    left: Left
    read_bytes: int


OnPull = Callable[[PullEvent], None]


@dataclass(slots=True, kw_only=True)
class Pulls:
    """All pulls so far, by job. `interrupted` is set when the user has had enough."""

    runs: dict[str, list[Run]] = field(default_factory=dict)
    interrupted: bool = False


def make_pulls(
    jobs: Sequence[Job], setups: Mapping[str, Setup], terms: Terms, machine: Machine, on_pull: OnPull | None = None
) -> Pulls:
    """Pulls until every job has had its rounds or its narrow intervals, or Ctrl-C is pressed."""
    harness = _Harness(jobs, setups, terms, machine, on_pull)
    try:
        harness.run()
    except KeyboardInterrupt:
        return Pulls(runs=harness.runs, interrupted=True)
    return Pulls(runs=harness.runs)


class _Harness:
    def __init__(
        self,
        jobs: Sequence[Job],
        setups: Mapping[str, Setup],
        terms: Terms,
        machine: Machine,
        on_pull: OnPull | None,
    ) -> None:
        self.runs: dict[str, list[Run]] = {job.key: [] for job in jobs}
        self._jobs = jobs
        self._setups = setups
        self._terms = terms
        self._machine = machine
        self._on_pull = on_pull
        self._pick = random.Random(terms.seed).randrange  # noqa: S311  chance, not a secret

    def run(self) -> None:
        for number in range(1, self._terms.rounds + 1):
            jobs = [job for job in self._jobs if not self._is_done(job, number - 1)]
            turns = [(job, via) for job in jobs for via in schedule.shuffle(self._alive(job), self._pick)]
            later = [turn for turn in turns for _round in range(self._terms.rounds - number)]
            for at, (job, via) in enumerate(turns):
                self._take_turn(job, via, number, [*turns[at:], *later])

    def _is_done(self, job: Job, rounds: int) -> bool:
        """The intervals take a moment, so they are computed between rounds, and not after each of many."""
        if not schedule.is_time_to_look(rounds):
            return False
        summaries = summarise(self.runs[job.key], random.Random(self._terms.seed).randrange)  # noqa: S311
        return schedule.is_enough(summaries, rounds=rounds, narrow=self._terms.narrow)

    def _alive(self, job: Job) -> tuple[str, ...]:
        return tuple(via for via in job.vias if not schedule.is_hopeless(self.runs[job.key], via))

    def _take_turn(self, job: Job, via: str, number: int, pending: Sequence[tuple[Job, str]]) -> None:
        self._tell(job, via, number, None, pending)
        run = pull_once(job, via, number, self._setups[job.bench.target], self._terms.timeout_s, self._machine)
        self.runs[job.key].append(run)
        self._tell(job, via, number, run, pending[1:])

    def _tell(self, job: Job, via: str, number: int, run: Run | None, pending: Sequence[tuple[Job, str]]) -> None:
        if self._on_pull is None:
            return
        event = PullEvent(
            target=job.bench.target,
            workload=job.task.name,
            via=via,
            round=number,
            rounds=self._terms.rounds,
            run=run,
            left=schedule.estimate(self.runs, [(each.key, way) for each, way in pending]),
            read_bytes=sum(each.bytes or 0 for runs in self.runs.values() for each in runs),
        )
        self._on_pull(event)


def pull_once(job: Job, via: str, number: int, setup: Setup, timeout_s: float, machine: Machine) -> Run:
    started_at = datetime.now(UTC)
    bench = job.bench
    dialogue = bench.puller.pull(setup, bench.client, job.items, job.task.folder, job.mirrors.get(via), timeout_s)
    pulled: Pulled = converse(dialogue, machine)
    return Run(
        via=via,
        round=number,
        started_at=started_at,
        seconds=round(pulled.seconds, 6),
        first_byte_s=None if pulled.first_byte_s is None else round(pulled.first_byte_s, 6),
        bytes=pulled.wire_bytes,
        payload_bytes=pulled.payload_bytes,
        ok=pulled.error is None,
        timed_out=pulled.timed_out,
        error=pulled.error,
    )


def converse(dialogue: Dialogue[process.T], machine: Machine) -> process.T:
    """A dialogue in which pulls may be timed."""
    return process.converse(dialogue, machine, _answer)


def _answer(question: Question, machine: Machine) -> Answer:
    match question:
        case Timed():
            return metering.measure(question, machine)
        case Fetch():
            from mirrorctl.probing.images import fetch_images  # noqa: PLC0415  httpx loads only here

            return fetch_images(question, machine.environ, architecture())
        case _:
            return process.answer(question, machine)
