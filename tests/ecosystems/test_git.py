from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from ecosystems.walking import Served, Site, drive, mirror, rejection, reply

from mirrorctl.ecosystems import git
from mirrorctl.ecosystems.base import Rejected
from mirrorctl.text import _

SHA = "d62b7a62e2ea5da64ed588c03a786b2ad05452fe"
PREFIX = "https://proxy.example/https://github.com/"
REPOSITORY = f"{PREFIX}octo/hello.git"
CANARIES = {"repositories": ("octo/absent", "octo/hello")}
V2 = b"000eversion 2\n0015agent=git/2.39.5\n0000"
ANNOUNCED = b"001e# service=git-upload-pack\n0000"
REFS = git.packet(f"{SHA} HEAD symref-target:refs/heads/main\n".encode()) + b"0000"
V0 = ANNOUNCED + git.packet(f"{SHA} HEAD\0multi_ack symref=HEAD:refs/heads/main\n".encode()) + b"003f"
PORTAL = reply("<!doctype html><html>Login</html>")


def site(refs: Served, listed: Served | None = None, repository: str = REPOSITORY) -> Site:
    return Site(
        {
            f"GET {repository}/info/refs?service=git-upload-pack": refs,
            f"POST {repository}/git-upload-pack": listed or reply(REFS),
        }
    )


@pytest.mark.parametrize(
    "refs",
    [pytest.param(V2, id="git-http-backend"), pytest.param(ANNOUNCED + V2, id="announced"), pytest.param(V0, id="0")],
)
def test_head_is_found_in_every_version_of_the_protocol(refs: bytes) -> None:
    found = drive(git.walk(mirror("git", PREFIX, "url-prefix"), CANARIES), site(reply(refs)))
    assert found.markers == {"object:octo/hello": SHA}
    assert found.artefact is not None
    assert found.artefact.url == f"{REPOSITORY}/git-upload-pack"
    assert f"want {SHA}".encode() in found.artefact.content


def test_version_2_is_asked_for() -> None:
    asked = site(reply(V2))
    drive(git.walk(mirror("git", PREFIX, "url-prefix"), CANARIES), asked)
    assert {request.headers["Git-Protocol"] for request in asked.asked} == {"version=2"}


def test_a_copy_of_one_repository_is_asked_for_itself() -> None:
    url = "https://mirror.example/git/linux.git"
    found = drive(git.walk(mirror("git", url, "repo"), CANARIES), site(reply(V2), repository=url))
    assert found.markers == {"object:git/linux": SHA}


def test_a_mirror_of_a_part_of_the_host_is_asked_for_what_it_has() -> None:
    part = replace(
        mirror("git", "https://mirror.example/octo", "namespace-copy"), replaces=("https://github.com/octo/",)
    )
    url = "https://mirror.example/octo/hello.git"
    assert drive(git.walk(part, CANARIES), site(reply(V2), repository=url)).artefact is not None


def test_the_last_repository_that_is_there_is_measured_with() -> None:
    canaries = {"repositories": ("octo/hello", "octo/large", "octo/absent")}
    large = f"{PREFIX}octo/large.git"
    both = Site({**site(reply(V2)).answers, **site(reply(V2), repository=large).answers})
    found = drive(git.walk(mirror("git", PREFIX, "url-prefix"), canaries), both)
    assert found.artefact is not None
    assert found.artefact.url == f"{large}/git-upload-pack"
    assert found.again is not None
    assert found.again.url.startswith(REPOSITORY)


def test_a_further_repository_that_fails_is_no_reason() -> None:
    canaries = {"repositories": ("octo/hello", "octo/large")}
    asked = site(reply(V2))
    asked.answers = {
        **asked.answers,
        f"GET {PREFIX}octo/large.git/info/refs?service=git-upload-pack": Rejected("silent", _("x")),
    }
    found = drive(git.walk(mirror("git", PREFIX, "url-prefix"), canaries), asked)
    assert found.artefact is not None
    assert found.artefact.url == f"{REPOSITORY}/git-upload-pack"


@pytest.mark.parametrize(
    ("refs", "listed", "code"),
    [
        pytest.param(reply(status=404), None, "no-repository", id="not there"),
        pytest.param(reply(status=401), None, "no-repository", id="asks who we are"),
        pytest.param(reply(status=403), None, "http-status", id="forbidden"),
        pytest.param(reply(status=429), None, "rate-limited", id="too many requests"),
        pytest.param(PORTAL, None, "captive-portal", id="login page"),
        pytest.param(reply(b"hello"), None, "not-git", id="something else"),
        pytest.param(reply(b""), None, "not-git", id="nothing"),
        pytest.param(reply(ANNOUNCED), None, "not-git", id="announcement alone"),
        pytest.param(reply(ANNOUNCED + git.packet(b"x" * 40)), None, "not-git", id="no reference"),
        pytest.param(
            reply(ANNOUNCED + git.packet(SHA.encode() + b" refs/heads/x\0 caps\n")), None, "no-repository", id="no HEAD"
        ),
        pytest.param(reply(V2), reply(b"0000"), "not-git", id="no refs listed"),
        pytest.param(reply(V2), reply(status=500), "http-status", id="refs refused"),
        pytest.param(reply(V2), PORTAL, "captive-portal", id="web page for refs"),
        pytest.param(reply(V2), reply(b"zzzz"), "not-git", id="junk for refs"),
    ],
)
def test_what_git_could_not_use_is_rejected(refs: Served, listed: Served | None, code: str) -> None:
    assert rejection(git.walk(mirror("git", PREFIX, "url-prefix"), CANARIES), site(refs, listed)).code == code


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        pytest.param(b"", [], id="empty"),
        pytest.param(b"0000", [None], id="flush"),
        pytest.param(b"0006ab0001", [b"ab", None], id="line and delimiter"),
        pytest.param(b"0004", [b""], id="empty line"),
        pytest.param(b"0006ab00ffcut off", [b"ab"], id="cut off"),
    ],
)
def test_packets_are_read_up_to_the_last_whole_one(data: bytes, lines: list[bytes | None]) -> None:
    assert list(git.packets(data)) == lines


def test_what_is_no_packet_is_an_error() -> None:
    with pytest.raises(ValueError, match="byte 4"):
        list(git.packets(b"0000<htm"))


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_real_git_answers_the_request_for_a_pack(tmp_path: Path) -> None:
    """The signature of the artefact fits what `git upload-pack` sends, with and without shallow commits."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
    author = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    subprocess.run(("git", "init", "-q", str(tmp_path / "r")), check=True, env=environ)
    for message in ("one", "two"):
        command = ("git", "-C", str(tmp_path / "r"), *author, "commit", "-q", "--allow-empty", "-m", message)
        subprocess.run(command, check=True, env=environ)
    head = subprocess.run(
        ("git", "-C", str(tmp_path / "r"), "rev-parse", "HEAD"), check=True, env=environ, capture_output=True, text=True
    ).stdout.strip()
    artefact = git.pack_of("https://x.example/r.git", head)
    answer = subprocess.run(
        ("git", "upload-pack", "--stateless-rpc", str(tmp_path / "r")),
        input=artefact.content,
        capture_output=True,
        check=True,
        env=environ | {"GIT_PROTOCOL": "version=2"},
    ).stdout
    assert re.match(artefact.signature, answer)
