"""What a benchmark says of the machine it ran on: enough to compare figures, nothing that names a person or a host."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from mirrorctl.redaction import redact
from mirrorctl.values import dataclass

INTERFACES = Path("/sys/class/net")
MAX_INTERFACES = 8
_VIRTUAL = ("lo", "docker", "veth", "br-", "virbr", "cni", "flannel")


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFacts:
    """As far as the system tells. `network` are the interfaces that are up, with their speed where they have one."""

    machine: str
    os: str
    cpu: str
    cpus: int
    memory_bytes: int | None
    load: float | None
    network: tuple[str, ...]
    proxies: tuple[str, ...]


def machine_facts(environ: Mapping[str, str]) -> MachineFacts:
    return MachineFacts(
        machine=platform.machine(),
        os=_system_name(),
        cpu=_cpu_name(),
        cpus=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory_bytes=_memory_bytes(),
        load=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        network=tuple(_interfaces())[:MAX_INTERFACES],
        proxies=tuple(
            f"{name.lower()}={redact(value)}"
            for name, value in sorted(environ.items())
            if name.lower().endswith("_proxy") and value
        ),
    )


def architecture() -> str:
    """The machine's architecture as container images name it (GOARCH)."""
    return {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}.get(platform.machine(), platform.machine())


def _system_name() -> str:
    try:
        name = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        name = ""
    return ", ".join(part for part in (name, f"{platform.system()} {platform.release()}") if part)


def _cpu_name() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", _text(Path("/proc/cpuinfo")), re.MULTILINE)
    return found[1] if found else platform.processor()


def _memory_bytes() -> int | None:
    found = re.search(r"^MemTotal:\s*(\d+) kB", _text(Path("/proc/meminfo")), re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def _interfaces() -> Iterator[str]:
    for place in sorted(INTERFACES.glob("*")):
        if place.name.startswith(_VIRTUAL) or _text(place / "operstate").strip() == "down":
            continue
        speed = _text(place / "speed").strip()
        yield f"{place.name}, {speed} Mbit/s" if speed.isdecimal() and speed != "0" else place.name


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:  # `speed` of an interface that has none cannot be read
        return ""
