"""What a report says behind its workloads: how it was measured, where, and with what."""

from __future__ import annotations

from mirrorctl.benchmark import BenchReport, ClientVersion, Environment, Method, Source, TargetMethod
from mirrorctl.benchmark.verdict import seconds
from mirrorctl.render.report.figures import UNKNOWN, size
from mirrorctl.render.report.sections import role, sentence, way
from mirrorctl.render.report.view import Block, Cell, Fact, Row, Sheet
from mirrorctl.render.screen import visible
from mirrorctl.render.text import Writer
from mirrorctl.text import Text, _


def make_blocks(report: BenchReport, writer: Writer) -> tuple[Block, ...]:
    return (
        _sources_block(report, writer),
        _method_block(report.method, report.elapsed_s, writer),
        _environment_block(report.environment, writer),
        *(_target_block(target, writer) for target in report.method.targets),
    )


def fact(writer: Writer, term: Text, *values: object, code: bool = False) -> Fact:
    """What is not known is said to be so."""
    said = (
        writer.say(value) if isinstance(value, Text) else visible(str(value)) for value in values if value is not None
    )
    return Fact(term=writer.say(term), values=tuple(said) or (UNKNOWN,), code=code)


def _method_block(method: Method, elapsed_s: float, writer: Writer) -> Block:
    rounds = _("at most {most}, at least {least}", most=method.rounds, least=method.least_rounds)
    stop = _("when every interval is at most {share:.0%} of its value wide", share=method.narrow)
    interval = _("{confidence:.0%}, by {resamples} resamples", confidence=method.confidence, resamples=method.resamples)
    apart = _("a way is called faster or slower when the interval of its speed-up does not contain 1")
    return Block(
        anchor="method",
        heading=writer.say(_("Method")),
        facts=(
            fact(writer, _("rounds"), rounds),
            fact(writer, _("end"), stop),
            fact(writer, _("time limit"), seconds(method.timeout_s)),
            fact(writer, _("interval"), interval),
            fact(writer, _("seed"), method.seed),
            fact(writer, _("took"), seconds(elapsed_s)),
        ),
        remarks=tuple(sentence(note, writer) for note in (*method.notes, apart)),
    )


def _target_block(method: TargetMethod, writer: Writer) -> Block:
    return Block(
        anchor=f"method-{method.target}",
        heading=writer.say(_("How {target} pulls", target=method.target)),
        facts=(
            fact(writer, _("command"), method.command, code=True),
            fact(writer, _("cold"), method.cold),
            fact(writer, _("first byte"), method.first_byte),
            fact(writer, _("on the wire"), method.bytes),
        ),
    )


def _sources_block(report: BenchReport, writer: Writer) -> Block:
    found = {
        (work.target, source.via): source
        for work in report.workloads
        for source in work.sources
        if source.url is not None
    }
    heads = (_("way"), _("client"), _("address"), _("operator"), _("trust"))
    return Block(
        anchor="ways",
        heading=writer.say(_("Where the ways lead")),
        sheet=Sheet(
            caption=writer.say(_("The address of each way")),
            columns=tuple(writer.say(head) for head in heads),
            rows=tuple(_source_row(target, source, writer) for (target, _via), source in found.items()),
        ),
    )


def _source_row(target: str, source: Source, writer: Writer) -> Row:
    said = (target, source.url, source.operator, source.trust)
    return Row(
        head=Cell(text=way(source.via, writer)),
        cells=tuple(Cell(text=visible(value) if value else "–") for value in said),
        role=role(source.via),
    )


def _environment_block(found: Environment, writer: Writer) -> Block:
    cpu = _("{cpu}, {count} processors", cpu=found.cpu, count=found.cpus)
    return Block(
        anchor="machine",
        heading=writer.say(_("Machine and network")),
        facts=(
            fact(writer, _("machine"), found.machine),
            fact(writer, _("system"), found.os),
            fact(writer, _("processor"), cpu),
            fact(writer, _("memory"), size(found.memory_bytes)),
            fact(writer, _("load before"), None if found.load is None else f"{found.load:.2f}"),
            fact(writer, _("network"), *found.network),
            fact(writer, _("proxies"), *(found.proxies or (_("none"),))),
            fact(writer, _("clients"), *map(_client, found.clients)),
            fact(writer, _("catalog"), found.catalog_date),
            fact(writer, Text("mirrorctl"), found.mirrorctl),
        ),
    )


def _client(client: ClientVersion) -> str:
    return f"{client.target} {client.version}"
