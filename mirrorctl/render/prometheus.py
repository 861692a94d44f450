"""Probe results in the text exposition format of Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from mirrorctl.commands.probe import ProbeData
from mirrorctl.model import Probe

GAUGES = (
    ("mirrorctl_probe_connect_seconds", "connect_s", "Name lookup and TCP connection."),
    ("mirrorctl_probe_tls_seconds", "tls_s", "TLS handshake."),
    ("mirrorctl_probe_ttfb_seconds", "ttfb_s", "From the request to the first byte."),
    ("mirrorctl_probe_bandwidth_bytes_per_second", "bandwidth_bytes_per_s", "Steady bandwidth of one transfer."),
    ("mirrorctl_probe_lag_seconds", "lag_s", "How far the mirror is behind upstream."),
    ("mirrorctl_probe_read_bytes", "read_bytes", "What measuring has read."),
)


def metrics(data: ProbeData) -> Iterator[str]:
    """One gauge per measured value. What was not measured has no sample."""
    entries = [(ranking.ecosystem, entry.probe) for ranking in data.ecosystems for entry in ranking.ranked]
    failed = [(ranking.ecosystem, probe) for ranking in data.ecosystems for probe in ranking.rejected]
    yield from _head("mirrorctl_probe_eligible", "Whether a client can use the mirror.")
    for ecosystem, probe in (*entries, *failed):
        reason = probe.reason.code if probe.reason else ""
        yield f"mirrorctl_probe_eligible{_labels(ecosystem, probe, reason=reason)} {0 if probe.reason else 1}"
    yield from _head("mirrorctl_probe_predicted_seconds", "Predicted duration of the reference workload.")
    for ranking in data.ecosystems:
        for entry in ranking.ranked:
            labels = _labels(ranking.ecosystem, entry.probe)
            yield f"mirrorctl_probe_predicted_seconds{labels} {entry.predicted_s:.6f}"
    for name, field, text in GAUGES:
        yield from _head(name, text)
        for ecosystem, probe in (*entries, *failed):
            value = getattr(probe, field)
            if value is not None:
                yield f"{name}{_labels(ecosystem, probe)} {value:.6g}"


def _head(name: str, text: str) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} gauge"


def _labels(ecosystem: str, probe: Probe, **more: str) -> str:
    labels = {"ecosystem": ecosystem, "mirror": probe.mirror.id, "operator": probe.mirror.operator, **more}
    return "{" + ",".join(f'{name}="{_escape(value)}"' for name, value in labels.items()) + "}"


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
