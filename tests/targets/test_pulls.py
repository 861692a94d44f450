"""How each client is made to pull: the command lines and environments, from literal answers."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from targets.talk import converse, hold, said

from mirrorctl.dialogue import Fetch, Measured, Output, Question, Timed
from mirrorctl.model import Client, Machine, Mirror, Status, Trust
from mirrorctl.targets import TARGETS, docker_pull, git_pull, pip_pull, requirements, uv_pull
from mirrorctl.targets.pulls import PULLERS, Pulled, Setup

HERE = Path("/srv/team")
NEAR = Mirror(
    id="near",
    ecosystem="pypi",
    operator="near",
    url="https://near.example/simple",
    kind="index",
    trust=Trust.COMPANY,
    status=Status.ACTIVE,
    domain="near",
)
NEAR_GIT = replace(NEAR, ecosystem="git", url="https://near.example/gh/", replaces=("https://github.com/",))
NEAR_HUB = replace(NEAR, ecosystem="docker", url="https://near.example/", registry="docker.io")
GONE = Measured(output=Output(status=1, stderr="ERROR: no luck"), seconds=2.0)
GOOD = Measured(output=Output(status=0), seconds=1.5, first_byte_s=0.5, wire_bytes=900, payload_bytes=800)
HELLO = "https://github.com/octo/hello.git"


def machine(**environ: str) -> Machine:
    return Machine(environ=environ, home=Path("/home/u"), cwd=Path("/tmp"), platform="linux", euid=1000)


def timed(asked: list[Question]) -> list[Timed]:
    return [question for question in asked if isinstance(question, Timed)]


def test_every_puller_belongs_to_a_target() -> None:
    assert set(PULLERS) <= set(TARGETS)


# pip

PIP = Client(target="pip", version=(24, 0), default_url="https://upstream.example/simple", facts={"encoding": "utf-8"})


def pip_setup(contents: dict[Path, bytes | None] | None = None, **environ: str) -> Setup:
    setup, asked = hold(pip_pull.prepare(machine(**environ), PIP, contents or {}, alone=False), {})
    assert asked == []
    return setup


def test_pip_keeps_what_is_configured_about_sources_out_and_proxies_in() -> None:
    config = (
        b"[global]\nindex-url = https://elsewhere.example/simple\ncert = /etc/ca.pem\nproxy = http://p.example:3128\n"
    )
    contents: dict[Path, bytes | None] = {Path("/etc/pip.conf"): config}
    setup = pip_setup(contents, PIP_EXTRA_INDEX_URL="https://third.example", PIP_NO_INDEX="1", PIP_TIMEOUT="3")
    assert setup.environ["PIP_CONFIG_FILE"] == "/dev/null"
    assert setup.environ["PIP_CERT"] == "/etc/ca.pem"
    assert setup.environ["PIP_PROXY"] == "http://p.example:3128"
    assert {setup.environ[name] for name in ("PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX", "PIP_TIMEOUT")} == {None}
    assert "PIP_INDEX_URL" not in setup.environ


def test_pip_pulls_directly_without_naming_an_index() -> None:
    dialogue = pip_pull.pull(pip_setup(PIP_INDEX_URL="https://x.example"), PIP, ("six", "-r r.txt"), HERE, None, 9.0)
    _found, asked = converse(dialogue, {})
    (question,) = timed(asked)
    assert question.run.argv[-3:] == ("six", "-r", "/srv/team/r.txt")
    assert "--no-cache-dir" in question.run.argv
    assert question.run.environ["PIP_INDEX_URL"] is None
    assert (question.run.timeout_s, question.run.scratch) == (9.0, True)


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("https://near.example/simple", None),
        ("http://near.example:8080/simple", "near.example:8080"),
        ("http://127.0.0.1:9/simple", None),
    ],
)
def test_pip_trusts_an_index_over_http_for_the_pull(url: str, trusted: str | None) -> None:
    _found, asked = converse(pip_pull.pull(pip_setup(), PIP, ("six",), HERE, replace(NEAR, url=url), 9.0), {})
    (question,) = timed(asked)
    assert question.run.environ["PIP_INDEX_URL"] == url
    assert question.run.environ.get("PIP_TRUSTED_HOST") == trusted


def test_a_failed_pull_says_why_in_one_line() -> None:
    dialogue = pip_pull.pull(pip_setup(), PIP, ("six",), HERE, None, 9.0)
    next(dialogue)
    with pytest.raises(StopIteration) as stop:
        dialogue.send(replace(GONE, output=Output(status=1, stderr="x\nERROR: https://u:secret@h.example said no\n")))
    pulled: Pulled = stop.value.value
    assert str(pulled.error) == "pip could not download: ERROR: https://u:***@h.example said no"
    assert (pulled.seconds, pulled.timed_out) == (2.0, False)


# uv


@pytest.mark.parametrize(
    ("version", "variable"), [((0, 9, 1), "UV_DEFAULT_INDEX"), ((0, 4, 22), "UV_INDEX_URL"), ((), "UV_DEFAULT_INDEX")]
)
def test_uv_is_told_of_the_mirror_in_the_way_it_knows(version: tuple[int, ...], variable: str) -> None:
    client = Client(target="uv", version=version)
    around = machine(UV_INDEX="https://x.example", UV_PYTHON="3.12", UV_OFFLINE="1")
    setup, _asked = hold(uv_pull.prepare(around, client, {}, alone=False), {})
    _found, asked = converse(uv_pull.pull(setup, client, ("six",), HERE, NEAR, 9.0), {})
    (question,) = timed(asked)
    assert question.run.environ[variable] == NEAR.url
    assert question.run.environ["UV_NO_CONFIG"] == "1"
    assert question.run.environ["UV_INDEX"] is None
    assert question.run.environ["UV_OFFLINE"] is None
    assert "UV_PYTHON" not in question.run.environ, "which Python to install for is the user's choice"
    assert "--cache-dir={scratch}/cache" in question.run.argv


# What pip and uv are given


@pytest.mark.parametrize(
    "item",
    [
        "six",
        "requests==2.32.3",
        "uvicorn[standard]>=0.30,<1",
        "numpy ; python_version >= '3.9'",
        "ruamel.yaml~=0.18",
        "-r r.txt",
    ],
)
def test_requirements(item: str) -> None:
    assert requirements.check(item, HERE, lambda _path: b"six\n") is None


@pytest.mark.parametrize(
    "item",
    [
        "--index-url=https://x.example",
        "-e .",
        "-c c.txt",
        "./wheel.whl",
        "https://x.example/a.whl",
        "a @ https://x.example/a.whl",
        "git+https://x.example/a",
        "",
    ],
)
def test_what_is_no_requirement_by_name(item: str) -> None:
    assert requirements.check(item, HERE, lambda _path: b"") is not None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"six\n--index-url https://x.example\n", 2),
        (b"-i https://x.example\n", 1),
        (b"six\n\n  --extra-index-url=https://x.example\n", 3),
        (b"--find-links /srv\n", 1),
        (b"a\nb @ https://x.example/b.whl\n", 2),
        (b"-e git+https://x.example/b\n", 1),
    ],
)
def test_a_file_with_a_source_of_its_own_is_refused(text: bytes, line: int) -> None:
    reason = requirements.check("-r r.txt", HERE, lambda _path: text)
    assert str(reason).startswith(f"/srv/team/r.txt, line {line}: it names a source of its own")


def test_a_file_that_is_not_there() -> None:
    assert str(requirements.check("-r r.txt", HERE, lambda _path: None)) == "there is no file /srv/team/r.txt"


# git


def git_setup(listed: str = "", **environ: str) -> Setup:
    words = f"git config -z --get-regexp {git_pull.CARRIED}"
    answer = said(listed, status=0 if listed else 1)
    setup, _asked = hold(git_pull.prepare(machine(**environ), GIT, {}, alone=False), {words: answer})
    return setup


GIT = Client(target="git", version=(2, 43))


def test_git_rewrites_by_the_environment_alone() -> None:
    setup = git_setup("http.proxy\nhttp://p.example:3128\0", GIT_DIR="/x/.git", GIT_SSL_CAINFO="/ca.pem")
    _found, asked = converse(git_pull.pull(setup, GIT, (HELLO,), HERE, NEAR_GIT, 9.0), {})
    (question,) = timed(asked)
    environ = question.run.environ
    assert question.run.argv == ("git", "clone", "--progress", "--", HELLO, "{scratch}/clone")
    assert environ["GIT_CONFIG_COUNT"] == "2"
    assert (environ["GIT_CONFIG_KEY_0"], environ["GIT_CONFIG_VALUE_0"]) == ("http.proxy", "http://p.example:3128")
    assert environ["GIT_CONFIG_KEY_1"] == "url.https://near.example/gh/.insteadOf"
    assert environ["GIT_CONFIG_VALUE_1"] == "https://github.com/"
    assert environ["GIT_CONFIG_GLOBAL"] == "/dev/null"
    assert environ["GIT_DIR"] is None
    assert "GIT_SSL_CAINFO" not in environ


def test_git_pulls_directly_without_a_rule() -> None:
    _found, asked = converse(git_pull.pull(git_setup(), GIT, (HELLO,), HERE, None, 9.0), {})
    assert timed(asked)[0].run.environ["GIT_CONFIG_COUNT"] == "0"


def test_an_old_git_is_told_nothing_on_the_command_line() -> None:
    """Everybody on the machine sees that, and a proxy may have a password."""
    old = replace(GIT, version=(2, 30))
    _found, asked = converse(git_pull.pull(git_setup(), old, (HELLO,), HERE, NEAR_GIT, 9.0), {})
    run = timed(asked)[0].run
    assert run.argv == ("git", "clone", "--progress", "--", HELLO, "{scratch}/clone")
    assert "'url.https://near.example/gh/.insteadOf=https://github.com/'" in (
        run.environ["GIT_CONFIG_PARAMETERS"] or ""
    )


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not here")
def test_git_reads_what_an_old_one_is_told() -> None:
    rules = {"http.proxy": "http://u:it's!@p.example", "url.https://m.example/.insteadof": "https://github.com/"}
    told = {name: value for name, value in git_pull.parameters_of(rules).items() if value}
    environ = {"PATH": os.defpath, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", **told}
    words = ["git", "config", "--get-regexp", "^(http|url)"]
    done = subprocess.run(words, env=environ, cwd="/", capture_output=True, text=True, check=True)
    assert dict(line.split(" ", 1) for line in done.stdout.splitlines()) == rules


def test_several_clones_are_one_pull_within_one_limit() -> None:
    dialogue = git_pull.pull(git_setup(), GIT, (HELLO, f"{HELLO}2"), HERE, None, 9.0)
    next(dialogue)
    second = dialogue.send(GOOD)
    assert isinstance(second, Timed)
    assert second.run.timeout_s == 7.5
    with pytest.raises(StopIteration) as stop:
        dialogue.send(GOOD)
    assert stop.value.value == Pulled(seconds=3.0, first_byte_s=0.5, wire_bytes=1800, payload_bytes=1600)


@pytest.mark.parametrize(
    "item", ["git@github.com:octo/hello", "/srv/x", "https://u:p@h.example/x", "--upload-pack=x", "ext::x"]
)
def test_what_git_does_not_clone(item: str) -> None:
    assert git_pull.check(item, HERE, lambda _path: None) is not None


def test_a_mirror_serves_what_it_replaces() -> None:
    assert git_pull.serves(NEAR_GIT, (HELLO,))
    assert not git_pull.serves(NEAR_GIT, (HELLO, "https://gitlab.example/a/b.git"))


# docker


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("redis", ("docker.io", "library/redis")),
        ("redis:7-alpine", ("docker.io", "library/redis:7-alpine")),
        ("octo/hello", ("docker.io", "octo/hello")),
        ("docker.io/redis", ("docker.io", "library/redis")),
        ("ghcr.io/octo/hello:1", ("ghcr.io", "octo/hello:1")),
        ("localhost:5000/a", ("localhost:5000", "a")),
    ],
)
def test_image_names(item: str, expected: tuple[str, str]) -> None:
    assert docker_pull.split(item) == expected
    assert docker_pull.check(item, HERE, lambda _path: None) is None


@pytest.mark.parametrize("item", ["--all-tags", "Redis", "a b", "https://x.example/a", "a:", "a@sha256:12", "../a"])
def test_what_is_no_image(item: str) -> None:
    assert docker_pull.check(item, HERE, lambda _path: None) is not None


LISTED = "docker image ls --all --no-trunc --format {{.Repository}}:{{.Tag}}\n{{.Repository}}@{{.Digest}}"
DOCKER = Client(target="docker", facts={"daemon": "running", "host": "unix:///run/d.sock"})


def docker_setup(present: str = "", *, alone: bool = False) -> Setup:
    dialogue = docker_pull.prepare(machine(), DOCKER, {}, alone=alone)
    setup, _asked = hold(dialogue, {LISTED: said(present)})
    return setup


def test_docker_pulls_by_the_mirrors_own_name_and_removes_what_it_brought() -> None:
    pull = "timed docker pull near.example/library/redis:7"
    cold = replace(GOOD, output=Output(status=0, stdout="0123: Pulling fs layer\n0123: Pull complete\n"))
    found, asked = hold(docker_pull.pull(docker_setup(), DOCKER, ("redis:7",), HERE, NEAR_HUB, 9.0), {pull: cold})
    assert asked == [pull, "docker image rm near.example/library/redis:7"]
    assert found.error is None


def test_docker_pulls_directly_past_the_mirrors_of_the_daemon() -> None:
    _found, asked = hold(docker_pull.pull(docker_setup(), DOCKER, ("redis:7",), HERE, None, 9.0), {})
    assert asked[0] == "timed docker pull registry-1.docker.io/library/redis:7"


def test_docker_leaves_an_image_alone_that_was_there_before() -> None:
    setup = docker_setup("near.example/library/redis:latest\nnear.example/library/redis@sha256:12\n")
    found, asked = hold(docker_pull.pull(setup, DOCKER, ("redis",), HERE, NEAR_HUB, 9.0), {})
    assert asked == []
    assert str(found.error) == "near.example/library/redis was on this machine before"
    assert hold(docker_pull.tidy(setup, DOCKER, ("redis",), (NEAR_HUB,)), {})[1] == [
        "docker image rm registry-1.docker.io/library/redis"
    ]


def test_a_daemon_that_does_not_answer_is_asked_no_more() -> None:
    """Two minutes for each image by each way would be an hour."""
    answers = {
        "docker image rm registry-1.docker.io/library/redis": Output(status=None, stderr="no answer within 120 s")
    }
    asked = hold(docker_pull.tidy(docker_setup(), DOCKER, ("redis", "node"), (NEAR_HUB,)), answers)[1]
    assert asked == list(answers)


def test_of_tag_and_digest_the_digest_counts() -> None:
    """As docker has it (distribution, reference): an image that was there is found under it, and left alone."""
    pinned = f"redis@sha256:{'a' * 64}"
    setup = docker_setup(f"near.example/library/{pinned}\n")
    found, asked = hold(docker_pull.pull(setup, DOCKER, (pinned.replace("@", ":7@"),), HERE, NEAR_HUB, 9.0), {})
    assert asked == []
    assert str(found.error) == f"near.example/library/{pinned} was on this machine before"


@pytest.mark.parametrize(
    "stdout",
    [
        pytest.param("0123: Pulling fs layer\n4567: Already exists\n", id="a-layer"),
        pytest.param("7: Pulling from library/redis\nStatus: Downloaded newer image\n", id="the-whole-image"),
    ],
)
def test_layers_that_were_there_before_make_it_no_pull(stdout: str) -> None:
    warm = replace(GOOD, output=Output(status=0, stdout=stdout))
    pull = "timed docker pull near.example/library/redis"
    found, _asked = hold(docker_pull.pull(docker_setup(), DOCKER, ("redis",), HERE, NEAR_HUB, 9.0), {pull: warm})
    assert "--no-daemon" in str(found.error)


@pytest.mark.parametrize("alone", [True, False])
def test_where_no_daemon_may_be_used_images_come_over_http(alone: bool) -> None:
    client = DOCKER if alone else replace(DOCKER, facts={"daemon": "stopped"})
    setup, _asked = hold(docker_pull.prepare(machine(), client, {}, alone=alone), {})
    _found, asked = converse(docker_pull.pull(setup, client, ("redis:7", "a/b"), HERE, NEAR_HUB, 9.0), {})
    assert asked == [Fetch(registry="https://near.example/", images=("library/redis:7",), timeout_s=9.0)]


def test_a_mirror_of_docker_hub_has_nothing_of_other_registries() -> None:
    assert docker_pull.serves(NEAR_HUB, ("redis", "octo/hello"))
    assert not docker_pull.serves(NEAR_HUB, ("redis", "ghcr.io/octo/hello"))
