"""A transfer while it is read: when what has arrived, and when it is enough."""

from __future__ import annotations

from collections.abc import Callable

from mirrorctl.probing.goodput import Transfer
from mirrorctl.probing.names import loop_s
from mirrorctl.values import dataclass, field

CHECK_S = 0.015


@dataclass(slots=True, kw_only=True)
class Reading:
    """A transfer under way. `enough` is asked every CHECK_S whether to go on."""

    limit_bytes: int
    window_s: float
    rtt_s: float
    enough: Callable[[Transfer], bool]
    started_s: float = field(default_factory=loop_s)
    marks: list[tuple[float, int]] = field(default_factory=list)
    checked_s: float = 0.0

    @property
    def complete(self) -> bool:
        return bool(self.marks) and self.marks[-1][1] >= self.limit_bytes

    @property
    def left_s(self) -> float:
        """What is left of the window, which opens with the first byte."""
        if not self.marks:
            return self.window_s
        return max(0.0, self.marks[0][0] + self.window_s - (loop_s() - self.started_s))

    @property
    def abandoned_bytes(self) -> int:
        """What was probably on its way when the reading stopped early: a round trip's worth."""
        if len(self.marks) < 2 or self.complete:
            return 0
        rate = self.marks[-1][1] / max(self.marks[-1][0] - self.marks[0][0], self.rtt_s)
        return min(self.limit_bytes - self.marks[-1][1], int(2 * rate * self.rtt_s))

    def transfer(self) -> Transfer:
        return Transfer(marks=self.marks, ended_s=loop_s() - self.started_s, rtt_s=self.rtt_s)

    def take(self, count: int) -> bool:
        """Notes the arrival of `count` bytes; true when that is all that is wanted."""
        now_s = loop_s() - self.started_s
        self.marks.append((now_s, count + (self.marks[-1][1] if self.marks else 0)))
        if self.complete:
            return True
        if now_s - self.checked_s < CHECK_S:
            return False
        self.checked_s = now_s
        return self.enough(self.transfer())
