"""What a measurement of one or more ecosystems has come to, and how."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mirrorctl.errors import VerifyError
from mirrorctl.model import Notice, Ranked, Ranking
from mirrorctl.text import Text, _
from mirrorctl.values import dataclass

if TYPE_CHECKING:
    from mirrorctl.experience import Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """When an ecosystem was measured; `remembered`: by an earlier run, `age_s` ago."""

    ecosystem: str
    at: datetime
    age_s: float
    remembered: bool


class Rankings(dict[str, Ranking]):
    """Rankings by ecosystem, with how they came about."""

    def __init__(self) -> None:
        super().__init__()
        self.decisions: list[Decision] = []
        self.notices: list[Notice] = []
        self._past: dict[str, Sequence[Measurement]] = {}
        self._doubt: Callable[[], None] | None = None

    def stays(self, ecosystem: str) -> Callable[[Ranked, Ranked], bool]:
        """Says whether what is configured now stays, against the best."""
        from mirrorctl.experience import steady  # noqa: PLC0415  start-up time: only a race needs it

        return steady(self.past(ecosystem), datetime.now(UTC))

    @contextmanager
    def on_trial(self) -> Iterator[None]:
        """While a decision by these rankings is carried out: if a client refuses it, it is not made again."""
        try:
            yield
        except VerifyError:
            if self._doubt:
                self._doubt()
            raise

    def past(self, ecosystem: str) -> Sequence[Measurement]:
        return self._past.get(ecosystem, ())

    def remember(self, ecosystem: str, past: Sequence[Measurement]) -> None:
        self._past[ecosystem] = past

    def doubted_by(self, doubt: Callable[[], None]) -> None:
        self._doubt = doubt


def age_text(age_s: float) -> Text:
    """How long ago, in the largest unit of which there is more than one."""
    if age_s < 120:
        return _("{n:.0f} s", n=max(0.0, age_s))
    if age_s < 2 * 3600:
        return _("{n:.0f} min", n=age_s / 60)
    if age_s < 2 * 86400:
        return _("{n:.0f} h", n=age_s / 3600)
    return _("{n:.0f} days", n=age_s / 86400)
