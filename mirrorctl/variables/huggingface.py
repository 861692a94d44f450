"""huggingface_hub: HF_ENDPOINT, with what it needs beside it (huggingface_hub, "Environment variables").

Files of the Xet store come from a host of their own, past every mirror that does not serve them: HF_HUB_DISABLE_XET.
A token that the user has saved goes to whatever host HF_ENDPOINT names: HF_HUB_DISABLE_IMPLICIT_TOKEN.
"""

from __future__ import annotations

from mirrorctl.formats.assignments import Assignment
from mirrorctl.model import Client, Machine, Mirror, Notice, Trust
from mirrorctl.text import _
from mirrorctl.variables.base import Assigned

NAME = "huggingface"
ECOSYSTEM = "huggingface"
PROGRAMS = ("hf", "huggingface-cli")
FLAGS = ()
ENDPOINT, NO_XET, NO_TOKEN = "HF_ENDPOINT", "HF_HUB_DISABLE_XET", "HF_HUB_DISABLE_IMPLICIT_TOKEN"


def assign(machine: Machine, client: Client, mirrors: tuple[Mirror, ...], offered: tuple[Mirror, ...]) -> Assigned:  # noqa: ARG001
    if not mirrors:
        beside = [name for name in (NO_XET, NO_TOKEN) if machine.environ.get(ENDPOINT) and name in machine.environ]
        return Assigned(variables=tuple((name, None) for name in (ENDPOINT, *beside)))
    mirror = mirrors[0]
    variables: list[Assignment] = [(ENDPOINT, mirror.url.rstrip("/"))]
    if not mirror.features.get("xet"):
        variables.append((NO_XET, "1"))
    if mirror.trust is Trust.PRIVATE:
        return Assigned(variables=tuple(variables))
    notice = Notice(
        code="token",
        message=_("no token of Hugging Face is sent to {id}, so gated and private models are not there", id=mirror.id),
        hint=_("unset {name} only for a mirror that may have your token", name=NO_TOKEN),
        subject=NAME,
    )
    return Assigned(variables=(*variables, (NO_TOKEN, "1")), notices=(notice,))
