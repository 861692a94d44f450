"""Draws a race as it happens, one line for each mirror, as SVG.

    python tests/bench/draw_race.py FILE.svg [TARGET]

To be run where the mirrors are: at home, or in a network of namespaces (network.py).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from html import escape
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent)]

from mirrorctl.commands import selection
from mirrorctl.commands.session import Options, begin, named_ecosystems
from mirrorctl.model import Mirror, Probe, Ranking, Trust
from mirrorctl.probing.events import Event, Stage

WIDTH, ROW, LEFT, RIGHT, TOP = 900, 22, 130, 230, 30
COLOURS = {Stage.GATE: "#b8c4d0", Stage.WAITING: "#eef1f4", Stage.TRANSFER: "#2f8f5b", Stage.DONE: "#eef1f4"}
HEAD = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#ffffff"/>
"""


def bars(steps: Sequence[tuple[float, Stage]], end_s: float) -> list[tuple[float, float, Stage]]:
    """From and to when a mirror was at which stage; nothing after a rejection."""
    ends = [*(at_s for at_s, _stage in steps[1:]), end_s]
    return [(at_s, to_s, stage) for (at_s, stage), to_s in zip(steps, ends, strict=True) if stage in COLOURS]


def said(probe: Probe, ranking: Ranking) -> str:
    if probe.reason:
        return probe.reason.code
    entry = next(entry for entry in ranking.ranked if entry.probe.mirror.id == probe.mirror.id)
    rate = probe.bandwidth_bytes_per_s
    text = f"{entry.predicted_s:.1f} s" + (f", {rate * 8 / 1e6:.0f} Mbit/s" if rate else ", not measured further")
    return text + (" ← chosen" if entry is ranking.ranked[0] else "")


def draw(ranking: Ranking, log: Sequence[tuple[float, Event]]) -> str:
    scale = (WIDTH - LEFT - RIGHT) / ranking.elapsed_s
    probes = [*(entry.probe for entry in ranking.ranked), *ranking.rejected]
    height = TOP + ROW * len(probes) + 34
    parts = [HEAD.format(width=WIDTH, height=height)]
    ticks = [tick / 2 for tick in range(int(2 * ranking.elapsed_s) + 1)]
    for tick in ticks:
        x = LEFT + tick * scale
        parts.append(f'<path d="M{x:.1f} {TOP - 6}V{height - 34}" stroke="#dddddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{TOP - 12}" text-anchor="middle" fill="#555555">{tick:g} s</text>')
    for row, probe in enumerate(probes):
        y = TOP + ROW * row
        steps = [(at_s, event.stage) for at_s, event in log if event.mirror == probe.mirror.id]
        for from_s, to_s, stage in bars(steps, ranking.elapsed_s):
            x, width = LEFT + from_s * scale, (to_s - from_s) * scale
            parts.append(f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="14" fill="{COLOURS[stage]}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(probe.mirror.id)}</text>')
        parts.append(f'<text x="{WIDTH - RIGHT + 10}" y="{y + 12}">{escape(said(probe, ranking))}</text>')
    for place, (stage, words) in enumerate(
        {Stage.GATE: "the client's path", Stage.WAITING: "works, waits or is done", Stage.TRANSFER: "transfer"}.items()
    ):
        x = LEFT + 190 * place
        parts.append(f'<rect x="{x}" y="{height - 24}" width="14" height="14" fill="{COLOURS[stage]}"/>')
        parts.append(f'<text x="{x + 20}" y="{height - 12}">{words}</text>')
    return "\n".join([*parts, "</svg>", ""])


def main(path: str, target: str = "pip") -> int:
    session, log = begin(Options()), list[tuple[float, Event]]()
    (ecosystem,) = named_ecosystems((target,))
    policy = selection.Policy(trust=Trust.COMPANY if target == "pip" else Trust.COMMUNITY)
    mirrors: dict[str, Sequence[Mirror]] = {ecosystem: selection.candidates(session, ecosystem, policy)}
    began_s = time.monotonic()
    (ranking,) = selection.measure(session, mirrors, policy, lambda event: log.append((time.monotonic(), event)))
    began_s = log[0][0] if log else began_s
    Path(path).write_text(draw(ranking, [(at_s - began_s, event) for at_s, event in log]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
