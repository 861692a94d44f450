"""What measuring has cost."""

from __future__ import annotations

from mirrorctl.model import Ranking
from mirrorctl.text import Text, _


def cost(ranking: Ranking) -> Text:
    return _(
        "{ecosystem}: {count} measured in {s:.1f} s, {mb:.1f} MB read",
        ecosystem=ranking.ecosystem,
        count=len(ranking.ranked) + len(ranking.rejected),
        s=ranking.elapsed_s,
        mb=ranking.read_bytes / 1e6,
    )
