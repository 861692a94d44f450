"""containerd: the lens on the hosts of a hosts.toml."""

from __future__ import annotations

from pathlib import Path

import pytest
from targets.laws import hold, refuses

from mirrorctl.model import Value
from mirrorctl.targets import containerd_lens as lens

FILE = Path("/etc/containerd/certs.d/docker.io/hosts.toml")
A, B, OWN = "https://a.example", "http://127.0.0.1:5000", "https://registry.corp.example"
VALUES: tuple[Value, ...] = (None, [A], [B, A], [A, OWN], [OWN, A, B])
HEADERS = (
    'server = "https://registry-1.docker.io"\n\n[host."https://registry.corp.example"]\n  capabilities = ["pull"]\n'
    '  [host."https://registry.corp.example".header]\n    x-team = ["a"]\n'
)
SAMPLES = {
    "empty": "",
    "a comment": "# nothing yet\n",
    "server alone": 'server = "https://registry-1.docker.io"',
    "headers": HEADERS,
    "crlf": HEADERS.replace("\n", "\r\n"),
    "two": f'[host."{OWN}"]\nca = "own.pem" # why\n\n# the next\n[host."{A}"]\n  skip_verify = true\n',
}


@pytest.mark.parametrize("text", SAMPLES.values(), ids=SAMPLES)
def test_the_lens_laws(text: str) -> None:
    hold(lens, text, FILE, *VALUES)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('host = { "https://a.example" = {} }\n', id="inline"),
        pytest.param('host."https://a.example".skip_verify = true\n', id="dotted"),
        pytest.param('host = "https://a.example"\n', id="a-string"),
        pytest.param(f'[host."{A}"]\n[host."{OWN}"]\n[host."{A}".header]\nx = "y"\n', id="in-two-pieces"),
        pytest.param("[host\n", id="not-toml"),
    ],
)
def test_what_cannot_be_edited_is_refused(text: str) -> None:
    assert refuses(lens, text, FILE, [A])


def test_what_is_kept_stays_as_it_is_written() -> None:
    after = lens.write(HEADERS, FILE, [A, OWN])
    assert after == HEADERS.replace(
        f'[host."{OWN}"]', f'[host."{A}"]\n  capabilities = ["pull", "resolve"]\n\n[host."{OWN}"]', 1
    )
    assert lens.write(after, FILE, [OWN]) == HEADERS


@pytest.mark.parametrize(
    ("data", "hosts"), [(None, []), (HEADERS.encode(), [OWN]), (b"[host", []), (b"\xff", []), (b"host = 1", [])]
)
def test_a_broken_file_has_no_hosts(data: bytes | None, hosts: list[str]) -> None:
    assert lens.hosts(data) == hosts
