"""`bench`: real pulls by real clients, direct and through mirrors, interleaved."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from mirrorctl import __version__, files, process_interruption
from mirrorctl.benchmark import (
    BenchReport,
    ClientVersion,
    Environment,
    Method,
    Run,
    Source,
    TargetMethod,
    WorkloadReport,
)
from mirrorctl.benchmark.summary import CONFIDENCE, FEWEST, RESAMPLES, summarise
from mirrorctl.benchmark.verdict import judge
from mirrorctl.commands.bench_jobs import BenchClient, Job, find_benched, load_tasks, plan_jobs
from mirrorctl.commands.bench_runs import OnPull, Pulls, Terms, converse, make_pulls
from mirrorctl.commands.result import Result
from mirrorctl.commands.selection import Policy
from mirrorctl.commands.session import Session
from mirrorctl.environment_facts import machine_facts
from mirrorctl.errors import ExitCode, UsageError, WriteError
from mirrorctl.model import Mirror, Notice
from mirrorctl.places import own_rules
from mirrorctl.probing.events import Event
from mirrorctl.redaction import redact
from mirrorctl.targets.pulls import Setup
from mirrorctl.text import _
from mirrorctl.values import dataclass, field

LEAST_TIMEOUT_S, MOST_TIMEOUT_S = 1.0, 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchRequest:
    """What the user asked for. `alone`: no daemon is to be used. `outputs` are the files that will be written."""

    targets: tuple[str, ...] = ()
    via: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    terms: Terms = field(default_factory=Terms)
    policy: Policy = field(default_factory=Policy)
    alone: bool = False
    outputs: tuple[Path, ...] = ()


def bench(
    session: Session,
    request: BenchRequest,
    *,
    on_event: Callable[[Event], None] | None = None,
    on_pull: OnPull | None = None,
) -> Result[BenchReport]:
    """Makes the pulls and compares them. An interruption ends the pulls, not the report."""
    _check_request(session, request)
    tasks = load_tasks(session, request.workloads)
    benched, warnings = find_benched(session, request.targets, tasks)
    jobs, notices = plan_jobs(
        session, benched, tasks, request.via, request.policy, on_event, named=bool(request.targets)
    )
    if not jobs:
        raise UsageError(
            _("the workload has nothing to pull for the clients of this machine"),
            hint=_("name what to pull by ecosystem: pypi, docker, git"),
        )
    setups = _prepare(session, {job.bench.target: job.bench for job in jobs}, alone=request.alone)
    environment = _environment(session, jobs)
    started_at, began_s = datetime.now(UTC), time.monotonic()
    try:
        pulls = make_pulls(jobs, setups, request.terms, session.machine, on_pull)
    finally:
        _tidy(session, jobs, setups)
    with process_interruption.held():  # what was pulled is reported, whatever comes now
        report = BenchReport(
            workloads=tuple(_workload_report(job, pulls, request.terms) for job in jobs),
            method=_method(request.terms, setups),
            environment=environment,
            started_at=started_at,
            elapsed_s=round(time.monotonic() - began_s, 3),
            interrupted=pulls.interrupted,
        )
        return _result(report, [*warnings, *notices])


def _check_request(session: Session, request: BenchRequest) -> None:
    """What would come to light after the pulls only. Raises UsageError, WriteError, ConfigError."""
    if not LEAST_TIMEOUT_S <= request.terms.timeout_s <= MOST_TIMEOUT_S:
        raise UsageError(_("one pull may take between 1 s and 24 h"), hint=_("--timeout 10min is the default"))
    for path in request.outputs:
        whole = session.machine.cwd / path
        if not whole.parent.is_dir():
            raise WriteError(_("there is no directory {path}", path=whole.parent), subject=str(whole))
        files.check(whole, own_rules(session.machine))


def write_outputs(session: Session, outputs: Sequence[tuple[Path, bytes]]) -> None:
    """Writes each report to the file that the user has named. Raises WriteError."""
    for path, data in outputs:
        whole = session.machine.cwd / path
        with files.explained(whole):
            files.publish(whole, data, own_rules(session.machine))


def _prepare(session: Session, benched: Mapping[str, BenchClient], *, alone: bool) -> dict[str, Setup]:
    return {
        name: converse(each.puller.prepare(session.machine, each.client, each.contents, alone=alone), session.machine)
        for name, each in benched.items()
    }


def _tidy(session: Session, jobs: Sequence[Job], setups: Mapping[str, Setup]) -> None:
    """Begun again when it is interrupted; given up when that happens twice."""
    for _attempt in range(2):
        with suppress(KeyboardInterrupt):
            _tidy_once(session, jobs, setups)
            return


def _tidy_once(session: Session, jobs: Sequence[Job], setups: Mapping[str, Setup]) -> None:
    for job in jobs:
        mirrors = tuple(job.mirrors.values())
        dialogue = job.bench.puller.tidy(setups[job.bench.target], job.bench.client, job.items, mirrors)
        converse(dialogue, session.machine)


def _result(report: BenchReport, warnings: Sequence[Notice]) -> Result[BenchReport]:
    """Interrupted it is 130; where nothing succeeded at all, 21; a way that fails is a finding, not a failure."""
    runs = [run for work in report.workloads for run in work.runs]
    errors: tuple[Notice, ...] = ()
    code = ExitCode.OK
    if report.interrupted:
        code = ExitCode.INTERRUPTED
        errors = (
            Notice(code="interrupted", message=_("interrupted: the report has the pulls that were made until then")),
        )
    elif not any(run.ok for run in runs):
        code = ExitCode.CLIENT
        errors = (
            Notice(
                code="client",
                message=_("not one of {count} pulls succeeded", count=len(runs)),
                hint=next((run.error for run in runs if run.error), None),
            ),
        )
    return Result(
        command="bench",
        data=report,
        warnings=tuple(warnings),
        errors=errors,
        exit_code=code,
        partial=report.interrupted and bool(runs),
    )


def _workload_report(job: Job, pulls: Pulls, terms: Terms) -> WorkloadReport:
    runs: tuple[Run, ...] = tuple(pulls.runs[job.key])
    summary = summarise(runs, random.Random(terms.seed).randrange)  # noqa: S311  chance, not a secret
    order = {each.via: at for at, each in enumerate(summary)}
    sources = [_source(job, via, job.mirrors.get(via)) for via in job.vias]
    return WorkloadReport(
        target=job.bench.target,
        name=job.task.name,
        description=job.task.description,
        items=job.items,
        sources=tuple(sorted(sources, key=lambda source: order.get(source.via, len(order)))),
        runs=runs,
        summary=summary,
        verdict=judge(summary),
    )


def _source(job: Job, via: str, mirror: Mirror | None) -> Source:
    if mirror is None:
        url = job.bench.puller.upstream(job.bench.client, job.items)
        return Source(via=via, url=redact(url) if url else None, operator=None, trust=None)
    return Source(via=via, url=redact(mirror.url), operator=mirror.operator, trust=mirror.trust.value)


def _method(terms: Terms, setups: Mapping[str, Setup]) -> Method:
    return Method(
        rounds=terms.rounds,
        least_rounds=min(FEWEST, terms.rounds),
        timeout_s=terms.timeout_s,
        narrow=terms.narrow,
        confidence=CONFIDENCE,
        resamples=RESAMPLES,
        seed=terms.seed,
        targets=tuple(
            TargetMethod(
                target=name, command=setup.command, cold=setup.cold, first_byte=setup.first_byte, bytes=setup.bytes
            )
            for name, setup in setups.items()
        ),
        notes=(
            _("each round has one pull by every way, in random order, so that drift of the line hits all alike"),
            _("medians are over all pulls: one that failed or was cut off stands above every one that finished"),
            _("intervals are percentile intervals of the bootstrap; whole rounds are drawn again"),
        ),
    )


def _environment(session: Session, jobs: Sequence[Job]) -> Environment:
    facts = machine_facts(session.machine.environ)
    clients = {job.bench.target: job.bench.client for job in jobs}
    return Environment(
        mirrorctl=__version__,
        machine=facts.machine,
        os=facts.os,
        cpu=facts.cpu,
        cpus=facts.cpus,
        memory_bytes=facts.memory_bytes,
        load=facts.load,
        network=facts.network,
        proxies=facts.proxies,
        clients=tuple(
            ClientVersion(target=name, version=".".join(map(str, client.version)) or "?")
            for name, client in clients.items()
        ),
        catalog_date=session.catalog.catalog_date,
    )
