"""The commands as typer sees them: words in, plain values to `mirrorctl.commands`, results to `mirrorctl.render`.

A command imports what it runs when it runs, so that each starts with its own weight only.
"""

from __future__ import annotations

from typing import Annotated

import typer

from mirrorctl.cli.console import Command, Console, Group
from mirrorctl.cli.overview import command_summary
from mirrorctl.cli.parameters import (
    Budget,
    Deadline,
    DryRun,
    LatencyOnly,
    MaxLag,
    NoReload,
    ScopeOption,
    Targets,
    TrustOption,
    parse_duration,
    parse_size,
)
from mirrorctl.model import Trust
from mirrorctl.text import N_


def _group() -> typer.Typer:
    return typer.Typer(
        cls=Group,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )


app = _group()


def alone(name: str) -> typer.Typer:
    """The command `name` and no other: typer looks into the signature of each that it has. All, if there is no such."""
    chosen = [command for command in app.registered_commands if command.name == name]
    if not chosen:
        return app
    group = _group()
    group.registered_callback = app.registered_callback
    group.registered_commands = chosen
    return group


@app.callback()
def mirrorctl() -> None:
    """Options may stand before the command too."""


def _console(ctx: typer.Context) -> Console:
    console: Console = ctx.obj
    return console


@app.command("use", cls=Command, help=command_summary("use"))
def use(
    ctx: typer.Context,
    which: Annotated[
        str,
        typer.Argument(metavar="WHICH", help=N_("fastest, upstream, the id of a mirror or an operator, or a URL")),
    ],
    target: Targets = None,
    scope: ScopeOption = None,
    dry_run: DryRun = False,
    check: Annotated[
        bool, typer.Option("--check", help=N_("Write nothing, and exit with 4 if anything would change"))
    ] = False,
    yes: Annotated[bool, typer.Option("-y", "--yes", help=N_("Do not ask"))] = False,
    trust: TrustOption = Trust.COMPANY,
    max_lag: MaxLag = "24h",
    deadline: Deadline = "8s",
    budget: Budget = "25MB",
    latency_only: LatencyOnly = False,
    no_verify: Annotated[bool, typer.Option("--no-verify", help=N_("Do not check the change by a real pull"))] = False,
    no_reload: NoReload = False,
    replace_private: Annotated[
        bool,
        typer.Option("--replace-private", help=N_("Replace a source that may be private, or accept a risk named")),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help=N_("Use a named mirror although it is known not to work"))
    ] = False,
) -> None:
    from mirrorctl.cli.use import run_use
    from mirrorctl.commands.choice import Request
    from mirrorctl.commands.selection import Policy

    policy = Policy(
        trust=trust,
        max_lag_s=parse_duration(max_lag),
        deadline_s=parse_duration(deadline),
        budget_bytes=parse_size(budget),
        latency_only=latency_only,
        force=force,
    )
    request = Request(
        which=which,
        targets=tuple(target or ()),
        scope=scope,
        policy=policy,
        dry_run=dry_run,
        check=check,
        replace_private=replace_private,
    )
    run_use(_console(ctx), request, yes=yes, verify=not (no_verify or no_reload), activate=not no_reload)


@app.command("undo", cls=Command, help=command_summary("undo"))
def undo(
    ctx: typer.Context,
    identifier: Annotated[
        str | None, typer.Argument(metavar="[ID]", help=N_("The change to take back; by default the latest"))
    ] = None,
    dry_run: DryRun = False,
    force: Annotated[
        bool, typer.Option("--force", help=N_("Put the old setting back although somebody has changed ours since"))
    ] = False,
    no_reload: NoReload = False,
) -> None:
    from mirrorctl.commands import history
    from mirrorctl.commands.change import Switches
    from mirrorctl.render.records import undo_lines

    console = _console(ctx)
    switches = Switches(activate=not no_reload)
    result = history.undo(console.session(), identifier, dry_run=dry_run, force=force, switches=switches)
    console.finish(result, undo_lines)


@app.command("recover", cls=Command, help=command_summary("recover"))
def recover(ctx: typer.Context) -> None:
    from mirrorctl.commands import history
    from mirrorctl.render.records import recover_lines

    console = _console(ctx)
    console.finish(history.recover(console.session()), recover_lines)


@app.command("status", cls=Command, help=command_summary("status"))
def status(
    ctx: typer.Context,
    target: Targets = None,
    scope: ScopeOption = None,
    check: Annotated[
        bool, typer.Option("--check", help=N_("Exit with 4 if a file no longer says what mirrorctl wrote"))
    ] = False,
) -> None:
    from mirrorctl.commands.status import status as run
    from mirrorctl.render.status import status_lines

    console = _console(ctx)
    console.finish(run(console.session(), targets=tuple(target or ()), scope=scope, check=check), status_lines)


@app.command("probe", cls=Command, help=command_summary("probe"))
def probe(
    ctx: typer.Context,
    target: Targets = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="ID", help=N_("Only this mirror or operator; may be repeated")),
    ] = None,
    url: Annotated[
        list[str] | None, typer.Option("--url", metavar="URL", help=N_("Also this address; may be repeated"))
    ] = None,
    trust: TrustOption = Trust.COMPANY,
    max_lag: MaxLag = "24h",
    deadline: Deadline = "8s",
    budget: Budget = "25MB",
    latency_only: LatencyOnly = False,
    form: Annotated[
        str, typer.Option("--format", metavar="table|json|prometheus", help=N_("How to print the result"))
    ] = "table",
) -> None:
    from mirrorctl.cli.probe import run_probe
    from mirrorctl.commands.selection import Policy

    policy = Policy(
        trust=trust,
        max_lag_s=parse_duration(max_lag),
        deadline_s=parse_duration(deadline),
        budget_bytes=parse_size(budget),
        latency_only=latency_only,
    )
    run_probe(_console(ctx), tuple(target or ()), tuple(only or ()), tuple(url or ()), policy, form)


@app.command("list", cls=Command, help=command_summary("list"))
def list_mirrors(
    ctx: typer.Context,
    target: Targets = None,
    everything: Annotated[
        bool, typer.Option("--all", help=N_("Also those that are dead, opt-in or unverified"))
    ] = False,
) -> None:
    from mirrorctl.cli.probe import draw_list
    from mirrorctl.commands.listing import list_mirrors as run

    console = _console(ctx)
    result = run(console.session(), targets=tuple(target or ()), everything=everything)
    console.finish(result, draw=draw_list(console))


@app.command("history", cls=Command, help=command_summary("history"))
def history(ctx: typer.Context) -> None:
    from mirrorctl.commands import history as commands
    from mirrorctl.render.records import history_lines

    console = _console(ctx)
    console.finish(commands.history(console.session()), history_lines)


@app.command("catalog", cls=Command, help=command_summary("catalog"))
def catalog(
    ctx: typer.Context,
    action: Annotated[str, typer.Argument(metavar="show|validate", help=N_("What to do"))],
    what: Annotated[
        str | None, typer.Argument(metavar="[ID|FILE]", help=N_("A mirror to show, or a file to check"))
    ] = None,
) -> None:
    from mirrorctl.commands import catalog as commands
    from mirrorctl.render.records import catalog_lines

    console = _console(ctx)
    console.finish(commands.run(console.session, action, what), catalog_lines)
