"""Docker: the lens on `registry-mirrors` in daemon.json."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from targets.laws import check, corpus_cases, hold, refuses, text_of

from mirrorctl.errors import FormatError
from mirrorctl.model import Value
from mirrorctl.targets import docker

FILE = Path("/etc/docker/daemon.json")
A, B, C, OWN = "https://a.example", "https://b.example", "https://c.example:5000", "https://registry.corp.example"
VALUES: tuple[Value, ...] = (None, [], [A], [B, A, OWN])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(" \n", id="blank"),
        pytest.param("{}", id="object"),
        pytest.param("{\n}\n", id="two-lines"),
        pytest.param('{"registry-mirrors": null}', id="null"),
        pytest.param('{"registry-mirrors":["https://old.example"]}', id="one-line"),
        pytest.param('{\r\n\t"debug": true,\r\n\t"registry-mirrors": [ ],\r\n\t"mtu": 1400\r\n}\r\n', id="crlf-tabs"),
        pytest.param('{"a": 1e400, "b": 12345678901234567890.10, "c": {"registry-mirrors": [1]}}', id="numbers"),
        pytest.param('{\n  "log-opts": {"max-size": "10m"},\n  "labels": ["注=释"]\n}\n', id="other-keys"),
    ],
)
def test_the_lens_laws(text: str) -> None:
    hold(docker, text, FILE, *VALUES)


@given(st.lists(st.sampled_from([A, B, C, OWN]), max_size=4), st.sampled_from(["", "{}\n", '{"a":[1, {}],"b":"é"}']))
@settings(max_examples=40, deadline=None)
def test_the_lens_laws_for_any_list(urls: list[str], text: str) -> None:
    hold(docker, text, FILE, None, urls)


# What Python's reader takes and we do not: the same key three times. What it refuses and we take: a file of no bytes.
REFUSED = (
    "003-1021ky-self_dockermachine.json",
    "011-404xiaochaochao-Docker-offline-installer.json",
    "020-BigBoatCap-k8s-workdrafts.json",
    "028-DaemonWorx-arch.json",
    "034-ArkEcosystem-deployer.json",
    "hostile-bom.json",
    "hostile-duplicate-sections.json",
    "hostile-gbk-comment.json",
    "hostile-trailing-comma.json",
    "hostile-utf16.json",
    "hostile-whitespace-only.json",
)


@pytest.mark.parametrize("path", corpus_cases("docker"))
def test_the_lens_laws_on_the_corpus(path: Path) -> None:
    assert check(docker, text_of(path), FILE, *VALUES) is (path.name not in REFUSED)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"registry-mirrors": "https://a.example"}', id="a-string"),
        pytest.param('{"registry-mirrors": ["https://a.example", 1]}', id="a-number-in-it"),
        pytest.param('{"registry-mirrors": {"a": []}}', id="an-object"),
        pytest.param('{"registry-mirrors": [], "registry-mirrors": []}', id="twice"),
        pytest.param('{"debug": true,}', id="trailing-comma"),
        pytest.param('{"debug": true} // why', id="comment"),
        pytest.param("[]", id="an-array"),
        pytest.param("\ufeff{}", id="byte-order-mark"),
    ],
)
def test_what_dockerd_may_refuse_is_refused(text: str) -> None:
    assert refuses(docker, text, FILE, [A])


def test_a_wrong_type_is_named_with_its_line() -> None:
    with pytest.raises(FormatError) as caught:
        docker.read('{\n  "debug": true,\n  "registry-mirrors": "x"\n}', FILE)
    assert (caught.value.line, str(caught.value.reason)) == (3, '"registry-mirrors" is not a list of addresses')


def test_an_edit_touches_its_key_alone() -> None:
    before = '{\n  "debug": true,\n  "registry-mirrors": [\n    "https://b.example"\n  ],\n  "mtu": 1400\n}\n'
    after = '{\n  "debug": true,\n  "registry-mirrors": [\n    "https://a.example",\n    "https://b.example"\n  ],\n  "mtu": 1400\n}\n'
    assert docker.write(before, FILE, [A, B]) == after
    assert docker.write(after, FILE, None) == '{\n  "debug": true,\n  "mtu": 1400\n}\n'


def test_a_new_file_is_a_whole_document() -> None:
    assert docker.write("", FILE, [A]) == '{\n    "registry-mirrors": [\n        "https://a.example"\n    ]\n}\n'


@pytest.mark.parametrize(("value", "first"), [(None, []), ([], None), ([A], None)], ids=["no-key", "empty", "list"])
def test_a_key_is_emptied_before_it_is_removed(value: Value, first: Value) -> None:
    assert docker.drain(value) == first
