"""The parts of a report put together: what every report says around its data, and the whole of one benchmark's."""

from __future__ import annotations

from mirrorctl.benchmark import BenchReport
from mirrorctl.benchmark.verdict import seconds
from mirrorctl.render.report.blocks import make_blocks
from mirrorctl.render.report.figures import size
from mirrorctl.render.report.headline import headline
from mirrorctl.render.report.sections import make_section, sentence
from mirrorctl.render.report.view import View, Words
from mirrorctl.render.text import Writer
from mirrorctl.text import Text, _

TAGS = {"zh": "zh-CN", "en": "en"}  # BCP 47


def make_view(report: BenchReport, writer: Writer, language: str) -> View:
    vias = tuple(source.via for work in report.workloads for source in work.sources)
    return View(
        language=TAGS.get(language, "en"),
        title=writer.say(_("mirrorctl benchmark, {date}", date=f"{report.started_at:%Y-%m-%d}")),
        verdict=sentence(headline(report), writer, names=vias),
        subtitle=writer.say(_subtitle(report)),
        warning=writer.say(_("interrupted before the last round: these are the pulls made until then"))
        if report.interrupted
        else None,
        sections=tuple(make_section(work, f"w{index}", writer) for index, work in enumerate(report.workloads, 1)),
        blocks=make_blocks(report, writer),
        words=words(writer, report.method.confidence),
        footer=footer(report.environment.mirrorctl, writer),
    )


def _subtitle(report: BenchReport) -> Text:
    runs = [run for work in report.workloads for run in work.runs]
    return _(
        "{at} UTC · {count} pulls in {time} · {size} over the network",
        at=f"{report.started_at:%Y-%m-%d %H:%M}",
        count=len(runs),
        time=seconds(report.elapsed_s),
        size=size(sum(run.bytes or 0 for run in runs)),
    )


def words(writer: Writer, confidence: float) -> Words:
    legend = (
        ("direct", _("a direct pull")),
        ("mirror", _("a pull through a mirror")),
        ("median", _("median")),
        ("interval", _("{confidence:.0%} interval", confidence=confidence)),
        ("failed", _("failed")),
        ("timeout", _("cut off at the time limit")),
    )
    return Words(
        failures=writer.say(_("Pulls that did not finish")),
        runs=writer.say(_("Every pull, one by one")),
        legend=tuple((mark, writer.say(meaning)) for mark, meaning in legend),
        reading=writer.say(_("Within a lane, the first round stands highest and the last one lowest.")),
        contents=writer.say(_("Workloads")),
    )


def footer(version: str, writer: Writer) -> str:
    return writer.say(_("Made by mirrorctl {version}.", version=version))
