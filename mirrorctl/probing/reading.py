"""A transfer while it is read: when what has arrived, and when it is enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mirrorctl.probing.goodput import Transfer
from mirrorctl.probing.loop import absences, idle_s, loop_s
from mirrorctl.values import dataclass, field

CHECK_S = 0.015
BEHIND_S = 0.02  # who reads for so long without catching up does not know when it came


@dataclass(slots=True, kw_only=True)
class Reading:
    """A transfer under way. `enough` is asked every CHECK_S whether to go on."""

    limit_bytes: int
    window_s: float
    rtt_s: float
    enough: Callable[[Transfer], bool]
    started_s: float = field(default_factory=loop_s)
    marks: list[tuple[float, int]] = field(default_factory=list)
    catches: list[tuple[float, int]] = field(default_factory=list)  # when all had been read, before which mark
    interrupted: bool = False  # the silence at its end was ours
    checked_s: float = 0.0

    @property
    def bytes(self) -> int:
        return self.marks[-1][1] if self.marks else 0

    @property
    def complete(self) -> bool:
        return bool(self.marks) and self.bytes >= self.limit_bytes

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
        rate = self.bytes / max(self.marks[-1][0] - self.marks[0][0], self.rtt_s)
        return min(self.limit_bytes - self.bytes, int(2 * rate * self.rtt_s))

    def transfer(self) -> Transfer:
        marks, behind = _spread(self.marks, self.catches) if self.marks else ([], [])
        ended_s = marks[-1][0] if self.interrupted and marks else loop_s() - self.started_s
        behind += [(start_s - self.started_s, end_s - self.started_s) for start_s, end_s in absences(self.started_s)]
        return Transfer(marks=marks, ended_s=ended_s, rtt_s=self.rtt_s, behind=sorted(behind))

    def take(self, count: int) -> bool:
        """Notes the arrival of `count` bytes; true when that is all that is wanted."""
        now_s = loop_s() - self.started_s
        caught_up_s = idle_s() - self.started_s
        if not self.marks or caught_up_s >= self.marks[-1][0]:
            self.catches.append((caught_up_s, len(self.marks)))
        self.marks.append((now_s, count + self.bytes))
        if self.complete:
            return True
        if now_s - self.checked_s < CHECK_S:
            return False
        self.checked_s = now_s
        return self.enough(self.transfer())


def _spread(
    marks: list[tuple[float, int]], catches: Sequence[tuple[float, int]]
) -> tuple[list[tuple[float, int]], list[tuple[float, float]]]:
    """The marks, and the stretches in which the reader was behind, with what was read in them spread over them evenly."""
    spread, behind = marks, []
    ends = [*(place for _caught_up_s, place in catches[1:]), len(marks)]
    for (caught_up_s, start), end in zip(catches, ends, strict=True):
        first = max(1, start)
        if end <= first or marks[end - 1][0] - marks[start][0] < BEHIND_S:
            continue
        (since_s, before), (until_s, after) = marks[first - 1], marks[end - 1]
        since_s = max(since_s, caught_up_s)
        pace = (until_s - since_s) / (after - before)
        if spread is marks:
            spread = list(marks)
        spread[first:end] = [(since_s + pace * (done - before), done) for _at_s, done in marks[first:end]]
        behind.append((since_s, until_s))
    return spread, behind
