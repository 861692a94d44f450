"""What is wrong with a machine, found from facts. Pure: no input or output, no clock, no environment.

Each client may have a module of its own here, with a function `diagnose`; `general` has what is asked of any client,
and `project`, `variables` and `belongings` what no client is to blame for.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from mirrorctl.diagnosis.case import Case, Diagnosis
from mirrorctl.diagnosis.finding import Finding
from mirrorctl.diagnosis.general import diagnose_unknown

# The clients that more is known of, and where; imported when they are asked about.
OWN = {name: name for name in ("pip", "uv", "docker", "git")} | dict.fromkeys(
    ("podman", "containerd", "buildkit"), "registries"
)


def diagnose(case: Case) -> Iterator[Finding]:
    """Everything that is wrong with one client, in the order of its files."""
    if case.name in OWN:
        own: Diagnosis = import_module(f"mirrorctl.diagnosis.{OWN[case.name]}").diagnose
        yield from own(case)
    else:
        yield from diagnose_unknown(case)
