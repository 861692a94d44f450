"""What the phases of HTTP exchanges with a mirror have taken."""

from __future__ import annotations

import math

from mirrorctl.probing.loop import loop_s
from mirrorctl.values import dataclass, field


@dataclass(slots=True)
class Clock:
    """The phases of one HTTP exchange, filled in by httpcore's trace hook (httpcore, docs/extensions)."""

    phase: str = "start"
    started: dict[str, float] = field(default_factory=dict)
    taken_s: dict[str, float] = field(default_factory=dict)

    def note(self, event: str) -> None:
        name, _dot, state = event.rpartition(".")
        now = loop_s()
        name = name.rpartition(".")[2]
        if state == "started":
            self.phase = self.phase if name == "response_closed" else name  # closing is our doing, not the server's
            self.started[name] = now
        elif state == "complete" and name in self.started:
            self.taken_s[name] = now - self.started[name]

    @property
    def first_byte_s(self) -> float | None:
        """From sending the request to the headers of the reply."""
        ended = self.taken_s.get("receive_response_headers")
        if ended is None:
            return None
        return self.started["receive_response_headers"] + ended - self.started["send_request_headers"]


@dataclass(slots=True)
class Timing:
    """What is known of the connections to one mirror so far. Lists are in the order of time."""

    connect_s: float | None = None
    tls_s: float | None = None
    setup_s: dict[str, float] = field(default_factory=dict)  # by origin, least seen
    index_s: list[float] = field(default_factory=list)  # request to first byte, connections being ready
    file_s: list[float] = field(default_factory=list)
    read_bytes: int = 0
    url: str = ""  # what is being asked for
    file_hosts: set[str] = field(default_factory=set)  # where files came from, after redirects
    moved_at_s: float = -math.inf  # when anything last came to its end, by the clock of the loop
    phase: str = "start"  # and how far that has come, in the words of the trace hook

    def absorb(self, other: Timing) -> None:
        """Takes over what another set of connections to the same mirror has shown."""
        self.read_bytes += other.read_bytes
        for origin, setup_s in other.setup_s.items():
            self.setup_s[origin] = min(setup_s, self.setup_s.get(origin, setup_s))
