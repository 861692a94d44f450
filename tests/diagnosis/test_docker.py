"""What is found wrong with dockerd: its file by the rules of its version, its flags, and what it gives away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from diagnosis.patients import DAEMON, LOGIN, case, look, mended, told

from mirrorctl.commands.repairs import amended
from mirrorctl.diagnosis import docker
from mirrorctl.dialogue import Output
from mirrorctl.model import Client

V20, V24, V26 = (20, 10, 24), (24, 0, 9), (26, 1, 5)
LOGGED_IN = json.dumps({"auths": {"https://index.docker.io/v1/": {}}})


def mirrors(*urls: str) -> str:
    return json.dumps({"debug": True, "registry-mirrors": list(urls)})


@pytest.mark.parametrize(
    ("text", "version", "expected", "after"),
    [
        pytest.param(mirrors("https://hub.example"), V20, [], None, id="healthy"),
        pytest.param(mirrors(), V20, [], None, id="empty-list"),
        pytest.param('{"registry-mirrors": null}', V20, [], None, id="null"),
        pytest.param(
            mirrors("https://dead.example", "https://hub.example/"),
            V20,
            ["error dead-mirror 1 fix"],
            mirrors("https://hub.example/"),
            id="dead",
        ),
        pytest.param(mirrors("https://dead.example/"), V20, ["error dead-mirror 1 fix"], '{"debug": true}', id="only-dead"),
        pytest.param(
            mirrors("https://hosts.dead.example"), V20, ["error dead-mirror 1 fix"], '{"debug": true}', id="dead-host"
        ),
        pytest.param(
            mirrors("http://hub.example"), V20, ["warning plain-http 1 fix"], mirrors("https://hub.example"), id="http"
        ),
        pytest.param(
            mirrors("hub.example", "https://b.example"),
            V20,
            ["error daemon-refuses 1 fix"],
            mirrors("https://hub.example", "https://b.example"),
            id="no-scheme",
        ),
        pytest.param(
            mirrors("", "https://hub.example"), V26, ["error daemon-refuses 1 fix"], mirrors("https://hub.example"), id="empty"
        ),
        pytest.param(
            mirrors(" https://hub.example"), V20, ["error daemon-refuses 1 fix"], mirrors("https://hub.example"), id="blank"
        ),
        pytest.param(mirrors("ftp://hub.example"), V20, ["error daemon-refuses 1"], None, id="ftp"),
        pytest.param(mirrors("https://u:p@hub.example"), V26, ["error daemon-refuses 1"], None, id="password"),
        pytest.param(mirrors("https://x.example/docker"), V20, ["error daemon-refuses 1"], None, id="path-20"),
        pytest.param(mirrors("https://x.example/docker"), V26, [], None, id="path-26"),
        pytest.param('{"registry-mirrors": "https://x"}', V20, ["error daemon-refuses 1"], None, id="string"),
        pytest.param('{"Registry-Mirrors": []}', V20, ["error daemon-refuses 1"], None, id="capitals"),
        pytest.param('{"_comment": ""}', V20, ["error daemon-refuses 1"], None, id="comment-key"),
        pytest.param('{"registry-mirror": []}', V20, ["warning ignored 1"], None, id="name-of-the-flag"),
        pytest.param('{"debug": true,\n "debug": false}', V20, ["warning ignored 1"], None, id="twice"),
        pytest.param('{\n "debug": true,\n}', V20, ["error daemon-refuses 3"], None, id="comma-too-many"),
        pytest.param('{\n "debug": true\n "mtu": 1}', V20, ["error daemon-refuses 3"], None, id="comma-missing"),
        pytest.param('{\n// mine\n"debug": true}', V20, ["error daemon-refuses 2"], None, id="comment"),
        pytest.param('["x"]', V20, ["error daemon-refuses 1"], None, id="list"),
        pytest.param('{"a":' * 100_000, V20, ["error daemon-refuses 1"], None, id="nested-without-end"),
        pytest.param('{"registry-mirrors": [1]}', V20, ["error daemon-refuses 1"], None, id="number"),
        pytest.param("{} {}", V20, ["error daemon-refuses 1"], None, id="two-objects"),
        pytest.param("\n", V20, ["error daemon-refuses 1"], None, id="blank-20"),
        pytest.param("\n", V24, [], None, id="blank-24"),
        pytest.param("\ufeff{}", V20, ["error daemon-refuses 1"], None, id="mark-20"),
        pytest.param("\ufeff{}", V24, [], None, id="mark-24"),
        pytest.param(
            '{"insecure-registries": ["hub.example"], "registry-mirrors": ["https://hub.example"]}',
            V20,
            ["warning trusted-host 1"],
            None,
            id="insecure-mirror",
        ),
    ],
)  # fmt: skip
def test_the_file(text: str, version: tuple[int, ...], expected: list[str], after: str | None) -> None:
    found = look(case("docker", {DAEMON: text}, version=version))
    assert told(found) == expected
    assert mended(text, DAEMON, found, amended) == (text if after is None else after)


@pytest.mark.parametrize("text", ['{"debug": true,}', '{"dns": ["192.0.2.1",\n]}', '\ufeff{"debug": true,}'])
def test_a_mistake_in_json_is_explained(text: str) -> None:
    (finding,) = look(case("docker", {DAEMON: text}, version=V24))
    assert str(finding.message) == "dockerd does not start with this file: there is a comma too many"


def test_what_dockerd_itself_refuses() -> None:
    (finding,) = look(case("docker", {DAEMON: "{}"}, said="nonsense in it"))
    assert told((finding,)) == ["error daemon-refuses -"]
    assert "nonsense in it" in str(finding.message)


@pytest.mark.parametrize(
    ("version", "answer", "expected"),
    [
        pytest.param(V20, Output(status=125, stderr="unknown flag: --validate"), "", id="too-old"),
        pytest.param(V26, Output(status=0, stderr="configuration OK"), "", id="content"),
        pytest.param(
            V26,
            Output(status=1, stderr="unable to configure the Docker daemon with file /etc/docker/daemon.json: bad key: x\n"),
            "bad key: x",
            id="refused",
        ),
        pytest.param(V26, Output(status=None, stderr="not found"), "", id="not-there"),
    ],
)  # fmt: skip
def test_asking_dockerd(version: tuple[int, ...], answer: Output, expected: str) -> None:
    dialogue = docker.ask(Client(target="docker", version=version), DAEMON)
    said = ""
    try:
        next(dialogue)
        dialogue.send(answer)
    except StopIteration as stop:
        said = stop.value
    assert said == expected


@pytest.mark.parametrize(
    ("files", "facts", "expected"),
    [
        pytest.param({}, {"flags": '["https://f.example"]'}, ["error flag-and-file 1"], id="flag"),
        pytest.param(
            {Path("/etc/default/docker"): 'DOCKER_OPTS="--registry-mirror=https://f.example"\n'},
            {},
            ["warning flag-and-file 1"],
            id="defaults",
        ),
        pytest.param(
            {LOGIN: LOGGED_IN}, {"daemon": "running", "mirrors": '["https://hub.example/"]'}, ["warning hub-login 1"], id="login"
        ),
        pytest.param(
            {LOGIN: LOGGED_IN},
            {"daemon": "running", "mirrors": '["https://hub.example/"]', "images": "containerd"},
            [],
            id="login-with-the-containerd-store",
        ),
        pytest.param({}, {"daemon": "running", "mirrors": "[]"}, ["warning not-in-force 1"], id="not-in-force"),
        pytest.param(
            {Path("/etc/docker/certs.d/docker.io/hosts.toml"): '[host."https://h.example"]\n'},
            {"daemon": "running", "mirrors": '["https://hub.example/"]', "images": "containerd"},
            ["warning shadowed 1"],
            id="hosts-toml",
        ),
        pytest.param({}, {"foreign": "remote", "host": "tcp://x"}, [], id="not-of-this-machine"),
    ],
)  # fmt: skip
def test_around_the_file(files: dict[Path, str], facts: dict[str, str], expected: list[str]) -> None:
    text = '{"registry-mirrors": ["https://hub.example"]}'
    assert told(look(case("docker", {DAEMON: text, **files}, facts=facts))) == expected


@pytest.mark.parametrize("url", ["https://10.0.0.7", "https://campus.example"])
def test_a_private_mirror_or_a_university_may_have_the_login(url: str) -> None:
    text = f'{{"registry-mirrors": ["{url}"]}}'
    assert told(look(case("docker", {DAEMON: text, LOGIN: LOGGED_IN}))) == []


@pytest.mark.parametrize("text", ["[1]", "1", '"{x}"'])
def test_what_is_no_object_is_said_in_words(text: str) -> None:
    (found,) = look(case("docker", {DAEMON: text}))
    assert "{ … }" in str(found.message)


@pytest.mark.parametrize("url", ["dead.example", " https://dead.example"])
def test_a_dead_mirror_that_is_misspelt_goes_at_once(url: str) -> None:
    text = json.dumps({"registry-mirrors": [url, "https://hub.example"]})
    found = look(case("docker", {DAEMON: text}))
    assert told(found) == ["error dead-mirror 1 fix"]
    assert mended(text, DAEMON, found, amended) == '{"registry-mirrors": ["https://hub.example"]}'


def test_two_spellings_of_a_dead_mirror_are_one_finding_and_both_go() -> None:
    text = json.dumps({"registry-mirrors": ["dead.example", "https://dead.example ", "https://hub.example"]})
    found = look(case("docker", {DAEMON: text}))
    assert told(found) == ["error dead-mirror 1 fix"]
    assert mended(text, DAEMON, found, amended) == '{"registry-mirrors": ["https://hub.example"]}'
