from __future__ import annotations

import pytest

from mirrorctl.environment_facts import architecture, machine_facts


def test_proxies_are_told_without_passwords() -> None:
    found = machine_facts({"HTTPS_PROXY": "http://me:secret@proxy.example:3128", "no_proxy": "", "PATH": "/bin"})
    assert found.proxies == ("https_proxy=http://me:***@proxy.example:3128",)


def test_the_machine_is_described() -> None:
    found = machine_facts({})
    assert found.machine
    assert "Linux" in found.os or found.os
    assert found.cpus >= 1
    assert found.memory_bytes is None or found.memory_bytes > 1024 * 1024
    assert "lo" not in [name.partition(",")[0] for name in found.network]


def test_nothing_names_the_host_or_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.node", lambda: "secret-host")
    assert "secret-host" not in repr(machine_facts({"USER": "secret-user", "HOSTNAME": "secret-host"}))
    assert "secret-user" not in repr(machine_facts({"USER": "secret-user"}))


@pytest.mark.parametrize(("machine", "expected"), [("x86_64", "amd64"), ("aarch64", "arm64"), ("riscv64", "riscv64")])
def test_architectures_have_the_names_that_images_give_them(
    monkeypatch: pytest.MonkeyPatch, machine: str, expected: str
) -> None:
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert architecture() == expected
