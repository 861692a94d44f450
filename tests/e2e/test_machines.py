"""Three machines, each in a network of its own, are provisioned by one script and one profile.

The first reaches one mirror, the second another, the third none. Namespaces and cables are made and removed by the test.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from servers import throwaway
from servers.certificates import Authority
from servers.index import index
from servers.overlay import entry, overlay
from servers.throwaway import PROGRAM, WORK, Throwaway
from servers.web import Server
from servers.workstation import Ran

pytestmark = pytest.mark.client

NAMES = ("alpha.example", "beta.example")
PROFILE = """
[policy]
deadline = "6s"
fallback = "keep"
latency-only = true
[target.pip]
scope = "system"
[target.uv]
scope = "system"
"""
# What an administrator may run on every machine, as often as they like.
SCRIPT = """
mirrorctl apply profile.toml -y --json > first.json
mirrorctl apply profile.toml -y --json > second.json
mirrorctl apply profile.toml --check --json > check.json
cat first.json second.json check.json
"""
# A file that is lost by hand is noticed and made again; the real pip goes through it; then all is taken back.
DRIFT = """
rm /etc/pip.conf
rc=0; mirrorctl apply profile.toml --check || rc=$?
test $rc -eq 4
mirrorctl apply profile.toml -y
pip download -q --no-deps -d files idna
mirrorctl undo
mirrorctl undo
ls /etc/pip.conf /etc/uv/uv.toml 2>&1 || true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A namespace; `address` is the test's end of the cable into it, if there is one."""

    name: str
    address: str | None


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def networks() -> Iterator[tuple[Network, ...]]:
    if why := throwaway.missing() or (None if shutil.which("ip") else "needs ip"):
        pytest.skip(why)
    with ExitStack() as stack:
        found = []
        for number in (1, 2, 3):
            name = f"mctl-{os.getpid()}-{number}"
            ip("netns", "add", name)
            stack.callback(ip, "netns", "del", name)
            ip("-n", name, "link", "set", "lo", "up")
            address = f"10.213.{number}.1" if number < 3 else None
            if address:
                lay_cable(f"mctl{os.getpid() % 10**6}-{number}", name, address)
            found.append(Network(name=name, address=address))
        yield tuple(found)


def lay_cable(device: str, namespace: str, address: str) -> None:
    """It goes with the namespace. There is no way from it to anywhere but `address`."""
    ip("link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", namespace)
    ip("addr", "add", f"{address}/30", "dev", device)
    ip("link", "set", device, "up")
    ip("-n", namespace, "addr", "add", f"{address[:-1]}2/30", "dev", "eth0")
    ip("-n", namespace, "link", "set", "eth0", "up")


@pytest.fixture
def mirrors(networks: tuple[Network, ...], trusted: Authority) -> Iterator[tuple[Server, ...]]:
    with ExitStack() as stack:
        yield tuple(
            stack.enter_context(
                Server(application=index(), tls=trusted.tls_for(name), address=network.address, host=name)
            )
            for name, network in zip(NAMES, networks, strict=False)
            if network.address
        )


def machine(place: Path, trusted: Authority, mirrors: tuple[Server, ...]) -> Throwaway:
    place.mkdir()
    catalog = overlay(
        *(
            entry(f"{name[:-8]}-index", "pypi", f"{server.url}/simple")
            for name, server in zip(NAMES, mirrors, strict=True)
        )
    )
    hosts = "\n".join(["127.0.0.1 localhost", *(f"{server.address} {server.host}" for server in mirrors), ""])
    return Throwaway(
        place=place,
        environ={**trusted.environ, "PIP_NO_CACHE_DIR": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        files={
            "/etc/hosts": hosts,
            "/etc/mirrorctl/mirrors.toml": catalog,
            "/usr/local/bin/mirrorctl": PROGRAM,
            f"{WORK}/profile.toml": PROFILE,
        },
    )


def documents(ran: Ran) -> list[dict[str, object]]:
    decoder, text, found = json.JSONDecoder(), ran.stdout.lstrip(), []
    while text.startswith("{"):
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:].lstrip()
    return found


def chosen(document: dict[str, object]) -> dict[str, str | None]:
    data = document["data"]
    assert isinstance(data, dict)
    return {found["target"]: found["mirror"] and found["mirror"]["id"] for found in data["targets"]}


def test_three_machines(
    networks: tuple[Network, ...], mirrors: tuple[Server, ...], trusted: Authority, tmp_path: Path
) -> None:
    for number, (network, name) in enumerate(zip(networks, (*NAMES, None), strict=True)):
        here = machine(tmp_path / str(number), trusted, mirrors)
        script = SCRIPT + (DRIFT if name else "ls /etc/pip.conf /etc/uv/uv.toml 2>&1 || true\n")
        ran = here.run(script, prefix=("ip", "netns", "exec", network.name)).ended(0)
        first, second, check = documents(ran)
        wanted = {"pip": f"{name[:-8]}-index", "uv": f"{name[:-8]}-index"} if name else {}
        assert chosen(first) == chosen(second) == chosen(check) == wanted
        assert (first["exit_code"], second["exit_code"], check["exit_code"]) == (0, 0, 0)
        assert changed(first) == bool(name)
        assert not changed(second)
        assert ran.stdout.count("No such file") == 2
    assert all(server.asked("/files/idna/", agent="pip/") for server in mirrors)


def changed(document: dict[str, object]) -> bool:
    data = document["data"]
    assert isinstance(data, dict)
    return data["transaction"] is not None
