"""Pulls against the clock: what is measured of a program, whatever it does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from mirrorctl.dialogue import Measured, Run, Timed
from mirrorctl.metering import measure, read_counters, received
from mirrorctl.model import Machine

MIB = 1024 * 1024


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    environ = {"PATH": "/usr/bin:/bin"}
    return Machine(environ=environ, home=tmp_path, cwd=tmp_path, platform="linux", euid=1)


def pull(machine: Machine, script: str, *, timeout_s: float = 30, sign: bytes = b"", weigh: str = "") -> Measured:
    run = Run(argv=("sh", "-c", script), timeout_s=timeout_s, scratch=True)
    return measure(Timed(run=run, sign=sign, weigh=weigh), machine)


def test_the_first_byte_comes_between_start_and_end(machine: Machine) -> None:
    found = pull(machine, "sleep 0.1; echo Downloading; sleep 2", sign=rb"^Downloading")
    assert found.output.ok
    assert found.first_byte_s is not None
    assert found.first_byte_s >= 0.1
    assert found.first_byte_s + 0.5 <= found.seconds, "less than two seconds, for it may be read late"


def test_a_sign_in_two_parts_is_seen(machine: Machine) -> None:
    found = pull(machine, "printf Down >&2; sleep 0.1; echo loading >&2", sign=rb"Downloading")
    assert found.first_byte_s is not None


def test_without_its_sign_the_first_byte_is_not_known(machine: Machine) -> None:
    assert pull(machine, "echo Collecting", sign=rb"^Downloading").first_byte_s is None


def test_files_are_weighed_before_they_are_deleted(machine: Machine) -> None:
    script = "mkdir {scratch}/files; head -c 5000 /dev/zero >{scratch}/files/a; head -c 7 /dev/zero >{scratch}/files/b"
    assert pull(machine, script, weigh="files/*").payload_bytes == 5007
    assert pull(machine, script, weigh="other/*").payload_bytes == 0
    assert pull(machine, f"{script}; false", weigh="files/*").payload_bytes is None


def test_a_pull_that_is_cut_off_says_so(machine: Machine) -> None:
    found = pull(machine, "sleep 60", timeout_s=0.2)
    assert found.timed_out
    assert found.seconds >= 0.2
    assert not found.output.ok


def test_a_pull_that_fails_was_not_cut_off(machine: Machine) -> None:
    found = pull(machine, "exit 3")
    assert (found.output.status, found.timed_out) == (3, False)


def test_a_program_that_is_not_there_took_no_time(machine: Machine) -> None:
    run = Run(argv=("no-such-program",), scratch=True)
    assert measure(Timed(run=run), machine).seconds == 0


@pytest.mark.parametrize(
    ("grown", "payload_bytes", "expected"),
    [
        pytest.param({"lo": 10, "eth0": 5 * MIB}, 4 * MIB, 5 * MIB, id="from-outside"),
        pytest.param({"lo": 5 * MIB, "eth0": 200}, 4 * MIB, 5 * MIB, id="from-loopback"),
        pytest.param({"lo": 5 * MIB, "eth0": 5 * MIB + 9}, 4 * MIB, 5 * MIB + 9, id="through-a-proxy-on-loopback"),
        pytest.param({"lo": 0, "eth0": 6 * MIB, "tun0": 5 * MIB}, 4 * MIB, 6 * MIB, id="through-a-tunnel"),
        pytest.param({"lo": 5 * MIB, "eth0": 200}, None, 5 * MIB, id="payload-unknown-loopback"),
        pytest.param({"lo": 0, "eth0": 0}, None, 0, id="nothing"),
        pytest.param({}, 10, None, id="not-told"),
    ],
)
def test_received(grown: Mapping[str, int], payload_bytes: int | None, expected: int | None) -> None:
    before = dict.fromkeys(grown, 1000)
    after = {name: 1000 + count for name, count in grown.items()}
    assert received(before, after, payload_bytes) == expected


def test_an_interface_that_went_or_was_set_back_does_not_count() -> None:
    assert received({"eth0": 5000, "ppp0": 7}, {"eth0": 100, "wlan0": 9}, None) is None


def test_counters_are_read_as_the_kernel_writes_them(tmp_path: Path) -> None:
    path = tmp_path / "dev"
    path.write_text(
        "Inter-|   Receive                            |  Transmit\n"
        " face |bytes    packets errs drop fifo frame |bytes\n"
        "    lo:  123456     100    0    0    0     0   123456\n"
        "  eth0:7890000    9000    0    0    0     0   456789\n"
    )
    assert read_counters(path) == {"lo": 123456, "eth0": 7890000}
    assert read_counters(tmp_path / "none") == {}
