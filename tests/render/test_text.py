"""What is said beside a result."""

from __future__ import annotations

from mirrorctl.commands.result import Result
from mirrorctl.model import Notice
from mirrorctl.render.text import Writer, conversation
from mirrorctl.text import _


def absent(name: str) -> Notice:
    return Notice(code="client-missing", message=_("{target} is not on this machine", target=name), subject=name)


def said(*notices: Notice) -> list[str]:
    return list(conversation(Result(command="x", data=None, warnings=notices), Writer(), quiet=False))


def test_absent_clients_share_a_line() -> None:
    other = Notice(code="other", message=_("watch out"))
    assert said(absent("uv"), other, absent("podman")) == ["note: not found here: uv, podman", "warning: watch out"]


def test_a_single_absent_client_has_a_sentence() -> None:
    assert said(absent("uv")) == ["note: uv is not on this machine"]
