"""What `bench` will pull, with what, from where: everything that can be wrong beforehand is said beforehand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from mirrorctl import benchmark, files
from mirrorctl.benchmark import workloads
from mirrorctl.benchmark.workloads import BUILT_IN, Task
from mirrorctl.commands import selection
from mirrorctl.commands.selection import FASTEST, UPSTREAM, Policy
from mirrorctl.commands.session import Session, find_clients, named_targets, pick_scope, read_files
from mirrorctl.errors import MirrorctlError, NoMirrorError, UsageError
from mirrorctl.model import Client, Mirror, Notice, Ranking
from mirrorctl.probing.events import Event
from mirrorctl.targets import TARGETS
from mirrorctl.targets.base import Contents
from mirrorctl.targets.pulls import PULLERS, Puller
from mirrorctl.text import _
from mirrorctl.values import dataclass, replace

DEFAULT_WORKLOAD = "typical"


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchClient:
    """A client that can be made to pull."""

    target: str
    client: Client
    contents: Contents
    puller: Puller


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One workload of one client. `mirrors` are by their `via`; the direct way is always taken as well."""

    bench: BenchClient
    task: Task
    items: tuple[str, ...]
    mirrors: dict[str, Mirror]

    @property
    def key(self) -> str:
        return f"{self.bench.target}/{self.task.name}"

    @property
    def vias(self) -> tuple[str, ...]:
        return (benchmark.DIRECT, *self.mirrors)


def load_tasks(session: Session, named: tuple[str, ...]) -> tuple[Task, ...]:
    """The workloads called so: a built-in one, or all of a file. Raises UsageError."""
    ecosystems = tuple(dict.fromkeys(TARGETS.ecosystem(name) for name in TARGETS))
    path = Path(workloads.__file__).with_suffix(".toml")
    text = path.read_text(encoding="utf-8")
    own = workloads.parse(text, path.name, path.parent, ecosystems, built_in=True)
    built_in = {task.name: task for task in own}
    found: list[Task] = []
    for name in named or (DEFAULT_WORKLOAD,):
        found += [built_in[name]] if name in built_in else _read_tasks(session.machine.cwd / name, name, ecosystems)
    names = [task.name for task in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(_("there are two workloads with the name {name}", name=twice), subject=twice)
    return tuple(found)


def _read_tasks(path: Path, name: str, ecosystems: tuple[str, ...]) -> tuple[Task, ...]:
    data = files.read(path)
    if data is None:
        raise UsageError(
            _("there is no workload {name}, and no such file", name=name),
            hint=_("the built-in ones are: {names}", names=", ".join(BUILT_IN)),
            subject=name,
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(_("{file}: {reason}", file=path, reason="UTF-8"), subject=str(path)) from error
    return workloads.parse(text, name, path.parent, ecosystems)


def find_benched(
    session: Session, names: tuple[str, ...], tasks: Sequence[Task]
) -> tuple[list[BenchClient], list[Notice]]:
    """The clients that can be made to pull something of `tasks`. Raises UsageError, ClientError."""
    if session.machine.root is not None:
        raise UsageError(_("nothing can be pulled in an image"), hint=_("run the command without --root"))
    wanted = {ecosystem for task in tasks for ecosystem in task.items}
    for name in named_targets(names) if names else ():
        if name not in PULLERS:
            raise UsageError(
                _("pulls of {target} cannot be timed", target=name),
                hint=_("those of these can: {names}", names=", ".join(PULLERS)),
                subject=name,
            )
    concerned = tuple(name for name in PULLERS if name in TARGETS and TARGETS.ecosystem(name) in wanted)
    clients, notices = find_clients(session, names, concerned)
    return [_bench_client(session, name, client) for name, client in clients.items()], notices


def _bench_client(session: Session, name: str, client: Client) -> BenchClient:
    target = TARGETS[name]
    contents: Contents = {}
    try:
        scope = pick_scope(session.machine, target, client, None)
        contents = read_files(session.machine, target, client, scope).contents
    except MirrorctlError:  # what the client cannot read either plays no part in a pull that leaves it out
        contents = {}
    return BenchClient(target=name, client=client, contents=contents, puller=PULLERS[name]())


def check_items(bench: BenchClient, task: Task) -> tuple[str, ...]:
    """What the client pulls of a workload. Raises UsageError for an item that it cannot."""
    items = task.items.get(TARGETS.ecosystem(bench.target), ())
    for item in items:
        if reason := bench.puller.check(item, task.folder, files.read):
            raise UsageError(
                _("workload {name}: {item}: {reason}", name=task.name, item=repr(item), reason=reason), subject=item
            )
    return items


def plan_jobs(
    session: Session,
    benched: Sequence[BenchClient],
    tasks: Sequence[Task],
    via: tuple[str, ...],
    policy: Policy,
    on_event: Callable[[Event], None] | None = None,
    *,
    named: bool,
) -> tuple[list[Job], list[Notice]]:
    """Every workload with every client that has anything to pull in it. Raises UsageError, NoMirrorError.

    Where a mirror was named and no client (`named`), what it does not serve is left out.
    """
    having = [(bench, task, items) for bench in benched for task in tasks if (items := check_items(bench, task))]
    used = {bench.target: bench for bench, _task, _items in having}
    chosen = _choose(session, list(used.values()), via, policy, on_event)
    jobs, notices = [], []
    for bench, task, items in having:
        mirrors = {each.id: each for each in chosen[bench.target] if bench.puller.serves(each, items)}
        if via and not mirrors and not named:
            continue
        jobs.append(Job(bench=bench, task=task, items=items, mirrors=mirrors))
        if not mirrors:
            notices.append(_direct_only(bench.target, task.name))
    if having and via and not any(job.mirrors for job in jobs):
        raise NoMirrorError(
            _("{names} has nothing of what is to be pulled", names=", ".join(via)),
            hint=_("mirrorctl list shows who has what"),
        )
    return jobs, notices


def _direct_only(target: str, name: str) -> Notice:
    return Notice(
        code="no-mirror",
        message=_("no mirror for {target}, {name}: it is pulled directly alone", target=target, name=name),
        hint=_("--via names one; mirrorctl probe -t {target} says what is wrong with each", target=target),
        subject=target,
    )


def _choose(
    session: Session,
    benched: Sequence[BenchClient],
    via: tuple[str, ...],
    policy: Policy,
    on_event: Callable[[Event], None] | None,
) -> dict[str, tuple[Mirror, ...]]:
    """The mirrors for each client: those named, else the one it is configured with, else the fastest now."""
    found: dict[str, tuple[Mirror, ...]] = {}
    any_state = replace(policy, force=True)  # pulling from a mirror that is said to be dead does no harm, and tells
    for bench in benched:
        ecosystem = TARGETS.ecosystem(bench.target)
        named = [
            each
            for which in via
            if which not in {FASTEST, UPSTREAM}
            for each in selection.look_up(session, which, ecosystem, any_state)
        ]
        found[bench.target] = tuple(named) if via else _configured(session, bench)
    racing = [bench for bench in benched if FASTEST in via or not (via or found[bench.target])]
    ecosystems = dict.fromkeys(TARGETS.ecosystem(bench.target) for bench in racing)
    candidates = {name: selection.candidates(session, name, policy) for name in ecosystems}
    rankings = {each.ecosystem: each for each in selection.measure(session, dict(candidates), policy, on_event)}
    for bench in racing:
        fastest = _fastest(rankings.get(TARGETS.ecosystem(bench.target)))
        found[bench.target] = (*found[bench.target], *fastest)
    return found


def _configured(session: Session, bench: BenchClient) -> tuple[Mirror, ...]:
    """What the client is set to use, unless that is upstream, or not for others to see."""
    target = TARGETS[bench.target]
    try:
        scope = pick_scope(session.machine, target, bench.client, None)
        urls = target.state(session.machine, bench.client, bench.contents, scope).urls
        return selection.named(session, urls[0], TARGETS.ecosystem(bench.target)) if urls else ()
    except MirrorctlError:
        return ()


def _fastest(ranking: Ranking | None) -> tuple[Mirror, ...]:
    return (ranking.ranked[0].probe.mirror,) if ranking and ranking.ranked else ()
