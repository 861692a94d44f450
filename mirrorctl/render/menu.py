"""The list from which a mirror is chosen while the mirrors are measured: what it holds, and what it looks like.

It knows no terminal: keys come in as method calls, and the picture goes out as pieces of styled text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mirrorctl.model import Mirror, Probe, Ranked, Ranking
from mirrorctl.probing.events import Event
from mirrorctl.render.screen import pad, visible, width
from mirrorctl.render.text import Writer
from mirrorctl.text import Text, _
from mirrorctl.values import dataclass, field

FASTEST, UPSTREAM = "fastest", "upstream"
NAME_COLUMNS, TRUST_COLUMNS, CELL_COLUMNS = 14, 11, 16
LAST = float("inf")

Piece = tuple[str, str]  # style and text; the styles are named in mirrorctl.cli.chooser


@dataclass(slots=True, kw_only=True)
class Row:
    """`key` is what `use` takes. `probes` and `ranked` are the best of each ecosystem."""

    key: str
    about: str
    mirrors: tuple[Mirror, ...] = ()
    probes: dict[str, Probe] = field(default_factory=dict)
    ranked: dict[str, Ranked] = field(default_factory=dict)

    @property
    def words(self) -> str:
        return " ".join(
            [self.key, self.about, *(word for each in self.mirrors for word in (each.id, each.url))]
        ).lower()

    @property
    def order(self) -> tuple[int, float]:
        """Who serves more of what is needed, then who is faster."""
        return -len(self.ranked), sum(each.predicted_s for each in self.ranked.values()) if self.ranked else LAST


class Menu:
    """Rows by operator, `fastest` and `upstream` before them. The row under the cursor stays the same row."""

    def __init__(self, mirrors: Iterable[Mirror], ecosystems: Sequence[str], writer: Writer) -> None:
        self.query = ""
        self.finished = False
        self._writer = writer
        self._ecosystems = tuple(ecosystems)
        self._rows = list(self._first_rows(tuple(mirrors)))
        self._of = {mirror.id: row for row in self._rows for mirror in row.mirrors}
        self._key = FASTEST

    def _first_rows(self, mirrors: tuple[Mirror, ...]) -> Iterator[Row]:
        yield Row(key=FASTEST, about=self._say(_("for each client the one that is measured best")))
        yield Row(key=UPSTREAM, about=self._say(_("no mirror: take the setting out")))
        for operator in dict.fromkeys(mirror.operator for mirror in mirrors):
            own = tuple(mirror for mirror in mirrors if mirror.operator == operator)
            yield Row(key=operator, about=own[0].trust.value, mirrors=own)

    def _say(self, text: Text) -> str:
        return self._writer.say(text)

    # What is learnt

    def take(self, event: Event) -> None:
        row = self._of.get(event.mirror)
        known = row.probes.get(event.ecosystem) if row else None
        if row and (known is None or known.reason or not event.probe.reason):
            row.probes[event.ecosystem] = event.probe

    def finish(self, rankings: Iterable[Ranking]) -> None:
        """Seconds take the place of what was measured, and the best operator comes first."""
        for ranking in rankings:
            for ranked in ranking.ranked:
                if row := self._of.get(ranked.probe.mirror.id):
                    row.ranked.setdefault(ranking.ecosystem, ranked)
            for probe in ranking.rejected:
                if row := self._of.get(probe.mirror.id):
                    row.probes[ranking.ecosystem] = probe
        self._rows[2:] = sorted(self._rows[2:], key=lambda row: row.order)
        self.finished = True

    # What is typed

    @property
    def shown(self) -> list[Row]:
        return [row for row in self._rows if all(word in row.words for word in self.query.lower().split())]

    @property
    def chosen(self) -> Row | None:
        """The row under the cursor: the first one, if the one that was there is filtered out."""
        shown = self.shown
        return next((row for row in shown if row.key == self._key), shown[0] if shown else None)

    def move(self, by: int) -> None:
        shown, chosen = self.shown, self.chosen
        if chosen:
            self._key = shown[max(0, min(len(shown) - 1, shown.index(chosen) + by))].key

    def type(self, text: str) -> None:
        self.query += text

    def erase(self) -> None:
        self.query = self.query[:-1]

    # What is seen

    def picture(self, columns: int, lines: int) -> list[Piece]:
        """At most `lines` lines of at most `columns` columns, each with its newline."""
        shown, chosen = self.shown, self.chosen
        room = max(1, lines - 4)
        at = shown.index(chosen) if chosen else 0
        first = max(0, min(at - room // 2, len(shown) - room))
        pieces = [*self._head(columns)]
        for row in shown[first : first + room]:
            pieces += self._line(row, columns, under_cursor=row is chosen)
        return [*pieces, *self._foot(chosen, columns)]

    def _head(self, columns: int) -> Iterator[Piece]:
        prompt = self._say(_("which mirror? "))
        yield "class:prompt", _cut(prompt, columns)
        yield "", f"{_cut(self.query, max(0, columns - width(prompt)))}\n"
        titles = "".join(pad(name, CELL_COLUMNS) for name in self._ecosystems)
        state = "" if self.finished else self._say(_("measuring …"))
        left = pad(state, NAME_COLUMNS + TRUST_COLUMNS + 2)
        yield "class:dim", f"{_cut(left + titles, columns)}\n"

    def _line(self, row: Row, columns: int, *, under_cursor: bool) -> Iterator[Piece]:
        style = "class:cursor" if under_cursor else ""
        mark = "❯ " if under_cursor else "  "
        name = pad(_cut(visible(row.key), NAME_COLUMNS - 1), NAME_COLUMNS)
        if not row.mirrors:
            yield style, f"{_cut(f'{mark}{name}{row.about}', columns)}\n"
            return
        pieces = [(style, f"{mark}{name}{pad(_cut(row.about, TRUST_COLUMNS - 1), TRUST_COLUMNS)}")]
        for ecosystem in self._ecosystems:
            kind, text = self._cell(row, ecosystem)
            pieces.append((f"{style} {kind}".strip(), pad(_cut(text, CELL_COLUMNS - 1), CELL_COLUMNS)))
        for piece_style, text in pieces:
            yield piece_style, _cut(text, columns)
            columns = max(0, columns - width(text))
        yield "", "\n"

    def _cell(self, row: Row, ecosystem: str) -> Piece:
        ranked, probe = row.ranked.get(ecosystem), row.probes.get(ecosystem)
        if ranked:
            return "class:good", f"{ranked.predicted_s:.1f} s"
        if not any(mirror.ecosystem == ecosystem for mirror in row.mirrors):
            return "class:dim", "·"
        if probe is None:
            return "class:dim", "" if self.finished else "…"
        if probe.reason:
            return "class:bad", f"✗ {probe.reason.code}"
        if probe.bandwidth_bytes_per_s is not None:
            return "", f"{probe.bandwidth_bytes_per_s / 1e6:.1f} MB/s"
        return "class:dim", f"{probe.ttfb_s * 1000:.0f} ms" if probe.ttfb_s is not None else "…"

    def _foot(self, row: Row | None, columns: int) -> Iterator[Piece]:
        yield "class:dim", f"{_cut(self._detail(row), columns)}\n"
        yield "class:dim", _cut(self._say(_("↑↓ move · type to search · Enter choose · Esc leave")), columns)

    def _detail(self, row: Row | None) -> str:
        if row is None:
            return self._say(_("nothing of that name"))
        reasons = [probe.reason for name, probe in row.probes.items() if probe.reason and name not in row.ranked]
        if reasons:
            return self._say(reasons[0].detail)
        return visible("  ".join(mirror.url for mirror in row.mirrors if mirror.ecosystem in self._ecosystems))


def _cut(text: str, columns: int) -> str:
    """As much of `text` as fits, with an ellipsis where something is missing."""
    if width(text) <= columns:
        return text
    while text and width(text) > columns - 1:
        text = text[:-1]
    return f"{text}…" if columns else ""
