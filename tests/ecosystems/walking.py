"""Drives a walk with literal answers instead of a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from mirrorctl.ecosystems.base import Asking, Finding, Rejected, Reply, Request, Walk
from mirrorctl.model import Mirror, Status, Trust

T = TypeVar("T")
Served: TypeAlias = Reply | Rejected | Callable[[Request], Reply]


def mirror(ecosystem: str, url: str, kind: str = "index") -> Mirror:
    return Mirror(
        id="m",
        ecosystem=ecosystem,
        operator="o",
        url=url,
        kind=kind,
        trust=Trust.COMPANY,
        status=Status.ACTIVE,
        domain="d",
    )


def reply(body: bytes | str = b"", status: int = 200, **headers: str) -> Reply:
    """A reply; `content_type=` stands for the header Content-Type."""
    return Reply(
        status=status,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        body=body.encode() if isinstance(body, str) else body,
        url="",
    )


@dataclass(slots=True)
class Site:
    """Answers by "METHOD url", 404 for whatever is not listed. Every request is kept."""

    answers: Mapping[str, Served]
    asked: list[Request] = field(default_factory=list)

    def answer(self, request: Request) -> Reply:
        self.asked.append(request)
        served = self.answers.get(f"{request.method} {request.url}", reply(status=404))
        if isinstance(served, Rejected):
            raise served
        found = served if isinstance(served, Reply) else served(request)
        return Reply(status=found.status, headers=found.headers, body=found.body, url=request.url)


def walked(walk: Asking[T], site: Site) -> T:
    """What any walk ends with at the site; raises Rejected as the walk does."""
    try:
        request = next(walk)
        while True:
            try:
                answer = site.answer(request)
            except Rejected as rejected:
                request = walk.throw(rejected)
            else:
                request = walk.send(answer)
    except StopIteration as end:
        found: T = end.value
        return found


def drive(walk: Walk, site: Site) -> Finding:
    """What the walk of a mirror finds at the site."""
    return walked(walk, site)


def rejection(walk: Walk, site: Site) -> Rejected:
    """The rejection that the walk ends with."""
    try:
        found = drive(walk, site)
    except Rejected as rejected:
        return rejected
    raise AssertionError(f"not rejected: {found}")
