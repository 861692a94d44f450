"""Every recipe of the how-to pages, taken from the page and run: on a machine that is thrown away, with loopback mirrors."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from servers import throwaway
from servers.certificates import Authority
from servers.index import index, projects, wheel
from servers.outside import Outside
from servers.overlay import entry, overlay
from servers.throwaway import PROGRAM, WORK, Throwaway
from servers.web import Server

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to"
PAGES = ("provision.md", "images.md", "ci.md")
RECIPE = re.compile(
    r"^<!-- recipe: (?P<name>[\w.-]+) -->\n```(?P<language>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
FENCE = re.compile(r"^```(?:sh|yaml|dockerfile|json|toml)$", re.MULTILINE)
FLASK = dict([wheel("flask", "3.1.0", "py3-none-any")])

pytestmark = pytest.mark.client


def recipes() -> dict[str, str]:
    pages = [(HOW_TO / page).read_text(encoding="utf-8") for page in PAGES]
    return {match["name"]: match["body"] for text in pages for match in RECIPE.finditer(text)}


def recipe(name: str) -> str:
    return recipes()[name]


@pytest.fixture
def mirror(trusted: Authority) -> Iterator[Server]:
    with Server(application=index(content={**projects(), "flask": FLASK}), tls=trusted.tls) as server:
        yield server


@pytest.fixture
def machine(tmp_path: Path, trusted: Authority, outside: Outside, mirror: Server) -> Throwaway:
    """What the recipes call `tuna` and `fastest` is on loopback, and `requirements.txt` asks for flask."""
    if why := throwaway.missing():
        pytest.skip(why)
    catalog = overlay(
        entry("near-index", "pypi", f"{mirror.url}/simple", operator="tuna"), operators={"tuna": "university"}
    )
    return Throwaway(
        place=tmp_path,
        environ={**trusted.environ, **outside.environ, "PIP_NO_CACHE_DIR": "1"},
        files={
            "/etc/mirrorctl/mirrors.toml": catalog,
            "/usr/local/bin/mirrorctl": PROGRAM,
            f"{WORK}/mirrorctl.pyz": PROGRAM,
            f"{WORK}/requirements.txt": "flask\n",
        },
    )


def pulled(mirror: Server) -> bool:
    """Whether pip itself has fetched the package through the mirror."""
    return bool(mirror.asked("/files/flask/", agent="pip/"))


def test_every_recipe_is_run_here() -> None:
    """Each block of code that could be run has a name, and each name stands in this file."""
    blocks = sum(len(FENCE.findall((HOW_TO / page).read_text(encoding="utf-8"))) for page in PAGES)
    assert blocks == len(recipes())
    own = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in recipes() if f'recipe("{name}")' not in own] == []


# Dockerfiles: the instructions that the recipes use, one after another


def instructions(text: str) -> list[tuple[str, str]]:
    joined = re.sub(r"\\\n\s*", " ", text)
    found = [line.partition(" ") for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest) for word, _space, rest in found]


def as_script(dockerfile: str) -> str:
    lines = ["set -e"]
    for word, rest in instructions(dockerfile):
        flags = re.findall(r"--(\S+)", rest.split(" -- ")[0]) if word in {"COPY", "RUN"} else []
        words = re.sub(r"^(?:--(?:chmod|mount)=\S+\s+)+", "", rest)
        if word == "COPY":
            source, target = words.split()
            mode = next((flag.partition("=")[2] for flag in flags if flag.startswith("chmod")), "644")
            target = f"{target}{source}" if target.endswith("/") else target
            lines.append(f"install -D -m {mode} {source} {target}")
        elif word == "RUN":
            binds = [
                dict(part.partition("=")[::2] for part in flag[6:].split(",")) for flag in flags if "type=bind" in flag
            ]
            lines += [f"install -D -m 755 {bind['source']} {bind['target']}" for bind in binds]
            lines.append(f"(cd / && sh -e -c {shlex.quote(words)})")
            lines += [f"rm {bind['target']}" for bind in binds]
        elif word == "ENV":
            lines.append(
                f"export {rest}"
            )  # a double-quoted word means the same to sh, as long as it holds no backquote
        else:
            assert word == "FROM"
    return "\n".join(lines)


def test_dockerfile(machine: Throwaway, mirror: Server) -> None:
    machine.files.pop("/usr/local/bin/mirrorctl")
    after = "python3 -c 'import flask'\ncat /etc/pip.conf\n"
    ran = machine.run(as_script(recipe("dockerfile")) + f"\n{after}").ended(0)
    assert pulled(mirror)
    assert "index-url" not in ran.stdout.rpartition("upstream")[2]


def test_buildkit(machine: Throwaway, mirror: Server) -> None:
    machine.files.pop("/usr/local/bin/mirrorctl")
    after = (
        "python3 -c 'import flask'\ntest ! -e /etc/pip.conf\ntest ! -e /run/mirrorctl.pyz\ntest ! -e /root/.config/pip"
    )
    machine.run(as_script(recipe("buildkit")) + f"\n{after}").ended(0)
    assert pulled(mirror)


def test_lines(machine: Throwaway, mirror: Server) -> None:
    written = machine.run(recipe("lines") + "cat Dockerfile\n").ended(0).stdout
    assert f'ENV PIP_INDEX_URL="{mirror.url}/simple"\n' in written
    assert f'ENV UV_DEFAULT_INDEX="{mirror.url}/simple"\n' in written
    machine.run(as_script(written)).ended(0)
    assert pulled(mirror)


def test_env_file(machine: Throwaway, mirror: Server) -> None:
    """Docker takes each line as it is: a name, an equals sign, a value."""
    written = machine.run(recipe("env-file") + "cat mirrors.env\n").ended(0).stdout
    lines = [line.partition("=")[::2] for line in written.splitlines()]
    assert lines == [("PIP_INDEX_URL", f"{mirror.url}/simple"), ("UV_DEFAULT_INDEX", f"{mirror.url}/simple")]


def test_devcontainer(machine: Throwaway, mirror: Server) -> None:
    found = json.loads(recipe("devcontainer"))
    script = "\n".join(found[name] for name in ("onCreateCommand", "onCreateCommand", "postCreateCommand"))
    machine.run(script, files={f"{WORK}/.devcontainer/mirrorctl.pyz": PROGRAM}).ended(0)
    assert pulled(mirror)


def test_root(machine: Throwaway, mirror: Server) -> None:
    """Twice, and the second time nothing is written."""
    seen = "find image -type f -exec sha256sum {} + | sort\n"
    ran = machine.run(recipe("root") + seen + "echo ==\n" + recipe("root") + seen).ended(0)
    first, _, second = ran.stdout.partition("==\n")
    files = re.findall(r"^[0-9a-f]{64}  .*$", first, re.MULTILINE)
    assert files == re.findall(r"^[0-9a-f]{64}  .*$", second, re.MULTILINE)
    assert {"image/etc/pip.conf", "image/etc/uv/uv.toml"} <= {line.split()[1] for line in files}


# CI


def steps_of(job: Mapping[str, Any]) -> str:
    """As the runner does it: each step is a script of its own, and sees what the earlier ones have added to GITHUB_ENV."""
    lines = ["set -e", "export GITHUB_ENV=/tmp/github-env", ': > "$GITHUB_ENV"']
    for step in job["steps"]:
        if "run" in step:
            lines.append('while IFS= read -r line; do export "$line"; done < "$GITHUB_ENV"')
            lines.append(f"bash -e -c {shlex.quote(step['run'])}")
    return "\n".join(lines)


def test_github(machine: Throwaway, mirror: Server) -> None:
    job = yaml.safe_load(recipe("github"))["jobs"]["test"]
    machine.run(steps_of(job), files={f"{WORK}/ci/mirrorctl.pyz": PROGRAM}).ended(0)
    assert pulled(mirror)


def test_gitlab(machine: Throwaway, mirror: Server) -> None:
    found = yaml.safe_load(recipe("gitlab"))
    script = "\n".join([*found["default"]["before_script"], *found["test"]["script"]])
    machine.run(script, files={f"{WORK}/ci/mirrorctl.pyz": PROGRAM}).ended(0)
    assert pulled(mirror)


def test_one_command(machine: Throwaway, mirror: Server) -> None:
    machine.run(recipe("one"), files={f"{WORK}/ci/mirrorctl.pyz": PROGRAM}).ended(0)
    assert pulled(mirror)


def test_record(machine: Throwaway, mirror: Server) -> None:
    ran = machine.run(recipe("record") + "test ! -e /root/.config/pip/pip.conf\n").ended(0)
    assert f"[{{'id': 'near-index', 'url': '{mirror.url}/simple'}}]" in ran.stdout


def test_drift(machine: Throwaway) -> None:
    profile = {f"{WORK}/profile.toml": recipe("profile.toml")}
    assert machine.run(recipe("drift"), files=profile).status == 4
    machine.run("mirrorctl apply profile.toml -y --no-verify\n" + recipe("drift"), files=profile).ended(0)


# Machines


def test_profile(machine: Throwaway, mirror: Server) -> None:
    after = "pip install flask\ncat /etc/pip.conf\n"
    ran = machine.run(recipe("profile") * 2 + after, files={f"{WORK}/profile.toml": recipe("profile.toml")}).ended(0)
    assert ran.stdout.endswith(f"index-url = {mirror.url}/simple\n")
    assert pulled(mirror)


def test_cloud_init(machine: Throwaway, mirror: Server) -> None:
    """`write_files` is written, then `runcmd` is run, each list without a shell, as cloud-init does."""
    found = yaml.safe_load(recipe("cloud-init"))
    machine.files.pop("/usr/local/bin/mirrorctl")
    acme = "https://pypi.acme.example/simple"
    files = {each["path"]: each["content"].replace(acme, f"{mirror.url}/simple") for each in found["write_files"]}
    script = "\n".join([*map(shlex.join, found["runcmd"]), "cat /etc/pip.conf /etc/uv/uv.toml", "pip install flask"])
    ran = machine.run(script, files={**files, "/srv/seed/mirrorctl.pyz": PROGRAM}).ended(0)
    assert f"index-url = {mirror.url}/simple" in ran.stdout
    assert f'url = "{mirror.url}/simple"' in ran.stdout
    assert pulled(mirror)


def test_ansible(machine: Throwaway) -> None:
    """The play, twice: it changes the machine, and then it does not. Conditions are Jinja expressions."""
    tasks = yaml.safe_load(recipe("ansible"))
    machine.files.pop("/usr/local/bin/mirrorctl")
    ran = machine.run(play(tasks) * 2, files={f"{WORK}/profile.toml": recipe("profile.toml")}).ended(0)
    results = [part.rpartition("\n@@ ") for part in ran.stdout.split(" @@\n") if part]
    commands = [task for task in tasks if "ansible.builtin.command" in task]
    told = [judge(task, stdout, int(rc)) for task, (stdout, _mark, rc) in zip(commands * 2, results, strict=True)]
    assert told == [(True, False), (False, False), (False, False), (False, False)]


def play(tasks: list[dict[str, Any]]) -> str:
    lines = []
    for task in tasks:
        if copy := task.get("ansible.builtin.copy"):
            lines.append(shlex.join(["install", "-D", "-m", copy["mode"], copy["src"], copy["dest"]]))
        else:
            command = shlex.join(task["ansible.builtin.command"]["argv"])
            lines.append(f"rc=0; {command} 2>/dev/null || rc=$?; printf '\\n@@ %s @@\\n' $rc")
    return "\n".join(lines) + "\n"


def judge(task: Mapping[str, Any], stdout: str, rc: int) -> tuple[bool, bool]:
    """Whether a task has changed anything, and whether it has failed."""
    from jinja2 import Environment

    jinja = Environment(autoescape=True)
    jinja.filters["from_json"] = json.loads
    known = {task["register"]: {"stdout": stdout, "rc": rc}}

    def holds(condition: str) -> bool:
        return bool(jinja.compile_expression(condition)(**known))

    failed = holds(task["failed_when"]) if "failed_when" in task else rc != 0
    return holds(task["changed_when"]), failed


def test_wsl(machine: Throwaway, mirror: Server) -> None:
    machine.files.pop("/usr/local/bin/mirrorctl")
    files = {"/mnt/c/Users/mei/Downloads/mirrorctl.pyz": PROGRAM, "/usr/local/bin/sudo": '#!/bin/sh\nexec "$@"\n'}
    machine.environ["DOCKER_HOST"] = "unix:///nowhere"
    ran = machine.run(recipe("wsl") + "pip config get global.index-url\n", files=files).ended(0)
    assert ran.stdout.endswith(f"{mirror.url}/simple\n")
