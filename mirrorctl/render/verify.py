"""What `verify` says."""

from __future__ import annotations

from collections.abc import Iterator

from mirrorctl.commands.evidence import EcosystemView, EvidenceView, MirrorView, VerifyData
from mirrorctl.render.screen import pad, visible, width
from mirrorctl.render.text import Writer
from mirrorctl.text import Text, _
from mirrorctl.verdicts import Kind, Verdict

SHOWN = 4
DIGEST_SHOWN = 19  # sha256: and twelve digits

VERDICTS = {
    Verdict.SAME: (_("same"), "green"),
    Verdict.BEHIND: (_("behind"), "yellow"),
    Verdict.MISMATCH: (_("mismatch"), "red"),
    Verdict.UNVERIFIABLE: (_("unverifiable"), "dim"),
}


def verify_lines(data: VerifyData, writer: Writer) -> Iterator[str]:
    for ecosystem in data.ecosystems:
        mirrors = [mirror for mirror in data.mirrors if mirror.ecosystem == ecosystem.ecosystem]
        yield writer.paint(writer.say(_title(ecosystem, len(mirrors))), "bold")
        names = max((width(visible(mirror.id)) for mirror in mirrors), default=0)
        words = max(width(writer.say(VERDICTS[mirror.verdict][0])) for mirror in mirrors) if mirrors else 0
        for mirror in mirrors:
            yield _line(mirror, names, words, writer)
            yield from _evidence_lines(mirror, ecosystem, writer)


def _title(found: EcosystemView, count: int) -> Text:
    return _(
        "{ecosystem}: {count} compared with {basis} in {s:.1f} s, {mb:.1f} MB read",
        ecosystem=found.ecosystem,
        count=count,
        basis=found.basis,
        s=found.elapsed_s,
        mb=found.read_bytes / 1e6,
    )


def _line(mirror: MirrorView, names: int, words: int, writer: Writer) -> str:
    word, style = VERDICTS[mirror.verdict]
    verdict = writer.paint(pad(writer.say(word), words), style)
    return f"  {pad(visible(mirror.id), names)}  {verdict}  {writer.say(_summary(mirror))}"


def _summary(mirror: MirrorView) -> Text:
    if mirror.reason:
        return mirror.reason.detail
    if mirror.differences:
        return _("compared: {count}, different: {differences}", count=mirror.compared, differences=mirror.differences)
    return _("compared: {count}", count=mirror.compared)


def _evidence_lines(mirror: MirrorView, ecosystem: EcosystemView, writer: Writer) -> Iterator[str]:
    for item in mirror.evidence[:SHOWN]:
        style = "red" if item.finding is Kind.MISMATCH else "dim"
        yield "    " + writer.paint(writer.say(_sentence(item)), style)
        if item.finding is Kind.MISMATCH:
            yield "      " + writer.say(_values(item, ecosystem))
    if mirror.differences > SHOWN:
        more = _("{count} more; --json has them", count=mirror.differences - SHOWN)
        yield "    " + writer.paint(writer.say(more), "dim")


def _sentence(item: EvidenceView) -> Text:
    match item.finding:
        case Kind.MISMATCH:
            return _("{subject}: other content ({kind})", **_words(item))
        case Kind.MISSING:
            return _("{subject}: missing here", **_words(item))
        case Kind.EXTRA:
            return _("{subject}: not listed upstream", **_words(item))
        case Kind.OLDER:
            return _("{subject}: what upstream had before", **_words(item))
        case Kind.DISPUTED:
            return _("{subject}: others say otherwise, and there is no majority", **_words(item))
        case Kind.DIFFERS:
            return _("{subject}: differs, may be behind", **_words(item))


def _words(item: EvidenceView) -> dict[str, object]:
    return {"subject": item.subject, "kind": item.kind}


def _values(item: EvidenceView, ecosystem: EcosystemView) -> Text:
    got, expected = _short(item.got), _short(item.expected)
    if item.basis == ecosystem.basis:
        return _("{got} instead of {expected}", got=got, expected=expected)
    return _("{got} instead of {expected}, by {basis}", got=got, expected=expected, basis=item.basis)


def _short(value: str | None) -> str:
    text = value or "?"
    return text if len(text) <= DIGEST_SHOWN + 1 else f"{text[:DIGEST_SHOWN]}…"
