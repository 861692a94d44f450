"""BuildKit: the lens on the mirrors in buildkitd.toml."""

from __future__ import annotations

from pathlib import Path

import pytest
from targets.laws import hold, refuses

from mirrorctl.errors import FormatError
from mirrorctl.model import Value
from mirrorctl.targets import buildkit_lens as lens

FILE = Path("/etc/buildkit/buildkitd.toml")
A, B, LOCAL, OWN = "https://a.example", "https://b.example", "http://127.0.0.1:5000", "https://registry.corp.example"
VALUES: tuple[Value, ...] = (
    None,
    [[A, "docker.io"]],
    [[LOCAL, "docker.io"], [A, "docker.io"]],
    [[A, "docker.io"], [B, "ghcr.io"]],
    [[OWN, "docker.io"], [A, "docker.io"], [A, "quay.io"]],
)
LINES = '[registry."docker.io"]\n  mirrors = [\n    "registry.corp.example", # near\n    "b.example"\n  ]\n  ca = ["own.pem"]\n'
SAMPLES = {
    "empty": "",
    "others": 'debug = true\n\n[worker.oci]\n  gc = true\n\n[worker.oci.labels]\n  "a" = "b"\n',
    "no line end": "debug = true",
    "one line": '[registry."docker.io"]\n  mirrors = ["registry.corp.example", "a.example"]\n\n[worker.oci]\n  gc = true\n',
    "lines": LINES,
    "crlf": LINES.replace("\n", "\r\n"),
    "an empty list": '[registry."docker.io"]\n  mirrors = []\n',
    "no list": '[registry."docker.io"]\n  http = false\n[registry."127.0.0.1:5000"]\n  http = true\n',
    "a bare header": '[registry."docker.io"]',
}


@pytest.mark.parametrize("text", SAMPLES.values(), ids=SAMPLES)
def test_the_lens_laws(text: str) -> None:
    hold(lens, text, FILE, *VALUES)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('registry = { "docker.io" = { mirrors = ["a.example"] } }\n', id="inline"),
        pytest.param('registry."docker.io".mirrors = ["a.example"]\n', id="dotted"),
        pytest.param('[registry."docker.io"]\nmirrors = "a.example"\n', id="a-string"),
        pytest.param("[registry\n", id="not-toml"),
    ],
)
def test_what_cannot_be_edited_is_refused(text: str) -> None:
    assert refuses(lens, text, FILE, [[A, "docker.io"]])


def test_a_mirror_goes_on_a_line_of_its_own_where_the_others_do() -> None:
    after = lens.write(LINES, FILE, [[A, "docker.io"], [OWN, "docker.io"], [B, "docker.io"]])
    assert after == LINES.replace("    ", '    "a.example",\n    ', 1)
    assert lens.write(after, FILE, [[OWN, "docker.io"], [B, "docker.io"]]) == LINES


def test_a_new_file() -> None:
    assert lens.write("", FILE, [[A, "docker.io"], [LOCAL, "ghcr.io"]]) == (
        '[registry."docker.io"]\n  mirrors = ["a.example"]\n\n[registry."ghcr.io"]\n  mirrors = ["127.0.0.1:5000"]\n'
    )


@pytest.mark.parametrize(
    ("text", "url"),
    [
        pytest.param("", "https://a.example", id="https"),
        pytest.param('[registry."a.example"]\nhttp = true\n', "http://a.example", id="http"),
        pytest.param('[registry."a.example"]\nhttp = false\n', "https://a.example", id="https-stated"),
    ],
)
def test_the_scheme_is_said_by_the_table_of_the_mirror(text: str, url: str) -> None:
    assert lens.read('[registry."docker.io"]\nmirrors = ["a.example"]\n' + text, FILE) == [[url, "docker.io"]]


def test_what_its_list_cannot_say_is_refused() -> None:
    with pytest.raises(FormatError):
        lens.write("", FILE, [["http://a.example", "docker.io"]])
