"""`doctor` on a terminal: the findings, the plan, the question."""

from __future__ import annotations

import shutil
import sys
from functools import partial

from mirrorctl.cli.console import Console
from mirrorctl.commands.change import Switches
from mirrorctl.commands.doctor import DoctorData, Visit, doctor
from mirrorctl.commands.session import Options
from mirrorctl.text import _


def run_doctor(console: Console, visit: Visit, *, yes: bool, activate: bool) -> None:
    from mirrorctl.render.doctor import doctor_lines, plan_lines

    def stage(name: str) -> None:
        if console.verbose:
            console.tell([name])

    def confirm(data: DoctorData) -> bool:
        return yes or console.ask(partial(plan_lines, data, columns=shutil.get_terminal_size().columns))

    if console.lively and not visit.offline:
        console.tell([console.writer(sys.stderr).say(_("asking the mirrors in use; --offline does without"))])
    result = doctor(
        Options(catalogs=console.catalogs, root=console.root),
        visit,
        switches=Switches(activate=activate, stage=stage),
        confirm=confirm,
    )
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    console.finish(result, partial(doctor_lines, columns=columns))
